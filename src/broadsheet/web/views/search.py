"""Search: an answer, why each paper is in it, and ways to narrow it."""

from __future__ import annotations

from typing import get_args

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from broadsheet.export.formats import FORMATS, MEDIA_TYPES
from broadsheet.search.engine import Sort
from broadsheet.web.admission import View
from broadsheet.web.desk import lay_desk
from broadsheet.web.findings import compose_findings, find_documents
from broadsheet.web.pages import pages_of
from broadsheet.web.parameters import page_asked, text_asked
from broadsheet.web.site import site_of
from broadsheet.web.visitors import reader_of

QUERY_CHARS_MAX = 1_000
#: As many orders as search knows; the first is what a reader gets who asks for none.
SORTS: tuple[Sort, ...] = get_args(Sort)


def search(request: Request) -> Response:
    site = site_of(request)
    query = text_asked(request, "q", chars_max=QUERY_CHARS_MAX)
    findings = compose_findings(site, query, sort=_sort(request), page=page_asked(request))
    reader = reader_of(request)
    doc_nos = [paper.hit.doc_no for paper in findings.papers]
    return pages_of(request).page(
        request,
        "search.html",
        desk=lambda: lay_desk(site.db, reader, doc_nos),
        findings=findings,
        query=query,
        sorts=SORTS,
    )


def export(format: str) -> View:
    """The whole answer as a file."""

    def send(request: Request) -> Response:
        site = site_of(request)
        query = text_asked(request, "q", chars_max=QUERY_CHARS_MAX)
        media_type, ending = MEDIA_TYPES[format]
        parts = FORMATS[format](find_documents(site.db, site.index, query))
        return StreamingResponse(
            (part.encode("utf-8", "replace") for part in parts),
            headers={
                "Content-Disposition": f'attachment; filename="broadsheet.{ending}"',
                "Cache-Control": "private, no-store",
            },
            media_type=f"{media_type}; charset=utf-8",
        )

    return send


def _sort(request: Request) -> Sort:
    asked = request.query_params.get("sort")
    return next((sort for sort in SORTS if sort == asked), SORTS[0])
