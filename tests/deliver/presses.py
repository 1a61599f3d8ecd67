"""A library with readers and strangers who want digests, and the press that makes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from broadsheet.jobs.press import Press, open_press
from broadsheet.settings import load_settings
from broadsheet.store.database import Database
from broadsheet.store.outbox import Entry, list_entries
from broadsheet.store.readers import LOCAL_READER_NO
from broadsheet.store.subscriptions import STRANGER, Channel, Wish, put_subscription
from tests.worlds import a_library, a_record

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
BEFORE = MONDAY - timedelta(days=1)
ADA, BO = "ada@example.net", "bo@example.com"


@dataclass
class Hours:
    """A clock that is set by hand."""

    at: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.at


def a_wish(**changes: Any) -> Wish:
    return replace(Wish("day", "", "The day's papers", Channel.MAIL, ADA), **changes)


def a_press(folder: Path, port: int, *, hours: Hours | None = None, **settings: Any) -> Press:
    """Twelve papers of Sunday, and no subscription."""
    db = a_library(folder, *(a_record(number) for number in range(1, 13)))
    return press_of(db, folder, port, hours=hours, **settings)


def press_of(
    db: Database, folder: Path, port: int, *, hours: Hours | None = None, **settings: Any
) -> Press:
    loaded = load_settings(home=folder).model_copy(
        update={
            "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none",
            "mail_from": "Broadsheet <press@example.org>",
            "address": "https://papers.example.org", **settings,
        }
    )  # fmt: skip
    return open_press(db, loaded, clock=hours or Hours())


def want(press: Press, *, reader_no: int = LOCAL_READER_NO, **changes: Any) -> int:
    """A subscription that was confirmed yesterday."""
    wish = a_wish(**changes)
    with press.db.transaction() as transaction:
        return put_subscription(
            transaction, reader_no, wish, secret="s" * 32, confirmed=True, now=BEFORE
        )


def want_as_stranger(press: Press, **changes: Any) -> int:
    return want(press, reader_no=STRANGER, **{"target": BO, **changes})


def entries_of(press: Press, *numbers: int) -> list[Entry]:
    """Oldest first."""
    return list_entries(press.db, numbers or range(1, 100))[::-1]


def states_of(press: Press, *numbers: int) -> list[str]:
    return [entry.state for entry in entries_of(press, *numbers)]


def papers_of(number: int, day: date, n: int) -> list[Any]:
    """`n` records of `day`, numbered from `number`."""
    return [a_record(number + k, announced=day, upvotes=n - k) for k in range(n)]
