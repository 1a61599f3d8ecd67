"""arXiv's working week: on which day a submission is listed. Pure; days are US Eastern.

Source: https://info.arxiv.org/help/availability.html. Submissions received up to 14:00
Eastern on a working day are announced at 20:00 that evening, those of Friday on Sunday
evening, and carry the next day's date in the listings: Monday to Friday. arXiv's
holidays are not in the rule; a record's own datestamp corrects it where it can.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from broadsheet.types import Record

CUTOFF = time(14, 0)
DAYS_TO_LISTING_MAX = 5

_MONDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 4, 5, 6


def is_listing_day(day: date) -> bool:
    return day.weekday() < _SATURDAY


def listed_on(submitted_at: datetime) -> date:
    """The day in whose listing a paper submitted at this moment appears."""
    local = eastern(submitted_at)
    cutoff_day = local.date() + timedelta(days=local.time() >= CUTOFF)
    while cutoff_day.weekday() >= _SATURDAY:
        cutoff_day += timedelta(days=1)
    return next_listing_day(cutoff_day)


def next_listing_day(day: date) -> date:
    """The first listing day after `day`."""
    day += timedelta(days=1)
    while not is_listing_day(day):
        day += timedelta(days=1)
    return day


def newest_listing_day(now: datetime) -> date:
    """The newest day whose listing is out: it is published at midnight Eastern."""
    day = eastern(now).date()
    while not is_listing_day(day):
        day -= timedelta(days=1)
    return day


def announced_day(record: Record, submitted_at: datetime | None = None) -> date | None:
    """The day a record of arXiv appeared in its listings, as well as its own dates tell.

    From the moment of version 1 by the schedule; where only its day is known, the
    datestamp if that is at most DAYS_TO_LISTING_MAX later, else the next listing day.
    A paper held back by moderation carries the month of its release in its id: then the
    datestamp counts, if it is of that month. None without any date.
    """
    stamp = datestamp_day(record.datestamp)
    if submitted_at is None and record.submitted is None:
        return stamp
    if submitted_at is not None:
        day = listed_on(submitted_at)
    else:
        assert record.submitted is not None
        if stamp and timedelta() < stamp - record.submitted <= timedelta(days=DAYS_TO_LISTING_MAX):
            return stamp if is_listing_day(stamp) else next_listing_day(stamp)
        day = next_listing_day(record.submitted)
    released = _month_of_id(record.key)
    if released and (day.year, day.month) < released and stamp:
        return stamp if (stamp.year, stamp.month) == released else _first_listing(*released)
    return day


def datestamp_day(datestamp: str) -> date | None:
    """The day of an OAI-PMH datestamp of either granularity."""
    try:
        return date.fromisoformat(datestamp[:10])
    except ValueError:
        return None


def eastern(moment: datetime) -> datetime:
    """`moment` on the clocks of US Eastern time, by the rule in force since 2007.

    Between 1987 and 2006 summer time began on April's first and ended on October's last
    Sunday. Written out because a machine need not have a time zone database.
    """
    utc = moment.astimezone(UTC)
    if utc.year >= 2007:
        begins, ends = _sunday(utc.year, 3, 2), _sunday(utc.year, 11, 1)
    else:
        begins, ends = _sunday(utc.year, 4, 1), _sunday(utc.year, 11, 1) - timedelta(days=7)
    begins_at = datetime.combine(begins, time(7), UTC)
    ends_at = datetime.combine(ends, time(6), UTC)
    hours = 4 if begins_at <= utc < ends_at else 5
    return (utc - timedelta(hours=hours)).replace(tzinfo=None)


def _sunday(year: int, month: int, n: int) -> date:
    """The n-th Sunday of a month, n from 1."""
    first = date(year, month, 1)
    return first + timedelta(days=(_SUNDAY - first.weekday()) % 7 + 7 * (n - 1))


def _month_of_id(key: str) -> tuple[int, int] | None:
    """(year, month) in an arXiv id of the form in use since April 2007."""
    number = key.rpartition(":")[2]
    if len(number) < 9 or number[4] != "." or not number[:4].isdigit():
        return None
    year, month = 2000 + int(number[:2]), int(number[2:4])
    return (year, month) if 1 <= month <= 12 else None


def _first_listing(year: int, month: int) -> date:
    return next_listing_day(date(year, month, 1) - timedelta(days=1))
