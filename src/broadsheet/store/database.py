"""The one door to SQLite: opening, migrating, reading, and writing in transactions.

WAL mode: one writer at a time (SQLite's own lock, across processes), any number of
readers, each on its own connection per thread. Driver errors leave here as StoreError.
"""

from __future__ import annotations

import os
import re
import secrets
import sqlite3
import stat
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib import resources
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from broadsheet.errors import (
    ForeignStoreError,
    NewerStoreError,
    NotFoundError,
    StoreBusyError,
    StoreError,
    StoreFullError,
)

FILE_NAME = "broadsheet.sqlite"
APPLICATION_ID = 0x42_53_48_54  # "BSHT", in the file's header: how a foreign file is told
BUSY_TIMEOUT_S = 15.0
#: Of each thread's connection; a long import touches pages all over and gets more.
CACHE_MIB = 16
CACHE_MIB_IMPORT = 128
PARAMETERS_MAX = 30_000

Row = tuple[Any, ...]


class _Connection(sqlite3.Connection):
    """The connection of the thread that opens it. That thread holds it while it uses it: the driver
    crashes the process where another thread closes it meanwhile."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.held = threading.RLock()
        self.thread = threading.current_thread()


class Transaction:
    """Statements of one unit of work; made only by `Database.transaction`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Execute; returns the rowid of the last row inserted."""
        with translated(self._path):
            return self._connection.execute(sql, parameters).lastrowid or 0

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with translated(self._path):
            self._connection.executemany(sql, rows)

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        with translated(self._path):
            return self._connection.execute(sql, parameters).fetchall()


class Database:
    """A library file. Safe to share between threads: each gets its own connection."""

    def __init__(self, path: Path, *, cache_mib: int = CACHE_MIB) -> None:
        self.path = path
        self._cache_mib = cache_mib
        self._local = threading.local()
        self._connections: list[_Connection] = []
        self._lock = threading.Lock()
        self.store_id: str = ""

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of one SELECT."""
        connection = self._connection()
        with connection.held, translated(self.path):
            return connection.execute(sql, parameters).fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Reads inside see one state of the library, whatever is written meanwhile."""
        connection = self._connection()
        with connection.held:
            with translated(self.path):
                connection.execute("BEGIN")
            try:
                yield
            finally:
                connection.execute("COMMIT")

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All or nothing; waits for another writer up to BUSY_TIMEOUT_S.

        Raises StoreBusyError, StoreFullError or StoreError; nothing is written then.
        """
        connection = self._connection()
        with connection.held:
            with translated(self.path):
                connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(connection, self.path)
                with translated(self.path):
                    connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Waits for what other threads are in the middle of: a statement, or a unit of work."""
        with self._lock:
            for connection in self._connections:
                with connection.held:
                    connection.close()
            self._connections.clear()
            self._local = threading.local()

    def connection_for_backup(self) -> sqlite3.Connection:
        """The raw connection, for SQLite's own online backup alone."""
        return self._connection()

    def _connection(self) -> _Connection:
        connection: _Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = _connect(self.path, self._cache_mib)
            self._local.connection = connection
            with self._lock:
                self._close_left_behind()
                self._connections.append(connection)
        return connection

    def _close_left_behind(self) -> None:
        """A web server's threads come and go; what they opened would stay open for ever."""
        left = [known for known in self._connections if not known.thread.is_alive()]
        for connection in left:
            connection.close()
            self._connections.remove(connection)


def open_database(home: Path, *, create: bool = True, cache_mib: int = CACHE_MIB) -> Database:
    """The library of `home`, migrated to this version.

    Raises NotFoundError when there is none and `create` is false, ForeignStoreError,
    NewerStoreError, StoreBusyError, StoreFullError or StoreError.
    """
    path = home / FILE_NAME
    if not path.exists():
        if not create:
            raise NotFoundError(
                f"no library in {home}; make one with `broadsheet up --sample` or "
                "`broadsheet import FILE`"
            )
        make_home(home)
        make_private(path)
    version = _schema_of(path)
    database = Database(path, cache_mib=cache_mib)
    _migrate(database, version)
    database.store_id = str(database.read("SELECT value FROM about WHERE name = 'store_id'")[0][0])
    return database


