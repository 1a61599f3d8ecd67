"""Coming in and going out."""

from __future__ import annotations

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from broadsheet.addresses import safe_return
from broadsheet.deliver.mail import mailer_of, send
from broadsheet.errors import NotFoundError, UsageError
from broadsheet.store.accounts import Link, LinkKind, end_session, normalised_email
from broadsheet.store.readers import find_reader
from broadsheet.web.admission import Form, set_cookie
from broadsheet.web.entrance import (
    MAIL_FROM_PLACE,
    MAIL_TO_ADDRESS,
    PASSWORD_FROM_PLACE,
    PASSWORD_OF_ACCOUNT,
    check_password,
    enter_as,
    enter_by_link,
    link_address,
    look_at_link,
    make_link,
    place_of,
    within,
)
from broadsheet.web.pages import pages_of
from broadsheet.web.parameters import text_asked
from broadsheet.web.site import site_of
from broadsheet.web.visitors import visitor_of

_TOO_OFTEN = "That was tried too often. Try again in a quarter of an hour."


def show_login(request: Request) -> Response:
    return _form(request, back=safe_return(text_asked(request, "back", chars_max=2_000) or "/"))


def log_in(request: Request, form: Form) -> Response:
    """`do` is password or link."""
    back = safe_return(form.text("back") or "/")
    try:
        email = normalised_email(form.text("email"))
    except UsageError:
        return _form(request, back=back, wrong="That is no mail address.", status=400)
    if form.text("do") == "link":
        return _mail_link(request, email, back)
    site = site_of(request)
    if not within(site, (PASSWORD_OF_ACCOUNT, email), (PASSWORD_FROM_PLACE, place_of(request))):
        raise HTTPException(429, _TOO_OFTEN)
    reader = check_password(site, email, form.fields.get("password", ""))
    if reader is None:
        wrong = "This address and this password do not belong together."
        return _form(request, back=back, wrong=wrong, email=email, status=403)
    response = RedirectResponse(back, 303)
    set_cookie(request, response, enter_as(request, visitor_of(request), reader))
    return response


def show_link(request: Request) -> Response:
    """What a link is to. It is used by a button: programs that look at mail press none."""
    secret = request.path_params["secret"]
    return _link_page(request, look_at_link(site_of(request), secret), secret)


def use_link(request: Request, form: Form) -> Response:
    try:
        cookie = enter_by_link(request, visitor_of(request), request.path_params["secret"])
    except NotFoundError:
        return _link_page(request, None, "")
    except UsageError as error:
        link = look_at_link(site_of(request), request.path_params["secret"])
        return _link_page(request, link, request.path_params["secret"], wrong=f"{error}.")
    response = RedirectResponse("/account" if form.text("first") else "/", 303)
    set_cookie(request, response, cookie)
    return response


def log_out(request: Request, form: Form) -> Response:
    site, visitor = site_of(request), visitor_of(request)
    if visitor.reader is not None and visitor.session_no is not None:
        with site.db.transaction() as transaction:
            end_session(transaction, visitor.reader.reader_no, visitor.session_no)
    return RedirectResponse("/login", 303)


def _link_page(request: Request, link: Link | None, secret: str, *, wrong: str = "") -> Response:
    status = 409 if wrong else 200 if link else 410
    return pages_of(request).unkept_page(
        request, "enter.html", status=status, link=link, secret=secret, wrong=wrong
    )


def _mail_link(request: Request, email: str, back: str) -> Response:
    """The same answer whether there is such an account or not; the mail goes after it."""
    site = site_of(request)
    mailer = mailer_of(site.settings)
    if mailer is None:
        raise HTTPException(404, "This server sends no mail. Log in with your password.")
    if not within(site, (MAIL_TO_ADDRESS, email), (MAIL_FROM_PLACE, place_of(request))):
        raise HTTPException(429, _TOO_OFTEN)
    response = _form(request, back=back, sent=True, email=email)
    reader = find_reader(site.db, email)
    if reader is not None and not reader.disabled_at:
        address = link_address(request, make_link(site, LinkKind.LOGIN, email))
        text = pages_of(request).render("login_mail.txt", address=address, name=reader.name)
        response.background = BackgroundTask(
            send, mailer, to=email, subject="Your way into Broadsheet", text=text
        )
    return response


def _form(
    request: Request,
    *,
    back: str,
    wrong: str = "",
    email: str = "",
    sent: bool = False,
    status: int = 200,
) -> Response:
    return pages_of(request).unkept_page(
        request,
        "login.html",
        status=status,
        back=back,
        wrong=wrong,
        email=email,
        sent=sent,
        has_mail=mailer_of(site_of(request).settings) is not None,
    )
