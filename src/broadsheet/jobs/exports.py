"""The documents an export holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from broadsheet.jobs.indexing import lexical_index
from broadsheet.search.engine import find_all
from broadsheet.store.database import Database
from broadsheet.store.documents import iterate_documents, stream_documents
from broadsheet.types import Document


def documents_for(db: Database, home: Path, query: str) -> Iterator[Document]:
    """Every document that `query` finds, best first; without a query all, oldest here first."""
    if not query.strip():
        return iterate_documents(db)
    return stream_documents(db, find_all(lexical_index(home, db), query))