def make_home(home: Path) -> None:
    """A folder that is its owner's alone; one that is there stays as it is. Raises StoreError."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot make the folder {home}: {error.strerror}; choose another with --home"
        ) from error


def make_private(path: Path) -> None:
    """An empty file that its owner alone can read, before anything is written to it: a library
    holds notes, addresses, and the key that links and forms are signed with. Raises StoreError."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreError(
            f"cannot write {path} ({error.strerror}); check who owns the folder"
        ) from error


def is_open_to_all(home: Path) -> bool:
    """Whether everybody on this machine can read the library."""
    file, folder = (home / FILE_NAME).stat().st_mode, home.stat().st_mode
    return bool(file & stat.S_IROTH and folder & stat.S_IXOTH)


def _connect(path: Path, cache_mib: int) -> _Connection:
    with translated(path):
        connection = sqlite3.connect(
            path,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            factory=_Connection,
        )
        connection.execute(f"PRAGMA cache_size = -{cache_mib * 1024}")
        _use_wal(connection)
        # NORMAL: a power cut may lose the last commits but never damages the file, and a
        # harvest asks again from its checkpoint, which would be lost along with them.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint = 8000")
        connection.execute("PRAGMA foreign_keys = OFF")
        return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """SQLite does not always wait by itself where two processes turn a new file to WAL at once."""
    give_up = monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorname", "") != "SQLITE_BUSY" or monotonic() > give_up:
                raise
            sleep(0.05)


def _schema_of(path: Path) -> int:
    """The schema of the file, 0 when it is new; looked at before anything is written to it.

    Raises ForeignStoreError or NewerStoreError.
    """
    if not path.exists():
        return 0
    with translated(path), closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)) as connection:
        connection.execute("BEGIN")  # one state of a file that another process may be making
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        application = int(connection.execute("PRAGMA application_id").fetchone()[0])
        n_tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if application != APPLICATION_ID and n_tables:
        raise ForeignStoreError(
            f"{path} is a database of another program; choose another folder with --home"
        )
    if version > newest_schema():
        raise NewerStoreError(
            f"{path} was written by a newer Broadsheet (schema {version}, this one knows "
            f"{newest_schema()}); update Broadsheet, or choose another folder with --home"
        )
    return version


def _migrate(database: Database, version: int) -> None:
    """Bring the file from `version` to the newest schema, each step in its own transaction."""
    scripts = _migrations()
    for number in range(version + 1, newest_schema() + 1):
        with database.transaction() as transaction:
            # Another process may have migrated while we waited for the lock.
            if int(transaction.read("PRAGMA user_version")[0][0]) >= number:
                continue
            for statement in _statements(scripts[number]):
                transaction.run(statement)
            if number == 1:
                transaction.run(
                    "INSERT INTO about (name, value) VALUES ('store_id', ?)",
                    (secrets.token_hex(8),),
                )
            transaction.run(f"PRAGMA application_id = {APPLICATION_ID}")
            transaction.run(f"PRAGMA user_version = {number}")


def newest_schema() -> int:
    return max(_migrations())


def _migrations() -> dict[int, str]:
    folder = resources.files("broadsheet.store") / "migrations"
    return {
        int(entry.name.removesuffix(".sql")): entry.read_text("utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".sql")
    }


def _statements(script: str) -> list[str]:
    without_comments = re.sub(r"--[^\n]*", "", script)
    return [part.strip() for part in without_comments.split(";") if part.strip()]


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Driver errors as our own, each saying what to do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _store_error(error, path) from error


def _store_error(error: sqlite3.DatabaseError, path: Path) -> StoreError:
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreBusyError(
            f"{path} is being written by another process; wait for it, or stop it, and try again"
        )
    if name.startswith("SQLITE_FULL"):
        return StoreFullError(f"no space left for {path}; free some and run the same command again")
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return ForeignStoreError(
            f"{path} is not a readable Broadsheet database ({error}); run `broadsheet doctor`, or "
            "bring back a backup with `broadsheet restore FILE`"
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return StoreError(f"cannot write {path} ({error}); check who owns the folder")
    if name.startswith("SQLITE_IOERR"):
        return StoreFullError(f"cannot read or write {path} ({error}); check the disk and space")
    return StoreError(f"{path}: {error}")
