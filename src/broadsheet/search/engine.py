"""One query, one answer: the path that the web, the command line, feeds and agents share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np
from tantivy import Query as IndexQuery

from broadsheet.errors import SearchIndexError
from broadsheet.index.entry import Shown
from broadsheet.index.lexical import LexicalIndex, LexicalSearcher
from broadsheet.index.vectors import Numbers, VectorIndex
from broadsheet.rank.passage import passage
from broadsheet.rank.similar import closest_part
from broadsheet.search.compile import Compiled, compile_condition, compile_query
from broadsheet.search.facets import Facets, count_facets
from broadsheet.search.highlight import Highlighter
from broadsheet.search.hits import Hit as Hit
from broadsheet.search.hits import Nearness, make_hit
from broadsheet.search.hybrid import (
    Candidates,
    Rest,
    find_candidates,
    found_query,
    page_of,
    query_vector,
    rest_of,
)
from broadsheet.search.meaning import Meaning, MeaningSource, Vector
from broadsheet.search.query import Announced, Query, join_and, parse_query, plain_query
from broadsheet.search.ranking import (
    Ranking,
    all_doc_nos,
    best_scores,
    count_documents,
    rank_all,
    rank_documents,
)
from broadsheet.search.ranking import Sort as Sort
from broadsheet.search.suggest import suggest
from broadsheet.types import Mode

K_MAX = 1_000
OFFSET_MAX = 10_000
#: With fewer documents that have all the words, those with some of them are shown too.
RELAXED_BELOW_DOCS = 10


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
    meaning: MeaningSource | None = None,
) -> SearchAnswer:
    """The documents that best answer `text`; the newest for a query that asks for nothing.

    `lexical`: by words (BM25F). `dense`: by meaning alone. `hybrid`: by both; all documents
    that words find are found, and those near in meaning besides. Filters and exclusions hold
    in every mode. Where there is no `meaning` words alone decide, and the notice says so.

    Order: score, then latest announced, then doc_id (by meaning: doc_no); total, so pages
    never overlap while the index stands still. Queries never fail. Raises SearchIndexError
    where there is no text index or it is damaged.
    """
    k, offset = max(0, min(k, K_MAX)), max(0, min(offset, OFFSET_MAX))
    asked = _ask(index, parse_query(text), text, mode, sort, meaning)
    choice = asked.choose(k, offset)
    searcher, compiled = asked.searcher, asked.compiled
    highlighter = Highlighter(compiled.wanted)
    notices = [
        *asked.notices,
        *(f"There is no document {name[:80]} here." for name in compiled.missing[:3]),
        *([choice.notice] if choice.notice else []),
    ]
    return SearchAnswer(
        query=text,
        mode=asked.mode,
        total=choice.ranking.total,
        offset=offset,
        hits=tuple(
            make_hit(shown, score, compiled, highlighter, asked.nearness(choice, shown))
            for shown, score in choice.ranking.found
        ),
        facets=count_facets(searcher, choice.query) if with_facets else None,
        notice=" ".join(notices) or None,
        suggestion=None if choice.has_all_words else suggest(searcher, asked.query.root),
    )


def rank(
    index: LexicalIndex,
    text: str,
    *,
    k: int,
    mode: Mode = "lexical",
    meaning: MeaningSource | None = None,
) -> list[int]:
    """The doc_nos that `search` would answer, without reading a document: for measuring.

    `text` is words alone: nothing in it is read as an operator or a field, as a test
    collection's queries are not written in the query language.
    """
    asked = _ask(index, plain_query(text), text, mode, "best", meaning)
    return asked.ranked(k)


def find_all(index: LexicalIndex, text: str) -> list[int]:
    """The doc_nos of every document that the words of `text` find, best first; for exports."""
    asked = _ask(index, parse_query(text), text, "lexical", "best", None)
    compiled = asked.compiled
    scored = compiled.scored and compiled.strict is not None
    return rank_all(asked.searcher, asked.choose(0, 0).query, scored=scored)


def find_meeting(index: LexicalIndex, text: str, first: date, last: date) -> Numbers | None:
    """The doc_nos, ascending, of the documents announced from `first` to `last` that have every
    word of `text` and meet all its conditions; None where it asks for nothing.

    Unlike a search it never settles for some of the words: this is for rules that must hold.
    """
    root = parse_query(text).root
    if root is None:
        return None
    searcher = index.searcher()
    query = compile_condition(searcher, join_and([root, Announced(first, last)]))
    if query is None or compile_condition(searcher, root) is None:
        return None
    return np.sort(all_doc_nos(searcher, query))


@dataclass(frozen=True)
class _Choice:
    """What was found: `query` finds all of it, `found` is the page asked for.

    `has_all_words` says if anything has them all; `cosines` are likenesses by doc_no.
    """

    query: IndexQuery
    ranking: Ranking
    has_all_words: bool = True
    notice: str | None = None
    cosines: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Asked:
    """A query and all that it is answered from. `meaning` and `vector` are there together, or
    words alone decide."""

    searcher: LexicalSearcher
    query: Query
    is_blank: bool
    compiled: Compiled
    mode: Mode
    sort: Sort
    notices: tuple[str, ...]
    meaning: Meaning | None = None
    vector: Vector | None = None

    def choose(self, k: int, offset: int) -> _Choice:
        if self.meaning is None or self.vector is None:
            return self._by_words(k, offset)
        if self.mode == "dense":
            return self._by_meaning(self.meaning, self.vector, k, offset)
        return self._by_both(self.meaning, self.vector, k, offset)

    def ranked(self, k: int) -> list[int]:
        """The doc_nos of the best k, from all modes, without reading a document."""
        if self.meaning is None or self.vector is None:
            return _listed(best_scores(self.searcher, self._words_query(), k).doc_nos)
        if self.mode == "dense":
            allowed = self.meaning.conditions.allowed(self.searcher, self.compiled)
            return _listed(self.meaning.vectors.search(self.vector, k, allowed=allowed)[0])
        candidates = self._candidates(self.meaning, self.vector)
        rest = self._rest(candidates)
        _, found = page_of(self.searcher, candidates, rest, k=k, offset=0)
        return [doc_no for doc_no, _ in found]

    def nearness(self, choice: _Choice, shown: Shown) -> Nearness | None:
        """How near the document is; its nearest sentence is looked for when it is asked for."""
        cosine, meaning, vector = choice.cosines.get(shown.doc_no), self.meaning, self.vector
        if cosine is None or meaning is None or vector is None:
            return None
        return Nearness(cosine, lambda: _nearest_sentence(shown, vector, meaning.vectors))

    def _by_words(self, k: int, offset: int) -> _Choice:
        """All the words, or where too few documents have them all, some of the words."""
        compiled = self.compiled
        if compiled.strict is None:
            everything = IndexQuery.all_query()
            if self.is_blank:
                return _Choice(everything, self._ranking(everything, k, offset))
            notice = "There is no word to search for in this query."
            return _Choice(IndexQuery.empty_query(), Ranking(0), notice=notice)
        strict = self._ranking(compiled.strict, k, offset)
        if compiled.relaxed is None or strict.total >= RELAXED_BELOW_DOCS:
            return _Choice(compiled.strict, strict, has_all_words=strict.total > 0)
        relaxed = self._ranking(compiled.relaxed, k, offset)
        some_only = _relaxed_notice(strict.total) if relaxed.total > strict.total else None
        return _Choice(compiled.relaxed, relaxed, strict.total > 0, some_only)

    def _by_meaning(self, meaning: Meaning, vector: Vector, k: int, offset: int) -> _Choice:
        allowed = meaning.conditions.allowed(self.searcher, self.compiled)
        liked = np.array([shown.doc_no for shown, _ in self.compiled.likes], dtype=np.int64)
        n = offset + k + len(liked)
        doc_nos, cosines = meaning.vectors.search(vector, n, allowed=allowed)
        fresh = ~np.isin(doc_nos, liked)
        page = list(zip(doc_nos[fresh].tolist(), cosines[fresh].tolist(), strict=True))
        page = page[offset : offset + k]
        total = meaning.vectors.count(allowed) - meaning.vectors.count(liked)
        query = self.compiled.condition or IndexQuery.all_query()
        return _Choice(query, self._read(total, page), cosines=dict(page))

    def _by_both(self, meaning: Meaning, vector: Vector, k: int, offset: int) -> _Choice:
        candidates = self._candidates(meaning, vector)
        rest = self._rest(candidates)
        total, page = page_of(self.searcher, candidates, rest, k=k, offset=offset)
        cosines = dict(zip(candidates.doc_nos.tolist(), candidates.cosines.tolist(), strict=True))
        known = {doc_no: cosine for doc_no, cosine in cosines.items() if cosine == cosine}
        has_all_words = (
            candidates.n_by_words if self.compiled.relaxed is None else self._n_strict
        ) > 0
        return _Choice(
            found_query(candidates, rest, self.searcher),
            self._read(total, page),
            has_all_words=has_all_words,
            notice=None if has_all_words else _NONE_HAS_ALL,
            cosines=known,
        )

    def _candidates(self, meaning: Meaning, vector: Vector) -> Candidates:
        allowed = meaning.conditions.allowed(self.searcher, self.compiled)
        return find_candidates(self.searcher, meaning.vectors, self.compiled, vector, allowed)

    @cached_property
    def _n_strict(self) -> int:
        strict = self.compiled.strict
        return 0 if strict is None else count_documents(self.searcher, strict)

    def _words_query(self) -> IndexQuery:
        """What words find: all of them or, where too few documents have all, some."""
        strict, relaxed = self.compiled.strict, self.compiled.relaxed
        if relaxed is None or self._n_strict >= RELAXED_BELOW_DOCS:
            return strict or IndexQuery.empty_query()
        return relaxed

    def _rest(self, candidates: Candidates) -> Rest:
        query = self._words_query()
        if self.compiled.relaxed is not None and query is self.compiled.strict:
            return rest_of(self.searcher, candidates, query, self._n_strict)
        return Rest(query, candidates.n_by_words, candidates.by_words)

    def _ranking(self, query: IndexQuery, k: int, offset: int) -> Ranking:
        return rank_documents(
            self.searcher, query, scored=self.compiled.scored, sort=self.sort, k=k, offset=offset
        )

    def _read(self, total: int, page: list[tuple[int, float]]) -> Ranking:
        """The page's documents; those that the text index does not have (yet) are left out."""
        at = self.searcher.find([doc_no for doc_no, _ in page])
        return Ranking(
            total,
            tuple(
                (self.searcher.shown(at[doc_no]), score) for doc_no, score in page if doc_no in at
            ),
        )


