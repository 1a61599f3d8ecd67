"""Words and phrases of papers as columns of a sparse matrix."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from scipy import sparse

N_TERMS_MAX = 200_000
N_DOCS_WITH_MIN = 2


def terms_of(stems: Sequence[str]) -> Counter[str]:
    """Counts of words and of phrases of two neighbouring words.

    "" stands where a stop word was: it is no term, and no phrase reaches across it.
    """
    counts = Counter(stem for stem in stems if stem)
    counts.update(f"{left} {right}" for left, right in pairwise(stems) if left and right)
    return counts


def choose_terms(
    documents: Iterable[Mapping[str, int]],
    *,
    n_docs_with_min: int = N_DOCS_WITH_MIN,
    n_terms_max: int = N_TERMS_MAX,
) -> tuple[str, ...]:
    """The terms of at least `n_docs_with_min` documents, the commonest first, ties by name."""
    n_with: Counter[str] = Counter()
    for counts in documents:
        n_with.update(counts.keys())
    kept = [(-n, term) for term, n in n_with.items() if n >= n_docs_with_min]
    return tuple(term for _, term in sorted(kept)[:n_terms_max])


def count_matrix(
    documents: Iterable[Mapping[str, int]], columns: Mapping[str, int]
) -> sparse.csr_array:
    """Term counts (n_docs, n_terms), float64; terms without a column are left out."""
    indices: list[int] = []
    data: list[float] = []
    starts = [0]
    for counts in documents:
        known = sorted((columns[term], n) for term, n in counts.items() if term in columns)
        indices += [column for column, _ in known]
        data += [float(n) for _, n in known]
        starts.append(len(indices))
    shape = (len(starts) - 1, len(columns))
    return sparse.csr_array((np.array(data), np.array(indices, np.int64), starts), shape=shape)
