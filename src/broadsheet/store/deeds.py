"""What a reader does, each deed written with the one that takes it back.

Every channel (pages, command line, programs) changes a reader's state here and nowhere else.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from broadsheet.errors import NotFoundError, UsageError
from broadsheet.store import collections, follows, marks, notes
from broadsheet.store.database import Transaction
from broadsheet.store.documents import Reads
from broadsheet.store.follows import FollowKind
from broadsheet.store.interest_deeds import INTEREST_DEEDS
from broadsheet.store.marks import Mark
from broadsheet.store.readers import touch
from broadsheet.store.verbs import Deed as Deed
from broadsheet.store.verbs import Do
from broadsheet.store.verbs import Verb as Verb

TAG_CHARS_MAX = 60
TAGS_MAX_PER_PAPER = 50


@dataclass(frozen=True, slots=True)
class Done:
    """`deed_no` is what to undo; None where nothing changed."""

    deed: Deed
    deed_no: int | None
    undone: bool = False


def do(transaction: Transaction, reader_no: int, deed: Deed, *, now: datetime) -> Done:
    """Raises NotFoundError, NoteConflictError or UsageError; nothing is changed then."""
    inverse = _DO[deed.verb](transaction, reader_no, deed, now)
    if inverse is None:
        return Done(deed, None)
    if deed.verb in (Verb.MAKE_COLLECTION, Verb.MAKE_INTEREST):
        deed = replace(deed, number=inverse.number)
    if deed.verb is Verb.WRITE_NOTE:
        deed = replace(deed, value="")
    deed_no = transaction.run(
        "INSERT INTO deeds (reader_no, verb, deed, inverse, done_at) VALUES (?, ?, ?, ?, ?)",
        (reader_no, deed.verb.value, _dump(deed), _dump(inverse), now.isoformat()),
    )
    touch(transaction, reader_no)
    return Done(deed, deed_no)


def undo(transaction: Transaction, reader_no: int, deed_no: int, *, now: datetime) -> Deed:
    """Take back a deed of this reader's; returns what it was.

    Raises NotFoundError where there is none, or it was taken back before.
    """
    rows = transaction.read(
        "SELECT deed, inverse FROM deeds WHERE deed_no = ? AND reader_no = ? AND undone_at IS NULL",
        (deed_no, reader_no),
    )
    if not rows:
        raise NotFoundError("there is nothing to undo; it may have been undone before")
    inverse = _load(rows[0][1])
    _DO[inverse.verb](transaction, reader_no, inverse, now)
    transaction.run("UPDATE deeds SET undone_at = ? WHERE deed_no = ?", (now.isoformat(), deed_no))
    touch(transaction, reader_no)
    return _load(rows[0][0])


def get_done(db: Reads, reader_no: int, deed_no: int) -> Done:
    """A deed of this reader's. Raises NotFoundError."""
    rows = db.read(
        "SELECT deed, undone_at FROM deeds WHERE deed_no = ? AND reader_no = ?",
        (deed_no, reader_no),
    )
    if not rows:
        raise NotFoundError(f"no deed {deed_no} of yours")
    return Done(_load(rows[0][0]), deed_no, rows[0][1] is not None)


def _dump(deed: Deed) -> str:
    return json.dumps({name: value for name, value in asdict(deed).items() if value})


def _load(text: str) -> Deed:
    fields = json.loads(text)
    return Deed(**{**fields, "verb": Verb(fields["verb"])})


