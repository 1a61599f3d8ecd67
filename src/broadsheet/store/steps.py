"""The worker's units of work: when each ran last, and how it went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from broadsheet.store.columns import moment_of
from broadsheet.store.database import Transaction
from broadsheet.store.documents import Reads

REASON_CHARS_MAX = 400


@dataclass(frozen=True, slots=True)
class StepState:
    """`ok_at` is when it last succeeded; `reason` why it did not, the last time."""

    step: str
    ended_at: datetime
    ok_at: datetime | None
    took_s: float
    n_runs: int
    n_failures: int
    reason: str

    @property
    def is_ok(self) -> bool:
        return not self.reason


def put_step(
    transaction: Transaction,
    step: str,
    *,
    began_at: datetime,
    ended_at: datetime,
    took_s: float,
    n_runs: int,
    n_failures: int,
    reason: str,
) -> None:
    """`n_runs` and `n_failures` since the last time this was written."""
    ok_at = None if reason else ended_at.isoformat()
    transaction.run(
        "INSERT INTO steps (step, began_at, ended_at, ok_at, took_s, n_runs, n_failures, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (step) DO UPDATE SET"
        " began_at = excluded.began_at, ended_at = excluded.ended_at,"
        " ok_at = coalesce(excluded.ok_at, ok_at), took_s = excluded.took_s,"
        " n_runs = n_runs + excluded.n_runs, n_failures = n_failures + excluded.n_failures,"
        " reason = excluded.reason",
        (
            step, began_at.isoformat(), ended_at.isoformat(), ok_at, took_s, n_runs, n_failures,
            reason[:REASON_CHARS_MAX],
        ),
    )  # fmt: skip


def list_steps(db: Reads) -> list[StepState]:
    """By name."""
    rows = db.read(
        "SELECT step, ended_at, ok_at, took_s, n_runs, n_failures, reason FROM steps ORDER BY step"
    )
    return [
        StepState(
            step,
            datetime.fromisoformat(ended_at),
            moment_of(ok_at),
            took_s,
            n_runs,
            n_failures,
            reason,
        )
        for step, ended_at, ok_at, took_s, n_runs, n_failures, reason in rows
    ]
