"""The text index follows a library, survives what happens to it, and equals a rebuilt one."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import tantivy

from broadsheet.errors import SearchIndexError
from broadsheet.index import lexical
from broadsheet.index.changes import ChangeLog, CorpusChanges, StoreChanges
from broadsheet.index.lexical import LexicalIndex
from broadsheet.index.lock import IndexBusyError, WriterLock
from broadsheet.store.database import Database, open_database
from broadsheet.store.documents import Change
from broadsheet.types import Document
from tests.worlds import a_library, a_record, take_in

SPAWN = multiprocessing.get_context("spawn")


def documents(n: int, *, first: int = 1) -> list[Document]:
    return [
        Document(
            doc_no=number,
            doc_id=f"arxiv:2603.{number:05d}",
            title=f"Paper {number} about thing{number % 7}",
            identifiers=(f"arxiv:2603.{number:05d}",),
            abstract=f"Word{number} " * 40,
        )
        for number in range(first, first + n)
    ]


def index_of(home: Path, db: Database) -> LexicalIndex:
    return LexicalIndex(home / "index" / "lexical", store_id=db.store_id)


def found(index: LexicalIndex, field: str, word: str) -> int:
    searcher = index.searcher()
    query = tantivy.Query.term_query(searcher.schema, field, word, "basic")
    return len(searcher.searcher.search(query, 100).hits)


def rebuilt_fingerprint(folder: Path, log: ChangeLog) -> str:
    index = LexicalIndex(folder)
    index.follow(log)
    return index.fingerprint()


def current_generation(index: LexicalIndex) -> Path:
    return index.folder / (index.folder / "current").read_text()


def test_follows_additions_and_updates(tmp_path: Path) -> None:
    db = a_library(tmp_path, a_record(1, abstract="zebras run"), a_record(2))
    index = index_of(tmp_path, db)
    report = index.follow(StoreChanges(db))
    assert (report.indexed, report.rebuilt, index.searcher().n_docs) == (2, True, 2)
    assert found(index, "abstract_x", "zebras") == 1

    take_in(db, a_record(1, abstract="lions run", datestamp="2026-03-09"), a_record(3))
    report = index.follow(StoreChanges(db))
    assert (report.indexed, report.rebuilt, index.searcher().n_docs) == (2, False, 3)
    assert found(index, "abstract_x", "zebras") == 0
    assert found(index, "abstract_x", "lions") == 1
    assert index.fingerprint() == rebuilt_fingerprint(tmp_path / "anew", StoreChanges(db))


def test_nothing_to_follow_does_nothing(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path)
    index.follow(CorpusChanges(documents(3)))
    before = index.searcher()
    assert index.follow(CorpusChanges(documents(3))).indexed == 0
    assert index.searcher() is before


def test_an_empty_library_has_an_empty_index(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path)
    index.follow(CorpusChanges([]))
    assert index.searcher().n_docs == 0


def test_a_document_that_is_gone_is_removed(tmp_path: Path) -> None:
    class Merging(CorpusChanges):
        def last_change_no(self) -> int:
            return 4

        def changes(self, after: int, limit: int) -> list[Change]:
            return [*super().changes(after, limit), *([Change(4, 2, None)] if after < 4 else [])]

    index = LexicalIndex(tmp_path)
    index.follow(CorpusChanges(documents(3)))
    report = index.follow(Merging(documents(3)))
    assert report.removed == 1
    assert index.searcher().n_docs == 2
    assert found(index, "identifier", "arxiv:2603.00002") == 0


def test_without_an_index_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SearchIndexError, match="broadsheet index"):
        LexicalIndex(tmp_path / "none").searcher()


# Deaths


def _die_between_commit_and_position(folder: Path) -> None:
    def die(generation: Path, position: lexical.Position) -> None:
        if position.change_no:
            os.kill(os.getpid(), signal.SIGKILL)
        write(generation, position)

    write = lexical._write_position
    lexical._write_position = die
    LexicalIndex(folder).follow(CorpusChanges(documents(50)))


def test_killed_between_commit_and_position(tmp_path: Path) -> None:
    process = SPAWN.Process(target=_die_between_commit_and_position, args=(tmp_path / "a",))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    index = LexicalIndex(tmp_path / "a")
    position = index.position()
    assert position is not None
    assert position.change_no == 0
    assert index.searcher().n_docs == 50

    log = CorpusChanges(documents(50))
    index.follow(log)
    assert index.searcher().n_docs == 50
    assert index.fingerprint() == rebuilt_fingerprint(tmp_path / "b", log)


def _follow_in_small_steps(folder: Path, n: int) -> None:
    lexical.COMMIT_EVERY_DOCS = lexical.BATCH_DOCS = 100
    LexicalIndex(folder).follow(CorpusChanges(documents(n)))


def _rebuild_in_small_steps(folder: Path, n: int) -> None:
    lexical.COMMIT_EVERY_DOCS = lexical.BATCH_DOCS = 100
    LexicalIndex(folder).rebuild(CorpusChanges(documents(n)))


@pytest.mark.parametrize("work", [_follow_in_small_steps, _rebuild_in_small_steps])
def test_killed_at_random_moments(tmp_path: Path, work: Callable[[Path, int], None]) -> None:
    rng = random.Random(7)
    moments = int(os.environ.get("BROADSHEET_TORTURE_MOMENTS", "4"))
    log = CorpusChanges(documents(3000))
    expected = rebuilt_fingerprint(tmp_path / "anew", log)
    for moment in range(moments):
        folder = tmp_path / f"killed{moment}"
        process = SPAWN.Process(target=work, args=(folder, 3000))
        process.start()
        deadline = time.monotonic() + 20
        while not (folder / "writer.lock").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.6))
        process.kill()
        process.join()
        index = LexicalIndex(folder)
        index.follow(log)
        assert index.fingerprint() == expected


class _Interrupted(CorpusChanges):
    def changes(self, after: int, limit: int) -> list[Change]:
        if after:
            raise KeyboardInterrupt
        return super().changes(after, 10)


def test_interrupted_it_goes_on_where_it_was(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path / "a")
    with pytest.raises(KeyboardInterrupt):
        index.follow(_Interrupted(documents(30)))
    log = CorpusChanges(documents(30))
    assert index.follow(log).indexed == 30
    assert index.fingerprint() == rebuilt_fingerprint(tmp_path / "b", log)


# Damage


def _remove_current(index: LexicalIndex) -> None:
    (index.folder / "current").unlink()


def _garble_current(index: LexicalIndex) -> None:
    (index.folder / "current").write_bytes(b"\xff../../etc")


def _remove_position(index: LexicalIndex) -> None:
    (current_generation(index) / "position.json").unlink()


def _garble_position(index: LexicalIndex) -> None:
    (current_generation(index) / "position.json").write_text('{"change_no": "x"')


def _remove_meta(index: LexicalIndex) -> None:
    (current_generation(index) / "meta.json").unlink()


def _garble_meta(index: LexicalIndex) -> None:
    (current_generation(index) / "meta.json").write_text("{")


def _empty_segments(index: LexicalIndex) -> None:
    # Empty files in their place, as a crash leaves them. Emptied where they are, they would take
    # their pages from under the thread with which tantivy still reads an index just opened,
    # and the system ends a process for that.
    for path in current_generation(index).glob("*.term"):
        path.unlink()
        path.touch()


def _remove_segments(index: LexicalIndex) -> None:
    for path in current_generation(index).glob("*.store"):
        path.unlink()


@pytest.mark.parametrize(
    "damage",
    [_remove_current, _garble_current, _remove_position, _garble_position, _remove_meta,
     _garble_meta, _empty_segments, _remove_segments],
)  # fmt: skip
def test_a_damaged_index_is_built_anew(
    tmp_path: Path, damage: Callable[[LexicalIndex], None]
) -> None:
    log = CorpusChanges(documents(40))
    LexicalIndex(tmp_path / "a").follow(log)
    expected = LexicalIndex(tmp_path / "a").fingerprint()
    damage(LexicalIndex(tmp_path / "a"))
    index = LexicalIndex(tmp_path / "a")
    assert index.follow(log).rebuilt
    assert index.fingerprint() == expected
    assert len(list((tmp_path / "a").glob("g*"))) == 1


def test_an_index_of_another_library_is_refused_and_replaced(tmp_path: Path) -> None:
    LexicalIndex(tmp_path).follow(CorpusChanges(documents(5), store_id="theirs"))
    ours = LexicalIndex(tmp_path, store_id="ours")
    with pytest.raises(SearchIndexError, match="another library"):
        ours.searcher()
    assert ours.follow(CorpusChanges(documents(2), store_id="ours")).rebuilt
    assert ours.searcher().n_docs == 2


def test_an_index_of_another_version_is_replaced(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path)
    log = CorpusChanges(documents(5))
    index.follow(log)
    path = current_generation(index) / "position.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": 0}))
    with pytest.raises(SearchIndexError, match="another version"):
        LexicalIndex(tmp_path).searcher()
    assert index.follow(log).rebuilt
    assert index.searcher().n_docs == 5


def test_an_index_ahead_of_a_restored_library_is_built_anew(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path)
    index.follow(CorpusChanges(documents(9)))
    assert index.follow(CorpusChanges(documents(4))).rebuilt
    assert index.searcher().n_docs == 4


def test_a_rebuild_leaves_the_old_index_searchable_until_it_is_done(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path)
    index.follow(CorpusChanges(documents(6)))
    seen = []

    class Watched(CorpusChanges):
        def changes(self, after: int, limit: int) -> list[Change]:
            seen.append(LexicalIndex(tmp_path).searcher().n_docs)
            return super().changes(after, limit)

    before = index.searcher()
    index.rebuild(Watched(documents(8)))
    assert set(seen) == {6}
    assert index.searcher().n_docs == 8
    assert found(index, "identifier", "arxiv:2603.00008") == 1
    assert before.n_docs == 6


def test_a_file_in_place_of_the_folder_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SearchIndexError, match="cannot write"):
        LexicalIndex(tmp_path / "file").follow(CorpusChanges(documents(1)))


def _follow_on_a_full_disk(folder: Path, said: Path) -> None:
    # A limit on file sizes fails writes as a full disk does, and needs no disk of its own.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    try:
        LexicalIndex(folder).follow(CorpusChanges(documents(20_000, first=6)))
    except SearchIndexError as error:
        said.write_text(str(error))


def test_a_full_disk_is_a_clear_error_and_loses_nothing(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path / "a")
    index.follow(CorpusChanges(documents(5)))
    process = SPAWN.Process(target=_follow_on_a_full_disk, args=(tmp_path / "a", tmp_path / "said"))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert "cannot write the search index" in (tmp_path / "said").read_text()
    assert LexicalIndex(tmp_path / "a").searcher().n_docs == 5


# Several processes


def _hold_lock(folder: Path, seconds: float) -> None:
    with WriterLock(folder).held(5):
        time.sleep(seconds)


def test_a_second_writer_is_told_that_another_is_writing(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path)
    index.follow(CorpusChanges(documents(1)))
    process = SPAWN.Process(target=_hold_lock, args=(tmp_path, 60))
    process.start()
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                with WriterLock(tmp_path).held(0):
                    assert time.monotonic() < deadline
                time.sleep(0.01)
            except IndexBusyError:
                break
        with pytest.raises(IndexBusyError, match="another process is indexing"):
            index.follow(CorpusChanges(documents(2)), wait_s=0.2)
        assert index.searcher().n_docs == 1
    finally:
        process.kill()
        process.join()
    # The lock went with its holder.
    assert index.follow(CorpusChanges(documents(2))).indexed == 1


def _follow_home(home: Path) -> None:
    db = open_database(home)
    index_of(home, db).follow(StoreChanges(db))
    db.close()


def test_what_another_process_indexed_is_found_at_once(tmp_path: Path) -> None:
    db = a_library(tmp_path, a_record(1))
    index = index_of(tmp_path, db)
    index.follow(StoreChanges(db))
    assert index.searcher().n_docs == 1
    take_in(db, a_record(2, title="Okapis at dusk and what they eat"))
    process = SPAWN.Process(target=_follow_home, args=(tmp_path,))
    process.start()
    process.join()
    assert found(index, "title_x", "okapis") == 1


def test_a_new_paper_is_found_within_two_seconds(tmp_path: Path) -> None:
    db = a_library(tmp_path, *(a_record(number) for number in range(1, 200)))
    index = index_of(tmp_path, db)
    index.follow(StoreChanges(db))

    def seconds(number: int) -> float:
        take_in(db, a_record(number, title=f"Okapis at dusk, part {number}"))
        began = time.monotonic()
        index.follow(StoreChanges(db))
        assert found(index, "title_x", str(number)) == 1
        return time.monotonic() - began

    # The quickest of three: a machine that does something else meanwhile says nothing of ours.
    assert min(seconds(number) for number in (500, 501, 502)) < 2
