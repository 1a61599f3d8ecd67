"""Who is asking: the one reader of a library without accounts, or whoever the cookie or the
token of a request stands for; and the token that every form of theirs must carry."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b

from starlette.requests import Request

from broadsheet.store.database import Database
from broadsheet.store.readers import LOCAL_READER_NO, Reader, get_reader, library_secret
from broadsheet.web.site import site_of

SECRET_BYTES = 24
#: A cookie is kept for as long as browsers allow; a session ends when the library says so.
COOKIE_MAX_AGE_S = 400 * 86_400


@dataclass(frozen=True, slots=True)
class Visitor:
    """`reader` is None for somebody who has not logged in. `cookie` is the secret the browser
    holds, `is_new_cookie` says that it must be told to. `scopes` bind an API token alone."""

    reader: Reader | None
    cookie: str
    is_new_cookie: bool
    form_token: str
    session_no: int | None = None
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
    given = request.cookies.get(cookie_name(site.db), "")
    cookie = given if _is_secret(given) else secrets.token_urlsafe(SECRET_BYTES)
    visitor = Visitor(None, cookie, cookie != given, form_token(site.db, cookie))
    return replace(visitor, reader=get_reader(site.db, LOCAL_READER_NO))


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


def _is_secret(text: str) -> bool:
    return (
        len(text) == 4 * SECRET_BYTES // 3
        and text.isascii()
        and text.replace("-", "a").replace("_", "a").isalnum()
    )
