"""Search: an answer, why each paper is in it, and ways to narrow it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from broadsheet.export.bibtex import to_bibtex
from broadsheet.search.engine import Sort
from broadsheet.web.desk import lay_desk
from broadsheet.web.findings import compose_findings, find_documents
from broadsheet.web.pages import answer, pages_of
from broadsheet.web.parameters import page_asked, text_asked
from broadsheet.web.site import site_of
from broadsheet.web.views.paper import BIBTEX
from broadsheet.web.visitors import reader_of

QUERY_CHARS_MAX = 1_000


def search(request: Request) -> Response:
    site = site_of(request)
    query = text_asked(request, "q", chars_max=QUERY_CHARS_MAX)
    findings = compose_findings(
        site.db, site.index, query, sort=_sort(request), page=page_asked(request)
    )
    reader = reader_of(request)
    doc_nos = [paper.hit.doc_no for paper in findings.papers]
    return pages_of(request).page(
        request,
        "search.html",
        desk=lambda: lay_desk(site.db, reader, doc_nos),
        findings=findings,
        query=query,
    )


def bibtex(request: Request) -> Response:
    site = site_of(request)
    query = text_asked(request, "q", chars_max=QUERY_CHARS_MAX)
    documents = find_documents(site.db, site.index, query, sort=_sort(request))
    return answer(
        request,
        "".join(to_bibtex(documents)),
        BIBTEX,
        headers={"Content-Disposition": 'attachment; filename="broadsheet.bib"'},
    )


def _sort(request: Request) -> Sort:
    return "newest" if request.query_params.get("sort") == "newest" else "best"
