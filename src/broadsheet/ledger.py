"""What the ledger says of one (source, category, day): pure decisions.

A source module reports an outcome: what happened when the day was asked for. What is
stored and what is missing is never reported; the store computes it from the
announcements and the identifiers that are really there, and this module puts both
together into a state and a reason that a person can act on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from broadsheet.errors import HarvestError, ThrottledError
from broadsheet.types import LedgerState


class Happened(StrEnum):
    """READ: the source was read to its end. QUIET: it said itself that there is nothing."""

    READ = "read"
    QUIET = "quiet"
    STALE = "stale"
    THROTTLED = "throttled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened when one day of a source was asked for; `reason` is one line."""

    source: str
    category: str
    day: date
    happened: Happened
    reason: str = ""


def decide_state(
    happened: Happened, reason: str, *, day: date, announced: int, missing: Sequence[str]
) -> tuple[LedgerState, str]:
    """State and reason of a row: a trouble stays one until the source has been read again."""
    if happened in (Happened.THROTTLED, Happened.FAILED):
        return LedgerState(happened.value), _joined(reason, _missing_line(announced, missing))
    if happened is Happened.STALE:
        return LedgerState.STALE, reason
    if missing:
        return LedgerState.FAILED, _joined(_missing_line(announced, missing), reason)
    if announced:
        return LedgerState.COMPLETE, _joined("all that was announced is stored", reason)
    if happened is Happened.QUIET and reason:
        return LedgerState.QUIET, reason
    return LedgerState.QUIET, _joined(f"nothing was announced on this {day:%A}", reason)


def supersedes(new: Happened, old: Happened, *, day: date, old_checked_at: datetime) -> bool:
    """Whether a new outcome replaces the one in the ledger.

    A day that was read after it had ended is known: that a later attempt to read it
    again went wrong takes nothing away.
    """
    is_trouble = new not in (Happened.READ, Happened.QUIET)
    was_read = old in (Happened.READ, Happened.QUIET)
    return not (is_trouble and was_read and old_checked_at.date() > day)


def happened_by(error: HarvestError) -> Happened:
    return Happened.THROTTLED if isinstance(error, ThrottledError) else Happened.FAILED


def reason_with(done: str, troubles: Sequence[str]) -> str:
    """`done`, and what was overcome on the way, equal troubles counted."""
    counted = [
        trouble if (n := troubles.count(trouble)) == 1 else f"{n} x {trouble}"
        for trouble in dict.fromkeys(troubles)
    ]
    return f"{done}; on the way: {', '.join(counted)}" if counted else done


def _missing_line(announced: int, missing: Sequence[str]) -> str:
    if not missing:
        return ""
    return f"{len(missing)} of {announced} announced are not here yet, and are asked for again"


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
