"""What an index follows: the changes of a library, or of documents held in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from broadsheet.store.database import Database
from broadsheet.store.documents import Change, changes, last_change_no
from broadsheet.types import Document


class ChangeLog(Protocol):
    """Changes in order of `change_no`, each document at most once, as it is now."""

    @property
    def store_id(self) -> str:
        """Tells libraries apart: an index never mixes two."""
        ...

    def last_change_no(self) -> int: ...

    def changes(self, after: int, limit: int) -> list[Change]: ...


class StoreChanges:
    """The changes of a library file."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @property
    def store_id(self) -> str:
        return self._db.store_id

    def last_change_no(self) -> int:
        return last_change_no(self._db)

    def changes(self, after: int, limit: int) -> list[Change]:
        return changes(self._db, after, limit)


class CorpusChanges:
    """Documents in memory, as if each had just been added; for measuring on public corpora."""

    def __init__(self, documents: Sequence[Document], *, store_id: str = "corpus") -> None:
        self._documents = documents
        self._store_id = store_id

    @property
    def store_id(self) -> str:
        return self._store_id

    def last_change_no(self) -> int:
        return len(self._documents)

    def changes(self, after: int, limit: int) -> list[Change]:
        part = self._documents[after : after + limit]
        return [
            Change(after + place, document.doc_no, document)
            for place, document in enumerate(part, start=1)
        ]
