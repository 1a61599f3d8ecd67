"""One query, one answer: the path that the web, the command line, feeds and agents share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tantivy import DocAddress, Order, SearchResult
from tantivy import Query as IndexQuery

from broadsheet.index.analysis import stem
from broadsheet.index.entry import Shown
from broadsheet.index.lexical import LexicalIndex, LexicalSearcher, reading
from broadsheet.search.compile import Compiled, compile_query
from broadsheet.search.facets import Facets, count_facets
from broadsheet.search.highlight import (
    Highlighter,
    Match,
    Span,
    make_snippet,
    spans_of,
)
from broadsheet.search.query import Query, parse_query
from broadsheet.search.suggest import suggest
from broadsheet.types import Mode

K_MAX = 1_000
OFFSET_MAX = 10_000
#: With fewer documents that have all the words, those with some of them are shown too.
RELAXED_BELOW_DOCS = 10
TIES_MAX = 4_096
REASON_WORDS_MAX = 8

Sort = Literal["best", "newest"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A document found. Spans are (start, end) offsets of what matched, no markup.

    `snippet` is a part of the abstract. `matched` are the query's words that this document
    has, in the query's order. `score` is 0 where nothing but filters was asked for.
    """

    doc_no: int
    doc_id: str
    score: float
    title: str
    title_spans: tuple[Span, ...]
    snippet: str
    snippet_spans: tuple[Span, ...]
    matched: tuple[str, ...]
    reasons: tuple[str, ...]
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    venue: str
    year: int | None
    announced: date | None


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """`total` counts all documents found, `hits` are those from `offset` on.

    `mode` is the mode that was really used. `notice` says what the reader should know:
    what was not understood, what was done instead. `suggestion` is another query.
    """

    query: str
    mode: Mode
    total: int
    offset: int
    hits: tuple[Hit, ...]
    facets: Facets | None = None
    notice: str | None = None
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class _Ranked:
    total: int
    found: list[tuple[Shown, float]]


def search(
    index: LexicalIndex,
    text: str,
    *,
    k: int = 20,
    offset: int = 0,
    mode: Mode = "lexical",
    sort: Sort = "best",
    with_facets: bool = False,
) -> SearchAnswer:
    """The documents that best answer `text`; the newest for a query that asks for nothing.

    Order: score, then latest announced, then doc_id; total, so pages never overlap while
    the index stands still. Queries never fail. Raises SearchIndexError where there is no
    index or it is damaged.
    """
    k, offset = max(0, min(k, K_MAX)), max(0, min(offset, OFFSET_MAX))
    searcher = index.searcher()
    query = parse_query(text)
    notices = list(query.notices)
    if mode != "lexical":
        notices.append("There are no vectors here yet; documents were found by their words.")
    compiled = compile_query(searcher, query.root)
    notices += [f"There is no document {name[:80]} here." for name in compiled.missing]
    chosen, ranked = _run(searcher, query, compiled, text, sort, offset + k, notices)
    highlighter = Highlighter(compiled.wanted)
    return SearchAnswer(
        query=text,
        mode="lexical",
        total=ranked.total,
        offset=offset,
        hits=tuple(
            make_hit(shown, score, compiled, highlighter) for shown, score in ranked.found[offset:]
        ),
        facets=count_facets(searcher, chosen) if with_facets else None,
        notice=" ".join(notices) or None,
        suggestion=suggest(searcher, query.root) if ranked.total == 0 else None,
    )


def find_all(index: LexicalIndex, text: str) -> list[int]:
    """The doc_nos of every document that `search` would find, best first; for exports."""
    searcher = index.searcher()
    query = parse_query(text)
    compiled = compile_query(searcher, query.root)
    _, ranked = _run(searcher, query, compiled, text, "best", max(1, searcher.n_docs), [])
    return [shown.doc_no for shown, _ in ranked.found]


def similar(
    index: LexicalIndex, name: str, *, k: int = 20, offset: int = 0, with_facets: bool = False
) -> SearchAnswer:
    """Documents that share the telling words of the document `name`, which is not among them."""
    quoted = name.replace('"', " ").replace("\\", " ")
    return search(index, f'like:"{quoted}"', k=k, offset=offset, with_facets=with_facets)


