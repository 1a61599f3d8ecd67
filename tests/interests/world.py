"""A library of four subjects over five days, in which it is known what a reader wants."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.index.changes import StoreChanges
from broadsheet.index.lexical import LexicalIndex
from broadsheet.interests.corpus import Corpus
from broadsheet.store.database import Database
from broadsheet.store.interests import (
    Choices,
    Interest,
    Rule,
    get_interest,
    make_interest,
    put_author,
    put_judgment,
    put_rule,
)
from broadsheet.store.interests import Judgment as Judgment
from broadsheet.types import Author, Record
from tests.worlds import NOW, a_library, a_record

SUBJECTS = {
    "birds": "plumage nesting songbird warbler migration feather finch",
    "stars": "supernova galaxy telescope redshift pulsar nebula quasar",
    "soils": "clay humus erosion sediment loam drainage tillage",
    "tides": "estuary lagoon surge current salinity mooring reef",
}
COMMON = "we measure model method results show data new study large small analysis approach"
DAY = date(2026, 3, 1)
N_DAYS, N_PER_DAY = 6, 10
EARLIER = DAY - timedelta(days=1)


def subject_records(*, n_days: int = N_DAYS, n_per_day: int = N_PER_DAY) -> list[Record]:
    """`n_per_day` papers of each subject a day, the last day being DAY. doc_nos count from 1 by
    day, then subject."""
    rng = np.random.default_rng(0)
    records = []
    number = 0
    for back in reversed(range(n_days)):
        for subject, words in SUBJECTS.items():
            for _ in range(n_per_day):
                number += 1
                own = rng.choice(words.split(), 5)
                usual = rng.choice(COMMON.split(), 10)
                records.append(
                    a_record(
                        number,
                        title=f"On {own[0]} and {own[1]} {_letters(number)}",
                        abstract=" ".join([*usual[:5], *own, *usual[5:]]) + ".",
                        authors=(Author(f"Ann {subject.title()}"), Author(f"Z {_letters(number)}")),
                        categories=(f"nat.{subject}",),
                        announced=DAY - timedelta(days=back),
                        submitted=DAY - timedelta(days=back + 2),
                    )
                )
    return records


def a_corpus(folder: Path, *records: Record) -> Corpus:
    """Without a sentence model."""
    db = a_library(folder, *(records or subject_records()))
    index = LexicalIndex(folder / "index" / "lexical", store_id=db.store_id)
    index.follow(StoreChanges(db))
    return Corpus(db, index, None)


def papers_of(
    db: Database, subject: str, *, day: date | None = None, before: date = DAY
) -> list[int]:
    """The doc_nos of a subject, of one day or of all days before DAY."""
    rows = db.read(
        "SELECT doc_no, announced FROM documents WHERE categories = ? ORDER BY doc_no",
        (f"nat.{subject}",),
    )
    return [
        doc_no
        for doc_no, announced in rows
        if (announced == day.isoformat() if day else announced < before.isoformat())
    ]


def an_interest(
    db: Database,
    *,
    likes: list[int] = [],  # noqa: B006
    dislikes: list[int] = [],  # noqa: B006
    rules: tuple[Rule, ...] = (),
    authors: tuple[tuple[str, str], ...] = (),
    reader_no: int = 1,
    **choices: Any,
) -> Interest:
    with db.transaction() as transaction:
        number = make_interest(
            transaction,
            reader_no,
            replace(Choices("Birds"), **choices),
            now=NOW,
        )
        for doc_no in likes:
            put_judgment(transaction, number, doc_no, Judgment.LIKED, now=NOW)
        for doc_no in dislikes:
            put_judgment(transaction, number, doc_no, Judgment.DISLIKED, now=NOW)
        for rule in rules:
            put_rule(transaction, number, rule, now=NOW)
        for key, name in authors:
            put_author(transaction, number, key, name, now=NOW)
    return get_interest(db, reader_no, number)


def _letters(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in f"{number:04d}")
