"""How many of the documents found are of which year, category and venue, and have code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tantivy import Query

from broadsheet.index.lexical import LexicalSearcher, reading

YEARS_MAX = 60
CATEGORIES_MAX = 30
VENUES_MAX = 30


@dataclass(frozen=True, slots=True)
class FacetValue:
    """`term` is what narrows a query to this value, ready to be added to it."""

    value: str
    n_docs: int
    term: str


@dataclass(frozen=True, slots=True)
class Facets:
    """Years latest first; categories and venues by count, ties by name; `has` likewise.

    Counts are of the documents found, all of them, not of the page shown.
    """

    years: tuple[FacetValue, ...] = ()
    categories: tuple[FacetValue, ...] = ()
    venues: tuple[FacetValue, ...] = ()
    has: tuple[FacetValue, ...] = ()


def count_facets(searcher: LexicalSearcher, query: Query) -> Facets:
    """Raises SearchIndexError where the index is damaged."""
    with reading():
        found = searcher.searcher.aggregate(
            query,
            {
                "years": _terms("year", YEARS_MAX),
                "categories": _terms("category", CATEGORIES_MAX),
                "venues": _terms("venue_name", VENUES_MAX),
                "has": _terms("has", 10),
            },
        )
    years = sorted(_buckets(found, "years"), key=lambda pair: -int(pair[0]))
    return Facets(
        years=tuple(FacetValue(year, n, f"year:{year}") for year, n in years),
        categories=_by_count(found, "categories", "category:"),
        venues=_by_count(found, "venues", "venue:"),
        has=_by_count(found, "has", "has:"),
    )


def _terms(field: str, size: int) -> dict[str, Any]:
    return {"terms": {"field": field, "size": size}}


def _buckets(found: dict[str, Any], name: str) -> list[tuple[str, int]]:
    """Numbers come back as floats."""
    buckets = found[name]["buckets"]
    return [
        (key if isinstance(key := bucket["key"], str) else str(int(key)), int(bucket["doc_count"]))
        for bucket in buckets
    ]


def _by_count(found: dict[str, Any], name: str, field: str) -> tuple[FacetValue, ...]:
    pairs = sorted(_buckets(found, name), key=lambda pair: (-pair[1], pair[0]))
    return tuple(FacetValue(value, n, f"{field}{_quoted(value)}") for value, n in pairs)


def _quoted(value: str) -> str:
    plain = all(ch.isalnum() or ch in "-._/&+" for ch in value)
    return value if plain else '"{}"'.format(value.replace('"', " ").rstrip("\\"))
