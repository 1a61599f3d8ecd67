"""What a reader keeps with their papers, as it travels in files: tags, notes, collections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from broadsheet.errors import UsageError
from broadsheet.store.collections import (
    NAME_CHARS_MAX,
    collect_all,
    list_collections,
    tags_of,
)
from broadsheet.store.database import Database, Transaction
from broadsheet.store.deeds import Deed, Verb, do
from broadsheet.store.documents import Reads, find_doc_no, parts_of, read_in
from broadsheet.store.notes import NO_GROUP, get_note, own_notes
from broadsheet.types import Keeping

BATCH_PAPERS = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """`n_left_out` counts what was over a bound: a tag too long, a note too large."""

    n_tags: int = 0
    n_notes: int = 0
    collections: frozenset[int] = frozenset()
    n_left_out: int = 0

    def __add__(self, other: Kept) -> Kept:
        return Kept(
            self.n_tags + other.n_tags,
            self.n_notes + other.n_notes,
            self.collections | other.collections,
            self.n_left_out + other.n_left_out,
        )


def list_keepings(db: Reads, reader_no: int, doc_nos: Sequence[int]) -> dict[int, Keeping]:
    """What the reader keeps with each of these documents; those without anything are left out.

    Tags and notes are the reader's own, collections all that the reader may see.
    """
    tags = tags_of(db, reader_no, doc_nos)
    notes = own_notes(db, reader_no)
    collections = _collections_of(db, reader_no, doc_nos)
    return {
        no: Keeping("", tags.get(no, ()), notes.get(no, ()), collections.get(no, ()))
        for no in doc_nos
        if no in tags or no in notes or no in collections
    }


def put_keepings(
    db: Database, reader_no: int, keepings: Iterable[Keeping], *, clock: Callable[[], datetime]
) -> Kept:
    """Give the reader what stands in `keepings` of papers that are here. What they keep already
    stays as it is: a note is added to, never written over, and a collection of the same name is
    gone on with.
    """
    kept = Kept()
    rest = iter(keepings)
    while batch := list(islice(rest, BATCH_PAPERS)):
        found = [(find_doc_no(db, keeping.identifier), keeping) for keeping in batch]
        known = [(doc_no, keeping) for doc_no, keeping in found if doc_no is not None]
        with db.transaction() as transaction:
            kept += _put(transaction, reader_no, known, clock())
    return kept


def _put(
    transaction: Transaction, reader_no: int, keepings: Sequence[tuple[int, Keeping]], now: datetime
) -> Kept:
    kept = Kept()
    members: dict[str, list[int]] = defaultdict(list)
    for doc_no, keeping in keepings:
        deeds = [Deed(Verb.TAG, doc_no, tag) for tag in keeping.tags]
        kept += _done(transaction, reader_no, deeds, now, Kept(n_tags=1))
        kept += _done(
            transaction, reader_no, _note(transaction, reader_no, doc_no, keeping), now,
            Kept(n_notes=1),
        )  # fmt: skip
        for name in keeping.collections:
            members[_fitting(name)].append(doc_no)
    own = {
        found.name: found.collection_no
        for found in (list_collections(transaction, reader_no) if members else ())
        if found.group_no is None
    }
    for name, doc_nos in members.items():
        try:
            number = own.get(name) or _made(transaction, reader_no, name, now)
        except UsageError:
            kept += Kept(n_left_out=1)
            continue
        collect_all(transaction, reader_no, number, doc_nos, now=now)
        kept += Kept(collections=frozenset({number}))
    return kept


def _done(
    transaction: Transaction, reader_no: int, deeds: Sequence[Deed], now: datetime, each: Kept
) -> Kept:
    kept = Kept()
    for deed in deeds:
        try:
            done = do(transaction, reader_no, deed, now=now)
        except UsageError:
            kept += Kept(n_left_out=1)
            continue
        kept += Kept() if done.deed_no is None else each
    return kept


def _note(transaction: Transaction, reader_no: int, doc_no: int, keeping: Keeping) -> list[Deed]:
    """The deed that adds what the reader's note does not say yet."""
    if not keeping.notes:
        return []
    standing = get_note(transaction, reader_no, doc_no, NO_GROUP)
    news = [note for note in keeping.notes if note not in standing.text]
    text = "\n\n".join(filter(None, (standing.text, *news)))
    return [Deed(Verb.WRITE_NOTE, doc_no, text, number=standing.revision)] if news else []


def _made(transaction: Transaction, reader_no: int, name: str, now: datetime) -> int:
    return do(transaction, reader_no, Deed(Verb.MAKE_COLLECTION, value=name), now=now).deed.number


def _fitting(name: str) -> str:
    """The end of a path tells more than its beginning."""
    return name if len(name) <= NAME_CHARS_MAX else "…" + name[1 - NAME_CHARS_MAX :]


def _collections_of(
    db: Reads, reader_no: int, doc_nos: Sequence[int]
) -> Mapping[int, tuple[str, ...]]:
    names = {found.collection_no: found.name for found in list_collections(db, reader_no)}
    living = parts_of(db, doc_nos)
    found: dict[int, set[str]] = defaultdict(set)
    sql = "SELECT doc_no, collection_no FROM collected WHERE doc_no IN (?*)"
    for doc_no, number in read_in(db, sql, list(living)):
        if number in names:
            found[living[doc_no]].add(names[number])
    return {no: tuple(sorted(inside)) for no, inside in found.items()}
