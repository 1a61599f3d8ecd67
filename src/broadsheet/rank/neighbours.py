"""Documents that mean about the same should score about the same.

Source: Diaz, "Regularizing ad hoc retrieval scores", CIKM 2005, in one step over the nearest
neighbours among the best candidates. Parameters: docs/decisions/020-search-hybrid-ranking.md.
"""

import numpy as np
import numpy.typing as npt

from broadsheet.rank.fusion import Scores, best_first

N_SMOOTHED = 100
N_NEIGHBOURS = 3
NEIGHBOUR_SHARE = 0.1
SHARPNESS = 10.0


def smoothed(
    scores: Scores,
    vectors: npt.NDArray[np.floating],
    keys: npt.ArrayLike,
    *,
    n_smoothed: int = N_SMOOTHED,
    share: float = NEIGHBOUR_SHARE,
) -> Scores:
    """Scores (n,) in which the best `n_smoothed` have moved by `share` towards their neighbours'.

    A document's neighbours are the `N_NEIGHBOURS` of largest cosine among those best, each
    weighing exp(SHARPNESS * cosine). `vectors` (n, d) unit rows; a row of nan has no neighbours
    and is none. `keys` break ties. The others keep their order, below all of the best.
    """
    order = best_first(scores, keys)[:n_smoothed]
    known = order[~np.isnan(vectors[order]).any(axis=1)] if len(order) else order
    n_neighbours = min(N_NEIGHBOURS, len(known) - 1)
    if n_neighbours < 1:
        return scores
    among = np.asarray(vectors[known], dtype=np.float32)
    cosines = among @ among.T
    np.fill_diagonal(cosines, -np.inf)
    near = np.argpartition(-cosines, n_neighbours - 1, axis=1)[:, :n_neighbours]
    weights = np.exp(SHARPNESS * (np.take_along_axis(cosines, near, axis=1) - 1.0))
    weights /= weights.sum(axis=1, keepdims=True)
    moved = scores.copy()
    moved[known] += share * ((weights * scores[known][near]).sum(axis=1) - scores[known])
    rest = np.ones(len(scores), dtype=bool)
    rest[order] = False
    moved[rest] -= max(0.0, float(scores[order].min() - moved[order].min()))
    return moved
