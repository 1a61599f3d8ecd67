"""Narrowing a query and widening it again, term by term, on its tree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from broadsheet.search.query import And, Node, format_query, join_and, parse_query

TERMS_KEPT = 2_048


@dataclass(frozen=True)
class Terms:
    """The terms of a query that must all hold."""

    nodes: tuple[Node, ...]

    def has(self, term: str) -> bool:
        wanted = _read(term).nodes
        return bool(wanted) and self._distinct.issuperset(wanted)

    def narrowed(self, term: str) -> str:
        """The query with `term` added; unchanged in meaning where it holds already."""
        added = _read(term)
        if self._distinct.isdisjoint(added.nodes):
            return f"{self._text} {added._text}".strip()
        return Terms((*self.nodes, *(node for node in added.nodes if node not in self.nodes)))._text

    def widened(self, term: str) -> str:
        """The query without `term`."""
        dropped = _read(term).nodes
        return format_query(join_and(node for node in self.nodes if node not in dropped))

    @cached_property
    def _distinct(self) -> frozenset[Node]:
        return frozenset(self.nodes)

    @cached_property
    def _text(self) -> str:
        """Ready for more terms: an OR that stands alone is in parentheses."""
        return format_query(And(self.nodes))


def terms_of(query: str) -> Terms:
    root = parse_query(query).root
    if root is None:
        return Terms(())
    return Terms(root.nodes if isinstance(root, And) else (root,))


@lru_cache(maxsize=TERMS_KEPT)
def _read(term: str) -> Terms:
    """A facet's term; the same few hundred are read on every page."""
    return terms_of(term)
