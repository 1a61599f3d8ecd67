"""Search by words and meaning on 90,000 documents: latency, embedding, memory, beside bm25s.

The library is that of `bench search`. Embedding all of it takes an hour on two cores, so only
`N_EMBEDDED` papers are embedded, which measures throughput beside the bare runtime, and every
other paper gets the vector of one of those with noise on it: latency does not depend on what
vectors mean. The query's own embedding is real and included. bm25s ranks the same words over the
same texts.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from bench.search import (
    Latency,
    Query,
    bench_home,
    data_missing,
    make_queries,
    measure,
    open_library,
    peak_mb,
    sample,
)
from broadsheet.errors import ModelError
from broadsheet.index.analysis import STOP_WORDS, stem, words
from broadsheet.index.vectors import VectorIndex
from broadsheet.jobs.embedding import meaning_source
from broadsheet.model.passages import embed_documents
from broadsheet.model.sentence import BATCH_TEXTS_MAX, SentenceModel
from broadsheet.rank.passage import passage
from broadsheet.rank.similar import Parts
from broadsheet.search.engine import search
from broadsheet.search.meaning import MeaningSource
from broadsheet.search.similar import similar
from broadsheet.settings import load_settings
from broadsheet.store.database import open_database
from broadsheet.store.documents import iterate_documents
from broadsheet.types import Document

N_EMBEDDED = 512
N_BLOCK = 4_096
NOISE = 0.03
BUDGET_P50_MS, BUDGET_P99_MS = 15.0, 50.0
BUDGET_EMBEDDING_SHARE = 0.9
BUDGET_MEMORY_MB = 600


def main() -> None:
    if data_missing("meaning"):
        return
    with bench_home() as folder:
        home = Path(folder)
        settings = load_settings(home=home)
        index = open_library(home)
        db = open_database(home)
        source = meaning_source(db, settings)
        try:
            model = SentenceModel.load(source.folder)
        except ModelError as error:
            print(f"meaning: skipped, {error}")
            return
        rng = random.Random(20261121)
        documents = sample(iterate_documents(db), rng, n=3_000)
        vectors, parts = _bench_embedding(model, documents[:N_EMBEDDED])
        numbers = np.sort([document.doc_no for document in iterate_documents(db)])
        fill(source, numbers, vectors, parts)
        del model
        _bench_latency(index, source, documents, rng)
        print(
            f"memory of this process: {peak_mb():.0f} MB at most, both models of the bench and"
            f" what filled the index counted (budget of a server ≤ {BUDGET_MEMORY_MB})"
        )
        texts = [_stems(f"{d.title} {d.abstract}") for d in iterate_documents(db)]
        _bench_peer(texts, make_queries(documents, rng))
        db.close()


def _bench_embedding(
    model: SentenceModel, documents: Sequence[Document]
) -> tuple[np.ndarray[Any, np.dtype[np.float32]], list[Parts]]:
    """Ours beside the runtime alone: the same batches of the same texts, in turn."""
    passages = [passage(document.title, document.abstract) for document in documents]
    texts = sorted((made.text for made in passages), key=len)
    encoded = model._tokenizer.encode_batch(texts)
    seconds = {"ours": 0.0, "bare": 0.0}
    for start in range(0, len(texts), 4 * BATCH_TEXTS_MAX):
        chunk = slice(start, start + 4 * BATCH_TEXTS_MAX)
        began = perf_counter()
        model.embed(texts[chunk])
        seconds["ours"] += perf_counter() - began
        began = perf_counter()
        for feed in _feeds(encoded[chunk], model):
            model._session.run(None, feed)
        seconds["bare"] += perf_counter() - began
    began = perf_counter()
    vectors, parts = embed_documents(model, passages)
    with_parts = perf_counter() - began
    share = seconds["bare"] / seconds["ours"]
    print(
        f"\nembedding, {len(texts)} papers: {len(texts) / seconds['ours']:.1f}/s, the bare runtime"
        f" {len(texts) / seconds['bare']:.1f}/s: {100 * share:.0f} %"
        f" (budget ≥ {100 * BUDGET_EMBEDDING_SHARE:.0f} %);"
        f" with their sentences {len(texts) / with_parts:.1f}/s"
    )
    return vectors, parts


def _feeds(encoded: Sequence[Any], model: SentenceModel) -> list[dict[str, Any]]:
    feeds = []
    for start in range(0, len(encoded), BATCH_TEXTS_MAX):
        batch = encoded[start : start + BATCH_TEXTS_MAX]
        width = max(len(item.ids) for item in batch)
        ids, mask = (np.zeros((len(batch), width), dtype=np.int64) for _ in range(2))
        for row, item in enumerate(batch):
            ids[row, : len(item.ids)], mask[row, : len(item.ids)] = item.ids, 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        feeds.append({name: feed[name] for name in model._inputs})
    return feeds


def fill(
    source: MeaningSource,
    numbers: np.ndarray[Any, np.dtype[np.int64]],
    vectors: np.ndarray[Any, np.dtype[np.float32]],
    parts: Sequence[Parts],
) -> None:
    """A vector for every document: those given, again and again, with noise."""
    meaning, reason = source.find()
    if meaning is None:
        sys.exit(reason)
    index: VectorIndex = meaning.vectors
    index.clear()
    noise = np.random.default_rng(0)
    for start in range(0, len(numbers), N_BLOCK):
        block = numbers[start : start + N_BLOCK]
        rows = noise.integers(0, len(vectors), len(block))
        near = vectors[rows] + noise.normal(0, NOISE, (len(block), vectors.shape[1]))
        near /= np.linalg.norm(near, axis=1, keepdims=True)
        index.add(block, near, [parts[row] for row in rows])


def _bench_latency(
    index: Any, source: MeaningSource, documents: Sequence[Document], rng: random.Random
) -> None:
    n_docs = index.searcher().n_docs
    print(f"\nsearch by words and meaning, {n_docs:,} documents, ms (snippets and reasons of 20)")
    print(f"{'query':24}{'p50':>7}{'p99':>7}   {'words p50':>9}{'p99':>8}")
    for name, queries in make_queries(documents, rng).items():
        hybrid, lexical = measure(
            queries,
            lambda query: search(index, query.ours, mode="hybrid", meaning=source),
            lambda query: search(index, query.ours),
        )
        print(
            f"{name:24}{hybrid.p50_ms:7.2f}{hybrid.p99_ms:7.2f}"
            f"   {lexical.p50_ms:9.2f}{lexical.p99_ms:8.2f}"
        )
    print(f"{'budget':24}{BUDGET_P50_MS:7.0f}{BUDGET_P99_MS:7.0f}")
    (alike,) = measure(
        [Query(document.doc_id, "") for document in islice(documents, 120)],
        lambda query: similar(index, query.ours, meaning=source),
    )
    print(f"{'similar papers':24}{alike.p50_ms:7.2f}{alike.p99_ms:7.2f}")


def _bench_peer(texts: list[list[str]], queries: dict[str, list[Query]]) -> None:
    import bm25s

    index = bm25s.BM25(method="lucene", k1=0.9, b=0.4)
    began = perf_counter()
    index.index(texts, show_progress=False)
    print(f"\nbm25s beside it: index of {len(texts):,} made in {perf_counter() - began:.1f} s")

    def ask(query: Query) -> object:
        return index.retrieve([_stems(query.ours)], k=20, show_progress=False)

    for name in ("1 term", "3 terms", "8 terms"):
        (took,) = measure(queries[name], _asking(ask))
        print(f"{name:24}{took.p50_ms:7.2f}{took.p99_ms:7.2f}   (no filters, no text shown)")


def _asking(ask: Callable[[Query], object]) -> Callable[[Query], object]:
    return ask


def _stems(text: str) -> list[str]:
    return [stem(word) for word in words(text) if word not in STOP_WORDS]


if __name__ == "__main__":
    main()

__all__ = ["Latency", "fill", "main"]
