"""Formulas of lexical evidence on token lists: BM25F and the cosine of tf-idf vectors.

The text index computes BM25F itself (one field in which the title stands several times); these
are for ranking a given pool, and for checking the index against.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

K1, B = 1.2, 0.75  # as tantivy fixes them
TITLE_WEIGHT = 3


def inverse_document_frequency(n_docs: int, n_docs_with: int) -> float:
    """ln(1 + (N - n + 0.5) / (n + 0.5)), always positive.

    Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009, section 3.1,
    with the 1 that Lucene and tantivy add.
    """
    return math.log(1.0 + (n_docs - n_docs_with + 0.5) / (n_docs_with + 0.5))


def weighted_counts(title: Sequence[str], body: Sequence[str]) -> Counter[str]:
    """Term frequencies of a document, words of the title counted `TITLE_WEIGHT` times.

    Source: Robertson, Zaragoza and Taylor, "Simple BM25 extension to multiple weighted fields",
    CIKM 2004: weigh frequencies before saturation, not scores after.
    """
    counts = Counter({term: TITLE_WEIGHT * n for term, n in Counter(title).items()})
    counts.update(body)
    return counts


def pair_counts(title: Sequence[str], bodies: Sequence[Sequence[str]]) -> Counter[str]:
    """How often two terms stand side by side, in the title counted twice."""
    counts = Counter({pair: 2 * n for pair, n in Counter(_pairs(title)).items()})
    for body in bodies:
        counts.update(_pairs(body))
    return counts


def _pairs(terms: Sequence[str]) -> list[str]:
    return [f"{left} {right}" for left, right in pairwise(terms)]


def pool_frequencies(documents: Sequence[Mapping[str, int]]) -> dict[str, float]:
    """The inverse document frequency ln(1 + N / (n + 0.5)) of each term within a pool."""
    n_with = Counter(term for document in documents for term in document)
    return {term: math.log(1.0 + len(documents) / (n + 0.5)) for term, n in n_with.items()}


def bm25f(
    query: Mapping[str, float],
    documents: Sequence[Mapping[str, int]],
    *,
    idf: Mapping[str, float],
    mean_length: float,
    k1: float = K1,
    b: float = B,
) -> npt.NDArray[np.float64]:
    """BM25F of each document (n,): `query` maps terms to their weight in the query.

    `documents` are as `weighted_counts` gives them, `mean_length` the corpus's mean of their sums.
    Source: as `inverse_document_frequency`, section 3.2 (BM25) and 3.6 (BM25F).
    """
    weights = {term: weight * idf[term] for term, weight in query.items()}
    scores = np.zeros(len(documents))
    for row, counts in enumerate(documents):
        norm = k1 * (1.0 - b + b * counts_length(counts) / max(mean_length, 1e-9))
        scores[row] = sum(
            weight * counts[term] * (k1 + 1.0) / (counts[term] + norm)
            for term, weight in weights.items()
            if counts.get(term)
        )
    return scores


def tfidf_vector(counts: Mapping[str, int], idf: Mapping[str, float]) -> dict[str, float]:
    """Unit vector with weights (1 + ln tf) * idf; empty for no terms.

    Source: Salton and Buckley, "Term-weighting approaches", IPM 24(5), 1988 (`ltc`).
    """
    vector = {term: (1.0 + math.log(n)) * idf[term] for term, n in counts.items() if n > 0}
    length = math.hypot(*vector.values())
    return {term: weight / length for term, weight in vector.items()} if length > 0 else {}


def dot(left: Mapping[str, float], right: Mapping[str, float]) -> float:
    """Inner product of sparse vectors."""
    small, large = (left, right) if len(left) <= len(right) else (right, left)
    return sum(weight * large[term] for term, weight in small.items() if term in large)


def shared_terms(
    left: Mapping[str, float], right: Mapping[str, float], *, n_terms: int = 5
) -> list[str]:
    """The terms that carry most of `dot(left, right)`, heaviest first, ties by name."""
    carried = {term: weight * right[term] for term, weight in left.items() if term in right}
    return sorted(carried, key=lambda term: (-carried[term], term))[:n_terms]


def counts_length(counts: Mapping[str, int]) -> int:
    """Number of tokens."""
    return sum(counts.values())
