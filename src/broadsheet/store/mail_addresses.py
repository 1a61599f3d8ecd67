"""What is known of mail addresses: what bounced, what complained, what is paused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from broadsheet.store.columns import moment_of, text_of
from broadsheet.store.database import Row, Transaction
from broadsheet.store.documents import Reads

#: A mailbox that is full, or away, bounces for days; a wrong one at once and for ever.
SOFT_BOUNCES_MAX = 5
#: After so long without another one, counting begins anew.
SOFT_BOUNCES_WITHIN = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class AddressState:
    address: str
    n_bounces: int
    reason: str
    heard_at: datetime
    paused_at: datetime | None


def find_address(db: Reads, address: str) -> AddressState | None:
    rows = db.read(
        "SELECT address, n_bounces, reason, heard_at, paused_at FROM addresses WHERE address = ?",
        (address.lower(),),
    )
    return _state(rows[0]) if rows else None


def is_paused(db: Reads, address: str) -> bool:
    found = find_address(db, address)
    return found is not None and found.paused_at is not None


def list_paused(db: Reads) -> list[AddressState]:
    rows = db.read(
        "SELECT address, n_bounces, reason, heard_at, paused_at FROM addresses"
        " WHERE paused_at IS NOT NULL ORDER BY paused_at DESC, address"
    )
    return [_state(row) for row in rows]


def note_bounce(
    transaction: Transaction, address: str, reason: str, *, permanent: bool, now: datetime
) -> bool:
    """One more bounce or a complaint; whether the address is paused now."""
    before = find_address(transaction, address)
    is_recent = before is not None and now - before.heard_at <= SOFT_BOUNCES_WITHIN
    n_bounces = before.n_bounces + 1 if before and is_recent else 1
    pauses = permanent or n_bounces >= SOFT_BOUNCES_MAX
    paused_at = before.paused_at if before else None
    if pauses and paused_at is None:
        paused_at = now
    transaction.run(
        "INSERT INTO addresses (address, n_bounces, reason, heard_at, paused_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (address) DO UPDATE SET"
        " n_bounces = excluded.n_bounces, reason = excluded.reason, heard_at = excluded.heard_at,"
        " paused_at = excluded.paused_at",
        (address.lower(), n_bounces, reason[:400], now.isoformat(), text_of(paused_at)),
    )
    return paused_at is not None


def resume_address(transaction: Transaction, address: str) -> None:
    """Mail goes there again; what was counted is forgotten."""
    transaction.run("DELETE FROM addresses WHERE address = ?", (address.lower(),))


def _state(row: Row) -> AddressState:
    address, n_bounces, reason, heard_at, paused_at = row
    return AddressState(
        address, n_bounces, reason, datetime.fromisoformat(heard_at), moment_of(paused_at)
    )
