"""A reader's own library: shelves, collections, tags; files in and out."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from broadsheet.addresses import collection_path, done_path
from broadsheet.errors import NotFoundError
from broadsheet.export.formats import FORMATS, MEDIA_TYPES
from broadsheet.export.zotero import to_zotero
from broadsheet.store.collections import Collection, get_collection, list_collections
from broadsheet.store.deeds import Deed, Verb
from broadsheet.store.documents import load_documents
from broadsheet.store.groups import GroupRole, list_groups
from broadsheet.store.keepings import list_keepings
from broadsheet.web.admission import Form
from broadsheet.web.desk import lay_desk
from broadsheet.web.doings import do_now
from broadsheet.web.pages import pages_of
from broadsheet.web.parameters import number_of, page_asked, paginate, text_asked
from broadsheet.web.shelf import (
    Holding,
    Shelf,
    compose_cabinet,
    compose_holding,
    kept_doc_nos,
)
from broadsheet.web.site import site_of
from broadsheet.web.taking import take_file
from broadsheet.web.visitors import reader_of

COLLECTIONS_PER_PAGE = 200
_MISSING = "There is no such collection of yours."
FORMATS_OFFERED = {"bibtex": "BibTeX", "ris": "RIS", "csljson": "CSL-JSON", "zotero": "Zotero RDF"}


def library(request: Request) -> Response:
    site = site_of(request)
    holding = compose_holding(
        site.db,
        site.index,
        reader_of(request),
        shelf=_shelf(request),
        tag=text_asked(request, "tag"),
        query=text_asked(request, "q"),
        page=page_asked(request),
    )
    return _page(request, holding)


def collection(request: Request) -> Response:
    site = site_of(request)
    holding = compose_holding(
        site.db,
        site.index,
        reader_of(request),
        collection=_collection(request),
        query=text_asked(request, "q"),
        page=page_asked(request),
    )
    return _page(request, holding)


def collections(request: Request) -> Response:
    """All of them; a reader may have thousands."""
    site = site_of(request)
    found = list_collections(site.db, reader_of(request).reader_no)
    paging = paginate(len(found), page_asked(request), COLLECTIONS_PER_PAGE)
    return pages_of(request).page(
        request,
        "collections.html",
        collections=found[paging.start : paging.stop],
        paging=paging,
        groups=[
            group
            for group in list_groups(site.db, reader_of(request).reader_no)
            if group.role is not GroupRole.GUEST
        ],
    )


def make_collection(request: Request, form: Form) -> Response:
    deed = Deed(
        Verb.MAKE_COLLECTION, value=form.text("name", chars_max=500), group_no=form.number("group")
    )
    done = do_now(request, deed, missing=_MISSING)
    return RedirectResponse(done_path(collection_path(done.deed.number), done.deed_no), 303)


def change_collection(request: Request, form: Form) -> Response:
    """`do` is rename or drop."""
    found = _collection(request)
    if form.text("do") == "drop":
        deed = Deed(Verb.DROP_COLLECTION, number=found.collection_no, name=found.name)
        back = "/library"
    else:
        name = form.text("name", chars_max=500)
        deed = Deed(Verb.RENAME_COLLECTION, number=found.collection_no, value=name)
        back = collection_path(found.collection_no)
    done = do_now(request, deed, missing=_MISSING)
    return RedirectResponse(done_path(back, done.deed_no), 303)


def export(request: Request) -> Response:
    """What a page of the library shows, all of it, as a file."""
    site = site_of(request)
    wanted = text_asked(request, "format")
    if wanted not in FORMATS:
        raise HTTPException(404, f"There is no such format; one of {', '.join(FORMATS)}.")
    number = text_asked(request, "collection")
    doc_nos = kept_doc_nos(
        site.db,
        reader_of(request),
        shelf=_shelf(request),
        tag=text_asked(request, "tag"),
        collection=_find_collection(request, number) if number else None,
    )
    documents = load_documents(site.db, doc_nos)
    media_type, ending = MEDIA_TYPES[wanted]
    if wanted == "zotero":
        keepings = list_keepings(site.db, reader_of(request).reader_no, doc_nos)
        parts = to_zotero(documents, keepings)
    else:
        parts = FORMATS[wanted](documents)
    return StreamingResponse(
        (part.encode("utf-8", "replace") for part in parts),
        headers={
            "Content-Disposition": f'attachment; filename="library.{ending}"',
            "Cache-Control": "private, no-store",
        },
        media_type=media_type,
    )


def import_file(request: Request, form: Form) -> Response:
    site = site_of(request)
    if site.take_in is None:
        raise HTTPException(404, "This server takes no files.")
    if form.file is None:
        raise HTTPException(400, "Choose a file first. Nothing was changed.")
    taken = take_file(site, reader_of(request), form.file.file, form.file.filename or "")
    return pages_of(request).page(
        request,
        "imported.html",
        status=200 if taken.counts.read or not taken.failure else 400,
        taken=taken,
        name=form.file.filename or "file",
    )


def _page(request: Request, holding: Holding) -> Response:
    site, reader = site_of(request), reader_of(request)
    return pages_of(request).page(
        request,
        "library.html",
        desk=lambda: lay_desk(site.db, reader, [paper.doc_no for paper in holding.documents]),
        holding=holding,
        cabinet=compose_cabinet(site.db, reader),
        formats=FORMATS_OFFERED,
        may_import=site.take_in is not None,
    )


def _shelf(request: Request) -> Shelf | None:
    asked = request.query_params.get("shelf", "")
    return Shelf(asked) if asked in set(Shelf) else None


def _collection(request: Request) -> Collection:
    return _find_collection(request, request.path_params["number"])


def _find_collection(request: Request, digits: str) -> Collection:
    try:
        return get_collection(site_of(request).db, reader_of(request).reader_no, number_of(digits))
    except NotFoundError:
        raise HTTPException(404, _MISSING) from None
