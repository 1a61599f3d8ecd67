"""The ledger's tables: announcements and outcomes in, rows with computed counts out.

`stored` and `missing` are read from the identifiers that are there at this moment, so a
row whose missing papers have arrived since is complete without being written again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from broadsheet.ledger import Happened, Outcome, decide_state, supersedes
from broadsheet.store.columns import moment_of, text_of
from broadsheet.store.database import Database, Transaction
from broadsheet.types import Announcement, LedgerRow, LedgerState

#: Announced, then withdrawn by the source itself: counted only where it is stored.
WITHDRAWN = "withdrawn"

_FIRST_DAY, _LAST_DAY = "0001-01-01", "9999-12-31"

_Key = tuple[str, str, str]


def put_announcements(transaction: Transaction, announcements: Iterable[Announcement]) -> None:
    transaction.run_many(
        "INSERT INTO announcements (source, category, day, identifier, kind)"
        " VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (source, category, day, identifier) DO UPDATE SET kind = excluded.kind",
        [(a.source, a.category, a.day.isoformat(), a.identifier, a.kind) for a in announcements],
    )


def withdraw(transaction: Transaction, identifiers: Sequence[str]) -> None:
    """The source has taken these back: those that never arrived are no longer missing."""
    if identifiers:
        transaction.run(
            "UPDATE announcements SET kind = ?"
            " WHERE identifier IN (SELECT value FROM json_each(?))",
            (WITHDRAWN, json.dumps(list(identifiers))),
        )


def put_outcomes(transaction: Transaction, outcomes: Iterable[Outcome], *, now: datetime) -> None:
    """The newest word on each day, unless it is a trouble with a day known already."""
    for outcome in outcomes:
        key = (outcome.source, outcome.category, outcome.day.isoformat())
        rows = transaction.read(
            "SELECT outcome, checked_at FROM ledger WHERE source = ? AND category = ? AND day = ?",
            key,
        )
        if rows and not supersedes(
            outcome.happened,
            Happened(rows[0][0]),
            day=outcome.day,
            old_checked_at=datetime.fromisoformat(rows[0][1]),
        ):
            continue
        transaction.run(
            "INSERT INTO ledger (source, category, day, outcome, reason, checked_at)"
            " VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (source, category, day) DO UPDATE SET outcome = excluded.outcome,"
            " reason = excluded.reason, checked_at = excluded.checked_at",
            (*key, outcome.happened.value, outcome.reason, now.isoformat()),
        )


def list_ledger(
    db: Database,
    *,
    since: date | None = None,
    until: date | None = None,
    source: str | None = None,
    category: str | None = None,
) -> list[LedgerRow]:
    """Rows, newest day first, then by source and category; states computed now.

    `since` and `until` are included; None leaves that side open.
    """
    first, last = text_of(since) or _FIRST_DAY, text_of(until) or _LAST_DAY
    with db.snapshot():
        told = db.read(
            "SELECT source, category, day, outcome, reason, checked_at FROM ledger"
            " WHERE day BETWEEN ? AND ?",
            (first, last),
        )
        counts = {
            (name, scope, count.day): count
            for name, scope in _scopes(db)
            for count in _counts(db, name, scope, first, last)
        }
    outcomes = {(row[0], row[1], row[2]): (row[3], row[4], row[5]) for row in told}
    keys = [
        key
        for key in outcomes.keys() | counts.keys()
        if source in (None, key[0]) and category in (None, key[1])
    ]
    keys.sort(key=lambda key: (key[0], key[1]))
    keys.sort(key=lambda key: key[2], reverse=True)
    return [_row(key, outcomes.get(key), counts.get(key, _Count(key[2]))) for key in keys]


#: From bad to good: what a day with several rows is called.
_GRAVITY = (
    LedgerState.FAILED,
    LedgerState.THROTTLED,
    LedgerState.STALE,
    LedgerState.COMPLETE,
    LedgerState.QUIET,
)


def day_states(db: Database, first: date, last: date) -> dict[date, LedgerState]:
    """The worst state of each day from `first` to `last`; days nobody asked about are left out."""
    states: dict[date, LedgerState] = {}
    for row in list_ledger(db, since=first, until=last):
        worst = min(states.get(row.day, row.state), row.state, key=_GRAVITY.index)
        states[row.day] = worst
    return states


def ledger_mark(db: Database) -> str:
    """Differs whenever an outcome was written since."""
    return str(db.read("SELECT count(*), max(checked_at) FROM ledger")[0])


def list_missing(db: Database, *, since: date | None = None) -> list[tuple[str, str, date, str]]:
    """(source, category, day, identifier) of what was announced and is not here, newest first."""
    first = text_of(since) or _FIRST_DAY
    with db.snapshot():
        found = [
            (source, category, date.fromisoformat(count.day), identifier)
            for source, category in _scopes(db)
            for count in _counts(db, source, category, first, _LAST_DAY)
            for identifier in count.missing
        ]
    return sorted(found, key=lambda row: row[2], reverse=True)


@dataclass(frozen=True, slots=True)
class _Count:
    """What the announcements of one day come to; `missing` in order."""

    day: str
    announced: int = 0
    stored: int = 0
    missing: tuple[str, ...] = ()


def _scopes(db: Database) -> Iterator[tuple[str, str]]:
    """The (source, category) pairs with announcements, in order, each found by one seek.

    SQLite's DISTINCT would read every announcement for the few pairs there are.
    """
    source, category = "", ""
    while rows := db.read(
        "SELECT source, category FROM announcements WHERE (source, category) > (?, ?)"
        " ORDER BY source, category LIMIT 1",
        (source, category),
    ):
        source, category = str(rows[0][0]), str(rows[0][1])
        yield source, category


def _counts(db: Database, source: str, category: str, first: str, last: str) -> Iterator[_Count]:
    rows = db.read(
        "SELECT day, sum(kind <> ? OR stored), sum(stored),"
        " group_concat(CASE WHEN kind <> ? AND NOT stored THEN identifier END, char(10))"
        " FROM (SELECT a.day, a.kind, a.identifier, EXISTS ("
        "   SELECT 1 FROM identifiers i WHERE i.identifier = a.identifier) AS stored"
        "  FROM announcements a"
        "  WHERE a.source = ? AND a.category = ? AND a.day BETWEEN ? AND ?)"
        " GROUP BY day",
        (WITHDRAWN, WITHDRAWN, source, category, first, last),
    )
    for day, announced, stored, missing in rows:
        yield _Count(day, announced, stored, tuple(sorted((missing or "").split())))


def _row(key: _Key, outcome: tuple[str, str, str] | None, count: _Count) -> LedgerRow:
    source, category, day_text = key
    happened, reason, checked_at = outcome or (Happened.READ.value, "", "")
    day = date.fromisoformat(day_text)
    state, line = decide_state(
        Happened(happened), reason, day=day, announced=count.announced, missing=count.missing
    )
    return LedgerRow(
        source=source,
        category=category,
        day=day,
        announced=count.announced,
        stored=count.stored,
        missing=count.missing,
        state=state,
        reason=line,
        checked_at=moment_of(checked_at),
    )
