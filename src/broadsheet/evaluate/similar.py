"""The similar suite: pools of papers re-ranked by likeness to one paper in one facet (csfcube)."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from broadsheet.evaluate.bootstrap import Figure
from broadsheet.evaluate.card import Card, figure_of
from broadsheet.evaluate.datasets import CorpusDocument, PoolCollection, PoolQuery
from broadsheet.evaluate.measures import Measure, average_precision, ndcg_share

RELEVANT_GRADE = 2
CUT_SHARE = 0.2
FACETS = ("background", "method", "result")
MEASURES: Mapping[str, Measure] = {
    "AP": lambda ranking, judged: average_precision(ranking, judged, RELEVANT_GRADE),
    "nDCG%20": lambda ranking, judged: ndcg_share(ranking, judged, CUT_SHARE),
}


class SimilarRanker(Protocol):
    """What is measured. `ours` is the product's way to similar papers."""

    def index(self, documents: Sequence[CorpusDocument]) -> None:
        """Take in a whole collection, replacing what was there."""

    def rank_pool(
        self, paper_id: str, pool: Sequence[str], aspect: str, sentences: Sequence[int] | None
    ) -> Sequence[str]:
        """The pool, most alike first; an aspect that is none of ours asks for all. `sentences`:
        places of those that are meant; None leaves it to the product to say which speak of the
        aspect."""


def evaluate_similar(
    collection: PoolCollection,
    ranker: SimilarRanker,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> Card:
    """Measure two ways to ask: `ours` gives the sentences that the collection says are meant, as
    the collection's own baselines are given them; `ours, aspect only` gives the facet's name."""
    started = clock()
    ranker.index(list(collection.documents.values()))
    figures = {
        "ours": _figures(collection, lambda q: _ranked(ranker, q, q.sentences or None)),
        "ours, aspect only": _figures(collection, lambda q: _ranked(ranker, q, None)),
    }
    n = len(collection.queries)
    return Card("similar", collection.name, n, clock() - started, figures, collection.notices)


def _ranked(
    ranker: SimilarRanker, query: PoolQuery, sentences: Sequence[int] | None
) -> Sequence[str]:
    return ranker.rank_pool(query.paper_id, query.pool, query.facet, sentences)


def _figures(
    collection: PoolCollection, rank: Callable[[PoolQuery], Sequence[str]]
) -> dict[str, Figure]:
    rankings = [(query, rank(query)) for query in collection.queries]
    figures = {}
    others = {query.facet for query in collection.queries}.difference(FACETS)
    for facet in ("", *FACETS, *sorted(others)):
        chosen = [(q, ranking) for q, ranking in rankings if facet in ("", q.facet)]
        for name, measure in MEASURES.items():
            values = [
                measure(ranking, _judged(collection, query, ranking)) for query, ranking in chosen
            ]
            figures[f"{facet} {name}".strip()] = figure_of(values)
    return figures


def _judged(
    collection: PoolCollection, query: PoolQuery, ranking: Sequence[str]
) -> Mapping[str, int]:
    """Grades of the pool; the query's own paper, which its pool may list, does not count."""
    grades = collection.qrels[query.query_id]
    return {doc: grades[doc] for doc in ranking if doc in grades}
