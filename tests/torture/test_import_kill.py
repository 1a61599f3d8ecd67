"""`kill -9` at random moments of import and index: nothing lost, nothing doubled."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from broadsheet.content import dump_record
from broadsheet.index.changes import StoreChanges
from broadsheet.index.lexical import LexicalIndex
from broadsheet.jobs.indexing import follow_index, lexical_index
from broadsheet.store.database import open_database
from broadsheet.store.documents import count_documents
from broadsheet.store.health import find_contradictions, find_damage
from tests.worlds import a_record

N_ROWS = 3_000
MOMENTS = int(os.environ.get("BROADSHEET_TORTURE_MOMENTS", "4"))


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        for number in range(1, N_ROWS + 1):
            record = a_record(number)
            row = json.loads(dump_record(record)) | {"id": record.key}
            stream.write(json.dumps(row) + "\n")
    return path


def _command(home: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "broadsheet", "--home", str(home), *arguments]


@pytest.mark.torture
@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_killed_import_ends_like_one_never_killed(
    tmp_path: Path, rows: Path, moment: int
) -> None:
    command = _command(tmp_path, "import", str(rows), "--json")
    rng = random.Random(moment)
    for _ in range(2):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.3, 3.0))
        child.send_signal(signal.SIGKILL)
        child.wait()
    done = subprocess.run(command, capture_output=True, check=True)
    report = json.loads(done.stdout)
    assert report["added"] + report["unchanged"] == N_ROWS

    db = open_database(tmp_path, create=False)
    assert count_documents(db) == N_ROWS
    assert not find_damage(db)
    assert not find_contradictions(db)
    followed = lexical_index(tmp_path, db)
    rebuilt = LexicalIndex(tmp_path / "again", store_id=db.store_id)
    rebuilt.rebuild(StoreChanges(db))
    assert followed.searcher().n_docs == N_ROWS
    assert followed.fingerprint() == rebuilt.fingerprint()
    db.close()


@pytest.mark.torture
def test_an_index_rebuild_that_is_killed_leaves_the_old_one_searchable(
    tmp_path: Path, rows: Path
) -> None:
    subprocess.run(_command(tmp_path, "import", str(rows)), capture_output=True, check=True)
    child = subprocess.Popen(_command(tmp_path, "index", "--rebuild"), stderr=subprocess.DEVNULL)
    time.sleep(1.0)
    child.kill()
    child.wait()
    db = open_database(tmp_path, create=False)
    assert lexical_index(tmp_path, db).searcher().n_docs == N_ROWS
    assert follow_index(tmp_path, db) == ""
    db.close()


def test_ctrl_c_is_one_line_and_keeps_what_was_done(tmp_path: Path, rows: Path) -> None:
    child = subprocess.Popen(
        _command(tmp_path, "import", str(rows)), stderr=subprocess.PIPE, text=True
    )
    while child.poll() is None:
        time.sleep(0.05)
        if (tmp_path / "broadsheet.sqlite").exists():
            time.sleep(0.3)
            child.send_signal(signal.SIGINT)
            break
    _, errors = child.communicate(timeout=300)
    assert "Traceback" not in errors
    assert child.returncode in {0, 130}
    again = subprocess.run(
        _command(tmp_path, "import", str(rows), "--json"), capture_output=True, check=True
    )
    report = json.loads(again.stdout)
    assert report["added"] + report["unchanged"] == N_ROWS
