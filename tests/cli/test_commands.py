"""The commands as scripts use them: exit codes, one JSON document, one line of error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

ROWS = [
    {"id": "2601.00001", "title": "Steady gradients in wide networks", "authors": ["Ann Lee"],
     "abstract": "We study gradients. Code: https://github.com/ann/steady", "upvotes": 4,
     "announced": "2026-01-05", "categories": ["cs.LG"], "surprise": [1]},
    {"id": "2601.00002", "title": "Schr\\\"odinger bridges for speech", "authors": ["Kai Müller"],
     "abstract": "Bridges carry speech.", "announced": "2026-01-06", "categories": ["cs.CL"]},
    {"id": "venue:7", "title": "Schrödinger Bridges for Speech", "authors": ["Kai Müller"],
     "venue": "Interspeech", "year": 2026},
]  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command in a home of its own, as a process of its own."""

    def run(
        *arguments: str, stdin: str = "", home: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "broadsheet", "--home", str(home or tmp_path / "home"),
             *arguments],
            input=stdin, capture_output=True, text=True, check=False, timeout=300,
            env={
                **os.environ,
                "BROADSHEET_ARXIV_OAI_URL": "http://127.0.0.1:9/oai",
                "BROADSHEET_MODELS_FOLDER": str(tmp_path / "models"),
            },
        )  # fmt: skip
        sys.stderr.write(done.stderr)  # shown with the test if it fails
        return done

    return run


@pytest.fixture
def filled(run: Run) -> Run:
    done = run("import", "-", stdin="\n".join(json.dumps(row) for row in ROWS))
    assert done.returncode == 0, done.stderr
    return run


def test_import_counts_add_up_and_a_second_run_changes_nothing(run: Run) -> None:
    text = "\n".join(json.dumps(row) for row in ROWS) + '\n{"title": 3}\nnot json\n'
    first = json.loads(run("import", "-", "--json", stdin=text).stdout)
    assert (first["read"], first["added"], first["merged"], first["rejected"]) == (5, 2, 1, 2)
    rejects = [json.loads(line) for line in Path(first["rejects_file"]).read_text().splitlines()]
    assert [reject["place"] for reject in rejects] == ["line 4", "line 5"]
    assert all(reject["reason"] for reject in rejects)
    again = run("import", "-", stdin="\n".join(json.dumps(row) for row in ROWS))
    assert "nothing changed" in again.stderr
    assert again.stdout == ""


def test_search_prints_the_contract(filled: Run) -> None:
    done = filled("search", "schrodinger", "--json")
    answer = json.loads(done.stdout)
    assert answer.keys() >= {"query", "mode", "total", "took_ms", "notice", "ranking"}
    (hit,) = answer["ranking"]
    assert hit["doc_id"] == "arxiv:2601.00002"
    assert hit.keys() >= {"doc_id", "score", "title", "reasons"}
    assert hit["reasons"]


def test_show_knows_every_spelling_of_an_identifier(filled: Run) -> None:
    for name in ("arxiv:2601.00002", "2601.00002v3", "https://arxiv.org/abs/2601.00002", "venue:7"):
        shown = json.loads(filled("show", name, "--json").stdout)
        assert shown["doc_id"] == "arxiv:2601.00002"
        assert shown["venue"] == "Interspeech"
        assert {entry["source"] for entry in shown["sources"]} == {"file"}
        assert shown["merges"][0]["reason"] == "same title, authors and year"


def test_show_keeps_unknown_fields_and_finds_code(filled: Run) -> None:
    shown = json.loads(filled("show", "2601.00001", "--json").stdout)
    assert shown["extra"]["surprise"] == [1]
    (link,) = shown["code_links"]
    assert link["url"] == "https://github.com/ann/steady"
    assert link["evidence"][0]["place"] == "abstract"


def test_day_author_and_ledger_print_the_contract(filled: Run) -> None:
    day = json.loads(filled("day", "2026-01-05", "--json").stdout)
    assert day["date"] == "2026-01-05"
    assert day["papers"][0].keys() >= {"doc_id", "title", "score", "inputs", "code_urls"}
    assert json.loads(filled("day", "--json").stdout)["date"] == "2026-01-06"
    person = json.loads(filled("author", "Kai Muller", "--json").stdout)
    assert [paper["doc_id"] for paper in person["papers"]] == ["arxiv:2601.00002"]
    assert json.loads(filled("ledger", "--json").stdout) == {"rows": []}


