"""The worker's outermost hold on each step: nothing that a step does may end the process, and how
it went is written where pages and monitors can read it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

from broadsheet.errors import BroadsheetError, StoreError
from broadsheet.store.database import Database
from broadsheet.store.steps import put_step

log = logging.getLogger(__name__)

#: A step that runs every second is not written every second, unless how it goes has changed.
WRITE_EVERY_S = 60.0


@dataclass
class _Since:
    """What was not written yet of one step."""

    n_runs: int = 0
    n_failures: int = 0
    reason: str = ""
    written: float = float("-inf")


class StepLog:
    """Runs steps, each in its own hold. Safe to share between threads."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._clock = clock
        self._since: dict[str, _Since] = {}
        self._lock = threading.Lock()

    def run(self, step: str, work: Callable[[], object]) -> None:
        """One run of one step."""
        began_at, began = self._clock(), perf_counter()
        reason = ""
        try:
            work()
        except BroadsheetError as error:
            reason = str(error)
            log.warning("event=step_failed step=%s reason=%s", step, error)
        except Exception as error:
            reason = f"it broke: {type(error).__name__}; the log says more"
            log.exception("event=step_broke step=%s", step)
        self._note(step, began_at, perf_counter() - began, reason)

    def _note(self, step: str, began_at: datetime, took_s: float, reason: str) -> None:
        with self._lock:
            since = self._since.setdefault(step, _Since())
            has_changed = reason != since.reason
            since.n_runs += 1
            since.n_failures += bool(reason)
            since.reason = reason
            now = perf_counter()
            if not has_changed and now - since.written < WRITE_EVERY_S:
                return
            n_runs, n_failures = since.n_runs, since.n_failures
            since.n_runs = since.n_failures = 0
            since.written = now
        try:
            with self._db.transaction() as transaction:
                put_step(
                    transaction,
                    step,
                    began_at=began_at,
                    ended_at=self._clock(),
                    took_s=round(took_s, 3),
                    n_runs=n_runs,
                    n_failures=n_failures,
                    reason=reason,
                )
        except StoreError as error:
            log.warning("event=step_not_noted step=%s reason=%s", step, error)
