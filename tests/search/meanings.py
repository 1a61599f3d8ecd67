"""Meaning made by hand: texts have the vectors that a test gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from broadsheet.index.vectors import VectorIndex
from broadsheet.rank.aspects import aspect_shares
from broadsheet.rank.passage import passage
from broadsheet.rank.similar import Parts
from broadsheet.search.conditions import Conditions
from broadsheet.search.meaning import Meaning, MeaningSource
from broadsheet.types import Document

D = 8
Vector = np.ndarray[Any, np.dtype[np.float32]]


def towards(**weights: float) -> Vector:
    """A unit vector: `towards(a=1, b=.5)` leans to the axis of a."""
    vector = np.full(D, 0.01, dtype=np.float32)
    for axis, weight in weights.items():
        vector["abcdefgh".index(axis)] = weight
    unit: Vector = vector / np.linalg.norm(vector)
    return unit


class TextsByHand:
    """Stands where the sentence model does: known texts, and nothing for all others."""

    version = "by-hand"
    dimension = D

    def __init__(self, texts: Mapping[str, Vector]) -> None:
        self._texts = texts

    def embed_queries(self, texts: Sequence[str]) -> Vector:
        return np.array([self._texts.get(text, towards(h=1)) for text in texts])


def meaning_of(
    folder: Path,
    documents: Sequence[Document],
    vectors: Mapping[int, Vector],
    texts: Mapping[str, Vector],
) -> MeaningSource:
    """A source whose `vectors` are by doc_no; each sentence has its document's vector, the last
    one leaning to it most."""
    index = VectorIndex(folder, model_version="by-hand", dimension=D)
    known = [document for document in documents if document.doc_no in vectors]
    if not known:
        return _source(index, texts)
    index.add(
        np.array([document.doc_no for document in known]),
        np.array([vectors[document.doc_no] for document in known]),
        [_parts(document, vectors[document.doc_no]) for document in known],
    )
    return _source(index, texts)


def _source(index: VectorIndex, texts: Mapping[str, Vector]) -> MeaningSource:
    found = Meaning(cast("Any", TextsByHand(texts)), index, Conditions())
    return cast("MeaningSource", SimpleNamespace(find=lambda: (found, "")))


def without_meaning(reason: str) -> MeaningSource:
    return cast("MeaningSource", SimpleNamespace(find=lambda: (None, reason)))


def _parts(document: Document, vector: Vector) -> Parts:
    made = passage(document.title, document.abstract)
    n = len(made.spans)
    rows = np.array([vector + towards(g=1) * (n - 1 - place) / n for place in range(n)])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    shares = (
        np.vstack([np.ones((1, 3)), aspect_shares(made.parts()[1:])]) if n > 1 else np.ones((n, 3))
    )
    return Parts(rows.astype(np.float32), shares)
