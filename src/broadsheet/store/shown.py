"""What was shown to readers: each paper once, with the chance it had."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from broadsheet.store.database import Row, Transaction
from broadsheet.store.documents import Reads, parts_of, read_in


class Place(StrEnum):
    """chosen: for its score. explores: drawn. more: above the line, by its title alone."""

    CHOSEN = "chosen"
    EXPLORES = "explores"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class Shown:
    doc_no: int
    shown_on: date
    place: Place
    rank: int
    propensity: float
    is_above: bool


def shown_to(db: Reads, reader_no: int, doc_nos: Sequence[int]) -> dict[int, tuple[int, date]]:
    """Which of these a reader was shown: doc_no to (interest_no, date); its own before that of a
    document that became part of it."""
    living = parts_of(db, doc_nos)
    sql = "SELECT doc_no, interest_no, shown_on FROM shown WHERE doc_no IN (?*) AND reader_no = ?"
    rows = list(read_in(db, sql, list(living), reader_no))
    rows.sort(key=lambda row: row[0] == living[row[0]])
    return {
        living[doc_no]: (interest_no, date.fromisoformat(day)) for doc_no, interest_no, day in rows
    }


def slate_shown(db: Reads, interest_no: int, day: date) -> list[Shown]:
    """What an interest's slate for this date was when it was shown, in its order; [] before."""
    return [
        _shown(row)
        for row in db.read(
            f"SELECT {_COLUMNS} FROM shown s JOIN documents d USING (doc_no)"  # noqa: S608
            " WHERE s.interest_no = ? AND s.shown_on = ? ORDER BY s.rank, s.doc_no",
            (interest_no, day.isoformat()),
        )
    ]


def list_shown(db: Reads, interest_no: int, *, limit: int = 2_000) -> list[Shown]:
    """The last papers an interest showed, newest slate first, each slate in its order."""
    return [
        _shown(row)
        for row in db.read(
            f"SELECT {_COLUMNS} FROM shown s JOIN documents d USING (doc_no)"  # noqa: S608
            " WHERE s.interest_no = ? ORDER BY s.shown_on DESC, s.rank, s.doc_no LIMIT ?",
            (interest_no, limit),
        )
    ]


def put_shown(
    transaction: Transaction,
    reader_no: int,
    interest_no: int,
    shown: Iterable[Shown],
    *,
    channel: str,
    now: datetime,
) -> None:
    """What was shown before stays as it was."""
    transaction.run_many(
        "INSERT OR IGNORE INTO shown (reader_no, doc_no, interest_no, shown_on, channel, kind,"
        " rank, propensity, is_above, shown_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                reader_no,
                entry.doc_no,
                interest_no,
                entry.shown_on.isoformat(),
                channel,
                entry.place.value,
                entry.rank,
                entry.propensity,
                int(entry.is_above),
                now.isoformat(),
            )
            for entry in shown
        ],
    )


_COLUMNS = "coalesce(d.merged_into, s.doc_no), s.shown_on, s.kind, s.rank, s.propensity, s.is_above"


def _shown(row: Row) -> Shown:
    doc_no, shown_on, place, rank, propensity, is_above = row
    return Shown(
        doc_no, date.fromisoformat(shown_on), Place(place), rank, propensity, bool(is_above)
    )
