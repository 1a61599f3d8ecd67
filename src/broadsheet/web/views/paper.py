"""One paper, as a page and as BibTeX."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from broadsheet.addresses import paper_path
from broadsheet.errors import NotFoundError
from broadsheet.export.bibtex import to_bibtex
from broadsheet.export.formats import FORMATS, MEDIA_TYPES
from broadsheet.types import Aspect
from broadsheet.web.desk import lay_desk
from broadsheet.web.likeness import aspect_asked, find_alike
from broadsheet.web.margin import compose_margin
from broadsheet.web.pages import answer, pages_of
from broadsheet.web.portrait import compose_portrait
from broadsheet.web.site import site_of
from broadsheet.web.visitors import reader_of

NAME_CHARS_MAX = 500
#: A paper under its address with one of these endings.
ENDINGS = {".bib": "bibtex", ".ris": "ris", ".csl": "csljson"}


def paper(request: Request) -> Response:
    name = request.path_params["doc_id"][:NAME_CHARS_MAX]
    try:
        portrait = compose_portrait(site_of(request).db, name)
    except NotFoundError:
        if name[-4:] in ENDINGS:
            return cited(request, name[:-4], name[-4:])
        return pages_of(request).page(request, "paper_missing.html", status=404, name=name)
    doc_id = portrait.document.doc_id
    if doc_id != name:
        return RedirectResponse(paper_path(doc_id), 301)
    site, reader = site_of(request), reader_of(request)
    db, aspect = site.db, aspect_asked(request.query_params.get("aspect", ""))
    return pages_of(request).page(
        request,
        "paper.html",
        desk=lambda: lay_desk(db, reader, [portrait.document.doc_no]),
        portrait=portrait,
        margin=compose_margin(db, reader, portrait.document.doc_no),
        bibtex="".join(to_bibtex([portrait.document])),
        alike=find_alike(site, doc_id, aspect),
        aspects=list(Aspect),
    )


def cited(request: Request, name: str, ending: str) -> Response:
    """The paper as a reference manager reads it."""
    try:
        document = compose_portrait(site_of(request).db, name).document
    except NotFoundError:
        return pages_of(request).page(request, "paper_missing.html", status=404, name=name)
    if document.doc_id != name:
        return RedirectResponse(paper_path(document.doc_id) + ending, 301)
    return answer(
        request,
        "".join(FORMATS[ENDINGS[ending]]([document])),
        MEDIA_TYPES[ENDINGS[ending]][0] + "; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="paper{ending}"'},
    )
