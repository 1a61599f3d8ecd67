"""Other people's files in the same layouts: however written, the same rows, or one clear error."""

import gzip
import lzma
from pathlib import Path

import pytest

from broadsheet.errors import ParseError
from broadsheet.evaluate.datasets import QRELS_COLUMNS, read_qrels
from broadsheet.evaluate.files import (
    find_file,
    find_split,
    id_of,
    number_of,
    read_columns,
    read_jsonl,
    split_of,
    text_of,
)

JUDGED = {"q1": {"d 1": 2, "007": 0}, "q2": {"ü:文": -1}}
HEADER = "query-id\tcorpus-id\tscore\n"
ROWS = "q1\td 1\t2\nq1\t007\t0\nq2\tü:文\t-1\n"


@pytest.mark.parametrize(
    "text",
    [
        HEADER + ROWS,
        ROWS,
        "\ufeff" + HEADER + ROWS,
        (HEADER + ROWS).replace("\n", "\r\n"),
        (HEADER + ROWS).replace("\t", " \t  ").replace("\n", " \n\n"),
        "\n" + HEADER.upper() + ROWS + " \t \n",
        "query_id\tcorpus_id\tscore\tevidence\n" + ROWS.replace("\n", "\tSUPPORT\n"),
        "a\tb\tc\n" + ROWS.replace("2\n", "2.0\n"),
        "corpus-id\tscore\tquery-id\nd 1\t2\tq1\n007\t0\tq1\nü:文\t-1\tq2\n",
        "q1\t0\td 1\t2\nq1\t0\t007\t0\nq2\t0\tü:文\t-1\n",
        HEADER + "q1\td 1\t1\n" + ROWS,
    ],
    ids=str.splitlines,
)
def test_judgments_however_written(text: str, tmp_path: Path) -> None:
    path = tmp_path / "qrels.tsv"
    path.write_text(text, encoding="utf-8", newline="")
    assert read_qrels(path) == JUDGED


def test_judgments_between_blanks(tmp_path: Path) -> None:
    path = tmp_path / "qrels.tsv"
    path.write_text("q1 0 d1 2\nq2 0 7 1\n")
    assert read_qrels(path) == {"q1": {"d1": 2}, "q2": {"7": 1}}
    path.write_text("q1 d1 2\nq2   7  1\n")
    assert read_qrels(path) == {"q1": {"d1": 2}, "q2": {"7": 1}}


@pytest.mark.parametrize("grade", ["high", "", "nan", "inf", "1.5", "1e400"])
def test_a_grade_that_is_none_is_named(grade: str, tmp_path: Path) -> None:
    path = tmp_path / "qrels.tsv"
    path.write_text(f"{HEADER}q1\td1\t1\nq1\td2\t{grade}\n")
    with pytest.raises(ParseError, match=r"qrels\.tsv:3"):
        read_qrels(path)


def test_files_are_told_by_their_content(tmp_path: Path) -> None:
    rows = b'{"a": 1}\n\n{"a": 2}\n'
    for name, data in {
        "plain.gz": rows,
        "packed": gzip.compress(rows),
        "x.jsonl": lzma.compress(rows),
        "bom": b"\xef\xbb\xbf" + rows,
    }.items():
        (tmp_path / name).write_bytes(data)
        assert [row["a"] for row in read_jsonl(tmp_path / name)] == [1, 2], name


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (gzip.compress(b'{"a": 1}\n' * 999)[:-20], ":"),
        (lzma.compress(b'{"a": 1}\n' * 999)[:-20], ":"),
        (b"\x1f\x8b no gzip at all", ":1"),
        (b'{"a": "\xe9"}\n', ":1"),
        (b"[" * 100_000, ":1"),
        (b'{"a": 1}\n[2]\n', ":2"),
    ],
)
def test_what_cannot_be_read_is_one_error_with_its_place(
    data: bytes, place: str, tmp_path: Path
) -> None:
    (tmp_path / "rows.jsonl").write_bytes(data)
    with pytest.raises(ParseError, match=rf"^rows\.jsonl{place}"):
        list(read_jsonl(tmp_path / "rows.jsonl"))


def test_of_several_splits_the_test_split(tmp_path: Path) -> None:
    (tmp_path / "qrels").mkdir()
    for name in ("train", "dev"):
        (tmp_path / "qrels" / f"{name}.tsv").write_text("")
    with pytest.raises(ParseError, match="choose dev or train with --split"):
        find_file(tmp_path, "qrels", "tsv")
    assert find_file(tmp_path, "qrels", "tsv", splits=("test", "dev")).name == "dev.tsv"
    (tmp_path / "qrels" / "test.tsv.gz").write_text("")
    found = find_file(tmp_path, "qrels", "tsv", splits=("test", "dev"))
    assert split_of(found, "qrels") == "test"
    assert find_split(tmp_path, "qrels", "tsv", "train").name == "train.tsv"
    with pytest.raises(ParseError, match="no val split"):
        find_split(tmp_path, "qrels", "tsv", "val")
    (tmp_path / "qrels.tsv").write_text("")
    assert find_file(tmp_path, "qrels", "tsv", splits=("test",)).name == "qrels.tsv"


def test_fields_of_any_type() -> None:
    row = {"n": 7, "blank": " ", "text": " x ", "list": ["a", None, "b"], "no": None}
    place = Path("rows.jsonl")
    assert id_of(row, place, "n") == "7"
    assert id_of(row, place, "blank", "text") == "x"
    with pytest.raises(ParseError, match="without blank"):
        id_of(row, place, "blank", "no", "list")
    assert text_of(row["list"]) == "a  b"
    assert text_of(None) == ""
    assert number_of("-1.5", "here") == -1.5


def test_a_line_with_too_few_cells_is_named(tmp_path: Path) -> None:
    path = tmp_path / "qrels.tsv"
    path.write_text(HEADER + "q1\n")
    with pytest.raises(ParseError, match=r"qrels\.tsv:2: not 3 columns"):
        list(read_columns(path, QRELS_COLUMNS))
