"""A reader's deeds, done and as pages tell them: what, to what, and whether it can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request

from broadsheet.errors import NotFoundError, UsageError
from broadsheet.store.database import Database
from broadsheet.store.deeds import Deed, Done, Verb, do, get_done
from broadsheet.store.documents import load_documents
from broadsheet.text.wording import sentence
from broadsheet.web.site import site_of
from broadsheet.web.visitors import reader_of

#: In words; what was done it to follows.
SAID = {
    Verb.LIKE: "Voted for",
    Verb.DISLIKE: "Voted against",
    Verb.UNVOTE: "Took back the vote on",
    Verb.SAVE: "Saved",
    Verb.UNSAVE: "No longer saved:",
    Verb.DISMISS: "Dismissed",
    Verb.RESTORE: "Brought back",
    Verb.READ: "Marked as read:",
    Verb.UNREAD: "Marked as unread:",
    Verb.FOLLOW: "Following",
    Verb.UNFOLLOW: "No longer following",
    Verb.KEEP_SEARCH: "Saved as an alert:",
    Verb.DROP_SEARCH: "No longer an alert:",
    Verb.TAG: "Tagged",
    Verb.UNTAG: "Took a tag from",
    Verb.COLLECT: "Put in a collection:",
    Verb.UNCOLLECT: "Taken out of a collection:",
    Verb.MAKE_COLLECTION: "Made the collection",
    Verb.RENAME_COLLECTION: "Renamed the collection",
    Verb.DROP_COLLECTION: "Dropped the collection",
    Verb.RESTORE_COLLECTION: "Brought back the collection",
    Verb.WRITE_NOTE: "Wrote a note on",
    Verb.MAKE_INTEREST: "Made the interest",
    Verb.CHANGE_INTEREST: "Changed the interest",
    Verb.DROP_INTEREST: "Dropped the interest",
    Verb.RESTORE_INTEREST: "Brought back the interest",
    Verb.LIKE_FOR: "Liked for an interest:",
    Verb.DISLIKE_FOR: "Disliked for an interest:",
    Verb.UNJUDGE_FOR: "Took back the judgment on",
    Verb.LIKE_ALL_FOR: "Liked all papers of",
    Verb.UNLIKE_ALL_FOR: "Took back the likes of",
    Verb.ADD_RULE: "Made the rule",
    Verb.DROP_RULE: "Dropped the rule",
    Verb.FOLLOW_FOR: "Following for an interest:",
    Verb.UNFOLLOW_FOR: "No longer following for an interest:",
}


@dataclass(frozen=True, slots=True)
class DoneShown:
    """`said` and `about` make a line: Saved “Sparse attention”. `doc_id` leads to the paper."""

    deed_no: int | None
    said: str
    about: str
    doc_id: str
    undone: bool


def show_done(db: Database, doings: Sequence[Done]) -> list[DoneShown]:
    documents = {
        document.doc_no: document
        for document in load_documents(
            db, [done.deed.doc_no for done in doings if done.deed.doc_no]
        )
    }
    shown = []
    for done in doings:
        document = documents.get(done.deed.doc_no)
        about = document.title if document else _about(done)
        shown.append(
            DoneShown(
                done.deed_no,
                SAID[done.deed.verb],
                about,
                document.doc_id if document else "",
                done.undone,
            )
        )
    return shown


def _about(done: Done) -> str:
    if done.deed.verb in (Verb.ADD_RULE, Verb.DROP_RULE):
        return f"{done.deed.name}: {done.deed.value}"
    return done.deed.name or done.deed.value


def find_shown(db: Database, reader_no: int, deed_no: int) -> DoneShown | None:
    """A deed of this reader's; None for any other."""
    try:
        return show_done(db, [get_done(db, reader_no, deed_no)])[0]
    except NotFoundError:
        return None


def do_now(request: Request, deed: Deed, *, missing: str = "") -> Done:
    """The deed, done for the reader who asks. Raises HTTPException: 404, which says `missing`,
    where what it is about is not there or not theirs; 400 where it cannot be."""
    site = site_of(request)
    try:
        with site.db.transaction() as transaction:
            return do(transaction, reader_of(request).reader_no, deed, now=site.clock())
    except NotFoundError as error:
        raise HTTPException(404, missing or sentence(error)) from error
    except UsageError as error:
        raise HTTPException(400, f"{sentence(error)} Nothing was changed.") from error
