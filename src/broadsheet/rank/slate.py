"""The slate: relevant papers that are not all alike, and a few places for exploration.

Source: Chen, Zhang and Zhou, "Fast Greedy MAP Inference for Determinantal Point Process to
Improve Recommendation Diversity" (arXiv:1709.05135), algorithm 1; Madow, "On the theory of
systematic sampling, II", Ann. Math. Statist. 20, 1949, for drawing with exact chances.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

#: Two papers of likeness 1 are never both worth a place; scores are in units of the background.
RELEVANCE_SHARPNESS = 0.5
EXPLORATION_TEMPERATURE = 2.0
EXPLORATION_UNIFORM_SHARE = 0.2
GAIN_MIN = 1e-10


@dataclass(frozen=True, slots=True)
class Slate:
    """Rows of the stream in the order shown, whether each is there to explore, and the chance
    with which it would be shown: 1 for what was chosen, the drawing's for exploration."""

    rows: Rows
    explores: npt.NDArray[np.bool_]
    propensities: Floats


def choose_slate(
    scores: npt.ArrayLike,
    likeness: npt.ArrayLike,
    *,
    threshold: float,
    n_places: int,
    n_exploration: int,
    rng: np.random.Generator,
    candidates: npt.ArrayLike | None = None,
) -> Slate:
    """Fill `n_places` from papers at or above `threshold`, then draw `n_exploration` others.

    `scores` (n,); `candidates` are the rows that can be chosen, all where not given; `likeness` is
    theirs: (n_candidates, n_candidates) positive semidefinite with ones on the diagonal (cosines).
    Exploration draws from those below the threshold, and where that is -inf from all that were not
    chosen; its places come last. Papers already shown or read are left out by the caller.
    """
    values = np.asarray(scores, dtype=np.float64)
    alike = np.asarray(likeness, dtype=np.float64)
    rows = np.arange(values.size) if candidates is None else np.asarray(candidates, dtype=np.int64)
    above = np.flatnonzero(values[rows] >= threshold)
    picked = rows[above[diverse(values[rows[above]], alike[np.ix_(above, above)], n_places)]]
    others = np.setdiff1d(np.arange(values.size), picked)
    if np.isfinite(threshold):
        others = others[values[others] < threshold]
    chances = exploration_chances(values[others], n_exploration)
    drawn = draw_systematic(chances, rng=rng)
    drawn = drawn[np.lexsort((drawn, -values[others][drawn]))]
    return Slate(
        rows=np.concatenate([picked, others[drawn]]).astype(np.int64),
        explores=np.repeat([False, True], [picked.size, drawn.size]),
        propensities=np.concatenate([np.ones(picked.size), chances[drawn]]),
    )


def diverse(scores: Floats, likeness: Floats, n_places: int) -> Rows:
    """Up to `n_places` rows that greedily maximise the determinant of q_i * likeness_ij * q_j,
    q = exp(sharpness * score); ties by row; in the order chosen.

    Stops early when every paper left is a copy of those chosen.
    """
    quality = 2.0 * RELEVANCE_SHARPNESS * scores  # of ln q^2
    gains = np.clip(np.diag(likeness).astype(np.float64), 0.0, None)  # squared distance left
    factors = np.zeros((0, scores.size))
    chosen: list[int] = []
    for _ in range(min(n_places, scores.size)):
        new = gains > GAIN_MIN
        worth = np.where(new, quality + np.log(np.where(new, gains, 1.0)), -np.inf)
        worth[chosen] = -np.inf
        best = int(np.argmax(worth))
        if worth[best] == -np.inf:
            break
        row = (likeness[best] - factors[:, best] @ factors) / np.sqrt(gains[best])
        factors = np.vstack([factors, row])
        gains = gains - row**2
        chosen.append(best)
    return np.array(chosen, dtype=np.int64)


def exploration_chances(scores: Floats, n_drawn: int) -> Floats:
    """The chance (n,) of each paper to be drawn; they sum to min(n_drawn, n), none is 0 or over 1.

    Better papers have more of it (softmax), but a share is spread evenly.
    """
    n = scores.size
    if n == 0 or n_drawn <= 0:
        return np.zeros(n)
    sizes = np.exp((scores - scores.max()) / EXPLORATION_TEMPERATURE)
    sizes = (1.0 - EXPLORATION_UNIFORM_SHARE) * sizes / sizes.sum() + EXPLORATION_UNIFORM_SHARE / n
    sure = np.zeros(n, dtype=bool)
    while True:
        left = min(n_drawn, n) - int(sure.sum())
        share = sizes * ~sure
        chances = np.where(sure, 1.0, left * share / max(float(share.sum()), 1e-300))
        over = (chances >= 1.0) & ~sure
        if not over.any():
            return np.asarray(chances, dtype=np.float64)
        sure |= over


def draw_systematic(chances: Floats, *, rng: np.random.Generator) -> Rows:
    """Rows drawn without replacement such that row i is drawn with exactly `chances[i]`.

    `chances` (n,) in [0, 1] with a whole-numbered sum, which is how many are drawn.
    """
    n_drawn = round(float(chances.sum()))
    if n_drawn == 0:
        return np.zeros(0, dtype=np.int64)
    order = rng.permutation(chances.size)
    ends = np.cumsum(chances[order])
    ends[-1] = n_drawn  # against rounding
    marks = rng.random() + np.arange(n_drawn)
    return np.sort(order[np.searchsorted(ends, marks, side="right")]).astype(np.int64)
