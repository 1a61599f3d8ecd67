"""What readers do: each deed, the deed that takes it back, and whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from broadsheet.errors import NotFoundError, UsageError
from broadsheet.store import collections, fellows, follows, interests, marks, notes
from broadsheet.store.apply import undo_merge
from broadsheet.store.database import Database
from broadsheet.store.deeds import Deed, Done, Verb, do, get_done, undo
from broadsheet.store.documents import find_doc_no
from broadsheet.store.follows import FollowKind
from broadsheet.store.interests import Choices, written
from broadsheet.store.marks import Mark
from broadsheet.store.readers import LOCAL_READER_NO, get_reader
from broadsheet.types import Record
from tests.worlds import NOW, a_library, a_record, take_in

ME = LOCAL_READER_NO
OTHER = 2


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = a_library(tmp_path, *(a_record(number) for number in range(1, 6)))
    with db.transaction() as transaction:
        transaction.run(
            "INSERT INTO readers (reader_no, name, role, created_at) VALUES (2, 'Bo', 'reader', ?)",
            (NOW.isoformat(),),
        )
    yield db
    db.close()


def done(db: Database, verb: Verb, *, reader: int = ME, **fields: object) -> Done:
    with db.transaction() as transaction:
        return do(transaction, reader, Deed(verb, **fields), now=NOW)  # type: ignore[arg-type]


def undone(db: Database, deed_no: int | None, *, reader: int = ME) -> Deed:
    assert deed_no is not None
    with db.transaction() as transaction:
        return undo(transaction, reader, deed_no, now=NOW)


def everything(db: Database, reader: int = ME) -> tuple[object, ...]:
    """All of a reader's state."""
    numbers = range(1, 6)
    mine = collections.list_collections(db, reader)
    return (
        marks.marks_of(db, reader, numbers),
        collections.tags_of(db, reader, numbers),
        [(found.name, collections.collected(db, found.collection_no)) for found in mine],
        [notes.get_note(db, reader, number).text for number in numbers],
        [(entry.kind, entry.value, entry.name) for entry in follows.list_follows(db, reader)],
        [
            (found.choices, [(judged.doc_no, judged.kind) for judged in held.judged], held.rules,
             held.authors)
            for found in interests.list_interests(db, reader)
            for held in [interests.holdings_of(db, found.interest_no)]
        ],
    )  # fmt: skip


PREPARED = [
    Deed(Verb.SAVE, 2), Deed(Verb.LIKE, 2), Deed(Verb.DISMISS, 2), Deed(Verb.READ, 2),
    Deed(Verb.FOLLOW, value="ada-b", name="Ada B"), Deed(Verb.KEEP_SEARCH, value="cats"),
    Deed(Verb.TAG, 2, "later"), Deed(Verb.MAKE_COLLECTION, value="Mine"),
    Deed(Verb.COLLECT, 2, number=1), Deed(Verb.WRITE_NOTE, 2, "first"),
    Deed(Verb.MAKE_INTEREST, value=written(Choices("Birds"))), Deed(Verb.LIKE_FOR, 2, number=1),
    Deed(Verb.ADD_RULE, value="owls", name="must", number=1),
    Deed(Verb.FOLLOW_FOR, value="ada-b", name="Ada B", number=1),
]  # fmt: skip
DEEDS = [
    Deed(Verb.SAVE, 1), Deed(Verb.UNSAVE, 2), Deed(Verb.LIKE, 1), Deed(Verb.DISLIKE, 1),
    Deed(Verb.DISLIKE, 2), Deed(Verb.UNVOTE, 2), Deed(Verb.DISMISS, 1), Deed(Verb.RESTORE, 2),
    Deed(Verb.READ, 1), Deed(Verb.UNREAD, 2), Deed(Verb.FOLLOW, value="bo-c", name="Bo C"),
    Deed(Verb.UNFOLLOW, value="ada-b"), Deed(Verb.KEEP_SEARCH, value="dogs"),
    Deed(Verb.DROP_SEARCH, value="cats"), Deed(Verb.TAG, 1, "now"), Deed(Verb.UNTAG, 2, "later"),
    Deed(Verb.COLLECT, 1, number=1), Deed(Verb.UNCOLLECT, 2, number=1),
    Deed(Verb.MAKE_COLLECTION, value="More"), Deed(Verb.RENAME_COLLECTION, number=1, value="Ours"),
    Deed(Verb.DROP_COLLECTION, number=1), Deed(Verb.WRITE_NOTE, 1, "new"),
    Deed(Verb.WRITE_NOTE, 2, "second", number=1), Deed(Verb.WRITE_NOTE, 2, "", number=1),
    Deed(Verb.MAKE_INTEREST, value=written(Choices("Stars"))), Deed(Verb.DROP_INTEREST, number=1),
    Deed(Verb.CHANGE_INTEREST, number=1, value=written(Choices("Owls", alpha=0.2))),
    Deed(Verb.LIKE_FOR, 1, number=1), Deed(Verb.DISLIKE_FOR, 2, number=1),
    Deed(Verb.UNJUDGE_FOR, 2, number=1), Deed(Verb.LIKE_ALL_FOR, number=1, value="[1, 2, 3]"),
    Deed(Verb.UNLIKE_ALL_FOR, number=1, value="[1, 2]"),
    Deed(Verb.ADD_RULE, number=1, name="never", value="cats"),
    Deed(Verb.DROP_RULE, number=1, name="must", value="owls"),
    Deed(Verb.FOLLOW_FOR, number=1, value="bo-c"), Deed(Verb.UNFOLLOW_FOR, number=1, value="ada-b"),
]  # fmt: skip


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: f"{deed.verb}-{deed.doc_no}")
def test_every_deed_is_taken_back_whole(db: Database, deed: Deed) -> None:
    for earlier in PREPARED:
        with db.transaction() as transaction:
            do(transaction, ME, earlier, now=NOW)
    before, others = everything(db), everything(db, OTHER)
    with db.transaction() as transaction:
        result = do(transaction, ME, deed, now=NOW)
    assert everything(db) != before
    assert everything(db, OTHER) == others
    assert undone(db, result.deed_no).verb is deed.verb
    assert everything(db) == before


