"""A person's papers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from broadsheet.addresses import author_path
from broadsheet.errors import NotFoundError
from broadsheet.web.biography import compose_biography
from broadsheet.web.desk import lay_desk
from broadsheet.web.pages import pages_of
from broadsheet.web.parameters import page_asked
from broadsheet.web.site import site_of
from broadsheet.web.visitors import reader_of

NAME_CHARS_MAX = 500


def author(request: Request) -> Response:
    name = request.path_params["name"][:NAME_CHARS_MAX]
    try:
        biography = compose_biography(site_of(request).db, name, page=page_asked(request))
    except NotFoundError as error:
        return pages_of(request).page(
            request, "author_missing.html", status=404, name=name, near=error.hints
        )
    if biography.author.author_id != name:
        # Numbers of people move, and may come back: only a spelling is redirected for ever.
        status = 302 if "~" in name else 301
        return RedirectResponse(author_path(biography.author.author_id), status)
    db, reader = site_of(request).db, reader_of(request)
    doc_nos = [document.doc_no for _, papers in biography.years for document in papers]
    return pages_of(request).page(
        request,
        "author.html",
        desk=lambda: lay_desk(db, reader, doc_nos),
        biography=biography,
    )