def _marking(mark: Mark, inverse: Verb) -> Do:
    def do_mark(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
        news = marks.put_mark(transaction, reader_no, deed.doc_no, mark, now=now)
        return Deed(inverse, deed.doc_no) if news else None

    return do_mark


def _unmarking(mark: Mark, inverse: Verb) -> Do:
    def do_unmark(
        transaction: Transaction, reader_no: int, deed: Deed, now: datetime
    ) -> Deed | None:
        there = marks.remove_mark(transaction, reader_no, deed.doc_no, mark)
        return Deed(inverse, deed.doc_no) if there else None

    return do_unmark


_VOTES = {Mark.LIKED: Verb.LIKE, Mark.DISLIKED: Verb.DISLIKE}


def _voting(vote: Mark | None) -> Do:
    """A vote takes the place of the one before."""

    def do_vote(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
        standing = [
            mark for mark in _VOTES if marks.remove_mark(transaction, reader_no, deed.doc_no, mark)
        ]
        if vote is not None:
            marks.put_mark(transaction, reader_no, deed.doc_no, vote, now=now)
        before = standing[0] if standing else None
        if before is vote:
            return None
        return Deed(_VOTES[before] if before else Verb.UNVOTE, deed.doc_no)

    return do_vote


def _following(kind: FollowKind, inverse: Verb) -> Do:
    def do_follow(
        transaction: Transaction, reader_no: int, deed: Deed, now: datetime
    ) -> Deed | None:
        if not deed.value.strip():
            raise UsageError("there is nothing to follow")
        news = follows.put_follow(
            transaction, reader_no, kind, deed.value, deed.name or deed.value, now=now
        )
        return replace(deed, verb=inverse) if news else None

    return do_follow


def _unfollowing(kind: FollowKind, inverse: Verb) -> Do:
    def do_unfollow(
        transaction: Transaction, reader_no: int, deed: Deed, now: datetime
    ) -> Deed | None:
        name = follows.remove_follow(transaction, reader_no, kind, deed.value)
        return None if name is None else Deed(inverse, value=deed.value, name=name)

    return do_unfollow


def _tag(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    tag = " ".join(deed.value.split())
    if not tag or len(tag) > TAG_CHARS_MAX:
        raise UsageError(f"a tag has 1 to {TAG_CHARS_MAX} characters")
    standing = collections.tags_of(transaction, reader_no, [deed.doc_no]).get(deed.doc_no, ())
    if len(standing) >= TAGS_MAX_PER_PAPER:
        raise UsageError(f"a paper has at most {TAGS_MAX_PER_PAPER} tags")
    news = collections.put_tag(transaction, reader_no, deed.doc_no, tag, now=now)
    return Deed(Verb.UNTAG, deed.doc_no, tag) if news else None


def _untag(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    there = collections.remove_tag(transaction, reader_no, deed.doc_no, deed.value)
    return Deed(Verb.TAG, deed.doc_no, deed.value) if there else None


def _collect(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    _writable(transaction, reader_no, deed.number)
    news = collections.collect(transaction, reader_no, deed.number, deed.doc_no, now=now)
    return Deed(Verb.UNCOLLECT, deed.doc_no, number=deed.number) if news else None


def _uncollect(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    _writable(transaction, reader_no, deed.number)
    there = collections.uncollect(transaction, deed.number, deed.doc_no)
    return Deed(Verb.COLLECT, deed.doc_no, number=deed.number) if there else None


def _make(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    name = _collection_name(deed.value)
    if deed.group_no and not writes_for(transaction, reader_no, deed.group_no):
        raise NotFoundError("no such group of yours")
    if len(collections.list_collections(transaction, reader_no)) >= collections.COLLECTIONS_MAX:
        raise UsageError(f"there are {collections.COLLECTIONS_MAX:,} collections; drop one first")
    number = collections.make_collection(
        transaction, reader_no, name, deed.group_no or None, now=now
    )
    return Deed(Verb.DROP_COLLECTION, number=number, name=name)


def _rename(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    standing = _writable(transaction, reader_no, deed.number)
    name = _collection_name(deed.value)
    if name == standing.name:
        return None
    collections.rename_collection(transaction, deed.number, name)
    return Deed(Verb.RENAME_COLLECTION, number=deed.number, value=standing.name)


def _drop(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    standing = _writable(transaction, reader_no, deed.number)
    collections.drop_collection(transaction, deed.number, now=now)
    return Deed(Verb.RESTORE_COLLECTION, number=deed.number, name=standing.name)


def _restore(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    collections.restore_collection(transaction, reader_no, deed.number)
    return Deed(Verb.DROP_COLLECTION, number=deed.number, name=deed.name)


def _write_note(transaction: Transaction, reader_no: int, deed: Deed, now: datetime) -> Deed | None:
    if deed.group_no and not writes_for(transaction, reader_no, deed.group_no):
        raise NotFoundError("no such group of yours")
    text = deed.value.replace("\r\n", "\n").rstrip()
    before = notes.put_note(
        transaction,
        reader_no,
        deed.doc_no,
        text,
        based_on=deed.number,
        now=now,
        group_no=deed.group_no,
    )
    if before.text == text:
        return None
    return replace(deed, value=before.text, number=before.revision + 1)


def writes_for(db: Reads, reader_no: int, group_no: int) -> bool:
    return bool(
        db.read(
            "SELECT 1 FROM members WHERE group_no = ? AND reader_no = ? AND role <> 'guest'",
            (group_no, reader_no),
        )
    )


def _collection_name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > collections.NAME_CHARS_MAX:
        raise UsageError(f"a collection's name has 1 to {collections.NAME_CHARS_MAX} characters")
    return name


def _writable(
    transaction: Transaction, reader_no: int, collection_no: int
) -> collections.Collection:
    standing = collections.get_collection(transaction, reader_no, collection_no)
    if not standing.may_write:
        raise NotFoundError(f"collection {collection_no} is not yours to change")
    return standing


_DO: dict[Verb, Do] = {
    Verb.LIKE: _voting(Mark.LIKED),
    Verb.DISLIKE: _voting(Mark.DISLIKED),
    Verb.UNVOTE: _voting(None),
    Verb.SAVE: _marking(Mark.SAVED, Verb.UNSAVE),
    Verb.UNSAVE: _unmarking(Mark.SAVED, Verb.SAVE),
    Verb.DISMISS: _marking(Mark.DISMISSED, Verb.RESTORE),
    Verb.RESTORE: _unmarking(Mark.DISMISSED, Verb.DISMISS),
    Verb.READ: _marking(Mark.READ, Verb.UNREAD),
    Verb.UNREAD: _unmarking(Mark.READ, Verb.READ),
    Verb.FOLLOW: _following(FollowKind.AUTHOR, Verb.UNFOLLOW),
    Verb.UNFOLLOW: _unfollowing(FollowKind.AUTHOR, Verb.FOLLOW),
    Verb.KEEP_SEARCH: _following(FollowKind.SEARCH, Verb.DROP_SEARCH),
    Verb.DROP_SEARCH: _unfollowing(FollowKind.SEARCH, Verb.KEEP_SEARCH),
    Verb.TAG: _tag,
    Verb.UNTAG: _untag,
    Verb.COLLECT: _collect,
    Verb.UNCOLLECT: _uncollect,
    Verb.MAKE_COLLECTION: _make,
    Verb.RENAME_COLLECTION: _rename,
    Verb.DROP_COLLECTION: _drop,
    Verb.RESTORE_COLLECTION: _restore,
    Verb.WRITE_NOTE: _write_note,
    **INTEREST_DEEDS,
}