def test_every_verb_is_tried() -> None:
    inverses = {Verb.RESTORE_COLLECTION, Verb.RESTORE_INTEREST}
    assert {deed.verb for deed in DEEDS} == set(Verb) - inverses


@pytest.mark.parametrize("deed", PREPARED, ids=lambda deed: str(deed.verb))
def test_a_deed_done_twice_is_done_once(db: Database, deed: Deed) -> None:
    for earlier in PREPARED:
        with db.transaction() as transaction:
            do(transaction, ME, earlier, now=NOW)
    before = everything(db)
    if deed.verb is Verb.MAKE_INTEREST:
        with pytest.raises(UsageError, match="another name"):
            done(db, deed.verb, value=deed.value)
        return
    again = done(
        db, deed.verb, doc_no=deed.doc_no, value=deed.value, number=deed.number, name=deed.name
    )
    if deed.verb is not Verb.MAKE_COLLECTION:
        assert again.deed_no is None
        assert everything(db) == before


def test_a_deed_is_undone_once_and_by_its_reader_alone(db: Database) -> None:
    first = done(db, Verb.SAVE, doc_no=1)
    with pytest.raises(NotFoundError):
        undone(db, first.deed_no, reader=OTHER)
    with pytest.raises(NotFoundError):
        get_done(db, OTHER, first.deed_no or 0)
    undone(db, first.deed_no)
    with pytest.raises(NotFoundError, match="undone before"):
        undone(db, first.deed_no)
    assert get_done(db, ME, first.deed_no or 0).undone


def test_each_deed_makes_kept_pages_of_the_reader_old_and_of_nobody_else(db: Database) -> None:
    mine, theirs = get_reader(db, ME).state_no, get_reader(db, OTHER).state_no
    done(db, Verb.SAVE, doc_no=1)
    assert get_reader(db, ME).state_no > mine
    assert get_reader(db, OTHER).state_no == theirs
    done(db, Verb.SAVE, doc_no=1)
    assert get_reader(db, ME).state_no == mine + 1


