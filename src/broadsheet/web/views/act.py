"""What readers do to papers, authors and searches, and taking it back."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from broadsheet.addresses import anchor_of, done_path, safe_return
from broadsheet.errors import NotFoundError, UsageError
from broadsheet.store.database import Database
from broadsheet.store.deeds import Deed, Done, Verb, undo
from broadsheet.store.documents import find_doc_no, load_documents
from broadsheet.store.followed import current_id, find_followable
from broadsheet.store.follows import VALUE_CHARS_MAX
from broadsheet.text.wording import sentence
from broadsheet.web.admission import Form
from broadsheet.web.desk import lay_desk
from broadsheet.web.doings import do_now, show_done
from broadsheet.web.interests import publish_seen
from broadsheet.web.pages import pages_of
from broadsheet.web.parameters import number_of
from broadsheet.web.site import site_of
from broadsheet.web.visitors import reader_of

_PAPER_VERBS = frozenset(
    {
        Verb.LIKE, Verb.DISLIKE, Verb.UNVOTE, Verb.SAVE, Verb.UNSAVE, Verb.DISMISS, Verb.RESTORE,
        Verb.READ, Verb.UNREAD,
    }
)  # fmt: skip
_SHELF_VERBS = frozenset({Verb.TAG, Verb.UNTAG, Verb.COLLECT, Verb.UNCOLLECT})
_INTEREST_VERBS = frozenset({Verb.LIKE_FOR, Verb.DISLIKE_FOR, Verb.UNJUDGE_FOR})
_FOLLOW_VERBS = frozenset({Verb.FOLLOW, Verb.UNFOLLOW, Verb.KEEP_SEARCH, Verb.DROP_SEARCH})


def act(request: Request, form: Form) -> Response:
    """One deed: `do` is `VERB TARGET`, the target a paper, an author or a query; for an interest
    its number stands before the paper. `shows` says which slates the page shows."""
    deed, doc_id = _read_deed(request, form)
    publish_seen(site_of(request), reader_of(request), form.text("shows"))
    return answer_done(request, form, do_now(request, deed), anchor=doc_id)


def undo_deed(request: Request, form: Form) -> Response:
    site, reader = site_of(request), reader_of(request)
    number = form.number("deed")
    try:
        with site.db.transaction() as transaction:
            deed = undo(transaction, reader.reader_no, number, now=site.clock())
    except (NotFoundError, UsageError) as error:
        raise HTTPException(409, sentence(error)) from error
    return answer_done(request, form, Done(deed, number, undone=True))


def answer_done(request: Request, form: Form, done: Done, *, anchor: str = "") -> Response:
    """For our script the changed parts of the page; for a form, back to where it was sent."""
    if not form.wants_part:
        back = safe_return(form.text("back") or "/")
        return RedirectResponse(done_path(back, done.deed_no, anchor), 303)
    site, reader = site_of(request), reader_of(request)
    documents = load_documents(site.db, [done.deed.doc_no] if done.deed.doc_no else [])
    return pages_of(request).part(
        request,
        "_acted.html",
        me=lay_desk(site.db, reader, [document.doc_no for document in documents]),
        shown=show_done(site.db, [done])[0],
        document=documents[0] if documents else None,
        deed=done.deed,
        followed=_as_followed(site.db, done.deed),
    )


def _read_deed(request: Request, form: Form) -> tuple[Deed, str]:
    """The deed, and the doc_id it is about ("" for none). Raises HTTPException."""
    word, _, target = form.text("do", chars_max=VALUE_CHARS_MAX + 40).partition(" ")
    try:
        verb = Verb(word)
    except ValueError:
        raise HTTPException(400, "There is no such thing to do. Nothing was changed.") from None
    if verb in _FOLLOW_VERBS:
        return _follow_deed(request, verb, target), ""
    if verb not in _PAPER_VERBS | _SHELF_VERBS | _INTEREST_VERBS:
        raise HTTPException(400, "That has a page of its own. Nothing was changed.")
    db = site_of(request).db
    number = form.number("collection")
    if verb in _INTEREST_VERBS:
        digits, _, target = target.partition(" ")
        number = number_of(digits)
    doc_id, value = target, form.text("value", chars_max=200)
    doc_no = find_doc_no(db, doc_id)
    if doc_no is None:
        raise HTTPException(404, "There is no such paper. Nothing was changed.")
    return Deed(verb, doc_no, value, number=number), anchor_of(doc_id)


def _follow_deed(request: Request, verb: Verb, target: str) -> Deed:
    if verb is not Verb.FOLLOW:
        return Deed(verb, value=target, name=target)
    try:
        found = find_followable(site_of(request).db, target)
    except NotFoundError:
        raise HTTPException(404, "There is no such author. Nothing was changed.") from None
    return Deed(verb, value=found.author_id, name=found.name)


def _as_followed(db: Database, deed: Deed) -> set[str]:
    """How pages may name whom a deed follows: as they were then, and as they are now."""
    is_author = deed.verb in (Verb.FOLLOW, Verb.UNFOLLOW)
    return {deed.value, current_id(db, deed.value)} if is_author else set()
