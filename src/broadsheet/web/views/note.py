"""Writing a note on a paper; two who write at once are both kept."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from broadsheet.addresses import done_path, paper_path
from broadsheet.errors import NotFoundError
from broadsheet.store.deeds import Deed, Verb, do
from broadsheet.store.documents import get_document
from broadsheet.store.notes import NoteConflictError, NoteTooLongError
from broadsheet.types import Document
from broadsheet.web.admission import NOTE_BYTES_MAX, Form
from broadsheet.web.difference import compare
from broadsheet.web.pages import pages_of
from broadsheet.web.site import site_of
from broadsheet.web.visitors import reader_of


def write_note(request: Request, form: Form) -> Response:
    site, reader = site_of(request), reader_of(request)
    document = _document(request, form)
    text = form.fields.get("text", "")[:NOTE_BYTES_MAX]
    deed = Deed(
        Verb.WRITE_NOTE,
        document.doc_no,
        text,
        number=form.number("revision"),
        group_no=form.number("group"),
    )
    try:
        with site.db.transaction() as transaction:
            done = do(transaction, reader.reader_no, deed, now=site.clock())
    except NoteConflictError as error:
        return pages_of(request).page(
            request,
            "note_conflict.html",
            status=409,
            document=document,
            theirs=error.note,
            yours=text,
            pieces=compare(error.note.text, text),
        )
    except NoteTooLongError as error:
        return pages_of(request).page(
            request, "note_long.html", status=413, document=document, reason=str(error), yours=text
        )
    except NotFoundError:
        raise HTTPException(404, "There is no such group of yours. Nothing was saved.") from None
    return RedirectResponse(done_path(paper_path(document.doc_id), done.deed_no, "note"), 303)


def _document(request: Request, form: Form) -> Document:
    try:
        return get_document(site_of(request).db, form.text("paper"))
    except NotFoundError:
        raise HTTPException(404, "There is no such paper. Nothing was saved.") from None
