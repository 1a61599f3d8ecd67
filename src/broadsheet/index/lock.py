"""One writer of an index among all processes; the lock ends with its holder, however that ends."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from broadsheet.errors import SearchIndexError

POLL_S = 0.1


class IndexBusyError(SearchIndexError):
    """Another process is writing the index; it or we can finish the work later."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"another process is indexing in {folder}; wait for it to end and try again"
        )


class WriterLock:
    """The right to write in `folder`, which is made if it is missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def held(self, wait_s: float, *, until: Callable[[], bool] | None = None) -> Iterator[bool]:
        """Yields True with the lock held, False when `until` came true while waiting for it.

        Raises IndexBusyError after `wait_s`, SearchIndexError where the folder cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = (self._folder / "writer.lock").open("ab")
        except OSError as error:
            raise SearchIndexError(
                f"cannot write in {self._folder}: {error.strerror}; check its owner and space"
            ) from error
        with file:
            deadline = time.monotonic() + wait_s
            while not _locked(file.fileno()):
                if until is not None and until():
                    yield False
                    return
                if time.monotonic() >= deadline:
                    raise IndexBusyError(self._folder)
                time.sleep(POLL_S)
            yield True


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
