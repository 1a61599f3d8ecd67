"""Notes on papers, private or a group's. Every revision is kept, so two people, or two tabs,
who write over each other lose nothing and are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from broadsheet.errors import UsageError
from broadsheet.store.database import Transaction
from broadsheet.store.documents import Reads

TEXT_CHARS_MAX = 200_000
NO_GROUP = 0


class NoteConflictError(UsageError):
    """Somebody has written since; `note` is what stands there now."""

    def __init__(self, note: Note) -> None:
        super().__init__("this note was changed elsewhere meanwhile")
        self.note = note


class NoteTooLongError(UsageError):
    def __init__(self, n_chars: int) -> None:
        super().__init__(
            f"a note holds at most {TEXT_CHARS_MAX:,} characters, and this has {n_chars:,}; "
            "nothing was saved"
        )


@dataclass(frozen=True, slots=True)
class Note:
    """`revision` 0 and text "" where none was ever written; `author` wrote this revision."""

    doc_no: int
    group_no: int
    revision: int
    text: str
    author: str
    edited_at: datetime | None


def get_note(db: Reads, reader_no: int, doc_no: int, group_no: int = NO_GROUP) -> Note:
    rows = db.read(
        "SELECT n.revision, n.text, r.name, n.edited_at FROM documents d"
        " CROSS JOIN notes n USING (doc_no) JOIN readers r USING (reader_no)"
        " WHERE (d.doc_no = ?1 OR d.merged_into = ?1)"
        " AND n.owner_no = ?2 AND n.group_no = ?3 ORDER BY n.revision DESC, n.note_no DESC LIMIT 1",
        (doc_no, 0 if group_no else reader_no, group_no),
    )
    if not rows:
        return Note(doc_no, group_no, 0, "", "", None)
    revision, text, author, edited_at = rows[0]
    return Note(doc_no, group_no, revision, text, author, datetime.fromisoformat(edited_at))


def put_note(
    transaction: Transaction,
    reader_no: int,
    doc_no: int,
    text: str,
    *,
    based_on: int,
    now: datetime,
    group_no: int = NO_GROUP,
) -> Note:
    """The note as it stood before. `based_on` is the revision that the writer saw.

    Raises NoteConflictError where another has been written since, unless it says the same,
    and NoteTooLongError.
    """
    if len(text) > TEXT_CHARS_MAX:
        raise NoteTooLongError(len(text))
    standing = get_note(transaction, reader_no, doc_no, group_no)
    if text == standing.text:
        return standing
    if based_on != standing.revision:
        raise NoteConflictError(standing)
    transaction.run(
        "INSERT INTO notes (doc_no, owner_no, group_no, revision, reader_no, text, edited_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            doc_no,
            0 if group_no else reader_no,
            group_no,
            standing.revision + 1,
            reader_no,
            text,
            now.isoformat(),
        ),
    )
    return standing


def noted(db: Reads, reader_no: int) -> list[tuple[int, str]]:
    """(doc_no, text) of the reader's own notes and those of their groups, last edited first."""
    rows = db.read(
        "SELECT coalesce(d.merged_into, d.doc_no), n.text, max(n.revision), n.edited_at"
        " FROM notes n JOIN documents d USING (doc_no)"
        " WHERE (n.owner_no = ?1 AND n.group_no = 0) OR n.group_no IN"
        " (SELECT group_no FROM members WHERE reader_no = ?1)"
        " GROUP BY n.doc_no, n.owner_no, n.group_no ORDER BY n.edited_at DESC",
        (reader_no,),
    )
    return [(doc_no, text) for doc_no, text, _, _ in rows if text]


def own_notes(db: Reads, reader_no: int) -> dict[int, tuple[str, ...]]:
    """The texts of the reader's own notes by document; two where papers have become one."""
    found: dict[int, tuple[str, ...]] = {}
    for doc_no, text, _ in db.read(
        "SELECT coalesce(d.merged_into, d.doc_no), n.text, max(n.revision)"
        " FROM notes n JOIN documents d USING (doc_no)"
        " WHERE n.owner_no = ? AND n.group_no = 0 GROUP BY n.doc_no ORDER BY n.doc_no",
        (reader_no,),
    ):
        if text:
            found[doc_no] = (*found.get(doc_no, ()), text)
    return found
