"""Trending papers: attention beyond what is usual, fading with age; one formula, printed.

    trending = (drawn - usual, or expected where nobody has looked yet) - ln 2 * age / half-life

Source: docs/decisions/040-trending.md
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

HALF_LIFE_D = 3.0
USUAL_D = 90  # days whose papers say what is usual

UPVOTES_WEIGHT = 1.0
COMMENTS_WEIGHT = 0.5
STARS_WEIGHT = 0.5
CITATIONS_WEIGHT = 0.25
SAVES_WEIGHT = 1.0


@dataclass(frozen=True, slots=True)
class Counts:
    """What was seen of a paper; None where no source counts. `stars_per_day` of its code, `saves`
    by readers here."""

    upvotes: int | None = None
    comments: int | None = None
    stars_per_day: float | None = None
    citations: int | None = None
    saves: int = 0

    @property
    def is_observed(self) -> bool:
        given = (self.upvotes, self.comments, self.stars_per_day, self.citations)
        return self.saves > 0 or any(count for count in given)


@dataclass(frozen=True, slots=True)
class Trend:
    """`drawn` is None, and `expected` spoke, where no attention was observed."""

    score: float
    drawn: float | None
    usual: float
    expected: float
    age_d: int


def drawn(counts: Counts) -> float:
    """Attention drawn, >= 0, in ln(1 + count)."""
    return (
        UPVOTES_WEIGHT * math.log1p(counts.upvotes or 0)
        + COMMENTS_WEIGHT * math.log1p(counts.comments or 0)
        + STARS_WEIGHT * math.log1p(counts.stars_per_day or 0.0)
        + CITATIONS_WEIGHT * math.log1p(counts.citations or 0)
        + SAVES_WEIGHT * math.log1p(counts.saves)
    )


def usual(earlier: Sequence[Counts]) -> float:
    """Mean attention drawn by papers of which any was observed; 0 where there is none."""
    seen = [drawn(counts) for counts in earlier if counts.is_observed]
    return sum(seen) / len(seen) if seen else 0.0


def trend(counts: Counts, *, usual: float, expected: float, age_d: int) -> Trend:
    """`expected`: the excess that `rank.prior` expects; `age_d` >= 0 days since announced.

    Attention is a logarithm, so subtracting ln 2 a half-life halves what it stands for.
    """
    observed = drawn(counts) if counts.is_observed else None
    excess = expected if observed is None else observed - usual
    score = excess - math.log(2.0) * age_d / HALF_LIFE_D
    return Trend(round(score, 6), observed, usual, expected, age_d)
