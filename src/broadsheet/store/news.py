"""What has come into the library since somebody last looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from broadsheet.store.columns import CATEGORY_GAP
from broadsheet.store.documents import Reads


@dataclass(frozen=True, slots=True)
class Arrival:
    doc_no: int
    announced: date


def last_doc_no(db: Reads) -> int:
    return int(db.read("SELECT max(doc_no) FROM documents")[0][0] or 0)


def new_documents(
    db: Reads, *, after: int, until: int, since: date, through: date, category: str = ""
) -> list[Arrival]:
    """Documents that arrived after document `after`, up to `until`, and were announced from
    `since` to `through`; most attention first, ties by doc_id."""
    rows = db.read(
        "SELECT doc_no, announced FROM documents WHERE announced BETWEEN ? AND ? AND doc_no > ?"
        " AND doc_no <= ? AND merged_into IS NULL"
        " AND (? = '' OR instr(? || categories || ?, ?) > 0)"
        " ORDER BY attention DESC, doc_id",
        (
            since.isoformat(), through.isoformat(), after, until, category, CATEGORY_GAP,
            CATEGORY_GAP, f"{CATEGORY_GAP}{category}{CATEGORY_GAP}",
        ),
    )  # fmt: skip
    return [Arrival(doc_no, date.fromisoformat(announced)) for doc_no, announced in rows]
