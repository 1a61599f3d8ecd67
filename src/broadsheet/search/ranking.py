"""The order of what a query finds: score, latest, doc_id. It is total: pages never overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from tantivy import DocAddress, Order, Query, SearchResult

from broadsheet.index.entry import Shown
from broadsheet.index.lexical import LexicalSearcher, doc_no_query, reading

TIES_MAX = 4_096

#: By words and meaning, by words alone, by date, by citations, by attention.
Sort = Literal["best", "words", "newest", "cited", "attention"]
#: The field whose ascending order is each order that is not by score.
SORT_FIELDS: Mapping[Sort, str] = {
    "newest": "newest",
    "cited": "most_cited",
    "attention": "most_attention",
}
Numbers = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]
_Hit = tuple[float, DocAddress]


@dataclass(frozen=True, slots=True)
class Ranking:
    """`total` counts all documents found; `found` are those asked for, with their scores."""

    total: int
    found: tuple[tuple[Shown, float], ...] = ()


def rank_documents(
    searcher: LexicalSearcher, query: Query, *, scored: bool, sort: Sort, k: int, offset: int
) -> Ranking:
    """The documents at positions `offset` to `offset + k`; the newest first if not `scored`.

    Among more than TIES_MAX documents of one score, the order is the index's own.
    """
    if searcher.n_docs == 0:
        return Ranking(0)
    if sort in SORT_FIELDS or not scored:
        field = SORT_FIELDS.get(sort, "newest")
        return _rank_by(searcher, query, field, scored=scored, k=k, offset=offset)
    end = offset + k
    wanted = min(end + 1, searcher.n_docs)
    while True:
        with reading():
            result = searcher.searcher.search(query, wanted, count=True)
        hits = result.hits
        settled = k == 0 or len(hits) <= end or hits[-1][0] < hits[end - 1][0]
        if settled or wanted >= min(end + TIES_MAX, searcher.n_docs):
            found = _settle_ties(searcher, hits, k, offset)
            return Ranking(_count(result), tuple(found))
        wanted = min(wanted * 4, end + TIES_MAX, searcher.n_docs)


def rank_all(searcher: LexicalSearcher, query: Query, *, scored: bool) -> list[int]:
    """The doc_nos of all documents found, in the order of `rank_documents`."""
    if searcher.n_docs == 0:
        return []
    with reading():
        newest = searcher.searcher.search(
            query, searcher.n_docs, count=False, order_by_field="newest", order=Order.Asc
        )
        by_date = _doc_nos(searcher, newest.hits)
        if not scored:
            return by_date
        best = searcher.searcher.search(query, searcher.n_docs, count=False)
        scores = dict(
            zip(_doc_nos(searcher, best.hits), (hit[0] for hit in best.hits), strict=True)
        )
    return sorted(by_date, key=lambda doc_no: -scores[doc_no])


def _settle_ties(
    searcher: LexicalSearcher, hits: Sequence[_Hit], k: int, offset: int
) -> list[tuple[Shown, float]]:
    """Of hits in order of score, those at `offset` to `offset + k` with ties in order.

    Only documents that tie with one of those are read.
    """
    page = hits[offset : offset + k]
    if not page:
        return []
    most, least = page[0][0], page[-1][0]
    n_before = sum(hit[0] > most for hit in hits[:offset])
    with reading():
        found = [
            (searcher.shown(address), float(score))
            for score, address in hits
            if least <= score <= most
        ]
    found.sort(key=lambda pair: (-pair[1], -_ordinal(pair[0]), pair[0].doc_id))
    return found[offset - n_before : offset - n_before + k]


def _rank_by(
    searcher: LexicalSearcher, query: Query, field: str, *, scored: bool, k: int, offset: int
) -> Ranking:
    with reading():
        result = searcher.searcher.search(
            query, max(1, k), count=True, offset=offset, order_by_field=field, order=Order.Asc
        )
        found = [searcher.shown(address) for _, address in result.hits[:k]]
    scores = score_documents(searcher, query, [shown.doc_no for shown in found]) if scored else {}
    return Ranking(_count(result), tuple((shown, scores.get(shown.doc_no, 0.0)) for shown in found))


def score_documents(
    searcher: LexicalSearcher, query: Query, doc_nos: list[int]
) -> dict[int, float]:
    """The scores of those of these documents that the query finds."""
    if not doc_nos:
        return {}
    among = doc_no_query(searcher.schema, doc_nos)
    with reading():
        hits = searcher.searcher.search(query.and_must_match(among), len(doc_nos), count=False).hits
        return dict(zip(_doc_nos(searcher, hits), (float(score) for score, _ in hits), strict=True))


@dataclass(frozen=True, slots=True)
class Best:
    """The best documents of a query, best first, ties by doc_no; `total` counts all it finds."""

    total: int
    doc_nos: Numbers
    scores: Scores


def best_scores(searcher: LexicalSearcher, query: Query, k: int) -> Best:
    """The k best. Reads no document."""
    if searcher.n_docs == 0 or k <= 0:
        return Best(0, np.zeros(0, dtype=np.int64), np.zeros(0))
    with reading():
        result = searcher.searcher.search(query, min(k, searcher.n_docs), count=True)
        doc_nos = np.array(_doc_nos(searcher, result.hits), dtype=np.int64)
    scores = np.array([score for score, _ in result.hits], dtype=np.float64)
    order = np.lexsort((doc_nos, -scores))
    return Best(_count(result), doc_nos[order], scores[order])


def all_doc_nos(searcher: LexicalSearcher, query: Query) -> Numbers:
    """The doc_nos of all documents found, in no order."""
    if searcher.n_docs == 0:
        return np.zeros(0, dtype=np.int64)
    with reading():
        hits = searcher.searcher.search(
            query, searcher.n_docs, count=False, order_by_field="doc_no"
        ).hits
    return np.fromiter((hit[0] for hit in hits), dtype=np.int64, count=len(hits))


def count_documents(searcher: LexicalSearcher, query: Query) -> int:
    """How many documents the query finds."""
    if searcher.n_docs == 0:
        return 0
    with reading():
        return _count(searcher.searcher.search(query, 1, count=True))


def _doc_nos(searcher: LexicalSearcher, hits: Sequence[tuple[object, DocAddress]]) -> list[int]:
    values = searcher.searcher.fast_field_values("doc_no", [address for _, address in hits])
    return [int(value or 0) for value in values]


def _count(result: SearchResult) -> int:
    # tantivy's stubs forget `count`.
    return int(result.count)  # type: ignore[attr-defined]


def _ordinal(shown: Shown) -> int:
    return shown.dated.toordinal() if shown.dated else 0
