"""Files made to be slow: a run of signs of a hundred kilobytes is read once, wherever it stands."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from time import thread_time

import pytest

from broadsheet.harvest.files import FORMATS, open_import
from broadsheet.harvest.parse.fields import names_of_text, urls_of

N = 100_000
RUNS = [" ", "\n", "\t", ", ", "; ", " ;", "\n;", " &", "and ", " and", "(", "a,", "\u00a0"]


def _jsonl(run: str) -> bytes:
    row = {"id": "arxiv:2603.00001", "title": "T", "authors": f"A B{run}", "code_urls": f"x{run}x"}
    return json.dumps(row).encode()


def _snapshot(run: str) -> bytes:
    row = {"id": "2603.00001", "title": "T", "authors": f"A B{run}C", "abstract": "a",
           "categories": "cs.LG", "update_date": "2026-03-01"}  # fmt: skip
    return json.dumps(row).encode()


def _bibtex(run: str) -> bytes:
    return f"@article{{k, title={{T}}, note={{{run}}}, author={{A B{run}C}}}}".encode()


@pytest.mark.parametrize(
    ("format", "written"),
    [("jsonl", _jsonl), ("arxiv-snapshot", _snapshot), ("bibtex", _bibtex)],
)
@pytest.mark.parametrize("run", RUNS)
def test_a_run_of_signs_takes_no_time(
    format: str, written: Callable[[str], bytes], run: str
) -> None:
    body = written(run * (N // len(run)))
    began = thread_time()
    assert list(FORMATS[format](io.BytesIO(body)))
    assert thread_time() - began < 10


def test_a_file_of_empty_lines_is_recognised_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x.bib"
    path.write_bytes(b"% ours" + b"\n" * N + b"  @article{k, title={T}}\n")
    began = thread_time()
    assert len(list(open_import(path).items)) == 1
    assert thread_time() - began < 5


def test_what_stands_between_names_and_addresses_is_the_same() -> None:
    assert names_of_text("Ada  B;\n C D") == ["Ada B", "C D"]
    assert names_of_text("B, A and D, C") == ["B, A", "D, C"]
    a, b, c = (f"https://example.org/{name}" for name in "abc")
    assert urls_of(f"{a} , {b};{c}\nno,{a}") == (a, b, c)
