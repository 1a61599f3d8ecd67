"""Small known worlds: records whose right library is known, and libraries made of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from broadsheet.jobs.ingest import ingest
from broadsheet.store.database import Database, open_database
from broadsheet.types import Author, IngestReport, Record

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def a_record(number: int = 1, **changes: Any) -> Record:
    """An arXiv record; different numbers are different papers in every respect."""
    arxiv_id = f"2603.{number:05d}"
    about = f"{_word(number).title()} {_word(number * 7 + 3)}"
    record = Record(
        source="arxiv-oai",
        key=arxiv_id,
        title=f"{about} networks seen under {_word(number + 5)}",
        identifiers=(f"arxiv:{arxiv_id}",),
        abstract=f"We measure {_word(number)} and find {number} surprises. Code is not there.",
        authors=(Author(f"Ada {_word(number).title()}"), Author(f"Bo {_word(number + 1).title()}")),
        categories=("cs.LG",),
        announced=date(2026, 3, 1),
        submitted=date(2026, 2, 27),
    )
    return replace(record, **changes)


def a_library(folder: Path, *records: Record) -> Database:
    db = open_database(folder)
    if records:
        ingest(db, records, now=NOW)
    return db


def take_in(db: Database, *records: Record) -> IngestReport:
    return ingest(db, records, now=NOW)


def _word(number: int) -> str:
    """A pronounceable word of its own for each number."""
    word = ""
    number += 11
    while number:
        number, place = divmod(number, 50)
        word += "bcdfghklmprst"[place % 13] + "aeiou"[place % 5] + "nrslm"[place // 13]
    return word
