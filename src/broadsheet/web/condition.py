"""How the library and its index are at this moment."""

from __future__ import annotations

from dataclasses import dataclass

from broadsheet.errors import BroadsheetError
from broadsheet.index.lexical import LexicalIndex
from broadsheet.store.database import Database
from broadsheet.store.documents import count_documents, last_change_no


@dataclass(frozen=True, slots=True)
class Condition:
    """`index_lag` counts changes the index has not taken in yet; None where it cannot be read.
    `problem` is "" while all is well."""

    n_documents: int | None
    index_position: int | None
    index_lag: int | None
    problem: str

    @property
    def ok(self) -> bool:
        return not self.problem


def examine(db: Database, index: LexicalIndex) -> Condition:
    try:
        n_documents, newest = count_documents(db), last_change_no(db)
    except BroadsheetError:
        return Condition(None, None, None, "the library cannot be read; run `broadsheet doctor`")
    try:
        index.searcher()
    except BroadsheetError:
        return Condition(
            n_documents, None, None, "there is no readable index; run `broadsheet index`"
        )
    position = index.position()
    if position is None:
        return Condition(n_documents, None, None, "")
    return Condition(n_documents, position.change_no, newest - position.change_no, "")
