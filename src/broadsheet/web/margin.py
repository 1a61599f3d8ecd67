"""What a reader, and their groups, wrote in the margin of one paper."""

from __future__ import annotations

from dataclasses import dataclass

from broadsheet.store.collections import Collection, collections_of, list_collections, tags_of
from broadsheet.store.database import Database
from broadsheet.store.groups import GroupRole, list_groups
from broadsheet.store.notes import NO_GROUP, Note, get_note
from broadsheet.store.readers import Reader

#: A list to choose from must stay one that can be looked through.
CHOICES_MAX = 500


@dataclass(frozen=True, slots=True)
class Sheet:
    """A note's place: `group` is "" for the reader's own."""

    group_no: int
    group: str
    note: Note
    may_write: bool


@dataclass(frozen=True, slots=True)
class Margin:
    """`inside` are the collections that hold the paper, `choices` those it can be put in."""

    tags: tuple[str, ...]
    inside: tuple[Collection, ...]
    choices: tuple[Collection, ...]
    sheets: tuple[Sheet, ...]


def compose_margin(db: Database, reader: Reader, doc_no: int) -> Margin:
    with db.snapshot():
        collections = list_collections(db, reader.reader_no)
        holding = collections_of(db, reader.reader_no, doc_no)
        own = Sheet(NO_GROUP, "", get_note(db, reader.reader_no, doc_no), may_write=True)
        shared = [
            Sheet(
                group.group_no,
                group.name,
                get_note(db, reader.reader_no, doc_no, group.group_no),
                may_write=group.role is not GroupRole.GUEST,
            )
            for group in list_groups(db, reader.reader_no)
        ]
        return Margin(
            tags_of(db, reader.reader_no, [doc_no]).get(doc_no, ()),
            tuple(found for found in collections if found.collection_no in holding),
            tuple(
                found
                for found in collections
                if found.may_write and found.collection_no not in holding
            )[:CHOICES_MAX],
            (own, *shared),
        )
