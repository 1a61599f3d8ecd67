"""The front page, and any other day."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from broadsheet.store.documents import count_documents, newest_day
from broadsheet.web.desk import lay_desk
from broadsheet.web.edition import Edition, compose_edition
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
    edition = compose_edition(
        site.db,
        newest,
        today=site.clock().date(),
        category=text_asked(request, "category"),
        page=page_asked(request),
    )
    return _printed(request, edition, is_front=True)


def day(request: Request) -> Response:
    site = site_of(request)
    asked = day_of(request.path_params["day"])
    if asked is None:
        raise HTTPException(404, "There is no such day. A day is written 2026-03-01.")
    edition = compose_edition(
        site.db,
        asked,
        today=site.clock().date(),
        category=text_asked(request, "category"),
        page=page_asked(request),
    )
    return _printed(request, edition, is_front=False)


def _printed(request: Request, edition: Edition, *, is_front: bool) -> Response:
    db, reader = site_of(request).db, reader_of(request)
    papers = (*edition.lead, *edition.seconds, *edition.others)
    return pages_of(request).page(
        request,
        "day.html",
        mark=(edition.mark, is_front),
        desk=lambda: lay_desk(db, reader, [paper.doc_no for paper in papers]),
        edition=edition,
        is_front=is_front,
    )
