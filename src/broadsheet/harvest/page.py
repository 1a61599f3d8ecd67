"""What a source module yields: one page of work, taken in by one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from broadsheet.errors import HarvestError
from broadsheet.ledger import Outcome
from broadsheet.store.checkpoints import Checkpoint
from broadsheet.types import Announcement, Record, Reject

#: A checkpoint's JSON object, as the source module left it; None where there is none.
State = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Window:
    """The days a reader asked for, both included; None leaves that side open."""

    from_: date | None = None
    until: date | None = None

    def __bool__(self) -> bool:
        return self.from_ is not None or self.until is not None


ALL_DAYS = Window()


@dataclass(frozen=True, slots=True)
class HarvestPage:
    """Items and what follows from them, all written together or not at all.

    `withdrawn` are identifiers the source took back. `expected` is how many items the
    source promised for the whole list, where it did. `error` ends the scope: it is for
    the report; the ledger's line about it is among `outcomes`.
    """

    items: tuple[Record | Reject, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    withdrawn: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    expected: int | None = None
    error: HarvestError | None = None
