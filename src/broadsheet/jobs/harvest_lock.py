"""One harvest a library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from broadsheet.errors import HarvestError
from broadsheet.jobs.lock import LockHeldError, held_lock

FILE_NAME = "harvest.lock"


@contextmanager
def harvest_lock(home: Path) -> Iterator[None]:
    """Raises HarvestError naming the process that is harvesting already."""
    path = home / FILE_NAME
    with ExitStack() as held:
        try:
            held.enter_context(held_lock(path))
        except LockHeldError as error:
            raise HarvestError(
                f"another harvest of {home} is running (process {error.holder}); wait for it to "
                "end, or stop it"
            ) from error
        except OSError as error:
            raise HarvestError(
                f"cannot write {path} ({error.strerror}); check who owns the folder", permanent=True
            ) from error
        yield
