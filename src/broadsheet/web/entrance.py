"""Letting readers in: by password, by a mailed link, by invitation; within limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address, ip_network

from starlette.requests import Request

from broadsheet.addresses import enter_path
from broadsheet.keys import hash_secret, is_password, is_secret, new_secret
from broadsheet.store.accounts import (
    Link,
    LinkKind,
    end_session,
    find_link,
    forget_tries,
    may_try,
    normalised_email,
    password_hash_of,
    put_link,
    start_session,
    use_link,
)
from broadsheet.store.readers import Reader, find_reader
from broadsheet.web.site import Site, origin_of, site_of
from broadsheet.web.visitors import Visitor

LOGIN_LINK_VALID = timedelta(minutes=30)
INVITATION_VALID = timedelta(days=7)
DEVICE_CHARS_MAX = 120


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many tries within that time."""

    kind: str
    most: int
    within: timedelta


PASSWORD_OF_ACCOUNT = Limit("password", 10, timedelta(minutes=15))
PASSWORD_FROM_PLACE = Limit("password-place", 40, timedelta(minutes=15))
MAIL_TO_ADDRESS = Limit("mail", 4, timedelta(hours=1))
MAIL_FROM_PLACE = Limit("mail-place", 20, timedelta(hours=1))
INVITATIONS_OF_READER = Limit("invitation", 40, timedelta(days=1))


def within(site: Site, *tries: tuple[Limit, str]) -> bool:
    """Count a try against each limit; False where one of them is reached."""
    with site.db.transaction() as transaction:
        allowed = [
            may_try(
                transaction,
                limit.kind,
                who[:254],
                most=limit.most,
                within=limit.within,
                now=site.clock(),
            )
            for limit, who in tries
        ]
    return all(allowed)


def place_of(request: Request) -> str:
    """Where a request comes from, as far as limits go: of IPv6 the network, since whoever has one
    address there has 2^64."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if address.version == 4:
        return host
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))


def check_password(site: Site, email: str, password: str) -> Reader | None:
    """The reader who has this password and is not shut out."""
    reader = find_reader(site.db, email)
    known = password_hash_of(site.db, reader.reader_no) if reader else None
    is_right = is_password(password, known)
    if reader is None or not is_right or reader.disabled_at:
        return None
    with site.db.transaction() as transaction:
        forget_tries(transaction, PASSWORD_OF_ACCOUNT.kind, email)
    return reader


def make_link(
    site: Site,
    kind: LinkKind,
    email: str,
    *,
    by: int | None = None,
    group_no: int | None = None,
    role: str = "reader",
) -> str:
    """The secret of a new link. Raises UsageError for what is no address."""
    secret = new_secret()
    valid_for = LOGIN_LINK_VALID if kind is LinkKind.LOGIN else INVITATION_VALID
    with site.db.transaction() as transaction:
        put_link(
            transaction,
            hash_secret(secret),
            kind,
            normalised_email(email),
            now=site.clock(),
            valid_for=valid_for,
            by=by,
            group_no=group_no,
            role=role,
        )
    return secret


def look_at_link(site: Site, secret: str) -> Link | None:
    return find_link(site.db, hash_secret(secret), now=site.clock()) if is_secret(secret) else None


def enter_by_link(request: Request, visitor: Visitor, secret: str) -> str:
    """Use the link; returns the cookie of the new session. Raises NotFoundError or UsageError."""
    return _enter(
        request,
        visitor,
        lambda transaction: (
            use_link(
                transaction,
                hash_secret(secret),
                now=site_of(request).clock(),
                logged_in=visitor.reader.reader_no if visitor.reader else None,
            ).reader_no
        ),
    )


def enter_as(request: Request, visitor: Visitor, reader: Reader) -> str:
    """The cookie of a new session."""
    return _enter(request, visitor, lambda transaction: reader.reader_no)


def _enter(request: Request, visitor: Visitor, reader_of: Callable[..., int]) -> str:
    """A session begins with a secret of its own, whatever the browser held before: nobody can
    have put it there. A session that the browser held ends."""
    site = site_of(request)
    cookie = new_secret()
    device = " ".join(request.headers.get("user-agent", "").split())[:DEVICE_CHARS_MAX]
    with site.db.transaction() as transaction:
        reader_no = reader_of(transaction)
        if visitor.session_no is not None and visitor.reader is not None:
            end_session(transaction, visitor.reader.reader_no, visitor.session_no)
        start_session(
            transaction, reader_no, hash_secret(cookie), device or "unknown", now=site.clock()
        )
    return cookie


def link_address(request: Request, secret: str) -> str:
    return origin_of(request) + enter_path(secret)
