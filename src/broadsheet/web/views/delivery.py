"""Digests: asking for them, leaving them, and what their mails' links do."""

from __future__ import annotations

import logging

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from broadsheet.deliver.digest import covered
from broadsheet.deliver.links import VALID_FOR, Purpose, sign_link
from broadsheet.deliver.mail import mailer_of, send
from broadsheet.deliver.reports import read_report
from broadsheet.errors import NotFoundError, ParseError, UsageError
from broadsheet.schedule import WEEKDAYS
from broadsheet.store.deeds import Done, Verb
from broadsheet.store.mail_addresses import resume_address
from broadsheet.store.readers import library_secret
from broadsheet.store.subscriptions import (
    Channel,
    end_subscription,
    get_subscription,
    own_subscription,
)
from broadsheet.text.wording import sentence
from broadsheet.types import Document
from broadsheet.web.admission import Form
from broadsheet.web.desk import lay_desk
from broadsheet.web.entrance import MAIL_FROM_PLACE, MAIL_TO_ADDRESS, place_of, within
from broadsheet.web.mailing import (
    DigestPage,
    act_by_link,
    compose_deliveries,
    confirm_by_link,
    digest_by_link,
    may_report,
    own_digest,
    paper_of_link,
    subscribe_reader,
    subscribe_stranger,
    subscription_of,
    take_in_report,
    unsubscribe_by_link,
)
from broadsheet.web.pages import pages_of
from broadsheet.web.parameters import number_of, text_asked
from broadsheet.web.site import origin_of, site_of
from broadsheet.web.visitors import reader_of

log = logging.getLogger(__name__)

QUERY_CHARS_MAX = 500
_GONE = "This link leads nowhere: it is out of date, or was not copied whole."


def deliveries(request: Request) -> Response:
    return _deliveries(request)


def change_deliveries(request: Request, form: Form) -> Response:
    """`do` is add, end or resume."""
    site, reader, doing = site_of(request), reader_of(request), form.text("do")
    try:
        if doing == "add":
            subscribe_reader(site, reader, form)
        elif doing in ("end", "resume"):
            found = own_subscription(site.db, reader.reader_no, form.number("number"))
            with site.db.transaction() as transaction:
                if doing == "end":
                    end_subscription(transaction, found.subscription_no, now=site.clock())
                else:
                    resume_address(transaction, found.wish.target)
        else:
            raise HTTPException(400, "There is no such thing to do. Nothing was changed.")
    except NotFoundError:
        raise HTTPException(404, "There is no such subscription of yours.") from None
    except UsageError as error:
        return _deliveries(request, status=400, wrong=sentence(error))
    return RedirectResponse("/deliveries", 303)


def show_subscribe(request: Request) -> Response:
    _require_public(request)
    return _subscribe_page(request, query=text_asked(request, "q", chars_max=QUERY_CHARS_MAX))


def subscribe(request: Request, form: Form) -> Response:
    """The same answer whether the address has it already or not; the mail goes after it."""
    _require_public(request)
    site, query = site_of(request), form.text("q", chars_max=QUERY_CHARS_MAX)
    mailer = mailer_of(site.settings)
    if mailer is None:
        raise HTTPException(404, "This server sends no mail.")
    email = form.text("email").lower()
    if not within(site, (MAIL_TO_ADDRESS, email), (MAIL_FROM_PLACE, place_of(request))):
        raise HTTPException(429, "That was tried too often. Try again in an hour.")
    try:
        email, number = subscribe_stranger(site, form)
    except UsageError as error:
        return _subscribe_page(request, query=query, status=400, wrong=sentence(error))
    link = sign_link(library_secret(site.db), Purpose.CONFIRM, number, now=site.clock())
    text = pages_of(request).render(
        "confirm_mail.txt",
        address=f"{origin_of(request)}/confirm/{link}",
        topic=get_subscription(site.db, number).wish.topic,
        days=VALID_FOR[Purpose.CONFIRM].days,
    )
    response = _subscribe_page(request, query=query, sent=email)
    response.background = BackgroundTask(
        send, mailer, to=email, subject="Confirm: the papers by mail", text=text
    )
    return response


def show_confirm(request: Request) -> Response:
    found = subscription_of(site_of(request), _link(request), Purpose.CONFIRM)
    return _link_page(request, "confirm", found if found and not found.ended_at else None)


