"""The outbox: one digest of a subscription for a date, and where it stands.

Every step is a transaction of its own that names the state it found: of two who try the same
step one alone succeeds, and whoever dies between two steps leaves a state that tells which.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from broadsheet.errors import NotFoundError
from broadsheet.store.columns import day_of, moment_of, text_of
from broadsheet.store.database import Row, Transaction
from broadsheet.store.documents import Reads, read_in

REASON_CHARS_MAX = 400


@dataclass(frozen=True, slots=True)
class Delivered:
    """A paper of a digest; of an interest's slate where `interest_no` is not 0: then `kind` to
    `is_above` are what `shown` keeps of it."""

    doc_no: int
    interest_no: int = 0
    kind: str = "chosen"
    rank: int = 0
    propensity: float = 1.0
    is_above: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """A digest in the outbox. `state` is one of deliver/outcome.py's; `next_at` when it may be
    tried, None when it never will be."""

    digest_no: int
    subscription_no: int
    day: date
    state: str
    reason: str
    subject: str
    n_shown: int
    until_no: int
    host: str
    n_tries: int
    due_at: datetime
    composed_at: datetime | None
    tried_at: datetime | None
    next_at: datetime | None
    ended_at: datetime | None


_COLUMNS = (
    "digest_no, subscription_no, day, state, reason, subject, n_shown, until_no, host, n_tries,"
    " due_at, composed_at, tried_at, next_at, ended_at"
)


#: Nobody unsubscribed, its reader is not shut out, and the interest, where it is of one, was not
#: dropped.
_WANTED = (
    "subscriptions.ended_at IS NULL AND (topic <> 'interest' OR EXISTS (SELECT 1 FROM interests"
    " WHERE interest_no = CAST(value AS INTEGER) AND dropped_at IS NULL))"
    " AND (reader_no = 0 OR EXISTS (SELECT 1 FROM readers WHERE"
    " readers.reader_no = subscriptions.reader_no AND disabled_at IS NULL))"
)


def put_due(
    transaction: Transaction, subscription_no: int, day: date, *, now: datetime
) -> int | None:
    """The number of a new digest; None where this date has one, or had one and it was dropped."""
    if transaction.read(
        "SELECT 1 FROM digests WHERE subscription_no = ? AND day = ?",
        (subscription_no, day.isoformat()),
    ):
        return None
    return transaction.run(
        "INSERT INTO digests (subscription_no, day, state, reason, subject, n_shown, until_no,"
        " host, n_tries, due_at) VALUES (?, ?, 'due', '', '', 0, 0, '', 0, ?)",
        (subscription_no, day.isoformat(), now.isoformat()),
    )


def cover_waiting(
    transaction: Transaction, subscription_no: int, digest_no: int, day: date, *, now: datetime
) -> None:
    """Earlier digests that have not gone are not tried again: this one covers what they said."""
    transaction.run(
        "UPDATE digests SET state = 'covered', content = NULL, next_at = NULL, ended_at = ?,"
        " reason = 'it could not go (' || reason || '); the digest of ' || ? || ' covers it'"
        " WHERE subscription_no = ? AND digest_no < ? AND state IN ('due', 'composed', 'retry')",
        (now.isoformat(), day.isoformat(), subscription_no, digest_no),
    )


def put_composed(
    transaction: Transaction,
    digest_no: int,
    *,
    subject: str,
    papers: Sequence[Delivered],
    until_no: int,
    host: str,
    content: bytes,
    page: bytes,
    now: datetime,
) -> bool:
    """Whether it was still due: nobody has unsubscribed, and nobody else has composed it. `page`
    is kept for its reader (`page_of`)."""
    if not _is_in(transaction, digest_no, "due"):
        return False
    transaction.run(
        "UPDATE digests SET state = 'composed', subject = ?, n_shown = ?, until_no = ?, host = ?,"
        " content = ?, composed_at = ?, next_at = ? WHERE digest_no = ?",
        (
            subject, len(papers), until_no, host, content, now.isoformat(), now.isoformat(),
            digest_no,
        ),
    )  # fmt: skip
    transaction.run_many(
        "INSERT OR IGNORE INTO delivered (digest_no, doc_no, interest_no, kind, rank, propensity,"
        " is_above) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                digest_no,
                paper.doc_no,
                paper.interest_no,
                paper.kind,
                paper.rank,
                paper.propensity,
                int(paper.is_above),
            )
            for paper in papers
        ],
    )
    transaction.run(
        "INSERT OR REPLACE INTO digest_pages (digest_no, kept_at, content) VALUES (?, ?, ?)",
        (digest_no, now.isoformat(), page),
    )
    return True


def page_of(db: Reads, digest_no: int) -> bytes:
    """What a digest showed. Raises NotFoundError for one that was forgotten, or never made."""
    rows = db.read("SELECT content FROM digest_pages WHERE digest_no = ?", (digest_no,))
    if not rows:
        raise NotFoundError(f"what digest {digest_no} showed is not kept")
    return bytes(rows[0][0])


def with_pages(db: Reads, digest_nos: Sequence[int]) -> set[int]:
    """Those of these digests that can still be read as pages."""
    rows = read_in(db, "SELECT digest_no FROM digest_pages WHERE digest_no IN (?*)", digest_nos)
    return {number for (number,) in rows}


def has_pages_of(db: Reads, before: datetime) -> bool:
    """Whether a page was kept before then."""
    return bool(
        db.read("SELECT 1 FROM digest_pages WHERE kept_at < ? LIMIT 1", (before.isoformat(),))
    )


def forget_pages(transaction: Transaction, *, before: datetime) -> None:
    transaction.run("DELETE FROM digest_pages WHERE kept_at < ?", (before.isoformat(),))


def note_reason(transaction: Transaction, digest_no: int, reason: str) -> None:
    """Why a due digest is not composed yet."""
    transaction.run(
        "UPDATE digests SET reason = ? WHERE digest_no = ? AND state = 'due'",
        (reason[:REASON_CHARS_MAX], digest_no),
    )


def put_unsent(
    transaction: Transaction,
    digest_no: int,
    state: str,
    reason: str,
    *,
    until_no: int = 0,
    now: datetime,
) -> None:
    """A due digest that comes to nothing: empty, failed or dropped."""
    transaction.run(
        "UPDATE digests SET state = ?, reason = ?, until_no = ?, ended_at = ?"
        " WHERE digest_no = ? AND state = 'due'",
        (state, reason[:REASON_CHARS_MAX], until_no, now.isoformat(), digest_no),
    )


def claim(transaction: Transaction, digest_no: int, *, now: datetime) -> bool:
    """From now on its fate is unknown until it is known; False where it is not there to be sent,
    or not wanted any more."""
    if not is_wanted(transaction, digest_no):
        return False
    transaction.run(
        "UPDATE digests SET state = 'sending', tried_at = ?, next_at = NULL WHERE digest_no = ?",
        (now.isoformat(), digest_no),
    )
    return True


def put_fate(
    transaction: Transaction,
    digest_no: int,
    state: str,
    reason: str,
    *,
    next_at: datetime | None,
    now: datetime,
) -> None:
    """What became of a try. What will not be tried again needs its content no more."""
    ended = next_at is None
    transaction.run(
        "UPDATE digests SET state = ?, reason = ?, next_at = ?, n_tries = n_tries + 1,"
        " tried_at = ?, ended_at = ?, content = iif(?, NULL, content)"
        " WHERE digest_no = ? AND state IN ('composed', 'retry', 'sending')",
        (
            state, reason[:REASON_CHARS_MAX], text_of(next_at),
            now.isoformat(), text_of(now if ended else None), ended, digest_no,
        ),
    )  # fmt: skip
    _show(transaction, [digest_no], now)


def is_wanted(db: Reads, digest_no: int) -> bool:
    """Whether it waits to be sent, and somebody still wants it."""
    return bool(
        db.read(
            "SELECT 1 FROM digests JOIN subscriptions USING (subscription_no)"  # noqa: S608
            f" WHERE digest_no = ? AND state IN ('composed', 'retry') AND {_WANTED}",
            (digest_no,),
        )
    )


def drop_unwanted(transaction: Transaction, digest_no: int, *, now: datetime) -> None:
    """What waited to be sent, and nobody wants any more."""
    transaction.run(
        "UPDATE digests SET state = 'dropped', reason = 'it was not wanted any more',"
        " content = NULL, next_at = NULL, ended_at = ?"
        " WHERE digest_no = ? AND state IN ('composed', 'retry')",
        (now.isoformat(), digest_no),
    )


def postpone(transaction: Transaction, digest_no: int, until: datetime) -> None:
    transaction.run(
        "UPDATE digests SET next_at = ? WHERE digest_no = ? AND state IN ('composed', 'retry')",
        (until.isoformat(), digest_no),
    )


def settle_interrupted(transaction: Transaction, state: str, reason: str, *, now: datetime) -> int:
    """Every digest found in `sending`; only for whoever holds the lock of sending."""
    found = transaction.read("SELECT digest_no FROM digests WHERE state = 'sending'")
    transaction.run(
        "UPDATE digests SET state = ?, reason = ?, content = NULL, ended_at = ?,"
        " n_tries = n_tries + 1 WHERE state = 'sending'",
        (state, reason, now.isoformat()),
    )
    _show(transaction, [number for (number,) in found], now)
    return len(found)


def get_entry(db: Reads, digest_no: int) -> Entry:
    """Raises NotFoundError."""
    rows = db.read(f"SELECT {_COLUMNS} FROM digests WHERE digest_no = ?", (digest_no,))  # noqa: S608
    if not rows:
        raise NotFoundError(f"no digest {digest_no} here")
    return _entry(rows[0])


def content_of(db: Reads, digest_no: int) -> bytes:
    """What is sent; nothing once it need not be."""
    rows = db.read("SELECT content FROM digests WHERE digest_no = ?", (digest_no,))
    return bytes(rows[0][0]) if rows and rows[0][0] is not None else b""


def list_due(db: Reads) -> list[Entry]:
    """Digests that wait to be composed, oldest first."""
    rows = db.read(f"SELECT {_COLUMNS} FROM digests WHERE state = 'due' ORDER BY digest_no")  # noqa: S608
    return [_entry(row) for row in rows]


def list_ready(
    db: Reads, *, now: datetime, limit: int, by_mail: bool, only: int | None = None
) -> list[Entry]:
    """Digests that may be tried now, by mail or by webhook, those that have waited longest first;
    of one subscription where it is given."""
    rows = db.read(
        f"SELECT {_COLUMNS} FROM digests WHERE next_at <= ? AND state IN ('composed', 'retry')"  # noqa: S608
        " AND (SELECT channel FROM subscriptions s WHERE s.subscription_no ="
        " digests.subscription_no) = 'mail' = ? AND ? IN (0, subscription_no)"
        " ORDER BY next_at, digest_no LIMIT ?",
        (now.isoformat(), int(by_mail), only or 0, limit),
    )
    return [_entry(row) for row in rows]


def list_entries(db: Reads, subscription_nos: Sequence[int], *, limit: int = 60) -> list[Entry]:
    """The last digests of these subscriptions, newest first."""
    rows = read_in(
        db,
        f"SELECT {_COLUMNS} FROM digests WHERE subscription_no IN (?*)"  # noqa: S608
        " ORDER BY digest_no DESC LIMIT ?",
        subscription_nos,
        limit,
    )
    return sorted((_entry(row) for row in rows), key=lambda entry: -entry.digest_no)[:limit]


def list_troubled(db: Reads, *, since: datetime) -> list[Entry]:
    """Digests that failed, or whose fate is unknown, since then; and all that wait for a retry."""
    rows = db.read(
        f"SELECT {_COLUMNS} FROM digests WHERE state = 'retry'"  # noqa: S608
        " OR (state IN ('failed', 'unknown') AND ended_at > ?) ORDER BY digest_no DESC",
        (since.isoformat(),),
    )
    return [_entry(row) for row in rows]


def count_states(db: Reads) -> dict[str, int]:
    return dict(db.read("SELECT state, count(*) FROM digests GROUP BY state ORDER BY state"))


def last_day(db: Reads, subscription_no: int, *, until: date) -> date | None:
    """The latest date up to `until` that has a digest: one that a wrong clock has put years ahead
    must not keep all until then from being made."""
    rows = db.read(
        "SELECT max(day) FROM digests WHERE subscription_no = ? AND day <= ?",
        (subscription_no, until.isoformat()),
    )
    return day_of(rows[0][0])


def looked_at(db: Reads, subscription_no: int, unsent: Iterable[str]) -> int:
    """The newest document that a digest of this subscription has covered: one that went, may
    have gone, waits to go, or had nothing to say. 0 before the first."""
    without = tuple(unsent)
    places = ", ".join("?" * len(without))
    rows = db.read(
        f"SELECT max(until_no) FROM digests WHERE subscription_no = ?"  # noqa: S608
        f" AND state NOT IN ('due', {places})",
        (subscription_no, *without),
    )
    return int(rows[0][0] or 0)


def had_before(db: Reads, person: tuple[int, str], unsent: Iterable[str]) -> set[int]:
    """What a reader, or an address, was sent already, on any channel."""
    reader_no, target = person
    if reader_no:
        return had_elsewhere(db, reader_no, NO_INTEREST, unsent)
    rows = db.read(f"{_HAD} WHERE s.reader_no = 0 AND s.target = ?", (target,))
    return _went(rows, unsent)


def had_elsewhere(db: Reads, reader_no: int, interest_no: int, unsent: Iterable[str]) -> set[int]:
    """What this reader was sent by digests that are not of this interest."""
    rows = db.read(f"{_HAD} WHERE s.reader_no = ? AND v.interest_no <> ?", (reader_no, interest_no))
    return _went(rows, unsent)


#: Read from the person to their papers, which are few; `delivered` holds everybody's.
_HAD = (
    "SELECT coalesce(d.merged_into, d.doc_no), g.state FROM subscriptions s"
    " CROSS JOIN digests g ON g.subscription_no = s.subscription_no"
    " CROSS JOIN delivered v ON v.digest_no = g.digest_no"
    " CROSS JOIN documents d ON d.doc_no = v.doc_no"
)
NO_INTEREST = -1


def _went(rows: Iterable[Row], unsent: Iterable[str]) -> set[int]:
    without = set(unsent)
    return {doc_no for doc_no, state in rows if state not in without}


def sent_lately(db: Reads, *, now: datetime) -> dict[str, int]:
    """How many tries each host has had within the last minute."""
    since = now - timedelta(minutes=1)
    return dict(
        db.read(
            "SELECT host, count(*) FROM digests WHERE tried_at > ? AND tried_at <= ? GROUP BY host",
            (since.isoformat(), now.isoformat()),
        )
    )


def _show(transaction: Transaction, digest_nos: Sequence[int], now: datetime) -> None:
    """What has gone, or may have, was shown to its reader."""
    for number in digest_nos:
        transaction.run(
            "INSERT OR IGNORE INTO shown (reader_no, doc_no, interest_no, shown_on, channel, kind,"
            " rank, propensity, is_above, shown_at)"
            " SELECT s.reader_no, v.doc_no, v.interest_no, g.day,"
            "  iif(s.channel = 'mail', 'mail', 'webhook'), v.kind, v.rank, v.propensity,"
            "  v.is_above, ?"
            " FROM delivered v JOIN digests g USING (digest_no)"
            " JOIN subscriptions s USING (subscription_no)"
            " WHERE g.digest_no = ? AND g.state IN ('sent', 'unknown') AND v.interest_no <> 0"
            " AND s.reader_no <> 0",
            (now.isoformat(), number),
        )


def _is_in(transaction: Transaction, digest_no: int, state: str) -> bool:
    return bool(
        transaction.read(
            "SELECT 1 FROM digests JOIN subscriptions USING (subscription_no)"  # noqa: S608
            f" WHERE digest_no = ? AND state = ? AND {_WANTED}",
            (digest_no, state),
        )
    )


def _entry(row: Row) -> Entry:
    number, subscription_no, day, state, reason, subject, *counts, host, n_tries = row[:10]
    n_shown, until_no = counts
    return Entry(
        number, subscription_no, date.fromisoformat(day), state, reason, subject, n_shown,
        until_no, host, n_tries, datetime.fromisoformat(row[10]), *map(moment_of, row[11:]),
    )  # fmt: skip
