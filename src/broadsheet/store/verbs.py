"""What a reader can do, as a value: a verb and what it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broadsheet.store.database import Transaction


class Verb(StrEnum):
    LIKE = "like"
    DISLIKE = "dislike"
    UNVOTE = "unvote"
    SAVE = "save"
    UNSAVE = "unsave"
    DISMISS = "dismiss"
    RESTORE = "restore"
    READ = "read"
    UNREAD = "unread"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    KEEP_SEARCH = "keep-search"
    DROP_SEARCH = "drop-search"
    TAG = "tag"
    UNTAG = "untag"
    COLLECT = "collect"
    UNCOLLECT = "uncollect"
    MAKE_COLLECTION = "make-collection"
    RENAME_COLLECTION = "rename-collection"
    DROP_COLLECTION = "drop-collection"
    RESTORE_COLLECTION = "restore-collection"
    WRITE_NOTE = "write-note"
    MAKE_INTEREST = "make-interest"
    CHANGE_INTEREST = "change-interest"
    DROP_INTEREST = "drop-interest"
    RESTORE_INTEREST = "restore-interest"
    LIKE_FOR = "like-for"
    DISLIKE_FOR = "dislike-for"
    UNJUDGE_FOR = "unjudge-for"
    LIKE_ALL_FOR = "like-all-for"
    UNLIKE_ALL_FOR = "unlike-all-for"
    ADD_RULE = "add-rule"
    DROP_RULE = "drop-rule"
    FOLLOW_FOR = "follow-for"
    UNFOLLOW_FOR = "unfollow-for"


@dataclass(frozen=True, slots=True)
class Deed:
    """`value` is a tag, an author's id, a query, a name or a note's text; `name` what it is
    called. `number` is a collection or an interest or, for a note, the revision it was based on."""

    verb: Verb
    doc_no: int = 0
    value: str = ""
    name: str = ""
    number: int = 0
    group_no: int = 0


#: Does a deed and returns the one that takes it back; None where nothing changed.
Do = Callable[[Transaction, int, Deed, datetime], Deed | None]
