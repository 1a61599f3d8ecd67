"""A paper's attention over time, as points of a plot: only what was really counted, when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from broadsheet.document import StoredRecord
from broadsheet.rank.attention import attention
from broadsheet.types import Document, Record

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


def plot_attention(document: Document, stored: Sequence[StoredRecord]) -> Plot | None:
    """None where nothing was counted on two different days."""
    moments = _moments(document, stored)
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


def _moments(document: Document, stored: Sequence[StoredRecord]) -> tuple[Moment, ...]:
    days = sorted({day for item in stored for day, _ in _told(item)})[-POINTS_MAX:]
    moments = []
    for day in days:
        standing = [record for item in stored if (record := _as_of(item, day))]
        counts = {name: _most(standing, name) for name in MEASURES}
        then = replace(document, **counts)  # type: ignore[arg-type]
        known = tuple((name, n) for name, n in counts.items() if n is not None)
        if known:
            moments.append(Moment(day, attention(then), known))
    return tuple(moments)


def _told(item: StoredRecord) -> list[tuple[date, Record]]:
    """(day, what the record said from that day on), oldest first."""
    contents = [*(record for record, _ in item.history), item.record]
    days = [item.first_seen, *(replaced_on for _, replaced_on in item.history)]
    return list(zip(days, contents, strict=True))


def _as_of(item: StoredRecord, day: date) -> Record | None:
    said = [record for since, record in _told(item) if since <= day]
    return said[-1] if said else None


def _most(records: Sequence[Record], name: str) -> int | None:
    counts = [count for record in records if (count := getattr(record, name)) is not None]
    return max(counts, default=None)
