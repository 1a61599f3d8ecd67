"""Who is asking: the one reader of a library without accounts, or whoever the cookie or the
token of a request stands for; and the token that every form of theirs must carry."""

from __future__ import annotations

import hmac
from base64 import b64decode
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from hashlib import blake2b

from starlette.requests import Request

from broadsheet.keys import hash_secret, is_secret, new_secret
from broadsheet.store.accounts import (
    SEEN_EVERY_MINUTES,
    find_session,
    find_token,
    note_seen,
    note_token_used,
)
from broadsheet.store.database import Database
from broadsheet.store.readers import LOCAL_READER_NO, Reader, get_reader, library_secret
from broadsheet.web.site import Site, site_of

#: A cookie is kept for as long as browsers allow; a session ends when the library says so.
COOKIE_MAX_AGE_S = 400 * 86_400


@dataclass(frozen=True, slots=True)
class Visitor:
    """`reader` is None for somebody who has not logged in. `cookie` is the secret the browser
    holds, `is_new_cookie` says that it must be told to. `scopes` bind an API token alone.
    `is_stale`: the last use of session or token was written down long ago."""

    reader: Reader | None
    cookie: str
    is_new_cookie: bool
    form_token: str
    session_no: int | None = None
    token_no: int | None = None
    is_stale: bool = False
    scopes: frozenset[str] | None = None

    @property
    def by_token(self) -> bool:
        return self.scopes is not None


def visitor_of(request: Request) -> Visitor:
    """As recognised when the request came in."""
    visitor: Visitor = request.state.visitor
    return visitor


def reader_of(request: Request) -> Reader:
    """The reader of a page that only readers get to see."""
    reader = visitor_of(request).reader
    assert reader is not None
    return reader


def recognise(request: Request) -> Visitor:
    """Reads only; a page that is given to a new visitor sets the cookie."""
    site = site_of(request)
    if site.settings.accounts and "authorization" in request.headers:
        return _by_token(site, request.headers["authorization"])
    given = request.cookies.get(cookie_name(site.db), "")
    cookie = given if is_secret(given) else new_secret()
    visitor = Visitor(None, cookie, cookie != given, form_token(site.db, cookie))
    if not site.settings.accounts:
        return replace(visitor, reader=get_reader(site.db, LOCAL_READER_NO))
    now = site.clock()
    found = find_session(site.db, hash_secret(cookie), now=now) if cookie == given else None
    if found is None:
        return visitor
    session, reader = found
    return replace(
        visitor,
        reader=reader,
        session_no=session.session_no,
        is_stale=now - session.seen_at > timedelta(minutes=SEEN_EVERY_MINUTES),
    )


def _by_token(site: Site, header: str) -> Visitor:
    """`Bearer TOKEN`, or `Basic`, whose password is the token: feed readers know only that."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() == "basic":
        try:
            given = b64decode(given[:1_000], validate=True).decode().partition(":")[2]
        except ValueError:
            given = ""
    found = find_token(site.db, hash_secret(given.strip())) if is_secret(given.strip()) else None
    if found is None:
        return Visitor(None, "", False, "", scopes=frozenset())
    token, reader = found
    is_stale = token.used_at is None or site.clock() - token.used_at > timedelta(
        minutes=SEEN_EVERY_MINUTES
    )
    return Visitor(
        reader, "", False, "", token_no=token.token_no, scopes=token.scopes, is_stale=is_stale
    )


def note_use(site: Site, visitor: Visitor) -> None:
    """Write down that a session or a token is in use; done after the answer has gone."""
    now = site.clock()
    with site.db.transaction() as transaction:
        if visitor.session_no is not None:
            note_seen(transaction, visitor.session_no, now=now)
        if visitor.token_no is not None:
            note_token_used(transaction, visitor.token_no, now=now)


def cookie_name(db: Database) -> str:
    """Cookies know no ports: two libraries on one machine need two names."""
    return f"broadsheet_{db.store_id[:8]}"


def form_token(db: Database, cookie: str) -> str:
    """What proves that a form was made for the browser that holds this cookie."""
    return blake2b(cookie.encode(), key=_secret(db), digest_size=16, person=b"form").hexdigest()


def is_form_token(db: Database, cookie: str, given: str) -> bool:
    return hmac.compare_digest(form_token(db, cookie).encode(), given.encode("utf-8", "replace"))


@lru_cache(maxsize=16)
def _secret(db: Database) -> bytes:
    return library_secret(db)
