"""What could be wrong with an installation, looked at one by one."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from broadsheet.errors import BroadsheetError
from broadsheet.jobs.embedding import n_without_vector, vectors_folder
from broadsheet.jobs.indexing import index_lag
from broadsheet.model.folder import check_folder, folder_of
from broadsheet.search.meaning import vector_index
from broadsheet.settings import Settings
from broadsheet.store.database import FILE_NAME, Database, open_database
from broadsheet.store.documents import count_documents
from broadsheet.store.health import find_contradictions, find_damage
from broadsheet.store.ledger import list_ledger
from broadsheet.types import LedgerState

FREE_BYTES_MIN = 500_000_000
SQLITE_MIN = (3, 37)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `remedy` is what to do when it is not `ok`."""

    what: str
    ok: bool
    how: str
    remedy: str = ""


def examine(settings_source: Callable[[], Settings]) -> list[Finding]:
    """Everything that can be looked at, in order; what depends on a failed part is left out."""
    try:
        settings = settings_source()
    except BroadsheetError as error:
        return [Finding("settings", False, str(error), "mend settings.toml or the environment")]
    findings = [Finding("settings", True, f"home is {settings.home}"), *_machine(settings.home)]
    if not (settings.home / FILE_NAME).exists():
        how = "there is no library yet"
        return [*findings, Finding("library", True, how, "broadsheet up --sample")]
    try:
        db = open_database(settings.home, create=False)
    except BroadsheetError as error:
        return [*findings, Finding("library", False, str(error), "broadsheet restore FILE")]
    try:
        return [
            *findings,
            *_library(db),
            *_index(settings.home, db),
            *_meaning(settings, db),
            *_ledger(db),
        ]
    finally:
        db.close()


def _machine(home: Path) -> Iterator[Finding]:
    version = sqlite3.sqlite_version
    yield Finding(
        "SQLite",
        sqlite3.sqlite_version_info >= SQLITE_MIN,
        version,
        "use a Python with SQLite 3.37 or newer",
    )
    nearest = next(path for path in (home, *home.parents) if path.exists())
    writable = os.access(nearest, os.W_OK)
    yield Finding(
        "folder",
        writable,
        f"{nearest} can be written" if writable else f"{nearest} cannot be written",
        f"make {nearest} yours, or choose another with --home",
    )
    free = shutil.disk_usage(nearest).free
    yield Finding(
        "disk",
        free >= FREE_BYTES_MIN,
        f"{free / 1e9:.1f} GB free",
        "free at least 0.5 GB, or move the home to another disk",
    )


def _library(db: Database) -> Iterator[Finding]:
    try:
        damage = find_damage(db)
        wrong = find_contradictions(db) if not damage else []
        how = f"{count_documents(db):,} documents" if not damage else damage[0]
    except BroadsheetError as error:
        damage, wrong, how = [str(error)], [], str(error)
    yield Finding("library", not damage, how, "broadsheet restore FILE, from your last backup")
    if not damage:
        yield Finding(
            "library agrees with itself",
            not wrong,
            "; ".join(wrong) or "records, identifiers and people agree",
            "please report this, with the last commands you ran; a backup is safe to restore",
        )


def _index(home: Path, db: Database) -> Iterator[Finding]:
    try:
        lag = index_lag(home, db)
    except BroadsheetError as error:
        yield Finding("index", False, str(error), "broadsheet index --rebuild")
        return
    how = "up to date" if not lag else f"{lag:,} changes behind"
    yield Finding("index", not lag, how, "broadsheet index")


def _meaning(settings: Settings, db: Database) -> Iterator[Finding]:
    """Without a sentence model everything works by words: said, but nothing is wrong."""
    folder = folder_of(settings.models_folder, settings.model)
    if not folder.exists():
        how = f"{settings.model} is not here; search is by words alone"
        yield Finding("sentence model", True, how)
        return
    try:
        card = check_folder(folder)
        n_waiting = n_without_vector(db, vector_index(vectors_folder(settings.home, db), card))
    except BroadsheetError as error:
        yield Finding("sentence model", False, str(error), "broadsheet model get")
        return
    yield Finding("sentence model", True, f"{card.name} is whole")
    waiting = f"{n_waiting:,} papers wait for theirs; `up` and `broadsheet index` make them"
    yield Finding("vectors", True, waiting if n_waiting else "up to date")


def _ledger(db: Database) -> Iterator[Finding]:
    rows = list_ledger(db)
    failed = [row for row in rows if row.state is LedgerState.FAILED]
    n_missing = sum(len(row.missing) for row in rows)
    yield Finding(
        "ledger",
        not n_missing,
        f"{len(rows)} rows, {len(failed)} failed, {n_missing} announced papers missing",
        "broadsheet harvest fetches missing papers again; broadsheet ledger says which",
    )
