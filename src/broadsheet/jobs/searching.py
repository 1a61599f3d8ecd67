"""A query asked of a library, for callers outside the web."""

from __future__ import annotations

from time import perf_counter

from broadsheet.jobs.embedding import meaning_source
from broadsheet.jobs.indexing import lexical_index
from broadsheet.rank.aspects import Aspect
from broadsheet.search.engine import SearchAnswer, search
from broadsheet.search.similar import SimilarAnswer, similar
from broadsheet.settings import Settings
from broadsheet.store.database import Database
from broadsheet.types import Mode


def search_library(
    db: Database, settings: Settings, query: str, *, k: int, mode: Mode
) -> tuple[SearchAnswer, float]:
    """The answer and how long it took, in ms, opening of index and model included."""
    began = perf_counter()
    meaning = None if mode == "lexical" else meaning_source(db, settings)
    answer = search(lexical_index(settings.home, db), query, k=k, mode=mode, meaning=meaning)
    return answer, _ms_since(began)


def similar_in_library(
    db: Database, settings: Settings, name: str, *, k: int, aspect: Aspect
) -> tuple[SimilarAnswer, float]:
    """As `search_library`. Raises NotFoundError for an unknown paper."""
    began = perf_counter()
    index = lexical_index(settings.home, db)
    answer = similar(index, name, k=k, aspect=aspect, meaning=meaning_source(db, settings))
    return answer, _ms_since(began)


def _ms_since(began: float) -> float:
    return round((perf_counter() - began) * 1000, 3)
