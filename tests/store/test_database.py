"""The door to SQLite: what a reader is told when the library cannot be used."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from broadsheet.errors import (
    ForeignStoreError,
    NewerStoreError,
    NotFoundError,
    StoreBusyError,
    StoreError,
    StoreFullError,
)
from broadsheet.store import database
from broadsheet.store.backup import restore_backup, write_backup
from broadsheet.store.database import FILE_NAME, is_open_to_all, open_database
from broadsheet.store.documents import count_documents, get_document
from broadsheet.store.health import find_contradictions, find_damage
from tests.worlds import NOW, a_library, a_record, take_in

OPEN_FILES = Path("/proc/self/fd")


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(ForeignStoreError, match="another program"):
        open_database(tmp_path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"not a database at all, but long enough" * 50)
    with pytest.raises(ForeignStoreError, match="not a readable Broadsheet database"):
        open_database(tmp_path)


def test_a_home_from_a_newer_version_is_refused(tmp_path: Path) -> None:
    db = a_library(tmp_path)
    with db.transaction() as transaction:
        transaction.run("PRAGMA user_version = 99")
    with pytest.raises(NewerStoreError, match="newer Broadsheet"):
        open_database(tmp_path)


def test_a_library_its_log_and_its_copies_are_their_owners_alone(tmp_path: Path) -> None:
    """They hold notes, addresses, and the key that links and forms are signed with."""
    home, backup = tmp_path / "home", tmp_path / "kept.bak"
    before = os.umask(0o022)
    try:
        db = open_database(home)
        take_in(db, a_record(1))
        write_backup(db, backup)
        restored = tmp_path / "restored"
        restore_backup(backup, restored, now=NOW)
        rights = {
            path.name: stat.S_IMODE(path.stat().st_mode)
            for path in (home, *home.iterdir(), backup, restored, *restored.iterdir())
        }
        db.close()
    finally:
        os.umask(before)
    assert {f"{FILE_NAME}-wal", "kept.bak", "restored"} <= rights.keys()
    assert {name for name, mode in rights.items() if mode & 0o077} == set()
    assert not is_open_to_all(home)


def test_a_folder_that_is_there_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    a_library(tmp_path).close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert not is_open_to_all(tmp_path)
    (tmp_path / FILE_NAME).chmod(0o644)
    assert is_open_to_all(tmp_path)


def test_no_library_is_not_an_empty_library(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="broadsheet import"):
        open_database(tmp_path, create=False)
    assert not (tmp_path / FILE_NAME).exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere: rights do not bind it")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="check who owns"):
        open_database(tmp_path)


def test_a_home_under_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="--home"):
        open_database(tmp_path / "file" / "home")


def test_a_locked_library_says_who_to_wait_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.05)
    db = a_library(tmp_path)
    with sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError, match="another process"):
            take_in(db, a_record(1))
        other.execute("ROLLBACK")
    other.close()
    assert take_in(db, a_record(1)).added == 1


def test_a_full_disk_loses_nothing_and_says_so(tmp_path: Path) -> None:
    db = a_library(tmp_path, a_record(1))
    pages = db.read("PRAGMA page_count")[0][0]
    db.read(f"PRAGMA max_page_count = {pages + 4}")
    with pytest.raises(StoreFullError, match="free some"):
        take_in(db, *(a_record(number) for number in range(2, 400)))
    db.read("PRAGMA max_page_count = 1000000")
    assert count_documents(db) == 1
    assert take_in(db, *(a_record(number) for number in range(2, 400))).added == 398
    assert not find_damage(db)


def test_readers_see_one_state_while_a_writer_writes(tmp_path: Path) -> None:
    db = a_library(tmp_path, a_record(1))
    with db.snapshot():
        assert count_documents(db) == 1
        writer = threading.Thread(target=take_in, args=(db, a_record(2)))
        writer.start()
        writer.join()
        assert count_documents(db) == 1
    assert count_documents(db) == 2


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason=f"no {OPEN_FILES} to count open files in")
def test_threads_that_end_leave_no_file_open(tmp_path: Path) -> None:
    db = open_database(tmp_path)
    found: list[int] = []

    def read() -> None:
        db.read("SELECT 1")
        found.append(sum(_leads_to(link, tmp_path) for link in OPEN_FILES.iterdir()))

    for _ in range(30):
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    assert len(found) == 30
    assert 0 < found[-1] <= found[1]
    assert db.read("SELECT 1") == [(1,)]
    db.close()


def _leads_to(link: Path, folder: Path) -> bool:
    try:
        return link.readlink().is_relative_to(folder)
    except OSError:  # closed since it was listed
        return False


def test_closing_waits_for_what_another_thread_is_doing(tmp_path: Path) -> None:
    """The driver crashes the process where a connection is closed under a statement."""
    db = a_library(tmp_path, a_record(1))
    inside, leave, counted = threading.Event(), threading.Event(), []

    def read() -> None:
        with db.snapshot():
            inside.set()
            assert leave.wait(60)
            counted.append(count_documents(db))

    reader, closer = threading.Thread(target=read), threading.Thread(target=db.close)
    reader.start()
    assert inside.wait(60)
    closer.start()
    closer.join(timeout=0.1)
    assert closer.is_alive()
    leave.set()
    reader.join()
    closer.join()
    assert counted == [1]


def test_two_processes_may_open_a_new_home_at_once(tmp_path: Path) -> None:
    ids = []
    threads = [
        threading.Thread(target=lambda: ids.append(open_database(tmp_path).store_id))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6
    assert len(set(ids)) == 1


def test_a_backup_is_the_library_of_one_moment(tmp_path: Path) -> None:
    db = a_library(tmp_path / "home", *(a_record(number) for number in range(1, 60)))
    write_backup(db, tmp_path / "copy.bak")
    take_in(db, a_record(99))
    restore_backup(tmp_path / "copy.bak", tmp_path / "other", now=NOW)
    restored = open_database(tmp_path / "other", create=False)
    assert count_documents(restored) == 59
    assert get_document(restored, "2603.00007").title == a_record(7).title
    assert restored.store_id != db.store_id
    assert not find_contradictions(restored)
    assert list(tmp_path.glob(".*part")) == []


def test_restoring_keeps_the_library_that_was_there(tmp_path: Path) -> None:
    db = a_library(tmp_path / "home", a_record(1))
    write_backup(db, tmp_path / "copy.bak")
    take_in(db, a_record(2))
    db.close()
    kept = restore_backup(tmp_path / "copy.bak", tmp_path / "home", now=NOW)
    assert kept is not None
    assert kept.exists()
    assert count_documents(open_database(tmp_path / "home")) == 1


def test_a_damaged_or_foreign_backup_changes_nothing(tmp_path: Path) -> None:
    db = a_library(tmp_path / "home", a_record(1))
    bad = tmp_path / "bad.bak"
    bad.write_bytes(b"x" * 9000)
    with pytest.raises(ForeignStoreError):
        restore_backup(bad, tmp_path / "home", now=NOW)
    write_backup(db, tmp_path / "good.bak")
    bad.write_bytes((tmp_path / "good.bak").read_bytes()[:8192])
    with pytest.raises(ForeignStoreError):
        restore_backup(bad, tmp_path / "home", now=NOW)
    assert count_documents(db) == 1
    with pytest.raises(NotFoundError):
        restore_backup(tmp_path / "none.bak", tmp_path / "home", now=NOW)
    with pytest.raises(StoreError, match="folder"):
        write_backup(db, tmp_path)
