"""The front page, and any other day."""

from __future__ import annotations

from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from broadsheet.addresses import day_path
from broadsheet.store.documents import count_documents, newest_day
from broadsheet.web.desk import lay_desk
from broadsheet.web.edition import Tab, compose_edition
from broadsheet.web.interests import press_of_day
from broadsheet.web.pages import pages_of
from broadsheet.web.parameters import day_of, page_asked, text_asked
from broadsheet.web.site import site_of
from broadsheet.web.visitors import reader_of


def front(request: Request) -> Response:
    site = site_of(request)
    newest = newest_day(site.db)
    if newest is None:
        n_documents = count_documents(site.db)
        return pages_of(request).page(request, "welcome.html", n_documents=n_documents)
    return _printed(request, newest, is_front=True)


def day(request: Request) -> Response:
    asked = day_of(request.path_params["day"])
    if asked is None:
        raise HTTPException(404, "There is no such day. A day is written 2026-03-01.")
    return _printed(request, asked, is_front=False)


def find_day(request: Request) -> Response:
    """From the field where a day is written to that day; from nonsense to the front page."""
    asked = day_of(text_asked(request, "day"))
    return RedirectResponse(day_path(asked) if asked else "/", 303)


def _printed(request: Request, asked: date, *, is_front: bool) -> Response:
    site, reader = site_of(request), reader_of(request)
    edition = compose_edition(
        site.db,
        asked,
        today=site.clock().date(),
        tab=_tab(request),
        category=text_asked(request, "category"),
        page=page_asked(request),
    )
    if edition.tab is Tab.YOU:
        press = press_of_day(site, reader, asked)
        return pages_of(request).page(
            request,
            "day.html",
            mark=(edition.mark, is_front, site.corpus.mark()),
            desk=press.desk,
            edition=edition,
            is_front=is_front,
            press=press,
            shows=asked,
        )
    papers = (*edition.lead, *edition.seconds, *edition.others)
    return pages_of(request).page(
        request,
        "day.html",
        mark=(edition.mark, is_front),
        desk=lambda: lay_desk(site.db, reader, [paper.doc_no for paper in papers]),
        edition=edition,
        is_front=is_front,
        press=None,
    )


def _tab(request: Request) -> Tab:
    asked = request.query_params.get("tab", "")
    return Tab(asked) if asked in set(Tab) else Tab.ALL
