"""A paper's attention over time, as points of a plot: only what was really counted, when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from broadsheet.rank.attention import attention
from broadsheet.store.attention import Observation
from broadsheet.types import Document

MEASURES = ("upvotes", "num_comments", "github_stars", "gs_citations")
POINTS_MAX = 120
WIDTH, HEIGHT = 320, 64


@dataclass(frozen=True, slots=True)
class Moment:
    """What was counted on a day, and the attention that makes."""

    day: date
    attention: float
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """`line` and `area` are points of a drawing of WIDTH by HEIGHT, later to the right."""

    moments: tuple[Moment, ...]
    line: str
    area: str


def plot_attention(document: Document, seen: Sequence[Observation]) -> Plot | None:
    """None where nothing was counted on two different days."""
    moments = _moments(document, seen)
    if len(moments) < 2:
        return None
    first, last = moments[0].day.toordinal(), moments[-1].day.toordinal()
    most = max(moment.attention for moment in moments) or 1.0
    points = [
        (
            round(WIDTH * (moment.day.toordinal() - first) / (last - first), 1),
            round(HEIGHT - HEIGHT * moment.attention / most, 1),
        )
        for moment in moments
    ]
    line = " ".join(f"{x},{y}" for x, y in points)
    return Plot(moments, line, f"0,{HEIGHT} {line} {WIDTH},{HEIGHT}")


def _moments(document: Document, seen: Sequence[Observation]) -> tuple[Moment, ...]:
    return tuple(
        Moment(
            observed.day,
            attention(_as_observed(document, observed)),
            tuple(
                (name, count)
                for name, count in zip(MEASURES, observed.counts, strict=True)
                if count is not None
            ),
        )
        for observed in seen[-POINTS_MAX:]
    )


def _as_observed(document: Document, observed: Observation) -> Document:
    return replace(
        document,
        upvotes=observed.upvotes,
        num_comments=observed.num_comments,
        github_stars=observed.github_stars,
        gs_citations=observed.gs_citations,
    )