def make_hit(shown: Shown, score: float, compiled: Compiled, highlighter: Highlighter) -> Hit:
    """What an answer says of a document, and why it is there."""
    in_title = highlighter.find(shown.title)
    in_abstract = highlighter.find(shown.abstract)
    snippet = make_snippet(shown.abstract, in_abstract)
    in_names = _names_matched(shown.authors, highlighter)
    in_notes = highlighter.find(shown.notes)
    return Hit(
        doc_no=shown.doc_no,
        doc_id=shown.doc_id,
        score=score,
        title=shown.title,
        title_spans=spans_of(in_title),
        snippet=snippet.text,
        snippet_spans=snippet.spans,
        matched=_matched_words(compiled, [*in_title, *in_abstract, *in_notes], in_names),
        reasons=_reasons(shown, compiled, in_title, in_abstract, in_names, in_notes),
        authors=shown.authors,
        categories=shown.categories,
        venue=shown.venue,
        year=shown.year,
        announced=shown.announced,
    )


def _run(
    searcher: LexicalSearcher,
    query: Query,
    compiled: Compiled,
    text: str,
    sort: Sort,
    limit: int,
    notices: list[str],
) -> tuple[IndexQuery, _Ranked]:
    """What was run and what it found; notices of it are added."""
    if compiled.strict is None:
        if query.root is None and not text.strip():
            everything = IndexQuery.all_query()
            return everything, _rank(searcher, everything, False, sort, limit)
        notices.append("There is no word to search for in this query.")
        return IndexQuery.empty_query(), _Ranked(0, [])
    strict = _rank(searcher, compiled.strict, compiled.scored, sort, limit)
    if compiled.relaxed is None or strict.total >= RELAXED_BELOW_DOCS:
        return compiled.strict, strict
    relaxed = _rank(searcher, compiled.relaxed, compiled.scored, sort, limit)
    if relaxed.total > strict.total:
        having = {0: "No document has", 1: "Only one document has"}.get(
            strict.total, f"Only {strict.total} documents have"
        )
        notices.append(f"{having} all of these words; others that have some are shown too.")
    return compiled.relaxed, relaxed


def _rank(
    searcher: LexicalSearcher, query: IndexQuery, scored: bool, sort: Sort, limit: int
) -> _Ranked:
    """The first `limit` documents in order, with scores; and how many there are in all."""
    if searcher.n_docs == 0:
        return _Ranked(0, [])
    if sort == "newest" or not scored:
        return _newest(searcher, query, scored, limit)
    wanted = min(limit + 1, searcher.n_docs)
    while True:
        with reading():
            found = searcher.searcher.search(query, wanted, count=True)
        hits, total = found.hits, _count(found)
        complete = len(hits) <= limit or hits[-1][0] < hits[limit - 1][0]
        if limit == 0 or complete or wanted >= min(limit + TIES_MAX, searcher.n_docs):
            return _Ranked(total, _settled(searcher, hits, limit))
        wanted = min(wanted * 4, limit + TIES_MAX, searcher.n_docs)


def _count(found: SearchResult) -> int:
    # tantivy's stubs forget `count`.
    return int(found.count)  # type: ignore[attr-defined]


def _settled(
    searcher: LexicalSearcher, hits: Sequence[tuple[float, DocAddress]], limit: int
) -> list[tuple[Shown, float]]:
    """The first `limit` hits by score, latest announced, doc_id; hits come by score."""
    if len(hits) > limit:
        last = hits[limit - 1][0] if limit else math.inf
        hits = [hit for hit in hits if hit[0] >= last]
    with reading():
        found = [(searcher.shown(address), float(score)) for score, address in hits]
    found.sort(key=lambda pair: (-pair[1], -_ordinal(pair[0]), pair[0].doc_id))
    return found[:limit]


