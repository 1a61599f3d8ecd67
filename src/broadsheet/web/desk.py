"""What a page knows of the reader it is for: who they are, and what they did with its papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from broadsheet.store.database import Database
from broadsheet.store.fellows import fellows_marks
from broadsheet.store.followed import current_id
from broadsheet.store.follows import FollowKind, list_follows
from broadsheet.store.interests import Interest, Judgment, judgments_of, list_interests
from broadsheet.store.marks import Mark, marks_of
from broadsheet.store.readers import Reader

_NONE: frozenset[Mark] = frozenset()


@dataclass(frozen=True, slots=True)
class Desk:
    """`fellows` are the names and marks of people in the reader's groups, by document; `judged`
    what the reader said of it for an interest, by (interest_no, doc_no). `authors` are those who
    are followed: as whom, by how they would be followed now (a number may have moved since)."""

    reader: Reader
    marks: Mapping[int, frozenset[Mark]] = field(default_factory=dict)
    fellows: Mapping[int, tuple[tuple[str, Mark], ...]] = field(default_factory=dict)
    authors: Mapping[str, str] = field(default_factory=dict)
    searches: frozenset[str] = frozenset()
    judged: Mapping[tuple[int, int], Judgment] = field(default_factory=dict)
    interests: tuple[Interest, ...] = ()

    def has(self, doc_no: int, mark: str) -> bool:
        return mark in self.marks.get(doc_no, _NONE)

    def liked_by(self, doc_no: int) -> tuple[str, ...]:
        return tuple(name for name, mark in self.fellows.get(doc_no, ()) if mark is Mark.LIKED)

    def saved_by(self, doc_no: int) -> tuple[str, ...]:
        return tuple(name for name, mark in self.fellows.get(doc_no, ()) if mark is Mark.SAVED)


def lay_desk(db: Database, reader: Reader, doc_nos: Sequence[int]) -> Desk:
    """The desk of a page that shows these documents."""
    followed = list_follows(db, reader.reader_no)
    return Desk(
        reader,
        marks_of(db, reader.reader_no, doc_nos),
        fellows_marks(db, reader.reader_no, doc_nos),
        {
            name: entry.value
            for entry in followed
            if entry.kind is FollowKind.AUTHOR
            for name in (current_id(db, entry.value), entry.value)
        },
        frozenset(entry.value for entry in followed if entry.kind is FollowKind.SEARCH),
        judgments_of(db, reader.reader_no, doc_nos),
        tuple(list_interests(db, reader.reader_no)),
    )
