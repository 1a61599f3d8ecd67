"""Everything Broadsheet raises on purpose. `str(error)` is one line a reader can act on.

BroadsheetError
├── UsageError            a command or query that cannot be meant as written
├── NotFoundError         an id that nothing here has
├── ParseError            text from outside that cannot be read (place, reason)
├── HarvestError          a source that cannot be read now (permanent, retry_after_s)
│   └── ThrottledError    the source told us to wait
├── StoreError            the record (SQLite) cannot be used
│   ├── StoreBusyError    another process holds it
│   ├── StoreFullError    no space left
│   ├── ForeignStoreError not a Broadsheet database, or damaged
│   └── NewerStoreError   written by a newer Broadsheet
├── SearchIndexError      the text or vector index cannot be used; it can be rebuilt
└── ModelError            the sentence model cannot be used
"""

from __future__ import annotations


class BroadsheetError(Exception):
    """Base of the tree; `exit_code` is what the command line returns for it."""

    exit_code = 1


class UsageError(BroadsheetError):
    exit_code = 2


class NotFoundError(BroadsheetError):
    """Nothing here has this id; `hints` are near ones."""

    def __init__(self, message: str, *, hints: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.hints = hints


class ParseError(BroadsheetError):
    """Text from outside that cannot be read; `place` says where (line, record, byte)."""

    def __init__(self, reason: str, *, place: str = "") -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.place = place
        self.reason = reason


class HarvestError(BroadsheetError):
    """A source could not be read. `permanent`: asking again will not help."""

    def __init__(
        self, message: str, *, permanent: bool = False, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after_s = retry_after_s


class ThrottledError(HarvestError):
    """The source told us to wait (429, 503 with Retry-After)."""


class StoreError(BroadsheetError):
    pass


class StoreBusyError(StoreError):
    pass


class StoreFullError(StoreError):
    pass


class ForeignStoreError(StoreError):
    pass


class NewerStoreError(StoreError):
    pass


class SearchIndexError(BroadsheetError):
    """An index cannot be used; `broadsheet index --rebuild` makes it anew from the store."""


class ModelError(BroadsheetError):
    """The sentence model cannot be used; search goes on by words."""
