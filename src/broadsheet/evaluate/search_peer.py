"""Other programs measured in the same run, where they are installed."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec

from broadsheet.evaluate.bootstrap import Figure
from broadsheet.evaluate.card import Card, exactly
from broadsheet.evaluate.datasets import Collection
from broadsheet.evaluate.retrieval import DEPTH, QUERIES_PER_SECOND, measure_run
from broadsheet.index.analysis import STOP_WORDS, stem, words


def with_peers(card: Card, collection: Collection) -> Card:
    """The card with a row for bm25s, if that library is here; it is no part of Broadsheet."""
    if find_spec("bm25s") is None or not collection.queries:
        return card
    return replace(card, figures={**card.figures, "bm25s": _bm25s(collection)})


def _bm25s(collection: Collection) -> dict[str, Figure]:
    """Lucene's BM25 with k1 = .9, b = .4 over title and text, our own stems and stop words."""
    import bm25s

    logging.getLogger("bm25s").setLevel(logging.WARNING)  # it chats on stderr
    index = bm25s.BM25(method="lucene", k1=0.9, b=0.4)
    texts = [_stems(f"{item.title} {item.text}") for item in collection.documents]
    index.index(texts, show_progress=False)
    depth = min(DEPTH, len(texts))
    began = time.perf_counter()
    run = {}
    for query in collection.queries:
        found, scores = index.retrieve([_stems(query.text)], k=depth, show_progress=False)
        run[query.query_id] = [
            collection.documents[row].doc_id
            for row, score in zip(found[0], scores[0], strict=True)
            if score > 0
        ]
    rate = len(run) / max(time.perf_counter() - began, 1e-9)
    return {**measure_run(run, collection.qrels), QUERIES_PER_SECOND: exactly(rate)}


def _stems(text: str) -> Sequence[str]:
    return [stem(word) for word in words(text) if word not in STOP_WORDS]
