"""Whom and what readers follow: authors, and searches saved as alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broadsheet.store.database import Transaction
from broadsheet.store.documents import Reads

VALUE_CHARS_MAX = 1_000
NAME_CHARS_MAX = 200


class FollowKind(StrEnum):
    AUTHOR = "author"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class Follow:
    """`value` is an author's id (`store.followed`) or a query, `name` what it is called."""

    kind: FollowKind
    value: str
    name: str
    followed_at: datetime


def list_follows(db: Reads, reader_no: int) -> list[Follow]:
    """By kind, then name."""
    rows = db.read(
        "SELECT kind, value, name, followed_at FROM follows WHERE reader_no = ?"
        " ORDER BY kind, name COLLATE NOCASE, value",
        (reader_no,),
    )
    return [
        Follow(FollowKind(kind), value, name, datetime.fromisoformat(at))
        for kind, value, name, at in rows
    ]


def is_followed(db: Reads, reader_no: int, kind: FollowKind, value: str) -> bool:
    return bool(
        db.read(
            "SELECT 1 FROM follows WHERE reader_no = ? AND kind = ? AND value = ?",
            (reader_no, kind.value, value),
        )
    )


def put_follow(
    transaction: Transaction,
    reader_no: int,
    kind: FollowKind,
    value: str,
    name: str,
    *,
    now: datetime,
) -> bool:
    """Whether that was news."""
    if is_followed(transaction, reader_no, kind, value):
        return False
    transaction.run(
        "INSERT INTO follows (reader_no, kind, value, name, followed_at) VALUES (?, ?, ?, ?, ?)",
        (
            reader_no,
            kind.value,
            value[:VALUE_CHARS_MAX],
            name[:NAME_CHARS_MAX],
            now.isoformat(),
        ),
    )
    return True


def remove_follow(
    transaction: Transaction, reader_no: int, kind: FollowKind, value: str
) -> str | None:
    """The name it had; None where it was not followed."""
    rows = transaction.read(
        "SELECT name FROM follows WHERE reader_no = ? AND kind = ? AND value = ?",
        (reader_no, kind.value, value),
    )
    transaction.run(
        "DELETE FROM follows WHERE reader_no = ? AND kind = ? AND value = ?",
        (reader_no, kind.value, value),
    )
    return str(rows[0][0]) if rows else None
