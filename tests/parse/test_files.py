import bz2
import gzip
import io
import lzma
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadsheet.errors import ParseError, UsageError
from broadsheet.harvest.files import open_import
from broadsheet.types import Record

ROWS = b"".join(b'{"id": "%d", "title": "Title number %d"}\n' % (n, n) for n in range(5_000))
#: So many that damage in the last quarter lies beyond what any format unpacks at once.
N_MANY = 50_000


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress, bz2.compress])
@pytest.mark.parametrize("name", ["rows.jsonl", "rows", "rows.bib"])
def test_packing_and_format_are_told_by_content(tmp_path: Path, pack: object, name: str) -> None:
    assert callable(pack)
    path = tmp_path / name
    path.write_bytes(pack(ROWS))
    file = open_import(path)
    assert file.format == "jsonl"
    assert file.fraction_read() is not None
    assert sum(isinstance(item, Record) for item in file.items) == 5_000
    assert file.fraction_read() == 1.0


def test_two_packed_files_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "rows.gz"
    path.write_bytes(gzip.compress(ROWS[:44]) + gzip.compress(ROWS[44:]))
    assert len(list(open_import(path).items)) == 5_000


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
@pytest.mark.parametrize("damage", ["truncated", "corrupt"])
def test_a_damaged_file_gives_what_it_can_and_then_names_itself(
    tmp_path: Path, pack: object, damage: str
) -> None:
    assert callable(pack)
    rows = b"".join(
        b'{"id": "%d", "title": "Title number %d"}\n' % (n, n * 7_919) for n in range(N_MANY)
    )
    packed = pack(rows)
    middle = len(packed) * 3 // 4
    cut = packed[:middle]
    path = tmp_path / "rows.packed"
    path.write_bytes(cut if damage == "truncated" else cut + bytes(64) + packed[middle + 64 :])
    items = open_import(path, "jsonl").items
    read = [next(items)] if damage == "truncated" else []
    with pytest.raises(ParseError, match=r"rows\.packed"):
        read.extend(items)
    assert 0 < len(read) < N_MANY


def test_every_row_before_the_break_is_read(tmp_path: Path) -> None:
    """Of a few kilobytes, too: nothing that was unpacked is dropped with what was not."""
    rows = b"".join(b'{"id": "arxiv:2603.%05d", "title": "T"}\n' % n for n in range(50))
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(rows)[:-8])  # its check is missing
    read: list[object] = []
    with pytest.raises(ParseError, match="breaks off"):
        read.extend(open_import(path).items)
    assert len(read) == 50


def test_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(gzip.compress(ROWS))

    monkeypatch.setattr(sys, "stdin", Stdin)
    file = open_import("-")
    assert len(list(file.items)) == 5_000
    assert file.fraction_read() is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"PK\x03\x04abc", "ZIP"),
        (b"%PDF-1.7", "PDF"),
        (b"\x28\xb5\x2f\xfdabc", "zstd"),
        (b"\x00\x01\x02\x03", "--format"),
        (b"just words", "--format"),
        (b"<html><body>x</body></html>", "--format"),
        (b'<OAI-PMH xmlns="x"><error code="badArgument"/></OAI-PMH>', "no record"),
        (b"[]", "--format"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, body: bytes, reason: str) -> None:
    path = tmp_path / "odd"
    path.write_bytes(body)
    with pytest.raises(ParseError, match=reason) as caught:
        list(open_import(path).items)
    assert str(path) in str(caught.value)


def test_missing_file_and_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_import(tmp_path / "none")
    with pytest.raises(UsageError, match="bibtex"):
        open_import(tmp_path / "none", "word")


@pytest.mark.parametrize(
    ("body", "format"),
    [
        (b'<?xml version="1.0"?><!-- c --><feed><title>x</title></feed>', "arxiv-atom"),
        (b"<feed><entry><id>oai:arXiv.org:1</id></entry></feed>", "arxiv-feed"),
        (b"<rss><channel/></rss>", "arxiv-feed"),
        (b'<collection id="P18"/>', "acl"),
        (b'{"id": "0704.0001", "authors_parsed": []}', "arxiv-snapshot"),
        (b'[{"paper": {"id": "1", "title": "x", "publishedAt": "y"}}]', "hf-daily"),
        (b'{"notes": []}', "openreview"),
        (b'[{"DOI": "x", "title": "t", "issued": {"date-parts": [[1]]}}]', "csl-json"),
        (b'[{"paper_title": "x", "repo_url": "y"}]', "pwc"),
        (b"% comment\n@article{x,\n title={y}}", "bibtex"),
        (b"\xef\xbb\xbfTY  - JOUR\n", "ris"),
        ('{"id": 1, "title": "x"}'.encode("utf-16"), "jsonl"),
    ],
)
def test_formats_are_recognised(tmp_path: Path, body: bytes, format: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(body)
    assert open_import(path).format == format


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200))
def test_nonsense_is_never_worse_than_a_parse_error(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "nonsense"
    path.write_bytes(body)
    with suppress(ParseError):
        assert list(open_import(path).items)
