"""Pseudo-relevance feedback: the best documents of a first ranking speak for the query.

Source: Rocchio, "Relevance feedback in information retrieval", 1971; in the space of sentence
vectors Li et al., "Pseudo Relevance Feedback with Deep Language Models and Dense Retrievers"
(arXiv:2108.11044).
Parameters: docs/decisions/020-search-hybrid-ranking.md.
"""

import numpy as np
import numpy.typing as npt

from broadsheet.rank.fusion import best_first

Floats = npt.NDArray[np.floating]

N_FEEDBACK = 5
FEEDBACK_SHARE = 0.5
SHARPNESS = 5.0


def feedback_weights(scores: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Weights that sum to 1, proportional to exp(SHARPNESS * score).

    `scores` as `fusion.fuse` gives them. A clear winner thus speaks almost alone: where one paper
    answers the query, feedback must not drag the query away from it.
    """
    array = np.asarray(scores, dtype=np.float64)
    if array.size == 0:
        return array
    weights = np.exp(SHARPNESS * (array - array.max()))
    shares: npt.NDArray[np.float64] = weights / weights.sum()
    return shares


def moved_query(
    query: Floats,
    vectors: Floats,
    scores: npt.ArrayLike,
    *,
    n_feedback: int = N_FEEDBACK,
    share: float = FEEDBACK_SHARE,
) -> npt.NDArray[np.float32]:
    """The unit vector of (1 - share) * query + share * weighted mean of the best documents.

    `query` (d,), `vectors` (n, d) unit rows and `scores` (n,) of the first ranking's candidates;
    rows of nan (documents without a vector) are passed over. Without candidates, the query.
    """
    known = np.flatnonzero(~np.isnan(vectors).any(axis=1)) if len(vectors) else np.zeros(0, int)
    first = np.asarray(scores, dtype=np.float64)[known]
    best = best_first(first, known)[:n_feedback]
    if best.size == 0:
        return query.astype(np.float32)
    mean = feedback_weights(first[best]) @ vectors[known[best]].astype(np.float64)
    moved = (1.0 - share) * query.astype(np.float64) + share * mean
    unit: npt.NDArray[np.float32] = (moved / max(float(np.linalg.norm(moved)), 1e-9)).astype("f4")
    return unit
