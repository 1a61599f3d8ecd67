"""What readers marked: liked, disliked, saved, dismissed, read.

A mark stands at the document it was given to. Where documents have become one, the marks of
each are read for the one that stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from broadsheet.store.database import Transaction
from broadsheet.store.documents import Reads, parts_of, read_in


class Mark(StrEnum):
    LIKED = "liked"
    DISLIKED = "disliked"
    SAVED = "saved"
    DISMISSED = "dismissed"
    READ = "read"


def marks_of(db: Reads, reader_no: int, doc_nos: Sequence[int]) -> dict[int, frozenset[Mark]]:
    """The marks of these documents; those without any are left out."""
    living = parts_of(db, doc_nos)
    found: dict[int, set[Mark]] = defaultdict(set)
    sql = "SELECT doc_no, kind FROM marks WHERE doc_no IN (?*) AND reader_no = ?"
    for doc_no, kind in read_in(db, sql, list(living), reader_no):
        found[living[doc_no]].add(Mark(kind))
    return {doc_no: frozenset(marks) for doc_no, marks in found.items()}


def marked(db: Reads, reader_no: int, mark: Mark) -> list[int]:
    """The documents with this mark, last marked first."""
    rows = db.read(
        "SELECT coalesce(d.merged_into, m.doc_no) AS living, max(m.marked_at) AS at"
        " FROM marks m JOIN documents d USING (doc_no) WHERE m.reader_no = ? AND m.kind = ?"
        " GROUP BY living ORDER BY at DESC, living DESC",
        (reader_no, mark.value),
    )
    return [doc_no for doc_no, _ in rows]


def count_marks(db: Reads, reader_no: int) -> dict[Mark, int]:
    rows = db.read(
        "SELECT m.kind, count(DISTINCT coalesce(d.merged_into, m.doc_no))"
        " FROM marks m JOIN documents d USING (doc_no) WHERE m.reader_no = ? GROUP BY m.kind",
        (reader_no,),
    )
    return {Mark(kind): n for kind, n in rows}


def put_mark(
    transaction: Transaction, reader_no: int, doc_no: int, mark: Mark, *, now: datetime
) -> bool:
    """Whether that was news."""
    if mark in marks_of(transaction, reader_no, [doc_no]).get(doc_no, frozenset()):
        return False
    transaction.run(
        "INSERT INTO marks (reader_no, doc_no, kind, marked_at) VALUES (?, ?, ?, ?)",
        (reader_no, doc_no, mark.value, now.isoformat()),
    )
    return True


def remove_mark(transaction: Transaction, reader_no: int, doc_no: int, mark: Mark) -> bool:
    """Whether there was one."""
    there = mark in marks_of(transaction, reader_no, [doc_no]).get(doc_no, frozenset())
    transaction.run(
        "DELETE FROM marks WHERE reader_no = ? AND kind = ? AND (doc_no = ?"
        " OR doc_no IN (SELECT doc_no FROM documents WHERE merged_into = ?))",
        (reader_no, mark.value, doc_no, doc_no),
    )
    return there
