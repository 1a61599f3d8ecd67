"""Groups: people who share collections, notes and votes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broadsheet.errors import NotFoundError, UsageError
from broadsheet.store.database import Transaction
from broadsheet.store.documents import Reads
from broadsheet.store.readers import touch

NAME_CHARS_MAX = 80


class GroupRole(StrEnum):
    """lead: invites and removes. member: adds and writes. guest: reads."""

    LEAD = "lead"
    MEMBER = "member"
    GUEST = "guest"


@dataclass(frozen=True, slots=True)
class Group:
    """`role` is that of the reader who asked."""

    group_no: int
    name: str
    role: GroupRole
    n_members: int


@dataclass(frozen=True, slots=True)
class Member:
    reader_no: int
    name: str
    role: GroupRole
    joined_at: datetime


def list_groups(db: Reads, reader_no: int) -> list[Group]:
    """The groups this reader is in, by name."""
    rows = db.read(
        "SELECT g.group_no, g.name, m.role,"
        " (SELECT count(*) FROM members a WHERE a.group_no = g.group_no)"
        " FROM groups g JOIN members m USING (group_no) WHERE m.reader_no = ?"
        " ORDER BY g.name COLLATE NOCASE, g.group_no",
        (reader_no,),
    )
    return [Group(number, name, GroupRole(role), n) for number, name, role, n in rows]


def get_group(db: Reads, reader_no: int, group_no: int) -> Group:
    """Raises NotFoundError, also where there is one that this reader is not in."""
    for group in list_groups(db, reader_no):
        if group.group_no == group_no:
            return group
    raise NotFoundError(f"no group {group_no} of yours")


def list_members(db: Reads, group_no: int) -> list[Member]:
    rows = db.read(
        "SELECT m.reader_no, r.name, m.role, m.joined_at FROM members m"
        " JOIN readers r USING (reader_no) WHERE m.group_no = ? ORDER BY m.joined_at, m.reader_no",
        (group_no,),
    )
    return [
        Member(number, name, GroupRole(role), datetime.fromisoformat(at))
        for number, name, role, at in rows
    ]


def make_group(transaction: Transaction, reader_no: int, name: str, *, now: datetime) -> int:
    """A group led by this reader. Raises UsageError for a name that is none."""
    name = " ".join(name.split())
    if not name or len(name) > NAME_CHARS_MAX:
        raise UsageError(f"a group's name has 1 to {NAME_CHARS_MAX} characters")
    number = transaction.run(
        "INSERT INTO groups (name, created_at) VALUES (?, ?)", (name, now.isoformat())
    )
    put_member(transaction, number, reader_no, GroupRole.LEAD, now=now)
    return number


def put_member(
    transaction: Transaction, group_no: int, reader_no: int, role: GroupRole, *, now: datetime
) -> None:
    """Join a group, or take another role in it."""
    transaction.run(
        "INSERT INTO members (group_no, reader_no, role, joined_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (group_no, reader_no) DO UPDATE SET role = excluded.role",
        (group_no, reader_no, role.value, now.isoformat()),
    )
    touch(transaction, reader_no)


def remove_member(transaction: Transaction, group_no: int, reader_no: int) -> None:
    """Raises UsageError where nobody would lead those who stay."""
    members = list_members(transaction, group_no)
    staying = [member for member in members if member.reader_no != reader_no]
    if staying and not any(member.role is GroupRole.LEAD for member in staying):
        raise UsageError("a group needs somebody who leads it; let another lead first")
    touch(transaction, reader_no)
    transaction.run(
        "DELETE FROM members WHERE group_no = ? AND reader_no = ?", (group_no, reader_no)
    )
