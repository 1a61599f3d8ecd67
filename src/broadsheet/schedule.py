"""When a reader wants what an interest brings: days of the week and a time of their own clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from broadsheet.errors import UsageError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVERY = {"daily": frozenset(range(7)), "weekdays": frozenset(range(5))}
_FORM = re.compile(r"(?P<days>[a-z,]+)(?:\s+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}))?")
DEFAULT_TIME = time(7, 0)
NEVER = "never"


@dataclass(frozen=True, slots=True)
class Schedule:
    """`days` of the week, 0 is Monday, none for never; `at` on the clock of the reader's zone."""

    days: frozenset[int]
    at: time = DEFAULT_TIME

    def __str__(self) -> str:
        if not self.days:
            return NEVER
        named = next((name for name, days in _EVERY.items() if days == self.days), "")
        listed = named or ",".join(WEEKDAYS[day] for day in sorted(self.days))
        return f"{listed} {self.at:%H:%M}"


def parse_schedule(text: str) -> Schedule:
    """`daily 07:00`, `weekdays`, `mon,thu 18:30`, `never`. Raises UsageError."""
    words = " ".join(text.lower().split())
    if words == NEVER:
        return Schedule(frozenset())
    match = _FORM.fullmatch(words)
    names = match["days"].split(",") if match else []
    known = match and (match["days"] in _EVERY or all(name in WEEKDAYS for name in names))
    if not match or not known or int(match["hour"] or 0) > 23 or int(match["minute"] or 0) > 59:
        raise UsageError(
            f"{text!r} is no schedule; write daily 07:00, weekdays 18:30, mon,thu 07:00 or never"
        )
    days = _EVERY.get(match["days"]) or frozenset(WEEKDAYS.index(name) for name in names)
    at = time(int(match["hour"]), int(match["minute"])) if match["hour"] else DEFAULT_TIME
    return Schedule(days, at)


def parse_zone(name: str) -> ZoneInfo:
    """The time zone `Europe/Berlin`. Raises UsageError."""
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"{name!r} is no time zone; write one such as Europe/Berlin or UTC"
        ) from error