def _nearest_sentence(shown: Shown, query: Vector, vectors: VectorIndex) -> str:
    """The sentence of the abstract nearest to the query; empty where there is none."""
    (parts,) = vectors.parts(np.array([shown.doc_no]))
    if parts is None:
        return ""
    made = passage(shown.title, shown.abstract)
    row, _ = closest_part(query, parts)
    is_sentence = row < len(made.spans) and not (made.has_title and row == 0)
    return made.parts()[row] if is_sentence else ""


_NONE_HAS_ALL = "No document has all of these words; the nearest in words and meaning are shown."


def _listed(doc_nos: Numbers) -> list[int]:
    return [int(doc_no) for doc_no in doc_nos]


def _relaxed_notice(n_with_all: int) -> str:
    having = {0: "No document has", 1: "Only one document has"}.get(
        n_with_all, f"Only {n_with_all} documents have"
    )
    return f"{having} all of these words; others that have some are shown too."


def _ask(
    index: LexicalIndex,
    query: Query,
    text: str,
    mode: Mode,
    sort: Sort,
    source: MeaningSource | None,
) -> _Asked:
    searcher = index.searcher()
    compiled = compile_query(searcher, query.root)
    asked = _Asked(searcher, query, not text.strip(), compiled, "lexical", sort, query.notices)
    if mode == "lexical" or sort != "best" or compiled.strict is None:
        return asked
    if mode == "hybrid" and not (compiled.words or compiled.likes):
        return asked  # only conditions: what is found meets them all, word for word
    try:
        meaning, vector, notice = _meaning_of(searcher, compiled, source)
    except SearchIndexError as error:
        meaning, vector, notice = None, None, f"Words alone decided: {error}."
    notices = (*query.notices, *([notice] if notice else []))
    if meaning is None or vector is None:
        return replace(asked, notices=notices)
    return replace(asked, mode=mode, notices=notices, meaning=meaning, vector=vector)


def _meaning_of(
    searcher: LexicalSearcher, compiled: Compiled, source: MeaningSource | None
) -> tuple[Meaning | None, Vector | None, str]:
    """What is needed to rank by meaning, or why it cannot be had."""
    meaning, reason = source.find() if source else (None, "no sentence model was opened")
    if meaning is None:
        return None, None, f"Words alone decided: {reason}."
    n_with, n_docs = meaning.vectors.n_docs, searcher.n_docs
    if n_with == 0:
        return None, None, "Words alone decided: no paper has a vector yet (`broadsheet index`)."
    vector = query_vector(meaning, compiled)
    n_without = n_docs - n_with
    notice = f"{n_without:,} of {n_docs:,} papers have no vector yet." if n_without > 0 else ""
    return meaning, vector, notice
