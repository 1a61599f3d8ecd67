"""Copies of the library: made while it runs, checked before they are trusted."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from broadsheet.errors import ForeignStoreError, NewerStoreError, NotFoundError, StoreError
from broadsheet.store.database import (
    APPLICATION_ID,
    FILE_NAME,
    Database,
    make_home,
    make_private,
    newest_schema,
    translated,
)

PAGES_AT_A_TIME = 2_000


def write_backup(
    db: Database, target: Path, *, progress: Callable[[float], None] = lambda _: None
) -> int:
    """One file holding the whole library as of one moment; returns its size in bytes.

    Written beside the target and renamed, so that a half-written backup never has its name.
    Raises StoreError when the target cannot be written.
    """
    if target.is_dir():
        raise StoreError(f"{target} is a folder; name a file")
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")

    def report(_status: int, remaining: int, total: int) -> None:
        progress(1 - remaining / total if total else 1.0)

    try:
        make_private(part)
        with translated(part), closing(sqlite3.connect(part)) as copy:
            db.connection_for_backup().backup(copy, pages=PAGES_AT_A_TIME, progress=report)
            copy.execute("PRAGMA journal_mode = DELETE")
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        part.replace(target)
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def restore_backup(source: Path, home: Path, *, now: datetime) -> Path | None:
    """Put a backup in the place of the library; returns where the old library was kept.

    The copy gets a new store_id, so that indexes made of the old library are made anew.
    Raises NotFoundError, ForeignStoreError or NewerStoreError before anything is changed.
    """
    if not source.is_file():
        raise NotFoundError(f"no backup {source}")
    check_library_file(source)
    make_home(home)
    target = home / FILE_NAME
    part = home / f".{FILE_NAME}.{secrets.token_hex(4)}.part"
    try:
        make_private(part)
        with (
            translated(target),  # the source has been read to its end just before
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(part)) as new,
        ):
            old.backup(new)
            new.execute(
                "UPDATE about SET value = ? WHERE name = 'store_id'", (secrets.token_hex(8),)
            )
            new.commit()
        return _swap(part, target, now)
    except OSError as error:
        raise StoreError(f"cannot write to {home}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def check_library_file(path: Path) -> None:
    """Raises ForeignStoreError or NewerStoreError unless this is an undamaged library."""
    with (
        translated(path),
        closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection,
    ):
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise ForeignStoreError(f"{path} is not a Broadsheet library")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > newest_schema():
            raise NewerStoreError(
                f"{path} was written by a newer Broadsheet (schema {version}); update Broadsheet"
            )
        problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            raise ForeignStoreError(f"{path} is damaged: {problem}")


def _swap(part: Path, target: Path, now: datetime) -> Path | None:
    kept = None
    if target.exists():
        _refuse_if_in_use(target)
        kept = target.with_name(f"{target.name}.before-{now:%Y%m%dT%H%M%S}")
        target.replace(kept)
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    part.replace(target)
    return kept


def _refuse_if_in_use(target: Path) -> None:
    """Folding the write-ahead log back in needs the library for ourselves alone."""
    with translated(target), closing(sqlite3.connect(target, timeout=1)) as connection:
        mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    if mode != "delete":
        raise StoreError(f"{target} is in use; stop `broadsheet up` or `worker` first")
