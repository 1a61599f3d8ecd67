"""A reader's own account: name, password, sessions, tokens, groups."""

from __future__ import annotations

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from broadsheet.errors import NotFoundError, UsageError
from broadsheet.keys import hash_password, hash_secret, is_password, new_secret
from broadsheet.store.accounts import (
    end_session,
    end_sessions,
    list_sessions,
    list_tokens,
    password_hash_of,
    put_token,
    rename_reader,
    revoke_token,
    set_password,
)
from broadsheet.store.database import Transaction
from broadsheet.store.groups import list_groups, make_group
from broadsheet.text.wording import sentence
from broadsheet.web.admission import Form
from broadsheet.web.entrance import PASSWORD_OF_ACCOUNT, within
from broadsheet.web.pages import pages_of
from broadsheet.web.site import Site, site_of
from broadsheet.web.visitors import Visitor, reader_of, visitor_of


def account(request: Request) -> Response:
    return _page(request)


def change_account(request: Request, form: Form) -> Response:
    """`do` names one of the changes below."""
    change = _CHANGES.get(form.text("do"))
    if change is None:
        raise HTTPException(400, "There is no such thing to do. Nothing was changed.")
    try:
        change(site_of(request), visitor_of(request), form)
    except NotFoundError:
        raise HTTPException(404, "There is no such thing of yours.") from None
    except UsageError as error:
        return _page(request, status=400, wrong=sentence(error))
    return RedirectResponse("/account", 303)


def make_token(request: Request, form: Form) -> Response:
    """The token is shown once, here; only its hash is kept."""
    site, secret = site_of(request), new_secret()
    scopes = frozenset(name for name in ("read", "write") if form.text(name))
    try:
        with site.db.transaction() as transaction:
            put_token(
                transaction,
                reader_of(request).reader_no,
                hash_secret(secret),
                form.text("name"),
                scopes,
                now=site.clock(),
            )
    except UsageError as error:
        return _page(request, status=400, wrong=sentence(error))
    return _page(request, token=secret)


def _page(request: Request, *, status: int = 200, wrong: str = "", token: str = "") -> Response:
    site, visitor, reader = site_of(request), visitor_of(request), reader_of(request)
    return pages_of(request).unkept_page(
        request,
        "account.html",
        status=status,
        wrong=wrong,
        secret=token,
        sessions=list_sessions(site.db, reader.reader_no, now=site.clock()),
        this_session=visitor.session_no,
        tokens=list_tokens(site.db, reader.reader_no),
        groups=list_groups(site.db, reader.reader_no),
    )


def _rename(site: Site, visitor: Visitor, form: Form) -> None:
    _write(site, lambda transaction: rename_reader(transaction, _no(visitor), form.text("name")))


def _set_password(site: Site, visitor: Visitor, form: Form) -> None:
    """Whoever has found a browser open cannot take the account: the old one is asked for."""
    reader = visitor.reader
    assert reader is not None
    if not within(site, (PASSWORD_OF_ACCOUNT, reader.email or "")):
        raise UsageError("that was tried too often; try again in a quarter of an hour")
    standing = password_hash_of(site.db, reader.reader_no)
    if standing and not is_password(form.fields.get("old", ""), standing):
        raise UsageError("the old password is another")
    made = hash_password(form.fields.get("new", ""))

    def write(transaction: Transaction) -> None:
        set_password(transaction, reader.reader_no, made)
        end_sessions(transaction, reader.reader_no, but=visitor.session_no)

    _write(site, write)


def _end_session(site: Site, visitor: Visitor, form: Form) -> None:
    _write(site, lambda transaction: end_session(transaction, _no(visitor), form.number("session")))


def _end_others(site: Site, visitor: Visitor, form: Form) -> None:
    _write(
        site, lambda transaction: end_sessions(transaction, _no(visitor), but=visitor.session_no)
    )


def _revoke(site: Site, visitor: Visitor, form: Form) -> None:
    _write(
        site,
        lambda transaction: revoke_token(
            transaction, _no(visitor), form.number("number"), now=site.clock()
        ),
    )


def _make_group(site: Site, visitor: Visitor, form: Form) -> None:
    _write(
        site,
        lambda transaction: make_group(
            transaction, _no(visitor), form.text("name"), now=site.clock()
        ),
    )


_CHANGES: dict[str, Callable[[Site, Visitor, Form], None]] = {
    "rename": _rename,
    "password": _set_password,
    "end-session": _end_session,
    "end-others": _end_others,
    "revoke": _revoke,
    "make-group": _make_group,
}


def _write(site: Site, change: Callable[[Transaction], object]) -> None:
    with site.db.transaction() as transaction:
        change(transaction)


def _no(visitor: Visitor) -> int:
    assert visitor.reader is not None
    return visitor.reader.reader_no
