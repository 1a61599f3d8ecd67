"""One harvest a library: a lock that the operating system drops when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broadsheet.errors import HarvestError

FILE_NAME = "harvest.lock"


@contextmanager
def harvest_lock(home: Path) -> Iterator[None]:
    """Raises HarvestError naming the process that is harvesting already."""
    path = home / FILE_NAME
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise HarvestError(
            f"cannot write {path} ({error.strerror}); check who owns the folder", permanent=True
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise HarvestError(
                f"another harvest of {home} is running (process {holder}); wait for it to end, or "
                "stop it"
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(handle)
