"""What a library holds, as plain values to compare; and one way to run a harvest in tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from broadsheet.harvest.fetch import Bounds
from broadsheet.jobs.harvest import HarvestReport, harvest, open_client
from broadsheet.store.database import Database, open_database
from broadsheet.store.ledger import list_ledger
from broadsheet.types import LedgerRow
from tests.harvest.fakes import FakeClock
from tests.harvest.replay_server import ReplayServer

CATEGORIES = ("cs.CL", "cs.CV", "cs.LG")


def run_harvest(
    server: ReplayServer,
    home: Path,
    *,
    sources: Sequence[str] = ("arxiv",),
    categories: Sequence[str] = CATEGORIES,
    from_: date | None = date(2026, 3, 1),
    until: date | None = None,
    fake: FakeClock | None = None,
    bounds: Bounds | None = None,
    only_due: bool = False,
    should_stop: Callable[[], bool] | None = None,
    **settings: Any,
) -> HarvestReport:
    """A harvest at the world's now; waiting costs no time."""
    fake = fake or FakeClock()
    fake.moment = server.world.now
    db = open_database(home)
    values = server.settings(home=home, **settings)
    try:
        with open_client(values, clock=fake.clock(), bounds=bounds) as client:
            return harvest(
                db,
                client,
                values,
                sources=sources,
                categories=categories,
                from_=from_,
                until=until,
                now=server.world.now,
                only_due=only_due,
                should_stop=should_stop,
            )
    finally:
        db.close()


def ledger(home: Path) -> dict[tuple[str, str, date], LedgerRow]:
    db = open_database(home)
    try:
        return {(row.source, row.category, row.day): row for row in list_ledger(db)}
    finally:
        db.close()


def contents(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that a harvest is answerable for, without numbers and moments of writing."""
    db = open_database(home)
    try:
        return {name: db.read(sql) for name, sql in _QUERIES.items()}
    finally:
        db.close()


def stored_identifiers(home: Path) -> set[str]:
    return {str(row[0]) for row in contents(home)["identifiers"]}


def announced(home: Path, day: date, category: str, source: str = "arxiv") -> set[str]:
    """What was announced as new or cross-listed."""
    return {
        str(identifier)
        for src, cat, on, identifier, kind in contents(home)["announcements"]
        if (src, cat, on) == (source, category, day.isoformat()) and kind in ("new", "cross")
    }


def checkpoint(home: Path, source: str, scope: str) -> str | None:
    db: Database = open_database(home)
    try:
        rows = db.read(
            "SELECT state FROM checkpoints WHERE source = ? AND scope = ?", (source, scope)
        )
        return str(rows[0][0]) if rows else None
    finally:
        db.close()


_QUERIES = {
    "records": "SELECT source, key, deleted, content FROM records ORDER BY source, key",
    "documents": "SELECT doc_id, title, announced, categories, merged_into IS NULL"
    " FROM documents ORDER BY doc_id",
    "identifiers": "SELECT DISTINCT identifier FROM identifiers ORDER BY identifier",
    "announcements": "SELECT source, category, day, identifier, kind FROM announcements"
    " ORDER BY source, category, day, identifier",
    "ledger": "SELECT source, category, day, outcome FROM ledger ORDER BY source, category, day",
}
