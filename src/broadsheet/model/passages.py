"""Documents to what the vector index keeps of them."""

from collections.abc import Sequence

import numpy as np

from broadsheet.model.sentence import SentenceModel, Vectors
from broadsheet.rank.aspects import ASPECTS, aspect_shares
from broadsheet.rank.passage import Passage
from broadsheet.rank.similar import Parts


def embed_wholes(model: SentenceModel, passages: Sequence[Passage]) -> Vectors:
    """Unit vectors (n, d) of the passages as a whole: half the work of `embed_documents`."""
    return model.embed([passage.text for passage in passages])


def embed_documents(
    model: SentenceModel, passages: Sequence[Passage]
) -> tuple[Vectors, list[Parts]]:
    """Unit vectors (n, d) of the passages, and their parts.

    A part's vector is half what it says alone and half what it says in its place (the mean of its
    tokens in the whole text): alone, a sentence that says "it" is about nothing; in its place, all
    sentences of a paper are alike. Both together found more of csfcube than either
    (docs/decisions/021-search-similar.md). Parts beyond the model's length have only the first.
    """
    placed = model.embed_passages(
        [passage.text for passage in passages], [passage.spans for passage in passages]
    )
    alone = model.embed([part for passage in passages for part in passage.parts()])
    vectors = np.zeros((len(passages), model.dimension), dtype=np.float32)
    parts: list[Parts] = []
    start = 0
    for row, (passage, found) in enumerate(zip(passages, placed, strict=True)):
        end = start + len(passage.spans)
        vectors[row] = found.whole
        both = alone[start:end] + found.parts
        both /= np.maximum(np.linalg.norm(both, axis=1, keepdims=True), 1e-9)
        parts.append(Parts(both, _shares(passage)))
        start = end
    return vectors, parts


def _shares(passage: Passage) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    shares = np.ones((len(passage.spans), len(ASPECTS)))
    texts = passage.parts()
    if passage.has_title:
        shares[1:] = aspect_shares(texts[1:])
    elif texts:
        shares[1:] = aspect_shares(texts)[1:]  # row 0 stands where a title would
    return shares
