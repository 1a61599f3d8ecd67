"""The retrieval suite: every mode of the product's own search over a collection."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from broadsheet.evaluate.bootstrap import Figure
from broadsheet.evaluate.card import Card, exactly, figure_of
from broadsheet.evaluate.datasets import Collection, CorpusDocument
from broadsheet.evaluate.measures import measure_named
from broadsheet.types import Mode

MEASURES = ("nDCG@10", "AP", "RR", "R@2", "R@10", "R@100")
DEPTH = 1_000  # of a ranking, as TREC runs
QUERIES_PER_SECOND = "queries/s"

Clock = Callable[[], float]


class Retriever(Protocol):
    """What is measured. The product's is in `search`; tests have a small one."""

    def index(self, documents: Sequence[CorpusDocument]) -> None:
        """Take in a whole collection, replacing what was there."""

    def search(self, query: str, k: int, mode: Mode) -> Sequence[str]:
        """Ids of the best k documents, best first. `query` is plain words, no operators."""

    def modes(self) -> Sequence[Mode]:
        """Those it can do (without a sentence model only `lexical`)."""


def evaluate_retrieval(
    collection: Collection,
    retriever: Retriever,
    *,
    measures: Sequence[str] = MEASURES,
    clock: Clock = time.perf_counter,
) -> Card:
    """Index the collection, ask every judged query in every mode, measure the rankings."""
    started = clock()
    retriever.index(collection.documents)
    figures: dict[str, Mapping[str, Figure]] = {}
    for mode in retriever.modes():
        before = clock()
        run = {
            query.query_id: list(retriever.search(query.text, DEPTH, mode))
            for query in collection.queries
        }
        seconds = max(clock() - before, 1e-9)
        row = measure_run(run, collection.qrels, measures)
        figures[mode] = row | {QUERIES_PER_SECOND: exactly(len(run) / seconds)}
    n = len(collection.queries)
    return Card("retrieval", collection.name, n, clock() - started, figures, collection.notices)


def measure_run(
    run: Mapping[str, Sequence[str]],
    qrels: Mapping[str, Mapping[str, int]],
    measures: Sequence[str] = MEASURES,
) -> dict[str, Figure]:
    """Means over the run's queries of the named measures, with intervals."""
    return {
        name: figure_of(
            [measure_named(name)(ranking, qrels[query]) for query, ranking in run.items()]
        )
        for name in measures
    }
