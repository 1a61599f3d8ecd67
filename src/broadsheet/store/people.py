"""Who is who: groups of mentions as worked out, and what people have said about them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from broadsheet.errors import NotFoundError, UsageError
from broadsheet.store.database import Row, Transaction
from broadsheet.store.documents import Reads, read_in

SAID_MAX = 500  # of one name, newest first: a bound on what a grouping reads


class Kind(StrEnum):
    SAME = "same"
    APART = "apart"


@dataclass(frozen=True, slots=True)
class PersonGroup:
    """`group_no` counts from 1 within the name; `doc_nos` rising."""

    author_key: str
    group_no: int
    doc_nos: tuple[int, ...]
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Said:
    """A reader's word that two lists of papers are by one person, or by two."""

    said_no: int
    kind: Kind
    author_key: str
    doc_nos: tuple[int, ...]
    other_key: str
    other_nos: tuple[int, ...]
    said_at: datetime
    is_undone: bool


def list_groups(db: Reads, author_key: str) -> list[PersonGroup]:
    """The groups of a name, by number; [] where it has not been grouped. Papers that have left
    the name or were merged are left out."""
    rows = db.read(
        "SELECT p.group_no, p.doc_no, g.confidence, g.reason FROM people p"
        " JOIN people_groups g USING (author_key, group_no)"
        " WHERE p.author_key = ? AND EXISTS (SELECT 1 FROM mentions m"
        " WHERE m.author_key = p.author_key AND m.doc_no = p.doc_no)"
        " ORDER BY p.group_no, p.doc_no",
        (author_key,),
    )
    docs: dict[int, list[int]] = defaultdict(list)
    about = {}
    for group_no, doc_no, confidence, reason in rows:
        docs[group_no].append(doc_no)
        about[group_no] = (float(confidence), str(reason))
    return [
        PersonGroup(author_key, group_no, tuple(numbers), *about[group_no])
        for group_no, numbers in docs.items()
    ]


def find_group(db: Reads, author_key: str, group_no: int) -> PersonGroup | None:
    """The group of that number; for a number that nobody has any more, the group with most of the
    papers it had (of several, the first)."""
    groups = list_groups(db, author_key)
    found = next((group for group in groups if group.group_no == group_no), None)
    if found is not None or not groups:
        return found
    had = {
        n for old in list_former(db, author_key) if old.group_no == group_no for n in old.doc_nos
    }
    best = max(groups, key=lambda group: len(had & set(group.doc_nos)))
    return best if had & set(best.doc_nos) else None


def list_former(db: Reads, author_key: str) -> list[PersonGroup]:
    """Numbers that nobody has any more, with the papers each had; merged ones by their new
    number."""
    rows = db.read(
        "SELECT group_no, doc_nos FROM people_former WHERE author_key = ? ORDER BY group_no",
        (author_key,),
    )
    had = {group_no: json.loads(doc_nos) for group_no, doc_nos in rows}
    moved = _moves(db, sorted({n for numbers in had.values() for n in numbers}))
    return [
        PersonGroup(author_key, group_no, _living(doc_nos, moved), 0.0, "")
        for group_no, doc_nos in had.items()
    ]


def list_numbered(db: Reads, author_key: str) -> list[PersonGroup]:
    """The groups of a name as they were written, merged papers by their new number: what numbers
    are kept by."""
    rows = db.read(
        "SELECT p.group_no, coalesce(d.merged_into, p.doc_no) FROM people p"
        " JOIN documents d USING (doc_no) WHERE p.author_key = ? ORDER BY p.group_no, p.doc_no",
        (author_key,),
    )
    docs: dict[int, list[int]] = defaultdict(list)
    for group_no, doc_no in rows:
        docs[group_no].append(doc_no)
    return [
        PersonGroup(author_key, group_no, tuple(sorted(set(numbers))), 0.0, "")
        for group_no, numbers in docs.items()
    ]


def put_groups(
    transaction: Transaction,
    author_key: str,
    groups: Sequence[PersonGroup],
    former: Sequence[PersonGroup] = (),
) -> None:
    """These groups in place of the name's earlier ones; `former` are numbers nobody has now."""
    transaction.run("DELETE FROM people_former WHERE author_key = ?", (author_key,))
    transaction.run_many(
        "INSERT INTO people_former (author_key, group_no, doc_nos) VALUES (?, ?, ?)",
        [(author_key, old.group_no, json.dumps(old.doc_nos)) for old in former],
    )
    transaction.run("DELETE FROM people WHERE author_key = ?", (author_key,))
    transaction.run("DELETE FROM people_groups WHERE author_key = ?", (author_key,))
    transaction.run_many(
        "INSERT INTO people (author_key, doc_no, group_no) VALUES (?, ?, ?)",
        [(author_key, doc_no, g.group_no) for g in groups for doc_no in g.doc_nos],
    )
    transaction.run_many(
        "INSERT INTO people_groups (author_key, group_no, confidence, reason) VALUES (?, ?, ?, ?)",
        [(author_key, g.group_no, g.confidence, g.reason) for g in groups],
    )


