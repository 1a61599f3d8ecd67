"""Formulas of lexical evidence on token lists: BM25F and the cosine of tf-idf vectors.

The text index computes BM25F itself (one field in which the title stands several times); these
are for ranking a given pool, and for checking the index against.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, repeat
from typing import Self

import numpy as np
import numpy.typing as npt

K1, B = 1.2, 0.75  # as tantivy fixes them
#: How often a word of the title counts: the index's field of all text holds the title so often.
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
    return Counter([*title] * TITLE_WEIGHT + [*body])


def pair_counts(title: Sequence[str], bodies: Sequence[Sequence[str]]) -> Counter[str]:
    """How often two terms stand side by side, in the title counted twice."""
    texts = [title, title, *bodies]
    return Counter(map(" ".join, chain.from_iterable(map(pairwise, texts))))


def pool_frequencies(documents: Sequence[Mapping[str, int]]) -> dict[str, float]:
    """The inverse document frequency ln(1 + N / (n + 0.5)) of each term within a pool."""
    n_with = Counter(chain.from_iterable(documents))
    idf = {n: math.log(1.0 + len(documents) / (n + 0.5)) for n in set(n_with.values())}
    return {term: idf[n] for term, n in n_with.items()}


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
    terms = _Terms.of(documents)
    weights = terms.values({term: weight * idf[term] for term, weight in query.items()})
    lengths = np.array([counts_length(counts) for counts in documents], dtype=np.float64)
    norms = k1 * (1.0 - b + b * lengths / max(mean_length, 1e-9))
    return terms.sums(weights * terms.counts * (k1 + 1.0) / (terms.counts + norms[terms.rows]))


def tfidf_vector(counts: Mapping[str, int], idf: Mapping[str, float]) -> dict[str, float]:
    """Unit vector with weights (1 + ln tf) * idf; empty for no terms.

    Source: Salton and Buckley, "Term-weighting approaches", IPM 24(5), 1988 (`ltc`).
    """
    vector = {term: (1.0 + math.log(n)) * idf[term] for term, n in counts.items() if n > 0}
    length = math.hypot(*vector.values())
    return {term: weight / length for term, weight in vector.items()} if length > 0 else {}


def tfidf_cosines(
    query: Mapping[str, float], documents: Sequence[Mapping[str, int]], idf: Mapping[str, float]
) -> npt.NDArray[np.float64]:
    """Cosine (n,) of a `tfidf_vector` with that of each document; 0 where one is empty."""
    terms = _Terms.of(documents)
    weights = (1.0 + np.log(terms.counts)) * np.array([idf[term] for term in terms.terms])
    lengths = np.sqrt(terms.sums(weights**2))
    dots = terms.sums(weights * terms.values(query))
    cosines: npt.NDArray[np.float64] = np.divide(
        dots, lengths, out=np.zeros(len(documents)), where=lengths > 0
    )
    return cosines


@dataclass(frozen=True, slots=True)
class _Terms:
    """Documents' terms laid end to end: each with the row of its document, and how often it
    stands there."""

    terms: list[str]
    rows: npt.NDArray[np.int64]
    counts: npt.NDArray[np.float64]
    n_docs: int

    @classmethod
    def of(cls, documents: Sequence[Mapping[str, int]]) -> Self:
        n_docs, terms = len(documents), list(chain.from_iterable(documents))
        rows = np.repeat(np.arange(n_docs), np.fromiter(map(len, documents), np.int64, n_docs))
        counts = chain.from_iterable(counts.values() for counts in documents)
        return cls(terms, rows, np.fromiter(counts, np.float64, len(terms)), n_docs)

    def values(self, of: Mapping[str, float]) -> npt.NDArray[np.float64]:
        """What each term has in `of`, else 0."""
        return np.fromiter(map(of.get, self.terms, repeat(0.0)), np.float64, len(self.terms))

    def sums(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Over the terms of each document (n_docs,)."""
        return np.bincount(self.rows, values, self.n_docs).astype(np.float64)


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
