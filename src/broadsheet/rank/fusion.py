"""One score out of two kinds of evidence: words (BM25F) and meaning (cosine).

Source: Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval"
(arXiv:2210.11934), section 4: a convex combination of scores beats reciprocal ranks, and scaling
by theoretical bounds is stable. Weights: docs/decisions/020-search-hybrid-ranking.md.
"""

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]

DENSE_WEIGHT = 2.4


def fuse(
    lexical: npt.ArrayLike, cosines: npt.ArrayLike, *, dense_weight: float = DENSE_WEIGHT
) -> Scores:
    """lexical / max(lexical) + dense_weight * cosine, larger is better, one score a candidate.

    `lexical` (n,) >= 0, BM25F, 0 where no word matches; its maximum is taken over these
    candidates, which must hold the best lexical hit. `cosines` (n,) in [-1, 1] or nan where a
    document has no vector yet: it is given the mean of the others, so that it is neither sunk
    nor lifted. The cosine is left as it is, not stretched to the candidates' range: where all
    documents mean about the same (LIMIT, arXiv:2508.21038) it then decides little.
    """
    words, meaning = np.asarray(lexical, np.float64), np.asarray(cosines, np.float64)
    if words.size == 0:
        return np.zeros(0)
    known = ~np.isnan(meaning)
    meaning = np.where(known, meaning, meaning[known].mean() if known.any() else 0.0)
    best = float(words.max())
    return (words / best if best > 0 else np.zeros_like(words)) + dense_weight * meaning


def z_scores(values: npt.ArrayLike) -> Scores:
    """(x - mean) / standard deviation over the candidates; 0 for all where they are equal."""
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        return array
    spread = float(array.std())
    return (array - array.mean()) / spread if spread > 1e-12 else np.zeros_like(array)


def best_first(scores: npt.ArrayLike, keys: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Positions by falling score; equal scores by rising key, so that the order is total."""
    order: npt.NDArray[np.int64] = np.lexsort((np.asarray(keys), -np.asarray(scores, np.float64)))
    return order