def confirm(request: Request, body: bytes) -> Response:
    return _link_page(
        request, "confirm", confirm_by_link(site_of(request), _link(request)), acted=True
    )


def show_unsubscribe(request: Request) -> Response:
    """Looking changes nothing: programs that look at mail follow every link."""
    found = subscription_of(site_of(request), _link(request), Purpose.UNSUBSCRIBE)
    return _link_page(request, "unsubscribe", found)


def unsubscribe(request: Request, body: bytes) -> Response:
    """By the page's button, or by a mail program's own (RFC 8058)."""
    found = unsubscribe_by_link(site_of(request), _link(request))
    return _link_page(request, "unsubscribe", found, acted=True)


def show_act(request: Request) -> Response:
    found = paper_of_link(site_of(request), _link(request))
    if found is None:
        raise HTTPException(404, _GONE)
    _, verb, document = found
    return _act_page(request, verb, document, done=None)


def act(request: Request, body: bytes) -> Response:
    found = act_by_link(site_of(request), _link(request))
    if found is None:
        raise HTTPException(404, _GONE)
    verb, document, done = found
    return _act_page(request, verb, document, done=done)


def show_digest(request: Request) -> Response:
    """For whoever holds the link of the mail; who is logged in may act on its papers."""
    return _digest_page(request, digest_by_link(site_of(request), _link(request)))


def show_own_digest(request: Request) -> Response:
    number = number_of(request.path_params["number"])
    return _digest_page(request, own_digest(site_of(request), number, reader_of(request)))


def _digest_page(request: Request, found: DigestPage | None) -> Response:
    if found is None:
        raise HTTPException(404, _GONE)
    site, visitor = site_of(request), request.state.visitor
    reader = visitor.reader
    return pages_of(request).unkept_page(
        request,
        "digest.html",
        desk=(lambda: lay_desk(site.db, reader, list(found.doc_nos.values()))) if reader else None,
        found=found,
        digest=found.digest,
        covered=covered(found.digest),
    )


def take_report(request: Request, body: bytes) -> Response:
    """A bounce or a complaint, from our mail server or service, which holds `bounce_secret`."""
    site = site_of(request)
    if not may_report(site, request.headers.get("authorization", "")):
        raise HTTPException(404)
    try:
        report = read_report(body, request.headers.get("content-type", ""))
        address = take_in_report(site, report)
    except (ParseError, NotFoundError) as error:
        return JSONResponse({"taken": False, "reason": str(error)}, 422)
    log.info("event=mail_reported permanent=%s", report.permanent)
    return JSONResponse({"taken": True, "address": address})


def _deliveries(request: Request, *, status: int = 200, wrong: str = "") -> Response:
    site, reader = site_of(request), reader_of(request)
    query = text_asked(request, "q", chars_max=QUERY_CHARS_MAX)
    return pages_of(request).unkept_page(
        request,
        "deliveries.html",
        status=status,
        wrong=wrong,
        found=compose_deliveries(site, reader, query=query),
        channels=list(Channel),
        weekdays=WEEKDAYS,
        query=query,
    )


def _subscribe_page(
    request: Request, *, query: str, status: int = 200, wrong: str = "", sent: str = ""
) -> Response:
    return pages_of(request).unkept_page(
        request,
        "subscribe.html",
        status=status,
        query=query,
        wrong=wrong,
        sent=sent,
        weekdays=WEEKDAYS,
    )


def _link_page(request: Request, what: str, found: object, *, acted: bool = False) -> Response:
    if found is None:
        raise HTTPException(404, _GONE)
    return pages_of(request).unkept_page(
        request, "mail_link.html", what=what, found=found, acted=acted, link=_link(request)
    )


def _act_page(request: Request, verb: Verb, document: Document, *, done: Done | None) -> Response:
    return pages_of(request).unkept_page(
        request,
        "mail_act.html",
        link=_link(request),
        verb=verb.value,
        document=document,
        done_now=done,
    )


def _require_public(request: Request) -> None:
    if not site_of(request).settings.public_subscriptions:
        raise HTTPException(404, "This library sends its papers to its readers alone.")


def _link(request: Request) -> str:
    return str(request.path_params["link"])
