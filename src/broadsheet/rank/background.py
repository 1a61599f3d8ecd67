"""What papers are usually like: what an interest is measured against, shared by all interests.

Source: Hariharan, Malik and Ramanan, "Discriminative Decorrelation for Clustering and
Classification", ECCV 2012: one covariance of the background serves every linear discriminant, so
that a new one costs a product instead of a training. Parameters: docs/decisions/030-interests.md.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]

SHRINKAGE = 1.0  # of the covariance towards a sphere, in units of its mean eigenvalue
PIVOT_SLOPE = 0.8
N_SCALE_SAMPLE = 400
SMOOTHING = 0.5


@dataclass(frozen=True, slots=True)
class Papers:
    """Papers as they come, a row each.

    `counts` (n, n_terms): how often a word or phrase stands in the paper. `vectors` (n, d): unit
    sentence vectors, a row of nan where there is none; d may be 0. `authors` (n, n_authors) and
    `categories` (n, n_categories): 1 where the paper has it; either may have no columns.
    """

    counts: sparse.csr_array
    vectors: npt.NDArray[np.floating]
    authors: sparse.csr_array
    categories: sparse.csr_array

    def rows(self, rows: npt.ArrayLike) -> "Papers":
        """Those papers, in that order."""
        chosen = np.asarray(rows, dtype=np.int64)
        return Papers(
            self.counts[chosen],
            self.vectors[chosen],
            self.authors[chosen],
            self.categories[chosen],
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """Papers as an interest sees them, a row each.

    `words` (n, n_terms) are tf-idf weights, rows of length about 1. `meaning` (n, d) are centred
    sentence vectors, a row of zeros where there is none (it then speaks neither for nor against).
    """

    papers: Papers
    words: sparse.csr_array
    meaning: Floats

    def __len__(self) -> int:
        return int(self.words.shape[0])

    def rows(self, rows: npt.ArrayLike) -> "Evidence":
        """Those papers, in that order."""
        chosen = np.asarray(rows, dtype=np.int64)
        return Evidence(self.papers.rows(chosen), self.words[chosen], self.meaning[chosen])


@dataclass(frozen=True, slots=True)
class Background:
    """Statistics of a sample of papers.

    `idf` and `shares` (n_terms,): rarity, and share of all tokens. `precision` (d, d) is the
    inverse of the shrunk covariance of vectors around `mean` (d,), in units of its mean
    eigenvalue. `author_shares`, `category_shares`: of the papers that have any, those that have
    this one. `sample` holds some of the papers, on which scores get their zero and their unit.
    """

    idf: Floats
    shares: Floats
    mean_length: float
    mean: Floats
    precision: Floats
    author_shares: Floats
    category_shares: Floats
    sample: Evidence


def papers_of(
    counts: sparse.csr_array,
    vectors: npt.ArrayLike | None = None,
    authors: sparse.csr_array | None = None,
    categories: sparse.csr_array | None = None,
) -> Papers:
    """Papers with what is known of them; what is not given has no columns."""
    n_docs = int(counts.shape[0])
    nothing = sparse.csr_array((n_docs, 0), dtype=np.float64)
    return Papers(
        sparse.csr_array(counts, dtype=np.float64),
        np.zeros((n_docs, 0)) if vectors is None else np.asarray(vectors),
        nothing if authors is None else authors,
        nothing if categories is None else categories,
    )


def fit_background(papers: Papers) -> Background:
    """The background of at least one paper. Deterministic: the sample is every so-many-th row.

    Raises ValueError without a paper.
    """
    n_docs = int(papers.counts.shape[0])
    if n_docs == 0:
        raise ValueError("a background needs at least one paper")
    counts = papers.counts
    n_with = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log((n_docs + 1.0) / np.maximum(n_with, 1.0))
    n_tokens = np.asarray(counts.sum(axis=0), dtype=np.float64).ravel() + SMOOTHING
    mean_length = float(_lengths(_weighed(counts, idf)).mean()) or 1.0
    mean, precision = _discriminant(np.asarray(papers.vectors, dtype=np.float64))
    bare = Background(
        idf=idf,
        shares=n_tokens / n_tokens.sum(),
        mean_length=mean_length,
        mean=mean,
        precision=precision,
        author_shares=_shares_with(papers.authors),
        category_shares=_shares_with(papers.categories),
        sample=Evidence(papers.rows([]), counts[:0], np.zeros((0, mean.size))),
    )
    rows = np.unique(np.linspace(0, n_docs - 1, N_SCALE_SAMPLE).astype(np.int64))
    return replace(bare, sample=weigh(bare, papers.rows(rows)))


def weigh(background: Background, papers: Papers) -> Evidence:
    """Papers with the background's columns as evidence.

    Word weights are (1 + ln tf) * idf over a pivoted length, so that long texts are neither
    favoured nor drowned. Source: Singhal, Buckley and Mitra, "Pivoted document length
    normalization", SIGIR 1996.
    """
    weights = _weighed(papers.counts, background.idf)
    pivoted = (1.0 - PIVOT_SLOPE) * background.mean_length + PIVOT_SLOPE * _lengths(weights)
    words = sparse.csr_array(sparse.diags_array(1.0 / pivoted) @ weights)
    meaning = np.asarray(papers.vectors, dtype=np.float64) - background.mean
    unknown = np.any(np.isnan(meaning), axis=1, keepdims=True)
    return Evidence(papers, words, np.where(unknown, 0.0, meaning))


def likeness_of(papers: Evidence) -> Floats:
    """(n, n) mean of the cosines of words and of meaning; ones on the diagonal."""
    words = np.asarray((papers.words @ papers.words.T).toarray(), dtype=np.float64)
    parts = [words] if not papers.meaning.any() else [words, papers.meaning @ papers.meaning.T]
    likeness = np.zeros_like(words)
    for part in parts:
        lengths = np.sqrt(np.maximum(np.diag(part), 1e-12))
        likeness += part / np.outer(lengths, lengths) / len(parts)
    np.fill_diagonal(likeness, 1.0)
    return likeness


def _weighed(counts: sparse.csr_array, idf: Floats) -> sparse.csr_array:
    weights = sparse.csr_array(counts, dtype=np.float64, copy=True)
    weights.data = (1.0 + np.log(np.maximum(weights.data, 1.0))) * idf[weights.indices]
    return weights


def _lengths(weights: sparse.csr_array) -> Floats:
    lengths: Floats = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=1))).ravel()
    return lengths


def _shares_with(columns: sparse.csr_array) -> Floats:
    n_with = np.asarray(columns.sum(axis=0), dtype=np.float64).ravel()
    n_rows = max(int(np.count_nonzero(np.diff(columns.indptr))), 1)
    shares: Floats = (n_with + SMOOTHING) / (n_rows + SMOOTHING)
    return shares


def _discriminant(vectors: Floats) -> tuple[Floats, Floats]:
    """Mean (d,) and scaled inverse of the shrunk covariance (d, d) of the rows without nan."""
    n_dims = vectors.shape[1]
    known = vectors[~np.any(np.isnan(vectors), axis=1)]
    if n_dims == 0 or len(known) < 2:
        return np.zeros(n_dims), np.eye(n_dims)
    mean = known.mean(axis=0)
    covariance = (known - mean).T @ (known - mean) / len(known)
    scale = max(float(np.trace(covariance)) / n_dims, 1e-12)
    return mean, np.linalg.inv(covariance / scale + SHRINKAGE * np.eye(n_dims))
