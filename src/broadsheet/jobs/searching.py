"""A query asked of a library, for callers outside the web."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from broadsheet.jobs.indexing import lexical_index
from broadsheet.search.engine import SearchAnswer, search
from broadsheet.store.database import Database
from broadsheet.types import Mode


def search_library(
    db: Database, home: Path, query: str, *, k: int, mode: Mode
) -> tuple[SearchAnswer, float]:
    """The answer and how long it took, in ms, opening of the index included."""
    began = perf_counter()
    answer = search(lexical_index(home, db), query, k=k, mode=mode)
    return answer, round((perf_counter() - began) * 1000, 3)
