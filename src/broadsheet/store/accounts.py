"""Accounts: who may log in, with what, from where; and the limits on trying.

Of passwords, sessions, links and tokens only hashes are kept. What hashes and what is
random is the caller's business (`keys`, `web/entrance`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from broadsheet.errors import NotFoundError, UsageError
from broadsheet.store.columns import moment_of
from broadsheet.store.database import Row, Transaction
from broadsheet.store.documents import Reads
from broadsheet.store.groups import GroupRole, put_member
from broadsheet.store.readers import Reader, Role, find_reader, get_reader, list_readers, touch

SESSION_DAYS = 60
#: A session's last use is written down at most this often.
SEEN_EVERY_MINUTES = 10


class LinkKind(StrEnum):
    LOGIN = "login"
    INVITATION = "invitation"


@dataclass(frozen=True, slots=True)
class Session:
    session_no: int
    device: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """`group_no` and `role` say what an invitation is to; `by` is who invites."""

    link_no: int
    kind: LinkKind
    email: str
    by: int | None
    group_no: int | None
    role: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    token_no: int
    name: str
    scopes: frozenset[str]
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


#: RFC 5321, 4.1.2 (Dot-string, without the quotation mark that forms and shells trip over; Domain)
#: and 4.5.3.1.1. Quoted names and addresses in numbers are nobody's.
_ATOM = r"[a-z0-9!#$%&*+/=?^_{|}~`-]+"
_NAME = re.compile(rf"(?=.{{1,64}}$){_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def normalised_email(text: str) -> str:
    """In lower case. What no mail can be addressed to is none. Raises UsageError."""
    email = text.strip().lower()
    name, _, host = email.rpartition("@")
    if not _NAME.fullmatch(name) or not _HOST.fullmatch(host) or len(email) > 254:
        raise UsageError(f"{text.strip()[:80]!r} is no mail address")
    return email


def make_reader(
    transaction: Transaction, *, email: str, name: str, role: Role, now: datetime
) -> Reader:
    """A new account. The first owner takes over what the library's only reader did before
    there were accounts. Raises UsageError where the address has an account.
    """
    email = normalised_email(email)
    if find_reader(transaction, email) is not None:
        raise UsageError(f"{email} has an account here already")
    name = " ".join(name.split())[:80] or email.partition("@")[0]
    local = [reader for reader in list_readers(transaction) if reader.email is None]
    if role is Role.OWNER and local:
        number = local[0].reader_no
        transaction.run(
            "UPDATE readers SET email = ?, name = ? WHERE reader_no = ?", (email, name, number)
        )
    else:
        number = transaction.run(
            "INSERT INTO readers (name, email, role, created_at) VALUES (?, ?, ?, ?)",
            (name, email, role.value, now.isoformat()),
        )
    return get_reader(transaction, number)


def set_password(transaction: Transaction, reader_no: int, password_hash: str | None) -> None:
    transaction.run(
        "UPDATE readers SET password = ? WHERE reader_no = ?", (password_hash, reader_no)
    )


def password_hash_of(db: Reads, reader_no: int) -> str | None:
    rows = db.read("SELECT password FROM readers WHERE reader_no = ?", (reader_no,))
    return rows[0][0] if rows else None


def rename_reader(transaction: Transaction, reader_no: int, name: str) -> None:
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise UsageError("a name has 1 to 80 characters")
    transaction.run(
        "UPDATE readers SET name = ?, state_no = state_no + 1 WHERE reader_no = ?",
        (name, reader_no),
    )


def disable_reader(transaction: Transaction, reader_no: int, *, now: datetime) -> None:
    """No way in is left. Raises UsageError for the last owner."""
    reader = get_reader(transaction, reader_no)
    owners = [
        other
        for other in list_readers(transaction)
        if other.is_owner and other.email and not other.disabled_at
    ]
    if reader.is_owner and len(owners) < 2:
        raise UsageError("the last owner cannot be shut out; make another reader an owner first")
    transaction.run(
        "UPDATE readers SET disabled_at = ? WHERE reader_no = ?", (now.isoformat(), reader_no)
    )
    touch(transaction, reader_no)
    end_sessions(transaction, reader_no)
    transaction.run(
        "UPDATE tokens SET revoked_at = ? WHERE reader_no = ? AND revoked_at IS NULL",
        (now.isoformat(), reader_no),
    )


def enable_reader(transaction: Transaction, reader_no: int) -> None:
    transaction.run("UPDATE readers SET disabled_at = NULL WHERE reader_no = ?", (reader_no,))
    touch(transaction, reader_no)


def start_session(
    transaction: Transaction, reader_no: int, secret_hash: bytes, device: str, *, now: datetime
) -> None:
    at = now.isoformat()
    expires_at = (now + timedelta(days=SESSION_DAYS)).isoformat()
    transaction.run("DELETE FROM sessions WHERE expires_at < ?", (at,))
    transaction.run(
        "INSERT INTO sessions (secret_hash, reader_no, device, created_at, seen_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (secret_hash, reader_no, device[:200], at, at, expires_at),
    )


def find_session(db: Reads, secret_hash: bytes, *, now: datetime) -> tuple[Session, Reader] | None:
    """The session that has not ended, of a reader who is not shut out."""
    rows = db.read(
        "SELECT session_no, device, created_at, seen_at, reader_no FROM sessions"
        " WHERE secret_hash = ? AND expires_at > ?",
        (secret_hash, now.isoformat()),
    )
    if not rows:
        return None
    reader = get_reader(db, rows[0][4])
    return None if reader.disabled_at else (_session(rows[0]), reader)


def note_seen(transaction: Transaction, session_no: int, *, now: datetime) -> None:
    transaction.run(
        "UPDATE sessions SET seen_at = ?, expires_at = ? WHERE session_no = ?",
        (now.isoformat(), (now + timedelta(days=SESSION_DAYS)).isoformat(), session_no),
    )


def list_sessions(db: Reads, reader_no: int, *, now: datetime) -> list[Session]:
    """Last used first."""
    rows = db.read(
        "SELECT session_no, device, created_at, seen_at FROM sessions"
        " WHERE reader_no = ? AND expires_at > ? ORDER BY seen_at DESC",
        (reader_no, now.isoformat()),
    )
    return [_session(row) for row in rows]


def end_session(transaction: Transaction, reader_no: int, session_no: int) -> None:
    transaction.run(
        "DELETE FROM sessions WHERE reader_no = ? AND session_no = ?", (reader_no, session_no)
    )


def end_sessions(transaction: Transaction, reader_no: int, *, but: int | None = None) -> None:
    transaction.run(
        "DELETE FROM sessions WHERE reader_no = ? AND session_no <> ?", (reader_no, but or 0)
    )


def put_link(
    transaction: Transaction,
    secret_hash: bytes,
    kind: LinkKind,
    email: str,
    *,
    now: datetime,
    valid_for: timedelta,
    by: int | None = None,
    group_no: int | None = None,
    role: str = Role.READER.value,
) -> None:
    """A new one; those out of date, which let nobody in, are forgotten."""
    transaction.run("DELETE FROM links WHERE expires_at < ?", (now.isoformat(),))
    transaction.run(
        "INSERT INTO links (secret_hash, kind, email, reader_no, group_no, role, created_at,"
        " expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            secret_hash,
            kind.value,
            email,
            by,
            group_no,
            role,
            now.isoformat(),
            (now + valid_for).isoformat(),
        ),
    )


def find_link(db: Reads, secret_hash: bytes, *, now: datetime) -> Link | None:
    """A link that is neither used nor out of date."""
    rows = db.read(
        "SELECT link_no, kind, email, reader_no, group_no, role, expires_at FROM links"
        " WHERE secret_hash = ? AND used_at IS NULL AND expires_at > ?",
        (secret_hash, now.isoformat()),
    )
    return _link(rows[0]) if rows else None


def list_invitations(db: Reads, *, now: datetime) -> list[Link]:
    rows = db.read(
        "SELECT link_no, kind, email, reader_no, group_no, role, expires_at FROM links"
        " WHERE kind = 'invitation' AND used_at IS NULL AND expires_at > ? ORDER BY link_no DESC",
        (now.isoformat(),),
    )
    return [_link(row) for row in rows]


def use_link(
    transaction: Transaction, secret_hash: bytes, *, now: datetime, logged_in: int | None = None
) -> Reader:
    """Who the link lets in; an invitation makes the account and joins the group.

    Whoever invites sees the link. So an invitation opens no account that is there already:
    its reader must be logged in, else UsageError.

    Raises NotFoundError where it is unknown, used or out of date, or the reader is shut out.
    """
    link = find_link(transaction, secret_hash, now=now)
    if link is None:
        raise NotFoundError("this link was used before, or is out of date")
    reader = find_reader(transaction, link.email)
    if reader and link.kind is LinkKind.INVITATION and reader.reader_no != logged_in:
        raise UsageError(f"{link.email} has an account; log in first, then open this link again")
    transaction.run(
        "UPDATE links SET used_at = ? WHERE link_no = ?", (now.isoformat(), link.link_no)
    )
    if reader is None and link.kind is LinkKind.INVITATION:
        reader = make_reader(
            transaction, email=link.email, name="", role=_account_role(link), now=now
        )
    if reader is None or reader.disabled_at:
        raise NotFoundError("this link was used before, or is out of date")
    if link.kind is LinkKind.INVITATION and link.group_no is not None:
        put_member(transaction, link.group_no, reader.reader_no, GroupRole(link.role), now=now)
    return reader


def drop_invitation(transaction: Transaction, link_no: int, *, now: datetime) -> None:
    transaction.run(
        "UPDATE links SET used_at = ? WHERE link_no = ? AND kind = 'invitation'",
        (now.isoformat(), link_no),
    )


def put_token(
    transaction: Transaction,
    reader_no: int,
    secret_hash: bytes,
    name: str,
    scopes: frozenset[str],
    *,
    now: datetime,
) -> int:
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise UsageError("a token's name has 1 to 80 characters")
    if not scopes or scopes - {"read", "write"}:
        raise UsageError("a token's scopes are read, write, or both")
    return transaction.run(
        "INSERT INTO tokens (secret_hash, reader_no, name, scopes, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (secret_hash, reader_no, name, "\n".join(sorted(scopes)), now.isoformat()),
    )


def find_token(db: Reads, secret_hash: bytes) -> tuple[Token, Reader] | None:
    """A token that was not revoked, of a reader who is not shut out."""
    rows = db.read(
        "SELECT token_no, name, scopes, created_at, used_at, revoked_at, reader_no FROM tokens"
        " WHERE secret_hash = ? AND revoked_at IS NULL",
        (secret_hash,),
    )
    if not rows:
        return None
    reader = get_reader(db, rows[0][6])
    return None if reader.disabled_at else (_token(rows[0]), reader)


def list_tokens(db: Reads, reader_no: int) -> list[Token]:
    """Newest first, revoked ones too."""
    rows = db.read(
        "SELECT token_no, name, scopes, created_at, used_at, revoked_at FROM tokens"
        " WHERE reader_no = ? ORDER BY token_no DESC",
        (reader_no,),
    )
    return [_token(row) for row in rows]


def revoke_token(transaction: Transaction, reader_no: int, token_no: int, *, now: datetime) -> None:
    """Raises NotFoundError for one that is not this reader's."""
    if not transaction.read(
        "SELECT 1 FROM tokens WHERE token_no = ? AND reader_no = ?", (token_no, reader_no)
    ):
        raise NotFoundError(f"no token {token_no} of this reader")
    transaction.run(
        "UPDATE tokens SET revoked_at = ? WHERE token_no = ? AND revoked_at IS NULL",
        (now.isoformat(), token_no),
    )


