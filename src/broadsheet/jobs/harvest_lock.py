"""One harvest a library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broadsheet.errors import HarvestError
from broadsheet.jobs.lock import LockHeldError, held_lock

FILE_NAME = "harvest.lock"


@contextmanager
def harvest_lock(home: Path) -> Iterator[None]:
    """Raises HarvestError naming the process that is harvesting already."""
    path = home / FILE_NAME
    lock = held_lock(path)
    try:
        lock.__enter__()
    except LockHeldError as error:
        raise HarvestError(
            f"another harvest of {home} is running (process {error.holder}); wait for it to "
            "end, or stop it"
        ) from error
    except OSError as error:
        raise HarvestError(
            f"cannot write {path} ({error.strerror}); check who owns the folder", permanent=True
        ) from error
    try:
        yield
    finally:
        lock.__exit__(None, None, None)