def test_what_was_done_to_either_holds_for_papers_that_become_one(db: Database) -> None:
    first, second = (find_doc_no(db, f"arxiv:2603.0000{number}") for number in (1, 2))
    assert first
    assert second
    done(db, Verb.SAVE, doc_no=first)
    done(db, Verb.LIKE, doc_no=second)
    done(db, Verb.TAG, doc_no=second, value="later")
    done(db, Verb.WRITE_NOTE, doc_no=second, value="mind this")
    done(db, Verb.MAKE_COLLECTION, value="Mine")
    done(db, Verb.COLLECT, doc_no=second, number=1)
    done(db, Verb.MAKE_INTEREST, value=written(Choices("Cats")))
    done(db, Verb.LIKE_FOR, doc_no=second, number=1)
    take_in(db, _joining())
    assert find_doc_no(db, "arxiv:2603.00002") == first
    assert marks.marks_of(db, ME, [first]) == {first: {Mark.SAVED, Mark.LIKED}}
    assert marks.marked(db, ME, Mark.LIKED) == [first]
    assert collections.tags_of(db, ME, [first]) == {first: ("later",)}
    assert collections.collected(db, 1) == [first]
    assert notes.get_note(db, ME, first).text == "mind this"
    assert interests.judgments_of(db, ME, [first]) == {(1, first): interests.Judgment.LIKED}
    assert interests.judged_in_any(db, ME, [first]) == {first}
    done(db, Verb.UNVOTE, doc_no=first)
    assert marks.marked(db, ME, Mark.LIKED) == []
    merge_no = db.read("SELECT max(merge_no) FROM merges")[0][0]
    with db.transaction() as transaction:
        undo_merge(transaction, merge_no, now=NOW)
    assert marks.marks_of(db, ME, [first, second]) == {first: {Mark.SAVED}}
    assert collections.tags_of(db, ME, [first, second]) == {second: ("later",)}


def _joining() -> Record:
    """A record that says that papers 1 and 2 are one: they share a DOI from now on."""
    one, two = a_record(1), a_record(2)
    title = one.title
    return Record(
        source="acl",
        key="x",
        title=title,
        identifiers=("acl:2026.x-1", one.identifiers[0], two.identifiers[0]),
        authors=one.authors,
        year=2026,
    )


def test_a_note_written_over_is_refused_and_nothing_is_lost(db: Database) -> None:
    done(db, Verb.WRITE_NOTE, doc_no=1, value="from one tab")
    with pytest.raises(notes.NoteConflictError) as caught:
        done(db, Verb.WRITE_NOTE, doc_no=1, value="from the other")
    assert caught.value.note.text == "from one tab"
    assert notes.get_note(db, ME, 1).text == "from one tab"
    done(db, Verb.WRITE_NOTE, doc_no=1, value="both", number=1)
    assert notes.get_note(db, ME, 1).revision == 2
    texts = [text for (text,) in db.read("SELECT text FROM notes ORDER BY revision")]
    assert texts == ["from one tab", "both"]


def test_undoing_an_old_note_does_not_take_a_newer_one(db: Database) -> None:
    first = done(db, Verb.WRITE_NOTE, doc_no=1, value="one")
    done(db, Verb.WRITE_NOTE, doc_no=1, value="two", number=1)
    with pytest.raises(notes.NoteConflictError):
        undone(db, first.deed_no)
    assert notes.get_note(db, ME, 1).text == "two"


def test_a_note_of_a_megabyte_is_refused_with_its_size(db: Database) -> None:
    with pytest.raises(notes.NoteTooLongError, match="1,000,000"):
        done(db, Verb.WRITE_NOTE, doc_no=1, value="x" * 1_000_000)
    assert notes.get_note(db, ME, 1).text == ""


@pytest.mark.parametrize(
    "deed",
    [
        Deed(Verb.TAG, 1, ""), Deed(Verb.TAG, 1, "x" * 61), Deed(Verb.MAKE_COLLECTION, value=" "),
        Deed(Verb.MAKE_COLLECTION, value="x" * 121), Deed(Verb.FOLLOW, value=" "),
    ],
)  # fmt: skip
def test_what_has_no_sense_is_refused(db: Database, deed: Deed) -> None:
    with pytest.raises(UsageError), db.transaction() as transaction:
        do(transaction, ME, deed, now=NOW)


