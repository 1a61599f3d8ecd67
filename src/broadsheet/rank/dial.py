"""The recall dial: the score above which at most a share alpha of what a reader would like is lost.

The evidence is the scores of the reader's own likes, each given by a model that had not seen it.

Source: Angelopoulos, Bates, Fisch, Lei and Schuster, "Conformal Risk Control"
(arXiv:2208.02814), equation 4, with the miss as loss (at most 1); Farinhas, Zerva, Ulmer and
Martins, "Non-Exchangeable Conformal Risk Control" (arXiv:2310.01262), for the weights; Vovk,
Gammerman and Shafer, "Algorithmic Learning in a Random World", 2005, section 2.5, for the draw
that makes the promise met and not only kept (smoothed conformal predictor).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ALPHAS = (0.05, 0.10, 0.20)
N_FOLDS_MAX = 20
N_OLDEST = 3
#: An exposure counts at most as much as so many likes, however small its propensity.
EXPOSURE_WEIGHT_MAX = 10.0


@dataclass(frozen=True, slots=True)
class Dial:
    """A setting of the dial: show what scores at least `threshold`.

    `evidence` is the sum of the likes' weights, `evidence_needed` the least that alpha takes.
    Where `promised` is False there was too little, and the threshold is -inf: all is shown.
    """

    alpha: float
    threshold: float
    promised: bool
    evidence: float
    evidence_needed: float


def set_dial(
    held_out: npt.ArrayLike,
    alpha: float,
    *,
    weights: npt.ArrayLike | None = None,
    draw: float = 1.0,
) -> Dial:
    """The highest threshold whose expected miss rate for a new like is at most `alpha`.

    `held_out` (n,) scores of likes under models that had not seen them; `weights` (n,) in [0, 1]
    for recency (a new like has 1), larger for exposures (`exposure_weights`). Between two
    neighbouring scores the miss rate jumps by 1 / (n + 1); `draw` in [0, 1], uniform, takes the
    higher with the chance that makes the rate alpha on average; 1 always takes the lower.
    Raises ValueError for an alpha outside (0, 1).
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    scores = np.asarray(held_out, dtype=np.float64)
    given = np.ones(scores.size) if weights is None else np.asarray(weights, dtype=np.float64)
    order = np.argsort(scores, kind="stable")
    scores, given = scores[order], given[order]
    evidence, needed = float(given.sum()), 1.0 / alpha - 1.0
    if evidence < needed * (1.0 - 1e-12):
        return Dial(alpha, -np.inf, False, evidence, needed)
    # lost[k]: the bound on the miss rate if the threshold is the k-th lowest score: all below are
    # lost, and the new like is counted as lost.
    below = np.concatenate([[0.0], np.cumsum(given)[:-1]])
    lost = (below + 1.0) / (evidence + 1.0)
    place = int(np.searchsorted(lost, alpha * (1.0 + 1e-12), side="right")) - 1
    if place + 1 < scores.size:
        rest = (alpha - lost[place]) / (lost[place + 1] - lost[place])
        place += int(draw < rest)
    return Dial(alpha, float(scores[place]), True, evidence, needed)


def folds(n_likes: int) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """(rows to fit on, rows held out) in turn: each like is held out once, up to `N_FOLDS_MAX`
    folds, every so-many-th like in one; nothing for fewer than two likes."""
    n_folds = min(n_likes, N_FOLDS_MAX)
    rows = np.arange(n_likes)
    for fold in range(n_folds if n_likes > 1 else 0):
        out = rows % n_folds == fold
        yield rows[~out], rows[out]


def forward_folds(
    ages: npt.ArrayLike,
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """As `folds`, for likes that have a date, newest first: each block of likes is held out from a
    model of those of earlier days only, as tomorrow's likes will be. What would leave a model fewer
    than `N_OLDEST` likes is not held out.

    `ages` (n,) ascending, in days or any other count, are equal for likes of one day. A reader's
    taste moves, and what comes on one day is alike: a like foretold from later ones, or from its
    neighbours of the day, would promise too much.
    """
    given = np.asarray(ages, dtype=np.float64)
    rows = np.arange(given.size)
    for out in np.array_split(rows, min(given.size, N_FOLDS_MAX) or 1):
        earlier = rows[given > given[out].max(initial=-np.inf)]
        if out.size and earlier.size >= N_OLDEST:
            yield earlier, out


def exposure_weights(propensities: npt.ArrayLike) -> Floats:
    """1 / propensity, capped: a like found at an exploration place stands for all that had as
    little chance to be shown.

    `propensities` (n,) in (0, 1], 1 for what was sure to be shown. Source: Horvitz and Thompson,
    JASA 47(260), 1952; Swaminathan and Joachims (arXiv:1502.02362) for the cap.
    """
    chances = np.asarray(propensities, dtype=np.float64)
    weights: Floats = np.minimum(1.0 / np.maximum(chances, 1e-12), EXPOSURE_WEIGHT_MAX)
    return weights
