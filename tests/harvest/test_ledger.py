"""What the ledger says: the decision as a table, and the tables in a real library."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from broadsheet.errors import HarvestError, ThrottledError
from broadsheet.jobs.ingest import ingest
from broadsheet.ledger import (
    Happened,
    Outcome,
    decide_state,
    happened_by,
    reason_with,
    supersedes,
)
from broadsheet.store.checkpoints import Checkpoint, find_checkpoint, put_checkpoint
from broadsheet.store.database import Database, open_database
from broadsheet.store.ledger import (
    list_ledger,
    list_missing,
    put_announcements,
    put_outcomes,
    withdraw,
)
from broadsheet.types import Announcement, LedgerState, Record

DAY = date(2026, 3, 4)
NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("happened", "announced", "missing", "state", "says"),
    [
        (Happened.READ, 3, (), LedgerState.COMPLETE, "all that was announced is stored; r"),
        (Happened.READ, 3, ("a",), LedgerState.FAILED, "1 of 3 announced are not here yet"),
        (Happened.READ, 0, (), LedgerState.QUIET, "nothing was announced on this Wednesday; r"),
        (Happened.QUIET, 0, (), LedgerState.QUIET, "r"),
        (Happened.QUIET, 2, (), LedgerState.COMPLETE, "all that was announced"),
        (Happened.STALE, 0, (), LedgerState.STALE, "r"),
        (Happened.THROTTLED, 3, (), LedgerState.THROTTLED, "r"),
        (Happened.THROTTLED, 3, ("a", "b"), LedgerState.THROTTLED, "r; 2 of 3 announced"),
        (Happened.FAILED, 3, (), LedgerState.FAILED, "r"),
    ],
)
def test_decide_state(
    happened: Happened, announced: int, missing: tuple[str, ...], state: LedgerState, says: str
) -> None:
    decided, reason = decide_state(happened, "r", day=DAY, announced=announced, missing=missing)
    assert decided is state
    assert reason.startswith(says)


@pytest.mark.parametrize(
    ("new", "old", "checked_on", "expected"),
    [
        (Happened.FAILED, Happened.READ, 5, False),  # read after the day was over: known
        (Happened.FAILED, Happened.READ, 4, True),  # read on the day itself: more may have come
        (Happened.STALE, Happened.QUIET, 9, False),
        (Happened.THROTTLED, Happened.FAILED, 9, True),
        (Happened.READ, Happened.FAILED, 9, True),
        (Happened.QUIET, Happened.READ, 9, True),
    ],
)
def test_supersedes(new: Happened, old: Happened, checked_on: int, expected: bool) -> None:
    at = datetime(2026, 3, checked_on, 12, tzinfo=UTC)
    assert supersedes(new, old, day=DAY, old_checked_at=at) is expected


def test_reasons() -> None:
    assert reason_with("done", ()) == "done"
    assert reason_with("done", ("a", "b", "a")) == "done; on the way: 2 x a, b"
    assert happened_by(ThrottledError("x")) is Happened.THROTTLED
    assert happened_by(HarvestError("x")) is Happened.FAILED


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    yield database
    database.close()


def announce(db: Database, *identifiers: str, category: str = "cs.CL", day: date = DAY) -> None:
    with db.transaction() as transaction:
        put_announcements(
            transaction, [Announcement("arxiv", category, day, name) for name in identifiers]
        )


def store(db: Database, *identifiers: str) -> None:
    records = [
        Record("arxiv", name, f"About {name} and little else", (name,)) for name in identifiers
    ]
    ingest(db, records, now=NOW)


def put(db: Database, happened: Happened, *, now: datetime = NOW, day: date = DAY) -> None:
    with db.transaction() as transaction:
        put_outcomes(transaction, [Outcome("arxiv", "cs.CL", day, happened, "r")], now=now)


def test_a_missing_paper_that_arrives_completes_its_row(db: Database) -> None:
    announce(db, "arxiv:2603.00001", "arxiv:2603.00002")
    put(db, Happened.READ)
    store(db, "arxiv:2603.00001")
    (row,) = list_ledger(db)
    assert (row.announced, row.stored, row.missing) == (2, 1, ("arxiv:2603.00002",))
    assert row.state is LedgerState.FAILED
    assert list_missing(db) == [("arxiv", "cs.CL", DAY, "arxiv:2603.00002")]
    store(db, "arxiv:2603.00002")
    (row,) = list_ledger(db)
    assert (row.announced, row.stored, row.missing) == (2, 2, ())
    assert row.state is LedgerState.COMPLETE
    assert row.checked_at == NOW


def test_announcing_twice_counts_once(db: Database) -> None:
    announce(db, "arxiv:2603.00001")
    announce(db, "arxiv:2603.00001")
    (row,) = list_ledger(db)
    assert row.announced == 1
    assert row.checked_at is None


def test_what_the_source_took_back_is_not_missing(db: Database) -> None:
    announce(db, "arxiv:2603.00001", "arxiv:2603.00002")
    store(db, "arxiv:2603.00002")
    with db.transaction() as transaction:
        withdraw(transaction, ["arxiv:2603.00001", "arxiv:2603.00002"])
    (row,) = list_ledger(db)
    assert (row.announced, row.stored, row.missing) == (1, 1, ())
    assert row.state is LedgerState.COMPLETE
    assert list_missing(db) == []


def test_a_later_trouble_leaves_a_known_day_alone(db: Database) -> None:
    put(db, Happened.READ, now=datetime(2026, 3, 5, tzinfo=UTC))
    put(db, Happened.FAILED, now=datetime(2026, 3, 6, tzinfo=UTC))
    (row,) = list_ledger(db)
    assert row.state is LedgerState.QUIET


def test_rows_are_ordered_and_filtered(db: Database) -> None:
    announce(db, "arxiv:1", category="cs.CV", day=date(2026, 3, 3))
    announce(db, "arxiv:1", category="cs.CL", day=date(2026, 3, 4))
    announce(db, "arxiv:1", category="cs.AI", day=date(2026, 3, 4))
    assert [(r.day.day, r.category) for r in list_ledger(db)] == [
        (4, "cs.AI"), (4, "cs.CL"), (3, "cs.CV")
    ]  # fmt: skip
    assert [r.category for r in list_ledger(db, since=date(2026, 3, 4))] == ["cs.AI", "cs.CL"]
    assert [r.category for r in list_ledger(db, until=date(2026, 3, 3))] == ["cs.CV"]
    assert [r.category for r in list_ledger(db, category="cs.CL")] == ["cs.CL"]
    assert list_ledger(db, source="acl") == []


def test_an_empty_library_has_an_empty_ledger(db: Database) -> None:
    assert list_ledger(db) == []
    assert list_missing(db) == []


def test_checkpoints_are_put_found_and_forgotten(db: Database) -> None:
    assert find_checkpoint(db, "arxiv", "cs") is None
    with db.transaction() as transaction:
        put_checkpoint(transaction, Checkpoint("arxiv", "cs", {"from": "2026-03-04"}), now=NOW)
    assert find_checkpoint(db, "arxiv", "cs") == {"from": "2026-03-04"}
    with db.transaction() as transaction:
        put_checkpoint(transaction, Checkpoint("arxiv", "cs", {"from": "2026-03-05"}), now=NOW)
    assert find_checkpoint(db, "arxiv", "cs") == {"from": "2026-03-05"}
    with db.transaction() as transaction:
        put_checkpoint(transaction, Checkpoint("arxiv", "cs", None), now=NOW)
    assert find_checkpoint(db, "arxiv", "cs") is None


def test_a_checkpoint_that_cannot_be_read_is_none(db: Database) -> None:
    with db.transaction() as transaction:
        transaction.run("INSERT INTO checkpoints VALUES ('arxiv', 'a', '{', 'x'), "
                        "('arxiv', 'b', '[1]', 'x')")  # fmt: skip
    assert find_checkpoint(db, "arxiv", "a") is None
    assert find_checkpoint(db, "arxiv", "b") is None
