"""One query, one answer: the path that the web, the command line, feeds and agents share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tantivy import Query as IndexQuery

from broadsheet.index.analysis import stem, words
from broadsheet.index.entry import Shown
from broadsheet.index.lexical import LexicalIndex, LexicalSearcher
from broadsheet.search.compile import Compiled, compile_query
from broadsheet.search.facets import Facets, count_facets
from broadsheet.search.highlight import (
    Highlighter,
    Match,
    Span,
    make_snippet,
    spans_of,
)
from broadsheet.search.query import parse_query
from broadsheet.search.ranking import Ranking, rank_all, rank_documents
from broadsheet.search.ranking import Sort as Sort
from broadsheet.search.reasons import tell_reasons
from broadsheet.search.suggest import suggest
from broadsheet.types import Mode

K_MAX = 1_000
OFFSET_MAX = 10_000
#: With fewer documents that have all the words, those with some of them are shown too.
RELAXED_BELOW_DOCS = 10


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
    compiled = compile_query(searcher, query.root)
    choice = _choose(searcher, text, compiled, sort=sort, k=k, offset=offset)
    highlighter = Highlighter(compiled.wanted)
    notices = [
        *query.notices,
        *(["There are no vectors here yet; words alone decided."] if mode != "lexical" else []),
        *(f"There is no document {name[:80]} here." for name in compiled.missing[:3]),
        *([choice.notice] if choice.notice else []),
    ]
    return SearchAnswer(
        query=text,
        mode="lexical",
        total=choice.ranking.total,
        offset=offset,
        hits=tuple(
            make_hit(shown, score, compiled, highlighter) for shown, score in choice.ranking.found
        ),
        facets=count_facets(searcher, choice.query) if with_facets else None,
        notice=" ".join(notices) or None,
        suggestion=None if choice.has_all_words else suggest(searcher, query.root),
    )


def rank(index: LexicalIndex, text: str, *, k: int) -> Ranking:
    """What `search` would answer, without reasons, snippets and notices: for measuring."""
    searcher = index.searcher()
    compiled = compile_query(searcher, parse_query(text).root)
    return _choose(searcher, text, compiled, sort="best", k=k, offset=0).ranking


def find_all(index: LexicalIndex, text: str) -> list[int]:
    """The doc_nos of every document that `search` would find, best first; for exports."""
    searcher = index.searcher()
    query = parse_query(text)
    compiled = compile_query(searcher, query.root)
    choice = _choose(searcher, text, compiled, sort="best", k=0, offset=0)
    scored = compiled.scored and compiled.strict is not None
    return rank_all(searcher, choice.query, scored=scored)


def plain_words(text: str) -> str:
    """A query for the words of `text` alone: nothing in it is read as an operator or field.

    For texts that were not written in the query language, such as a test collection's.
    """
    return " ".join(words(text))


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
        reasons=tell_reasons(shown, compiled, in_title, in_abstract, in_names, in_notes),
        authors=shown.authors,
        categories=shown.categories,
        venue=shown.venue,
        year=shown.year,
        announced=shown.announced,
    )


@dataclass(frozen=True)
class _Choice:
    """The query that was run and what it found; `has_all_words` says if anything has them all."""

    query: IndexQuery
    ranking: Ranking
    has_all_words: bool = True
    notice: str | None = None


def _choose(
    searcher: LexicalSearcher, text: str, compiled: Compiled, *, sort: Sort, k: int, offset: int
) -> _Choice:
    """All the words, or where too few documents have them all, some of the words."""

    def ranked(query: IndexQuery) -> Ranking:
        return rank_documents(
            searcher, query, scored=compiled.scored, sort=sort, k=k, offset=offset
        )

    notice: str | None
    if compiled.strict is None:
        if not text.strip():
            return _Choice(IndexQuery.all_query(), ranked(IndexQuery.all_query()))
        notice = "There is no word to search for in this query."
        return _Choice(IndexQuery.empty_query(), Ranking(0), notice=notice)
    strict = ranked(compiled.strict)
    if compiled.relaxed is None or strict.total >= RELAXED_BELOW_DOCS:
        return _Choice(compiled.strict, strict, has_all_words=strict.total > 0)
    relaxed = ranked(compiled.relaxed)
    notice = _relaxed_notice(strict.total) if relaxed.total > strict.total else None
    return _Choice(compiled.relaxed, relaxed, strict.total > 0, notice)


def _relaxed_notice(n_with_all: int) -> str:
    having = {0: "No document has", 1: "Only one document has"}.get(
        n_with_all, f"Only {n_with_all} documents have"
    )
    return f"{having} all of these words; others that have some are shown too."


def _names_matched(names: Sequence[str], highlighter: Highlighter) -> list[tuple[str, list[Match]]]:
    if not highlighter.find("\n".join(names)):
        return []
    return [(name, matches) for name in names if (matches := highlighter.find(name))]


def _matched_words(
    compiled: Compiled, matches: Sequence[Match], names: Sequence[tuple[str, list[Match]]]
) -> tuple[str, ...]:
    keys = {match.key for match in matches}
    keys.update(match.key for _, found in names for match in found)
    keys.update(stem(word) for key in list(keys) if " " in key for word in key.split())
    first = [word for word in compiled.words if stem(word) in keys or word in keys]
    covered = {stem(word) for word in first} | set(first)
    return (*first, *sorted(keys - covered))