def test_unmerge_is_for_ever(filled: Run) -> None:
    merge_no = json.loads(filled("show", "venue:7", "--json").stdout)["merges"][0]["merge_no"]
    assert filled("unmerge", str(merge_no)).returncode == 0
    filled("import", "-", stdin="\n".join(json.dumps(row) for row in ROWS))
    assert json.loads(filled("show", "venue:7", "--json").stdout)["doc_id"] == "venue:7"
    assert len(json.loads(filled("search", "schrodinger", "--json").stdout)["ranking"]) == 2


@pytest.mark.parametrize("to", ["bibtex", "ris", "csljson", "jsonl", "atom"])
def test_export_speaks_every_format(filled: Run, to: str) -> None:
    whole = filled("export", "--to", to)
    assert whole.returncode == 0, whole.stderr
    assert "gradients" in whole.stdout
    part = filled("export", "author:müller", "--to", to)
    assert "gradients" not in part.stdout
    assert "peech" in part.stdout


def test_everything_out_and_in_again_is_the_same_library(filled: Run, tmp_path: Path) -> None:
    out = tmp_path / "all.jsonl"
    filled("export", "--to", "jsonl", "-o", str(out))
    filled("import", str(out), home=tmp_path / "other")
    for name in ("2601.00001", "venue:7"):
        one = json.loads(filled("show", name, "--json").stdout)
        other = json.loads(filled("show", name, "--json", home=tmp_path / "other").stdout)
        for field in ("doc_id", "title", "abstract", "authors", "categories", "announced", "venue"):
            assert one[field] == other[field], field


def test_backup_restore_and_doctor(filled: Run, tmp_path: Path) -> None:
    copy, other = str(tmp_path / "copy.bak"), tmp_path / "other"
    assert filled("backup", copy).returncode == 0
    assert filled("restore", copy, home=other).returncode == 0
    found = json.loads(filled("search", "gradients", "--json", home=other).stdout)
    assert found["total"] == 1
    doctor = json.loads(filled("doctor", "--json", home=other).stdout)
    assert doctor["ok"], doctor
    other.chmod(0o755)
    (other / "broadsheet.sqlite").chmod(0o644)
    doctor = json.loads(filled("doctor", "--json", home=other).stdout)
    (wrong,) = [entry for entry in doctor["findings"] if not entry["ok"]]
    assert wrong["remedy"] == f"chmod -R o-rwx {other}"


def test_what_is_printed_for_people_is_said_in_words(filled: Run, tmp_path: Path) -> None:
    day = filled("day", "2026-01-05").stdout
    assert day.startswith("Monday, 5 January 2026: 1 paper\n")
    assert "2601.00001 has 4 upvotes" in day
    assert "1 paper," in filled("search", "gradients").stderr
    nothing = filled("search", "zzzz qqqq")
    assert "0 papers" in nothing.stderr
    assert "fewer words find more" in nothing.stderr
    file = tmp_path / "out.bib"
    assert "1 paper written to" in filled("export", "gradients", "-o", str(file)).stderr
    empty = filled("export", "zzzz", "--to", "bibtex")
    assert (empty.returncode, empty.stdout) == (0, "")
    assert "no paper here is found by zzzz" in empty.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["show", "arxiv:9999.99999"], 1, "no document"),
        (["author", "Nobody Atall"], 1, "no author"),
        (["day", "2026-13-40"], 2, "not a day"),
        (["search", "x", "--mode", "psychic"], 2, "--mode"),
        (["export", "--to", "docx"], 2, "unknown format"),
        (["import", "/nowhere/at/all.jsonl"], 1, "/nowhere/at/all.jsonl"),
        (["frobnicate"], 2, "No such command"),
        (["restore", "/nowhere.bak"], 1, "no backup"),
    ],
)
def test_errors_are_one_line_that_says_what_is_wrong(
    filled: Run, arguments: list[str], code: int, words: str
) -> None:
    done = filled(*arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_no_library_yet_says_how_to_make_one(run: Run) -> None:
    done = run("search", "anything")
    assert done.returncode == 1
    assert "broadsheet import FILE" in done.stderr


def test_nonsense_files_are_named_and_stop_nothing(run: Run, tmp_path: Path) -> None:
    nonsense = tmp_path / "noise.bin"
    nonsense.write_bytes(bytes(range(256)) * 40)
    good = tmp_path / "good.jsonl"
    good.write_text(json.dumps(ROWS[0]))
    done = run("import", str(nonsense), str(good), "--json")
    assert done.returncode == 1
    assert "noise.bin" in done.stderr
    assert json.loads(done.stdout)["added"] == 1
