"""A reader's deeds as pages tell them: what was done, to what, and whether it can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from broadsheet.errors import NotFoundError
from broadsheet.store.database import Database
from broadsheet.store.deeds import Done, Verb, get_done, list_done
from broadsheet.store.documents import load_documents

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


def last_doings(db: Database, reader_no: int, *, limit: int = 12) -> list[DoneShown]:
    return show_done(db, list_done(db, reader_no, limit=limit))
