"""arXiv's working week, against dates worked out by hand from its published timetable."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from broadsheet.harvest.schedule import (
    announced_day,
    eastern,
    is_listing_day,
    listed_on,
    newest_listing_day,
    next_listing_day,
)
from broadsheet.types import Record
from tests.harvest.synthetic_arxiv import make_world


def record(**fields: object) -> Record:
    values = {"source": "arxiv", "key": "2603.00001", "title": "T", "identifiers": ()}
    return Record(**{**values, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("moment", "listed"),
    [
        # January 2026, EST = UTC-5: the cut-off is 19:00 UTC. The 5th is a Monday.
        ("2026-01-05T18:59", "2026-01-06"),
        ("2026-01-05T19:00", "2026-01-07"),
        ("2026-01-06T18:00", "2026-01-07"),
        ("2026-01-08T19:01", "2026-01-12"),  # Thursday after the cut-off: Sunday evening
        ("2026-01-09T18:59", "2026-01-12"),  # Friday before it: Sunday evening, Monday's list
        ("2026-01-09T19:00", "2026-01-13"),  # Friday after it: Monday evening
        ("2026-01-10T12:00", "2026-01-13"),
        ("2026-01-11T23:59", "2026-01-13"),
        # July, EDT = UTC-4: the cut-off is 18:00 UTC. The 6th is a Monday.
        ("2026-07-06T17:59", "2026-07-07"),
        ("2026-07-06T18:00", "2026-07-08"),
    ],
)
def test_listed_on(moment: str, listed: str) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert listed_on(at) == date.fromisoformat(listed)


def test_a_world_made_the_other_way_round_agrees() -> None:
    papers = [p for p in make_world().papers.values() if len(p.moments) == 1]
    assert len(papers) > 250
    for paper in papers:
        assert listed_on(paper.moments[0]) == paper.listed, paper


@pytest.mark.parametrize(
    ("utc", "local"),
    [
        ("2026-03-08T06:59", "2026-03-08T01:59"),
        ("2026-03-08T07:00", "2026-03-08T03:00"),
        ("2026-11-01T05:59", "2026-11-01T01:59"),
        ("2026-11-01T06:00", "2026-11-01T01:00"),
        ("2006-04-02T07:00", "2006-04-02T03:00"),
        ("2006-10-29T06:00", "2006-10-29T01:00"),
        ("2006-10-29T05:00", "2006-10-29T01:00"),
    ],
)
def test_eastern_time_around_the_changes(utc: str, local: str) -> None:
    at = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert eastern(at) == datetime.fromisoformat(local)


def test_listing_days() -> None:
    assert next_listing_day(date(2026, 1, 9)) == date(2026, 1, 12)
    assert newest_listing_day(datetime(2026, 1, 11, 12, tzinfo=UTC)) == date(2026, 1, 9)
    assert newest_listing_day(datetime(2026, 1, 12, 4, 59, tzinfo=UTC)) == date(2026, 1, 9)
    assert newest_listing_day(datetime(2026, 1, 12, 5, tzinfo=UTC)) == date(2026, 1, 12)
    week = [date(2026, 1, 5) + timedelta(days=n) for n in range(7)]
    assert [is_listing_day(day) for day in week] == [True] * 5 + [False] * 2


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        # Only the day is known: the datestamp, when it is at most five days later.
        ({"submitted": date(2026, 3, 3), "datestamp": "2026-03-04"}, date(2026, 3, 4)),
        ({"submitted": date(2026, 3, 6), "datestamp": "2026-03-09T01:02:03Z"}, date(2026, 3, 9)),
        ({"submitted": date(2026, 3, 5), "datestamp": "2026-03-07"}, date(2026, 3, 9)),
        # Changed much later: the next listing day after its submission.
        ({"submitted": date(2026, 3, 6), "datestamp": "2026-05-20"}, date(2026, 3, 9)),
        ({"submitted": date(2026, 3, 3)}, date(2026, 3, 4)),
        ({"datestamp": "2026-03-04"}, date(2026, 3, 4)),
        ({"datestamp": "nonsense"}, None),
        # Held by moderation: submitted in January, its id is of March.
        ({"submitted": date(2026, 1, 8), "datestamp": "2026-03-11"}, date(2026, 3, 11)),
        ({"submitted": date(2026, 1, 8), "datestamp": "2026-06-30"}, date(2026, 3, 2)),
        # The last day of a month is listed in the next: nothing was held.
        ({"submitted": date(2026, 3, 31), "datestamp": "2026-09-01"}, date(2026, 4, 1)),
        ({"key": "math/0309136", "submitted": date(2003, 9, 8)}, date(2003, 9, 9)),
    ],
)
def test_announced_day_without_a_moment(fields: dict[str, object], expected: date | None) -> None:
    assert announced_day(record(**fields)) == expected


def test_announced_day_with_a_moment_does_not_move_when_the_record_changes() -> None:
    at = datetime(2026, 3, 3, 12, tzinfo=UTC)
    for stamp in ("2026-03-04", "2026-03-06", "2026-08-01"):
        assert announced_day(record(datestamp=stamp), at) == date(2026, 3, 4)
