"""Which paper to ask a new reader about next.

The reader's liking is a Gaussian process over papers, with their likeness as covariance. Asked
first is the paper whose answer tells most about all others; once a paper is liked, what may be
liked as well comes first, for a like tells more than a dislike.

Source: Krause, Singh and Guestrin, "Near-Optimal Sensor Placements in Gaussian Processes", JMLR 9,
2008, for the first; Srinivas, Krause, Kakade and Seeger (arXiv:0912.3995) for adding the mean.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

NOISE = 0.1
#: How a dislike counts against a like: most papers are not liked, so it is little news.
DISLIKED = -0.2
CURIOSITY = 1.0


def next_to_judge(
    likeness: npt.ArrayLike,
    judged: Sequence[int] = (),
    liked: Sequence[bool] = (),
) -> int:
    """The row of the pool to ask about next; ties to the lowest row.

    `likeness` (n, n) positive semidefinite with ones on the diagonal; `judged` rows and whether
    each was `liked`. Raises ValueError when all have been judged.
    """
    prior = np.asarray(likeness, dtype=np.float64)
    rows = list(judged)
    if len(set(rows)) >= len(prior):
        raise ValueError("every paper of the pool has been judged")
    mean, covariance = _posterior(prior, rows, liked)
    told = (covariance**2).sum(axis=1) / (np.diag(covariance) + NOISE)
    telling = np.sqrt(np.maximum(told, 0.0) / len(prior))
    telling = telling / max(float(telling.max()), 1e-12)
    worth = mean + CURIOSITY * telling
    worth[rows] = -np.inf
    return int(np.argmax(worth))


def _posterior(prior: Floats, rows: list[int], liked: Sequence[bool]) -> tuple[Floats, Floats]:
    """Mean (n,) and covariance (n, n) of liking, given the judgments."""
    if not rows:
        return np.zeros(len(prior)), prior
    answers = np.where(np.asarray(liked, dtype=bool), 1.0, DISLIKED)
    seen = prior[np.ix_(rows, rows)] + NOISE * np.eye(len(rows))
    gain: Floats = np.linalg.solve(seen, prior[rows]).T.astype(np.float64)
    return gain @ answers, prior - gain @ prior[rows]
