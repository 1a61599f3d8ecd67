"""The strip of weeks around a day, each day with how full it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from broadsheet.types import LedgerState

WEEKS = 4
LEVEL_MAX = 5


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """`level` from 0 (nothing) to LEVEL_MAX (the fullest of the strip). `state` is the worst
    that the ledger says of the day, None where no source was asked."""

    day: date
    n_documents: int
    level: int
    is_shown: bool
    is_future: bool
    state: LedgerState | None = None


@dataclass(frozen=True, slots=True)
class CalendarWeek:
    """Monday to Sunday; shorter only at the ends of the calendar itself."""

    days: tuple[CalendarDay, ...]
    holds_shown: bool


def strip_span(shown: date, today: date) -> tuple[date, date]:
    """First and last day of the strip: three weeks before the shown one and, where that is not
    in the future, one of them after it instead."""
    monday = _shifted(shown, -shown.weekday())
    has_later = today >= _shifted(monday, 7)
    first = _shifted(monday, -7 * (WEEKS - (2 if has_later else 1)))
    return first, _shifted(monday, 13 if has_later else 6)


def compose_strip(shown: date, today: date, counts: Mapping[date, int]) -> tuple[CalendarWeek, ...]:
    first, last = strip_span(shown, today)
    fullest = max(counts.values(), default=0)
    days = [
        CalendarDay(
            day=day,
            n_documents=counts.get(day, 0),
            level=_level(counts.get(day, 0), fullest),
            is_shown=day == shown,
            is_future=day > max(today, shown) and day not in counts,
        )
        for day in (first + timedelta(n) for n in range((last - first).days + 1))
    ]
    weeks: dict[tuple[int, int], list[CalendarDay]] = {}
    for cell in days:
        weeks.setdefault(cell.day.isocalendar()[:2], []).append(cell)
    return tuple(
        CalendarWeek(tuple(cells), any(cell.is_shown for cell in cells)) for cells in weeks.values()
    )


def _level(n: int, fullest: int) -> int:
    return 0 if n == 0 else max(1, round(LEVEL_MAX * n / fullest))


def _shifted(day: date, n_days: int) -> date:
    """The day `n_days` later, stopping at the ends of the calendar."""
    ordinal = min(max(day.toordinal() + n_days, date.min.toordinal()), date.max.toordinal())
    return date.fromordinal(ordinal)
