"""Pseudo-relevance feedback: the best documents of a first ranking speak for the query.

Source: Rocchio, "Relevance feedback in information retrieval", 1971; in the space of sentence
vectors Li et al., "Pseudo Relevance Feedback with Deep Language Models and Dense Retrievers"
(arXiv:2108.11044). For words, RM3: Abdul-Jaleel et al., "UMass at TREC 2004: Novelty and HARD".
Parameters: docs/decisions/020-search-hybrid-ranking.md.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence

import numpy as np
import numpy.typing as npt

from broadsheet.rank.fusion import best_first

Floats = npt.NDArray[np.floating]

N_FEEDBACK = 5
FEEDBACK_SHARE = 0.5
SHARPNESS = 5.0
N_EXPANSION_TERMS = 20


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


def expansion_terms(
    documents: Sequence[Sequence[str]],
    scores: npt.ArrayLike,
    *,
    idf: Callable[[str], float],
    stop_words: Collection[str] = frozenset(),
    n_terms: int = N_EXPANSION_TERMS,
) -> dict[str, float]:
    """The words that set the best documents apart, heaviest first, weights summing to 1.

    A term's weight is idf(t) * sum over documents of weight(d) * tf(t, d) / |d|. `documents` are
    lists of stems, `scores` (n,) their fused scores.
    """
    weights: defaultdict[str, float] = defaultdict(float)
    for stems, weight in zip(documents, feedback_weights(scores), strict=True):
        for stem, count in Counter(stems).items():
            if len(stem) > 1 and stem not in stop_words:
                weights[stem] += float(weight) * count / len(stems)
    scored = {stem: weight * idf(stem) for stem, weight in weights.items()}
    best = sorted(scored, key=lambda stem: (-scored[stem], stem))[:n_terms]
    total = sum(scored[stem] for stem in best)
    return {stem: scored[stem] / total for stem in best} if total > 0 else {}