def _newest(searcher: LexicalSearcher, query: IndexQuery, scored: bool, limit: int) -> _Ranked:
    with reading():
        result = searcher.searcher.search(
            query, max(1, limit), count=True, order_by_field="newest", order=Order.Asc
        )
        found = [searcher.shown(address) for _, address in result.hits[:limit]]
    scores = _scores(searcher, query, [shown.doc_no for shown in found]) if scored else {}
    return _Ranked(_count(result), [(shown, scores.get(shown.doc_no, 0.0)) for shown in found])


def _scores(searcher: LexicalSearcher, query: IndexQuery, doc_nos: list[int]) -> dict[int, float]:
    if not doc_nos:
        return {}
    among = IndexQuery.const_score_query(
        IndexQuery.term_set_query(searcher.schema, "doc_no", doc_nos), 0.0
    )
    with reading():
        hits = searcher.searcher.search(query.and_must_match(among), len(doc_nos), count=False).hits
        numbers = searcher.searcher.fast_field_values("doc_no", [address for _, address in hits])
    return {int(no or 0): float(hit[0]) for no, hit in zip(numbers, hits, strict=True)}


def _ordinal(shown: Shown) -> int:
    if shown.announced is not None:
        return shown.announced.toordinal()
    return date(shown.year, 1, 1).toordinal() if shown.year and 0 < shown.year < 10_000 else 0


def _names_matched(names: Sequence[str], highlighter: Highlighter) -> list[tuple[str, list[Match]]]:
    return [(name, matches) for name in names if (matches := highlighter.find(name))]


def _matched_words(
    compiled: Compiled, matches: Sequence[Match], names: Sequence[tuple[str, list[Match]]]
) -> tuple[str, ...]:
    keys = {match.key for match in matches}
    keys.update(match.key for _, found in names for match in found)
    first = [word for word in compiled.words if stem(word) in keys or word in keys]
    covered = {stem(word) for word in first} | set(first)
    return (*first, *sorted(keys - covered))


def _reasons(
    shown: Shown,
    compiled: Compiled,
    in_title: Sequence[Match],
    in_abstract: Sequence[Match],
    in_names: Sequence[tuple[str, list[Match]]],
    in_notes: Sequence[Match],
) -> tuple[str, ...]:
    """Each distinct wanted thing once, where it counts most; likes by what is shared."""
    reasons = []
    for liked, terms in compiled.likes:
        shared = _first_written(shown, [*in_title, *in_abstract], set(terms), len(in_title))
        if shared:
            reasons.append(f"shares {_listed(shared)} with {liked.doc_id}")
    told = {term for _, terms in compiled.likes for term in terms}
    told -= {stem(word) for word in compiled.words}
    for text, matches, place in (
        (shown.title, in_title, "title"),
        (shown.abstract, in_abstract, "abstract"),
    ):
        fresh = _written(text, matches, told)
        if fresh:
            reasons.append(f"matches {_listed(fresh)} in {place}")
        told |= {match.key for match in matches}
    for name, matches in in_names[:3]:
        if any(match.key not in told for match in matches):
            reasons.append(f"author {name}")
    told |= {match.key for _, found in in_names for match in found}
    fresh = _written(shown.notes, in_notes, told)
    if fresh:
        reasons.append(f"matches {_listed(fresh)} in keywords, comment or venue")
    return tuple(reasons)


def _written(text: str, matches: Sequence[Match], told: set[str]) -> list[str]:
    """How the first match of each thing is written in the text."""
    found: dict[str, str] = {}
    for match in matches:
        if match.key not in told:
            found.setdefault(match.key, text[match.start : match.end])
    return list(found.values())


def _first_written(
    shown: Shown, matches: Sequence[Match], keys: set[str], n_in_title: int
) -> list[str]:
    found: dict[str, str] = {}
    for place, match in enumerate(matches):
        text = shown.title if place < n_in_title else shown.abstract
        if match.key in keys:
            found.setdefault(match.key, text[match.start : match.end].lower())
    return list(found.values())


def _listed(written: Sequence[str]) -> str:
    listed = ", ".join(f'"{word}"' for word in written[:REASON_WORDS_MAX])
    more = len(written) - REASON_WORDS_MAX
    return f"{listed} and {more} more" if more > 0 else listed
