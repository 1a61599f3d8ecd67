"""What takes long to work out, worked out beside the pages: nobody's page waits for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Any

from broadsheet.memory import give_back_memory

#: A small library is done before a reader would notice; others are told that work goes on.
PATIENCE_S = 1.0


@dataclass(slots=True)
class _Work:
    version: Hashable
    done: Event
    content: Any = None
    failure: Exception | None = None


class Reckoning:
    """One piece of work of each name at a time, its last result kept in memory.

    Safe to share between threads. Where the worker runs, it has mostly been there before.
    """

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._lock = Lock()
        self._works: dict[str, _Work] = {}
        self._results: dict[str, Any] = {}

    def find(self, name: str, version: Hashable, make: Callable[[], Any]) -> Any | None:
        """What `make` gave for this version, else for an earlier one; None while there is none.

        Only who starts the work waits for it a little. Raises what `make` raised.
        """
        with self._lock:
            work = self._works.get(name)
            is_mine = work is None or (work.done.is_set() and work.version != version)
            if is_mine:
                work = self._works[name] = _Work(version, Event())
        assert work is not None
        if is_mine:
            Thread(target=self._run, args=(name, work, make), name=name, daemon=True).start()
            if name not in self._results:
                work.done.wait(self._patience_s)
        if work.done.is_set() and work.failure is not None:
            with self._lock:
                self._works.pop(name, None)
            raise work.failure
        return self._results.get(name)

    def _run(self, name: str, work: _Work, make: Callable[[], Any]) -> None:
        try:
            self._results[name] = make()
        except Exception as error:  # handed to whoever asks next
            work.failure = error
        finally:
            work.done.set()
            give_back_memory()
