"""How sure a mean over queries is: percentile bootstrap.

Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13; Smucker, Allan
and Carterette, CIKM 2007, for its use over queries.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean with its interval; `low` <= `value` <= `high`, all nan where there was no query."""

    value: float
    low: float
    high: float


def bootstrap_mean(
    values: Sequence[float] | npt.NDArray[np.float64],
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    n_resamples: int = 1000,
) -> Figure:
    """The mean of `values` (one per query) and its `level` interval.

    Queries are drawn with replacement `n_resamples` times. One value gives a point interval.
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.size == 0:
        return Figure(float("nan"), float("nan"), float("nan"))
    means = np.empty(n_resamples)
    for draw in range(n_resamples):  # row by row: a (resamples, queries) table may be large
        means[draw] = sample[rng.integers(0, sample.size, sample.size)].mean()
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(means, [tail, 1.0 - tail])
    value = float(sample.mean())
    return Figure(value, min(float(low), value), max(float(high), value))


def bootstrap_ratio(
    numerators: Sequence[float] | npt.NDArray[np.float64],
    denominators: Sequence[float] | npt.NDArray[np.float64],
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    n_resamples: int = 1000,
) -> Figure:
    """Sum of `numerators` over sum of `denominators` (> 0), one pair a query, with its interval."""
    above, below = np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)
    if above.size == 0:
        return Figure(float("nan"), float("nan"), float("nan"))
    ratios = np.empty(n_resamples)
    for draw in range(n_resamples):
        rows = rng.integers(0, above.size, above.size)
        ratios[draw] = above[rows].sum() / max(float(below[rows].sum()), 1e-12)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(ratios, [tail, 1.0 - tail])
    value = float(above.sum() / max(float(below.sum()), 1e-12))
    return Figure(value, min(float(low), value), max(float(high), value))
