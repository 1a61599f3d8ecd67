"""When a digest is due on the reader's own clock. Pure.

A schedule names a time of day; on two nights of a year that time comes twice or not at all. It
counts once: the first time it comes, and where the clock jumps over it, the moment of the jump.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from broadsheet.schedule import Schedule

#: How far back a schedule is looked through for the last time it came.
LOOK_BACK_DAYS = 8


def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When the clocks of `zone` show `at` on `day`, in UTC: the first of two, and where they
    never do, the first moment after."""
    naive = datetime.combine(day, at)
    first, second = (naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return first
    # A gap: PEP 495 reads fold=0 by the offset before and fold=1 by the one after it, so the
    # jump lies between them, at the moment from which the offset is the later one.
    low, high = second, first
    after = first.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)


def due_day(
    schedule: Schedule, zone: ZoneInfo, *, since: datetime, last: date | None, now: datetime
) -> date | None:
    """The latest day whose digest is due and was not made: its moment is past, came after
    `since`, and the day is later than `last`. One alone, however many were missed: it covers
    them. None while there is nothing to do."""
    today = now.astimezone(zone).date()
    for back in range(LOOK_BACK_DAYS + 1):
        day = today - timedelta(days=back)
        if last is not None and day <= last:
            return None
        if day.weekday() in schedule.days and since < moment_of(day, schedule.at, zone) <= now:
            return day
    return None


def next_moment(schedule: Schedule, zone: ZoneInfo, *, now: datetime) -> datetime | None:
    """The next time the schedule comes; None for never."""
    today = now.astimezone(zone).date()
    for ahead in range(LOOK_BACK_DAYS + 1):
        day = today + timedelta(days=ahead)
        if day.weekday() in schedule.days:
            moment = moment_of(day, schedule.at, zone)
            if moment > now:
                return moment
    return None
