"""What a reader keeps: shelves, collections, tags, and what is found inside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from broadsheet.errors import SearchIndexError
from broadsheet.index.lexical import LexicalIndex
from broadsheet.search.engine import find_all
from broadsheet.store.collections import (
    Collection,
    all_of_reader,
    collected,
    list_collections,
    list_tags,
    tagged,
    tags_of,
)
from broadsheet.store.database import Database
from broadsheet.store.documents import Reads
from broadsheet.store.follows import Follow, list_follows
from broadsheet.store.marks import Mark, count_marks, marked
from broadsheet.store.notes import noted
from broadsheet.store.readers import Reader
from broadsheet.types import Document
from broadsheet.web.parameters import Paging, paginate
from broadsheet.web.stacks import fetch_documents

PAPERS_PER_PAGE = 30
COLLECTIONS_SHOWN = 60
TAGS_SHOWN = 100


class Shelf(StrEnum):
    ALL = "all"
    SAVED = "saved"
    UNREAD = "unread"
    LIKED = "liked"
    NOTED = "noted"
    READ = "read"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Holding:
    """A page of papers kept: of a shelf, a tag or a collection, and of `query` inside it.

    `tags` and `notes` are the reader's, by document.
    """

    shelf: Shelf | None
    tag: str
    collection: Collection | None
    query: str
    paging: Paging
    documents: tuple[Document, ...]
    tags: dict[int, tuple[str, ...]]
    notes: dict[int, str]


@dataclass(frozen=True, slots=True)
class Cabinet:
    """What stands beside every page of the library."""

    counts: dict[Shelf, int]
    collections: tuple[Collection, ...]
    n_collections: int
    tags: tuple[tuple[str, int], ...]
    follows: tuple[Follow, ...]


def compose_cabinet(db: Database, reader: Reader) -> Cabinet:
    with db.snapshot():
        marks = count_marks(db, reader.reader_no)
        collections = list_collections(db, reader.reader_no)
        return Cabinet(
            {
                Shelf.ALL: len(all_of_reader(db, reader.reader_no)),
                Shelf.SAVED: marks.get(Mark.SAVED, 0),
                Shelf.UNREAD: len(_unread(db, reader.reader_no)),
                Shelf.LIKED: marks.get(Mark.LIKED, 0),
                Shelf.NOTED: len(_noted(db, reader.reader_no)),
                Shelf.READ: marks.get(Mark.READ, 0),
                Shelf.DISMISSED: marks.get(Mark.DISMISSED, 0),
            },
            tuple(collections[:COLLECTIONS_SHOWN]),
            len(collections),
            tuple(list_tags(db, reader.reader_no)[:TAGS_SHOWN]),
            tuple(list_follows(db, reader.reader_no)),
        )


def compose_holding(
    db: Database,
    index: LexicalIndex,
    reader: Reader,
    *,
    shelf: Shelf | None = None,
    tag: str = "",
    collection: Collection | None = None,
    query: str = "",
    page: int = 1,
) -> Holding:
    with db.snapshot():
        kept = kept_doc_nos(db, reader, shelf=shelf, tag=tag, collection=collection)
        notes = dict(reversed(noted(db, reader.reader_no)))
        if query:
            kept = _found(db, index, reader, query, kept, notes)
        paging = paginate(len(kept), page, PAPERS_PER_PAGE)
        shown = kept[paging.start : paging.stop]
        return Holding(
            shelf,
            tag,
            collection,
            query,
            paging,
            tuple(fetch_documents(db, shown)),
            tags_of(db, reader.reader_no, shown),
            {doc_no: notes[doc_no] for doc_no in shown if doc_no in notes},
        )


def kept_doc_nos(
    db: Reads, reader: Reader, *, shelf: Shelf | None, tag: str, collection: Collection | None
) -> list[int]:
    """The documents of a collection, else of a tag, else of a shelf; last added first."""
    if collection is not None:
        return collected(db, collection.collection_no)
    if tag:
        return tagged(db, reader.reader_no, tag)
    return _SHELVES[shelf or Shelf.ALL](db, reader.reader_no)


def _found(
    db: Reads,
    index: LexicalIndex,
    reader: Reader,
    query: str,
    kept: list[int],
    notes: dict[int, str],
) -> list[int]:
    """Those of `kept` that the query finds, best first; then those whose note or tag has it."""
    inside = set(kept)
    try:
        by_index = [doc_no for doc_no in find_all(index, query) if doc_no in inside]
    except SearchIndexError:
        by_index = []
    words = query.lower().split()
    tags = tags_of(db, reader.reader_no, kept)
    said = {no: f"{notes.get(no, '')} {' '.join(tags.get(no, ()))}".lower() for no in kept}
    by_own = [no for no in kept if all(word in said[no] for word in words)]
    return list(dict.fromkeys([*by_index, *by_own]))


def _unread(db: Reads, reader_no: int) -> list[int]:
    read = set(marked(db, reader_no, Mark.READ))
    return [doc_no for doc_no in marked(db, reader_no, Mark.SAVED) if doc_no not in read]


def _noted(db: Reads, reader_no: int) -> list[int]:
    return list(dict.fromkeys(doc_no for doc_no, _ in noted(db, reader_no)))


_SHELVES: dict[Shelf, Callable[[Reads, int], list[int]]] = {
    Shelf.ALL: all_of_reader,
    Shelf.SAVED: lambda db, reader_no: marked(db, reader_no, Mark.SAVED),
    Shelf.UNREAD: _unread,
    Shelf.LIKED: lambda db, reader_no: marked(db, reader_no, Mark.LIKED),
    Shelf.NOTED: _noted,
    Shelf.READ: lambda db, reader_no: marked(db, reader_no, Mark.READ),
    Shelf.DISMISSED: lambda db, reader_no: marked(db, reader_no, Mark.DISMISSED),
}
