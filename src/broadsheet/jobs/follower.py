"""Indexing beside a long import, in a process of its own: the second core's share."""

from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing.synchronize import Event
from pathlib import Path

from broadsheet.errors import BroadsheetError
from broadsheet.jobs.indexing import follow_index, lexical_index
from broadsheet.store.database import open_database
from broadsheet.store.documents import last_change_no

#: Few large steps: each ends in a commit, and small ones make many small segments to merge.
STEP_CHANGES = 10_000
LOOK_EVERY_S = 0.25


class IndexFollower:
    """Follows the library while it grows; `close` leaves the rest to the caller."""

    def __init__(self, home: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._stop = context.Event()
        self._process = context.Process(
            target=_follow, args=(home, self._stop, os.getpid()), daemon=True
        )
        self._process.start()

    def close(self) -> None:
        self._stop.set()
        self._process.join()


def _follow(home: Path, stop: Event, parent: int) -> None:
    # Ctrl-C reaches the whole group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What it waits for is made by the import: let that go first.
    os.nice(5)
    db = open_database(home)
    try:
        # A parent that was killed cannot set `stop`: its children then belong to another.
        while not stop.wait(LOOK_EVERY_S) and os.getppid() == parent:
            position = lexical_index(home, db).position()
            behind = last_change_no(db) - (position.change_no if position else 0)
            if behind >= STEP_CHANGES:
                follow_index(home, db)
    except BroadsheetError:
        # Whatever it is, the import's own indexing meets it again and reports it.
        return
    finally:
        db.close()