def note_token_used(transaction: Transaction, token_no: int, *, now: datetime) -> None:
    transaction.run("UPDATE tokens SET used_at = ? WHERE token_no = ?", (now.isoformat(), token_no))


def may_try(
    transaction: Transaction, kind: str, who: str, *, most: int, within: timedelta, now: datetime
) -> bool:
    """Count one more try, unless there were `most` within that time already.

    Tries written down under a later hour do not count: a clock that went back locks nobody out.
    """
    since = (now - within).isoformat()
    transaction.run(
        "DELETE FROM tries WHERE tried_at < ?", ((now - timedelta(days=2)).isoformat(),)
    )
    ((n,),) = transaction.read(
        "SELECT count(*) FROM tries WHERE kind = ? AND who = ? AND tried_at > ? AND tried_at <= ?",
        (kind, who, since, now.isoformat()),
    )
    if n >= most:
        return False
    transaction.run(
        "INSERT INTO tries (kind, who, tried_at) VALUES (?, ?, ?)", (kind, who, now.isoformat())
    )
    return True


def forget_tries(transaction: Transaction, kind: str, who: str) -> None:
    transaction.run("DELETE FROM tries WHERE kind = ? AND who = ?", (kind, who))


def _account_role(link: Link) -> Role:
    return Role(link.role) if link.group_no is None else Role.READER


def _session(row: Row) -> Session:
    return Session(row[0], row[1], datetime.fromisoformat(row[2]), datetime.fromisoformat(row[3]))


def _link(row: Row) -> Link:
    number, kind, email, by, group_no, role, expires_at = row
    return Link(
        number, LinkKind(kind), email, by, group_no, role, datetime.fromisoformat(expires_at)
    )


def _token(row: Row) -> Token:
    number, name, scopes, created_at, used_at, revoked_at = row[:6]
    return Token(
        number,
        name,
        frozenset(scopes.split("\n")),
        datetime.fromisoformat(created_at),
        moment_of(used_at),
        moment_of(revoked_at),
    )
