"""What fellows of a reader's groups let them see: papers saved and voted for, and nothing else.

Members and guests of a group see each other's. A reader who was shut out, or who left, is nobody's
fellow. Judgments for an interest, dismissals, votes against, what was read, tags, notes and own
collections are each reader's alone, so no query here reads them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from broadsheet.store.documents import Reads, parts_of, read_in
from broadsheet.store.marks import Mark


@dataclass(frozen=True, slots=True)
class Fellow:
    """`groups` are the names of those shared with the reader who asked; `n_kept` papers are saved
    or voted for in all."""

    reader_no: int
    groups: tuple[str, ...]
    n_kept: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that a fellow saved or voted for."""

    doc_no: int
    reader_no: int
    mark: Mark


def list_fellows(db: Reads, reader_no: int) -> list[Fellow]:
    """By number; [] for a reader without groups."""
    shared = db.read(
        "SELECT fellow.reader_no, g.name FROM members own JOIN members fellow USING (group_no)"
        " JOIN groups g USING (group_no) JOIN readers r ON r.reader_no = fellow.reader_no"
        " WHERE own.reader_no = ? AND fellow.reader_no <> own.reader_no"
        " AND r.disabled_at IS NULL ORDER BY fellow.reader_no, g.name, g.group_no",
        (reader_no,),
    )
    groups: dict[int, list[str]] = defaultdict(list)
    for fellow_no, name in shared:
        groups[fellow_no].append(name)
    counts: dict[int, int] = dict(
        read_in(
            db,
            "SELECT reader_no, count(DISTINCT doc_no) FROM marks"
            " WHERE reader_no IN (?*) AND kind IN ('liked', 'saved') GROUP BY reader_no",
            list(groups),
        )
    )
    return [
        Fellow(fellow_no, tuple(names), counts.get(fellow_no, 0))
        for fellow_no, names in groups.items()
    ]


def kept_by_fellows(db: Reads, reader_no: int, doc_nos: Sequence[int]) -> list[Kept]:
    """Which of these documents the reader's fellows in any group saved or voted for, by document,
    fellow and mark."""
    rows = _marks_of_fellows(db, reader_no, doc_nos)
    found = {Kept(doc_no, fellow_no, Mark(kind)) for doc_no, fellow_no, _, kind in rows}
    return sorted(found, key=lambda kept: (kept.doc_no, kept.reader_no, kept.mark))


def fellows_marks(
    db: Reads, reader_no: int, doc_nos: Sequence[int]
) -> dict[int, tuple[tuple[str, Mark], ...]]:
    """(name, liked or saved) of the reader's fellows in any group, by name, for each document."""
    found: dict[int, set[tuple[str, Mark]]] = defaultdict(set)
    for doc_no, _, name, kind in _marks_of_fellows(db, reader_no, doc_nos):
        found[doc_no].add((name, Mark(kind)))
    return {doc_no: tuple(sorted(entries)) for doc_no, entries in found.items()}


def _marks_of_fellows(
    db: Reads, reader_no: int, doc_nos: Sequence[int]
) -> list[tuple[int, int, str, str]]:
    """(doc_no, reader_no, name, kind); what was given to a merged document is the other's."""
    if not db.read("SELECT 1 FROM members WHERE reader_no = ? LIMIT 1", (reader_no,)):
        return []
    living = parts_of(db, doc_nos)
    rows = read_in(
        db,
        "SELECT m.doc_no, m.reader_no, r.name, m.kind FROM marks m JOIN readers r USING (reader_no)"
        " WHERE m.doc_no IN (?*) AND m.kind IN ('liked', 'saved') AND r.disabled_at IS NULL"
        " AND m.reader_no IN ("
        "  SELECT fellow.reader_no FROM members own JOIN members fellow USING (group_no)"
        "  WHERE own.reader_no = ? AND fellow.reader_no <> own.reader_no)",
        list(living),
        reader_no,
    )
    return [(living[doc_no], *rest) for doc_no, *rest in rows]