@pytest.mark.parametrize(
    "deed",
    [
        Deed(Verb.COLLECT, 1, number=1), Deed(Verb.UNCOLLECT, 1, number=1),
        Deed(Verb.RENAME_COLLECTION, number=1, value="Theirs"),
        Deed(Verb.DROP_COLLECTION, number=1), Deed(Verb.RESTORE_COLLECTION, number=1),
        Deed(Verb.MAKE_COLLECTION, value="x", group_no=9),
        Deed(Verb.WRITE_NOTE, 1, "x", group_no=9), Deed(Verb.COLLECT, 1, number=77),
    ],
)  # fmt: skip
def test_what_belongs_to_another_is_not_there(db: Database, deed: Deed) -> None:
    done(db, Verb.MAKE_COLLECTION, value="Mine")
    with pytest.raises(NotFoundError), db.transaction() as transaction:
        do(transaction, OTHER, deed, now=NOW)
    assert [found.name for found in collections.list_collections(db, ME)] == ["Mine"]


def test_a_group_shares_votes_saves_collections_and_notes(db: Database) -> None:
    with db.transaction() as transaction:
        transaction.run(
            "INSERT INTO groups (group_no, name, created_at) VALUES (1, 'Lab', ?)",
            (NOW.isoformat(),),
        )
        transaction.run_many(
            "INSERT INTO members (group_no, reader_no, role, joined_at) VALUES (1, ?, ?, ?)",
            [(ME, "lead", NOW.isoformat()), (OTHER, "guest", NOW.isoformat())],
        )
    state = get_reader(db, OTHER).state_no
    done(db, Verb.LIKE, doc_no=1)
    done(db, Verb.DISMISS, doc_no=1)
    done(db, Verb.MAKE_COLLECTION, value="Lab reads", group_no=1)
    done(db, Verb.COLLECT, doc_no=2, number=1)
    done(db, Verb.WRITE_NOTE, doc_no=3, value="for all", group_no=1)
    assert get_reader(db, OTHER).state_no > state
    assert fellows.fellows_marks(db, OTHER, [1, 2]) == {1: (("You", Mark.LIKED),)}
    assert fellows.fellows_marks(db, ME, [1, 2]) == {}
    (shared,) = collections.list_collections(db, OTHER)
    assert (shared.name, shared.group, shared.may_write) == ("Lab reads", "Lab", False)
    assert notes.get_note(db, OTHER, 3, group_no=1).text == "for all"
    with pytest.raises(NotFoundError):
        done(db, Verb.COLLECT, reader=OTHER, doc_no=1, number=1)
    with pytest.raises(NotFoundError):
        done(db, Verb.WRITE_NOTE, reader=OTHER, doc_no=3, value="x", group_no=1, number=1)


def test_a_search_that_is_followed_keeps_its_name(db: Database) -> None:
    done(db, Verb.KEEP_SEARCH, value="author:ada year:2026..")
    (entry,) = follows.list_follows(db, ME)
    assert (entry.kind, entry.name) == (FollowKind.SEARCH, "author:ada year:2026..")


def test_the_last_saved_comes_first(db: Database) -> None:
    for days, number in enumerate((3, 1, 2)):
        with db.transaction() as transaction:
            do(transaction, ME, Deed(Verb.SAVE, number), now=NOW + timedelta(days=days))
    assert marks.marked(db, ME, Mark.SAVED) == [2, 1, 3]
    assert marks.count_marks(db, ME) == {Mark.SAVED: 3}


INTEREST_VERBS = [
    deed for deed in DEEDS if deed.verb.value.endswith(("-for", "-rule", "-interest"))
]


@pytest.mark.parametrize("deed", INTEREST_VERBS, ids=lambda deed: str(deed.verb))
def test_nobody_touches_another_s_interest(db: Database, deed: Deed) -> None:
    if deed.verb is Verb.MAKE_INTEREST:
        return
    for earlier in PREPARED:
        with db.transaction() as transaction:
            do(transaction, ME, earlier, now=NOW)
    before = everything(db)
    with pytest.raises(NotFoundError, match="no interest 1 of yours"):
        done(
            db, deed.verb, reader=OTHER, doc_no=deed.doc_no, value=deed.value,
            number=deed.number, name=deed.name,
        )  # fmt: skip
    assert everything(db) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "}, {"name": "x" * 121}, {"alpha": 0.0}, {"alpha": 0.51}, {"places": 0},
        {"places": 101}, {"exploration": 0.6}, {"categories": ("x" * 61,)},
        {"description": "x" * 2_001},
    ],
)  # fmt: skip
def test_what_no_interest_can_have_is_refused(db: Database, changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        done(db, Verb.MAKE_INTEREST, value=written(Choices(**{"name": "Birds", **changes})))
    assert interests.list_interests(db, ME) == []
