"""What most commands begin with: the settings, the library, the clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.errors import NotFoundError, UsageError
from broadsheet.settings import Settings, load_settings
from broadsheet.store.database import CACHE_MIB, Database, open_database
from broadsheet.store.readers import LOCAL_READER_NO, find_reader

if TYPE_CHECKING:
    from broadsheet.store.interests import Interest

Which = Annotated[str, typer.Argument(metavar="INTEREST", help="Its number or its name.")]
For = Annotated[str, typer.Option("--for", help="Whose; the library's one reader if not given.")]


def now() -> datetime:
    return datetime.now(UTC)


def settings_of(context: typer.Context, **flags: object) -> Settings:
    return load_settings(home=context.obj, **flags)


@contextmanager
def opened(
    context: typer.Context, *, create: bool = False, cache_mib: int = CACHE_MIB
) -> Iterator[tuple[Settings, Database]]:
    """The library of this command; made anew only by commands that fill it."""
    settings = settings_of(context)
    db = open_database(settings.home, create=create, cache_mib=cache_mib)
    try:
        yield settings, db
    finally:
        db.close()


def reader_no_of(db: Database, email: str) -> int:
    """The reader with this address; the library's one reader for "". Raises NotFoundError."""
    if not email:
        return LOCAL_READER_NO
    reader = find_reader(db, email)
    if reader is None:
        raise NotFoundError(f"{email} has no account here; `broadsheet user list`")
    return reader.reader_no


def interest_of(db: Database, email: str, which: str) -> Interest:
    """An interest of that reader's by number, else by name. Raises NotFoundError."""
    from broadsheet.store.interests import list_interests

    found = list_interests(db, reader_no_of(db, email))
    for entry in found:
        if which == str(entry.interest_no):
            return entry
    for entry in found:
        if which.casefold() == entry.name.casefold():
            return entry
    raise NotFoundError(f"no interest {which!r} of yours; `broadsheet interest list` names them")


def day_of(db: Database, text: str) -> date:
    """The day asked for; the newest with papers for "". Raises UsageError."""
    from broadsheet.store.documents import newest_day

    return parse_day(text) if text else newest_day(db) or now().date()


def parse_day(text: str) -> date:
    """A calendar day, ISO form. Raises UsageError."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a day; write it as 2026-03-01") from error
