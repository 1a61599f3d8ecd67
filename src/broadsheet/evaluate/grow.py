"""How quality holds as the index grows: a collection among more and more other documents.

Source of the question: Reimers and Gurevych, "The Curse of Dense Low-Dimensional Information
Retrieval for Large Index Sizes" (arXiv:2012.14210).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from broadsheet.evaluate.bootstrap import Figure
from broadsheet.evaluate.card import Card
from broadsheet.evaluate.datasets import Collection, CorpusDocument
from broadsheet.evaluate.retrieval import Retriever, evaluate_retrieval

SIZES = (0, 1_000, 10_000, 90_000)
MEASURE = "nDCG@10"
DISTRACTOR = "distractor:"


def with_distractors(
    collection: Collection, others: Sequence[CorpusDocument], n_others: int
) -> Collection:
    """The collection and the first `n_others` other documents, under ids no judgment has."""
    added = tuple(
        replace(item, doc_id=f"{DISTRACTOR}{item.doc_id}") for item in islice(others, n_others)
    )
    return replace(collection, documents=(*collection.documents, *added))


def evaluate_growth(
    collection: Collection,
    retriever: Retriever,
    others: Sequence[CorpusDocument],
    *,
    sizes: Sequence[int] = SIZES,
) -> dict[int, Card]:
    """The retrieval card at each size that there are enough other documents for.

    Keys are numbers of documents in the index, the collection's own counted.
    """
    cards = {}
    for n_others in sizes:
        if n_others <= len(others):
            grown = with_distractors(collection, others, n_others)
            cards[len(grown.documents)] = evaluate_retrieval(grown, retriever)
    return cards


def growth_lines(
    cards: Mapping[int, Card], measure: str = MEASURE
) -> dict[str, list[tuple[int, Figure]]]:
    """For each system the points of its line: (documents in the index, figure), ascending."""
    lines: dict[str, list[tuple[int, Figure]]] = {}
    for size in sorted(cards):
        for system, figures in cards[size].figures.items():
            lines.setdefault(system, []).append((size, figures[measure]))
    return lines
