"""Narrowing a query and widening it again, term by term, on its tree."""

from __future__ import annotations

from broadsheet.search.query import And, Node, format_query, join_and, parse_query


def terms_of(query: str) -> tuple[Node, ...]:
    """The terms that must all hold."""
    root = parse_query(query).root
    if root is None:
        return ()
    return root.nodes if isinstance(root, And) else (root,)


def has_term(query: str, term: str) -> bool:
    wanted = terms_of(term)
    return bool(wanted) and set(wanted) <= set(terms_of(query))


def with_term(query: str, term: str) -> str:
    """The query narrowed by `term`; unchanged in meaning where it holds already."""
    kept = terms_of(query)
    return format_query(join_and([*kept, *(n for n in terms_of(term) if n not in kept)]))


def without_term(query: str, term: str) -> str:
    dropped = terms_of(term)
    return format_query(join_and(node for node in terms_of(query) if node not in dropped))
