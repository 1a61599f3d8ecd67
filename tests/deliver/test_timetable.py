"""Digests by the reader's own clock, on ordinary days and when clocks are changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from broadsheet.deliver.timetable import due_day, moment_of, next_moment
from broadsheet.schedule import parse_schedule

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

#: (zone, local day and time, what that is in UTC): from the zones' published rules.
MOMENTS = [
    ("UTC", "2026-03-29 02:30", "2026-03-29 02:30"),
    # Berlin skips 02:00 to 03:00 on 29 March 2026 at 01:00 UTC, and has it twice on 25 October.
    ("Europe/Berlin", "2026-03-28 02:30", "2026-03-28 01:30"),
    ("Europe/Berlin", "2026-03-29 01:59", "2026-03-29 00:59"),
    ("Europe/Berlin", "2026-03-29 02:00", "2026-03-29 01:00"),
    ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:00"),
    ("Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00"),
    ("Europe/Berlin", "2026-03-29 07:00", "2026-03-29 05:00"),
    ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),
    ("Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00"),
    ("Europe/Berlin", "2026-10-25 07:00", "2026-10-25 06:00"),
    # New York: 8 March and 1 November 2026, at 02:00 local.
    ("America/New_York", "2026-03-08 02:30", "2026-03-08 07:00"),
    ("America/New_York", "2026-03-08 07:00", "2026-03-08 11:00"),
    ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30"),
    ("America/New_York", "2026-11-01 07:00", "2026-11-01 12:00"),
    # Lord Howe moves by half an hour: 4 October 2026, 02:00 to 02:30; back on 5 April.
    ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:30"),
    ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"),
    # Santiago changes at midnight: 6 September 2026 begins at 01:00.
    ("America/Santiago", "2026-09-06 00:00", "2026-09-06 04:00"),
    ("America/Santiago", "2026-09-06 00:30", "2026-09-06 04:00"),
    # Samoa had no 30 December 2011.
    ("Pacific/Apia", "2011-12-30 07:00", "2011-12-30 10:00"),
    # No summer time; a quarter of an hour.
    ("Asia/Kathmandu", "2026-07-01 07:00", "2026-07-01 01:15"),
    ("Asia/Tokyo", "2026-03-01 07:00", "2026-02-28 22:00"),
]


@pytest.mark.parametrize(("zone", "local", "utc"), MOMENTS)
def test_moments(zone: str, local: str, utc: str) -> None:
    wanted = datetime.fromisoformat(local)
    moment = moment_of(wanted.date(), wanted.time(), ZoneInfo(zone))
    assert moment == datetime.fromisoformat(utc).replace(tzinfo=UTC)


ZONES = sorted({zone for zone, _, _ in MOMENTS})


@pytest.mark.parametrize("zone_name", ZONES)
@pytest.mark.parametrize("at", ["00:00", "01:30", "02:30", "03:00", "07:00", "23:59"])
def test_a_year_of_days_has_each_day_once(zone_name: str, at: str) -> None:
    """A worker that looks every ten minutes makes one digest for each local day, in order, and
    never one before its time."""
    zone, schedule = ZoneInfo(zone_name), parse_schedule(f"daily {at}")
    now = datetime(2026, 3, 1, tzinfo=UTC)
    made: list[date] = []
    while now < datetime(2026, 11, 10, tzinfo=UTC):
        day = due_day(schedule, zone, since=LONG_AGO, last=made[-1] if made else None, now=now)
        if day is not None:
            assert moment_of(day, time.fromisoformat(at), zone) <= now
            made.append(day)
        now += timedelta(minutes=30)
    days = [made[0] + timedelta(days=n) for n in range(len(made))]
    assert made == days
    assert len(made) >= 253


@pytest.mark.parametrize(
    ("text", "now", "last", "due"),
    [
        ("daily 07:00", "2026-03-02 06:59", None, "2026-03-01"),
        ("daily 07:00", "2026-03-02 07:00", None, "2026-03-02"),
        ("daily 07:00", "2026-03-02 07:00", "2026-03-02", None),
        ("daily 07:00", "2026-03-02 06:59", "2026-03-01", None),
        # Off for a week: one digest, of the last day that was due.
        ("daily 07:00", "2026-03-09 08:00", "2026-03-02", "2026-03-09"),
        ("weekdays 07:00", "2026-03-08 12:00", "2026-03-05", "2026-03-06"),
        ("weekdays 07:00", "2026-03-08 12:00", "2026-03-06", None),
        ("mon 07:00", "2026-03-08 12:00", None, "2026-03-02"),
        ("mon 07:00", "2026-03-08 12:00", "2026-03-02", None),
        ("never", "2026-03-08 12:00", None, None),
    ],
)
def test_what_is_due(text: str, now: str, last: str | None, due: str | None) -> None:
    day = due_day(
        parse_schedule(text),
        ZoneInfo("UTC"),
        since=LONG_AGO,
        last=date.fromisoformat(last) if last else None,
        now=datetime.fromisoformat(now).replace(tzinfo=UTC),
    )
    assert day == (date.fromisoformat(due) if due else None)


def test_nothing_is_due_from_before_it_was_wanted() -> None:
    schedule, zone = parse_schedule("daily 07:00"), ZoneInfo("UTC")
    asked = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    for hours, due in ((1, None), (21, None), (22, date(2026, 3, 3))):
        now = asked + timedelta(hours=hours)
        assert due_day(schedule, zone, since=asked, last=None, now=now) == due


def test_who_moves_to_another_zone_has_each_day_at_most_once() -> None:
    schedule = parse_schedule("daily 07:00")
    tokyo, honolulu = ZoneInfo("Asia/Tokyo"), ZoneInfo("Pacific/Honolulu")
    now = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
    first = due_day(schedule, tokyo, since=LONG_AGO, last=None, now=now)
    assert first == date(2026, 3, 2)
    assert due_day(schedule, honolulu, since=LONG_AGO, last=first, now=now) is None
    later = now + timedelta(days=1)
    assert due_day(schedule, honolulu, since=LONG_AGO, last=first, now=later) is None


def test_the_next_moment_is_told() -> None:
    zone, now = ZoneInfo("Europe/Berlin"), datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    assert next_moment(parse_schedule("daily 02:30"), zone, now=now) == datetime(
        2026, 3, 29, 1, 0, tzinfo=UTC
    )
    assert next_moment(parse_schedule("mon 07:00"), zone, now=now) == datetime(
        2026, 3, 30, 5, 0, tzinfo=UTC
    )
    assert next_moment(parse_schedule("never"), zone, now=now) is None
