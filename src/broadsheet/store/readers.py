"""Who reads here. Without accounts that is one person, LOCAL_READER_NO."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broadsheet.errors import NotFoundError
from broadsheet.store.columns import moment_of
from broadsheet.store.database import Row, Transaction
from broadsheet.store.documents import Reads

LOCAL_READER_NO = 1


class Role(StrEnum):
    OWNER = "owner"
    READER = "reader"


@dataclass(frozen=True, slots=True)
class Reader:
    """`state_no` grows with everything this reader, or a fellow of a group, does."""

    reader_no: int
    name: str
    email: str | None
    role: Role
    state_no: int
    has_password: bool
    created_at: datetime
    disabled_at: datetime | None

    @property
    def is_owner(self) -> bool:
        return self.role is Role.OWNER


_COLUMNS = "reader_no, name, email, role, state_no, password IS NOT NULL, created_at, disabled_at"


def get_reader(db: Reads, reader_no: int) -> Reader:
    """Raises NotFoundError."""
    rows = db.read(f"SELECT {_COLUMNS} FROM readers WHERE reader_no = ?", (reader_no,))  # noqa: S608
    if not rows:
        raise NotFoundError(f"no reader {reader_no} here")
    return reader_of_row(rows[0])


def find_reader(db: Reads, email: str) -> Reader | None:
    rows = db.read(f"SELECT {_COLUMNS} FROM readers WHERE email = ?", (email.lower(),))  # noqa: S608
    return reader_of_row(rows[0]) if rows else None


def list_readers(db: Reads) -> list[Reader]:
    return [
        reader_of_row(row)
        for row in db.read(f"SELECT {_COLUMNS} FROM readers ORDER BY reader_no")  # noqa: S608
    ]


def touch(transaction: Transaction, reader_no: int) -> None:
    """What was kept for this reader, or for a fellow of one of their groups, is out of date."""
    transaction.run(
        "UPDATE readers SET state_no = state_no + 1 WHERE reader_no = ? OR reader_no IN ("
        " SELECT fellow.reader_no FROM members own JOIN members fellow USING (group_no)"
        " WHERE own.reader_no = ?)",
        (reader_no, reader_no),
    )


def library_secret(db: Reads) -> bytes:
    """The key that this library signs its forms with."""
    return bytes.fromhex(db.read("SELECT value FROM about WHERE name = 'secret'")[0][0])


def reader_of_row(row: Row) -> Reader:
    reader_no, name, email, role, state_no, has_password, created, disabled = row
    return Reader(
        reader_no,
        name,
        email,
        Role(role),
        state_no,
        bool(has_password),
        datetime.fromisoformat(created),
        moment_of(disabled),
    )
