"""The methods that personal paper feeds use today, measured beside ours in the same run.

`fit_svm` is arxiv-sanity-lite's: a linear SVM on tf-idf, the library against other papers, classes
balanced. `decayed_mean` is zotero-arxiv-daily's: the mean cosine to the library, newer papers
counting more. Both from their public descriptions; `tfidf_rows` is the weighting of the first.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]

SVM_COST = 0.01
N_NEWTON_MAX = 30
N_CONJUGATE_MAX = 30
GRADIENT_MIN = 1e-3
CONJUGATE_SHARE = 1e-4
STEP_SHARE_MIN = 1e-3


def tfidf_rows(counts: sparse.csr_array, idf: Floats) -> sparse.csr_array:
    """(1 + ln tf) * idf with rows of length 1; rows of zeros stay."""
    weights = sparse.csr_array(counts, dtype=np.float64, copy=True)
    weights.data = (1.0 + np.log(np.maximum(weights.data, 1.0))) * idf[weights.indices]
    lengths = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=1))).ravel()
    return sparse.csr_array(sparse.diags_array(1.0 / np.where(lengths > 0, lengths, 1.0)) @ weights)


def decayed_mean(library: Floats, papers: Floats) -> Floats:
    """Mean cosine (n,) of `papers` (n, d) to `library` (m, d), newest first, all unit rows.

    The i-th newest (from 1) counts 1 / (1 + log10 i), normalised.
    """
    weights = 1.0 / (1.0 + np.log10(np.arange(1, len(library) + 1)))
    scores: Floats = papers @ ((weights / weights.sum()) @ library)
    return scores


@dataclass(frozen=True, slots=True)
class _Losses:
    """The squared hinge of a training set: `rows` (n, d), signs (n,), costs (n,)."""

    rows: sparse.csr_array
    signs: Floats
    costs: Floats

    def value(self, weights: Floats) -> float:
        slack = np.maximum(1.0 - self.signs * (self.rows @ weights), 0.0)
        return float(weights @ weights / 2.0 + self.costs @ slack**2)


def fit_svm(likes: sparse.csr_array, others: sparse.csr_array, *, cost: float = SVM_COST) -> Floats:
    """Weights (d + 1,), the last the intercept, of an L2-regularised squared-hinge SVM.

    Each class has half the cost. Source: Keerthi and DeCoste, "A modified finite Newton method for
    fast solution of large scale linear SVMs", JMLR 6, 2005; the loss, the cost 0.01 and the
    penalised intercept as LIBLINEAR's (Fan et al., JMLR 9, 2008).
    """
    n_likes, n_others = int(likes.shape[0]), int(others.shape[0])
    stacked = sparse.vstack([likes, others])
    ones = sparse.csr_array(np.ones((n_likes + n_others, 1)))
    half = cost * (n_likes + n_others) / 2.0
    losses = _Losses(
        sparse.csr_array(sparse.hstack([stacked, ones])),
        np.repeat([1.0, -1.0], [n_likes, n_others]),
        np.repeat([half / max(n_likes, 1), half / max(n_others, 1)], [n_likes, n_others]),
    )
    weights = np.zeros(int(losses.rows.shape[1]))
    for _ in range(N_NEWTON_MAX):
        slack = 1.0 - losses.signs * (losses.rows @ weights)
        active = np.flatnonzero(slack > 0)
        rows, costs = losses.rows[active], 2.0 * losses.costs[active]
        gradient = weights - rows.T @ (costs * losses.signs[active] * slack[active])
        if float(np.linalg.norm(gradient)) < GRADIENT_MIN:
            break
        step = _newton_step(rows, costs, gradient)
        share = 1.0
        while share > STEP_SHARE_MIN and losses.value(weights + share * step) > losses.value(
            weights
        ):
            share /= 2.0
        weights = weights + share * step
    return weights


def svm_scores(weights: Floats, papers: sparse.csr_array) -> Floats:
    """(n,) distances from the margin's middle, in units of the margin."""
    scores: Floats = papers @ weights[:-1] + weights[-1]
    return scores


def _newton_step(rows: sparse.csr_array, costs: Floats, gradient: Floats) -> Floats:
    """-(I + rows' costs rows)^-1 gradient, by conjugate gradients."""
    step = np.zeros_like(gradient)
    rest = -gradient
    direction, square = rest.copy(), float(rest @ rest)
    enough = CONJUGATE_SHARE * square
    for _ in range(N_CONJUGATE_MAX):
        curved = direction + rows.T @ (costs * (rows @ direction))
        length = square / float(direction @ curved)
        step = step + length * direction
        rest = rest - length * curved
        before, square = square, float(rest @ rest)
        if square < enough:
            break
        direction = rest + square / before * direction
    return step