def say(
    transaction: Transaction,
    kind: Kind,
    one: tuple[str, Sequence[int]],
    other: tuple[str, Sequence[int]],
    *,
    now: datetime,
) -> int:
    """Write down a reader's word, (author_key, doc_nos) on each side; it stays until unsaid.

    Raises UsageError where a side is empty, or both hold the same paper under the same name.
    """
    if not one[1] or not other[1]:
        raise UsageError("choose at least one paper, and leave at least one")
    if one[0] == other[0] and set(one[1]) & set(other[1]):
        raise UsageError("a paper cannot stand on both sides")
    return transaction.run(
        "INSERT INTO people_said (kind, author_key, doc_nos, other_key, other_nos, said_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            str(kind),
            one[0],
            json.dumps(sorted(one[1])),
            other[0],
            json.dumps(sorted(other[1])),
            now.isoformat(),
        ),
    )


def unsay(transaction: Transaction, said_no: int, *, now: datetime) -> Said:
    """Take a word back. Raises NotFoundError where there is none, or it was taken back before."""
    rows = transaction.read(
        f"SELECT {_FIELDS} FROM people_said WHERE said_no = ? AND undone_at IS NULL",  # noqa: S608
        (said_no,),
    )
    if not rows:
        raise NotFoundError(f"nothing numbered {said_no} was said about who is who")
    transaction.run(
        "UPDATE people_said SET undone_at = ? WHERE said_no = ?", (now.isoformat(), said_no)
    )
    return _said(rows[0])


def list_said(db: Reads, author_key: str) -> list[Said]:
    """What was said about a name and stands, oldest first; papers merged since by their new
    number."""
    rows = db.read(
        f"SELECT {_FIELDS} FROM people_said"  # noqa: S608
        " WHERE (author_key = ? OR other_key = ?) AND undone_at IS NULL"
        " ORDER BY said_no DESC LIMIT ?",
        (author_key, author_key, SAID_MAX),
    )
    found = [_said(row) for row in reversed(rows)]
    moved = _moves(db, sorted({n for said in found for n in (*said.doc_nos, *said.other_nos)}))
    return [_moved(said, moved) for said in found]


def said_names(db: Reads) -> set[str]:
    """Names about which anything was said and stands."""
    rows = db.read("SELECT author_key, other_key FROM people_said WHERE undone_at IS NULL")
    return {name for row in rows for name in row}


def name_keys(db: Reads) -> list[str]:
    """Every name there is."""
    return [key for (key,) in db.read("SELECT DISTINCT author_key FROM mentions")]


def names_changed(db: Reads, after: int) -> list[str]:
    """Names of several papers, one of which changed after change number `after`."""
    rows = db.read(
        "SELECT author_key FROM mentions WHERE author_key IN (SELECT author_key FROM mentions m"
        " JOIN documents d USING (doc_no) WHERE d.change_no > ?)"
        " GROUP BY author_key HAVING count(DISTINCT doc_no) > 1 ORDER BY author_key",
        (after,),
    )
    return [key for (key,) in rows]


def papers_of_names(db: Reads, author_key: str) -> list[int]:
    rows = db.read(
        "SELECT DISTINCT doc_no FROM mentions WHERE author_key = ? ORDER BY doc_no", (author_key,)
    )
    return [doc_no for (doc_no,) in rows]


def newest_doc_nos(db: Reads, limit: int) -> list[int]:
    rows = db.read(
        "SELECT doc_no FROM documents WHERE merged_into IS NULL ORDER BY doc_no DESC LIMIT ?",
        (limit,),
    )
    return [doc_no for (doc_no,) in rows]


def _moves(db: Reads, doc_nos: Sequence[int]) -> dict[int, int]:
    """Which of these documents became part of which."""
    return dict(
        read_in(
            db,
            "SELECT doc_no, merged_into FROM documents"
            " WHERE doc_no IN (?*) AND merged_into IS NOT NULL",
            doc_nos,
        )
    )


def _living(doc_nos: Sequence[int], moved: dict[int, int]) -> tuple[int, ...]:
    return tuple(sorted({moved.get(number, number) for number in doc_nos}))


_FIELDS = "said_no, kind, author_key, doc_nos, other_key, other_nos, said_at, undone_at"


def _said(row: Row) -> Said:
    said_no, kind, key, doc_nos, other, other_nos, said_at, undone_at = row
    return Said(
        said_no,
        Kind(kind),
        key,
        tuple(json.loads(doc_nos)),
        other,
        tuple(json.loads(other_nos)),
        datetime.fromisoformat(said_at),
        undone_at is not None,
    )


def _moved(said: Said, moved: dict[int, int]) -> Said:
    return replace(
        said,
        doc_nos=tuple(moved.get(number, number) for number in said.doc_nos),
        other_nos=tuple(moved.get(number, number) for number in said.other_nos),
    )
