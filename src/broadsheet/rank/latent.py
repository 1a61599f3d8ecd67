"""Vectors of papers from their words alone, where there is no sentence model.

Source: Deerwester, Dumais, Furnas, Landauer and Harshman, "Indexing by latent semantic analysis",
JASIS 41(6), 1990.
"""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

from broadsheet.rank.background import Floats

N_DIMENSIONS = 200


def latent_vectors(words: sparse.csr_array, *, n_dimensions: int = N_DIMENSIONS) -> Floats:
    """Unit vectors (n, d) of papers with tf-idf rows (n, n_terms); nan for a paper without words.

    d is `n_dimensions`, or what a smaller matrix has. Deterministic.
    """
    d = min(n_dimensions, min(words.shape) - 1)
    if d < 1:
        return np.zeros((int(words.shape[0]), 0))
    left, sizes, _ = svds(words, k=d, v0=np.ones(min(words.shape)))
    vectors = left * sizes
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    known = lengths > 1e-9
    units: Floats = np.where(known, vectors / np.where(known, lengths, 1.0), np.nan)
    return units
