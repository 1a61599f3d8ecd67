"""Small pictures: where their points stand. The picture itself is a template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, PAD = 120, 28, 2


@dataclass(frozen=True, slots=True)
class Plot:
    """`points` of an SVG polyline, `last` its end; `said` is the same in words."""

    points: str
    last: tuple[float, float]
    said: str
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Gauge:
    """A bar with a mark: what was drawn, beside what is usual; both from 0 to `width`."""

    length: float
    mark: float
    said: str
    width: int = WIDTH
    height: int = 10


def sparkline(values: Sequence[float], said: str) -> Plot:
    """A line from the oldest value to the newest, from 0 to the highest. Needs one value."""
    most = max(values, default=0.0) or 1.0
    step = (WIDTH - 2 * PAD) / max(len(values) - 1, 1)
    places = [
        (round(PAD + step * n, 1), round(HEIGHT - PAD - value / most * (HEIGHT - 2 * PAD), 1))
        for n, value in enumerate(values)
    ]
    return Plot(" ".join(f"{x},{y}" for x, y in places), places[-1], said)


def gauge(value: float, usual: float, most: float, said: str) -> Gauge:
    """`value` and `usual` as lengths, `most` being the whole width."""
    scale = WIDTH / most if most > 0 else 0.0
    return Gauge(
        round(min(max(value, 0.0) * scale, WIDTH), 1),
        round(min(max(usual, 0.0) * scale, WIDTH), 1),
        said,
    )
