"""Keeping the index up to date with the store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from broadsheet.index.changes import StoreChanges
from broadsheet.index.lexical import LexicalIndex
from broadsheet.index.lock import IndexBusyError
from broadsheet.store.database import Database
from broadsheet.store.documents import last_change_no

INDEX_FOLDER = "index"


def lexical_index(home: Path, db: Database) -> LexicalIndex:
    """The text index of this library, in its place under `home`."""
    return LexicalIndex(home / INDEX_FOLDER / "lexical", store_id=db.store_id)


def follow_index(
    home: Path,
    db: Database,
    *,
    rebuild: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> str:
    """Bring the index up to date; returns a notice for people where another process does it."""
    index = lexical_index(home, db)
    try:
        if rebuild:
            index.rebuild(StoreChanges(db), progress=progress)
        else:
            index.follow(StoreChanges(db), progress=progress)
    except IndexBusyError:
        return "another process is indexing and will take these changes in too"
    return ""


def index_lag(home: Path, db: Database) -> int:
    """How many changes the index is behind the store. Raises SearchIndexError if unreadable."""
    index = lexical_index(home, db)
    index.searcher()
    position = index.position()
    return last_change_no(db) - (position.change_no if position else 0)
