"""Narrowing a query and widening it again, term by term, on its tree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from broadsheet.search.query import And, Node, format_query, join_and, parse_query

TERMS_KEPT = 2_048


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a query that must all hold."""

    nodes: tuple[Node, ...]

    def has(self, term: str) -> bool:
        wanted = _read(term)
        return bool(wanted) and set(wanted) <= set(self.nodes)

    def narrowed(self, term: str) -> str:
        """The query with `term` added; unchanged in meaning where it holds already."""
        added = (node for node in _read(term) if node not in self.nodes)
        return format_query(join_and([*self.nodes, *added]))

    def widened(self, term: str) -> str:
        """The query without `term`."""
        dropped = _read(term)
        return format_query(join_and(node for node in self.nodes if node not in dropped))


def terms_of(query: str) -> Terms:
    return Terms(_nodes(query))


@lru_cache(maxsize=TERMS_KEPT)
def _read(term: str) -> tuple[Node, ...]:
    """A facet's term; the same few hundred are read on every page."""
    return _nodes(term)


def _nodes(query: str) -> tuple[Node, ...]:
    root = parse_query(query).root
    if root is None:
        return ()
    return root.nodes if isinstance(root, And) else (root,)
