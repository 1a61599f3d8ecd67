"""Documents as pages read them: composed once a change, kept while they are asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from weakref import WeakKeyDictionary

from broadsheet.store.database import Database
from broadsheet.store.documents import change_numbers, load_documents
from broadsheet.types import Document

#: Some 10 kB each. A day's papers are read by everybody, and stand on many pages.
DOCUMENTS_KEPT = 2_000

_Shelf = OrderedDict[tuple[int, int], Document]


class _Stacks:
    """By library, then by (doc_no, change number): what changed is another document."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._shelves: WeakKeyDictionary[Database, _Shelf] = WeakKeyDictionary()

    def find(self, db: Database, keys: Sequence[tuple[int, int]]) -> dict[int, Document]:
        with self._lock:
            shelf = self._shelves.setdefault(db, OrderedDict())
            found = {}
            for key in keys:
                document = shelf.get(key)
                if document is not None:
                    shelf.move_to_end(key)
                    found[key[0]] = document
            return found

    def put(self, db: Database, documents: dict[tuple[int, int], Document]) -> None:
        with self._lock:
            shelf = self._shelves.setdefault(db, OrderedDict())
            shelf.update(documents)
            while len(shelf) > DOCUMENTS_KEPT:
                shelf.popitem(last=False)


_stacks = _Stacks()


def fetch_documents(db: Database, doc_nos: Sequence[int]) -> list[Document]:
    """As `load_documents`: in this order; unknown and merged ones are left out."""
    changes = change_numbers(db, doc_nos)
    known = _stacks.find(db, list(changes.items()))
    fresh = {
        document.doc_no: document
        for document in load_documents(db, [no for no in changes if no not in known])
    }
    _stacks.put(db, {(no, changes[no]): document for no, document in fresh.items()})
    found = known | fresh
    return [found[no] for no in doc_nos if no in found]
