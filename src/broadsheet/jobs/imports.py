"""Taking files in: batch by batch, bad rows counted and written aside, the rest goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

from broadsheet.errors import ParseError, StoreError
from broadsheet.harvest.files import open_import, read_keepings
from broadsheet.jobs.follower import IndexFollower
from broadsheet.jobs.indexing import follow_index
from broadsheet.jobs.ingest import ingest
from broadsheet.store.database import Database
from broadsheet.store.imports import put_import_finished, put_import_started
from broadsheet.store.keepings import Kept, put_keepings
from broadsheet.types import IngestReport, Record, Reject

BATCH_RECORDS = 1_000
FOLLOWED_FROM_ROWS = 5_000
REJECTS_FOLDER = "rejects"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """`rejects_file` lists the rows that could not be read; None when there were none.
    `failures` are files that could not be read to their end, one line each. `kept` is what their
    owner kept with the papers and a reader here now keeps."""

    counts: IngestReport
    rejects_file: Path | None
    failures: tuple[str, ...]
    kept: Kept


def import_and_index(
    db: Database,
    files: list[str],
    *,
    home: Path,
    clock: Callable[[], datetime],
    format: str | None = None,
    reader_no: int | None = None,
    progress: Callable[[str, float | None, IngestReport], None] = lambda *_: None,
) -> tuple[ImportReport, str]:
    """`import_files`, and the index up to date after it; the notice is `follow_index`'s.

    A long import is indexed beside by a process of its own.
    """
    follower: IndexFollower | None = None

    def watch(file: str, fraction: float | None, counts: IngestReport) -> None:
        nonlocal follower
        if follower is None and counts.read - counts.unchanged >= FOLLOWED_FROM_ROWS:
            follower = IndexFollower(home)
        progress(file, fraction, counts)

    try:
        report = import_files(
            db, files, home=home, clock=clock, format=format, reader_no=reader_no, progress=watch
        )
    finally:
        if follower is not None:
            follower.close()
    return report, follow_index(home, db)


def import_files(
    db: Database,
    files: list[str],
    *,
    home: Path,
    clock: Callable[[], datetime],
    format: str | None = None,
    reader_no: int | None = None,
    progress: Callable[[str, float | None, IngestReport], None] = lambda *_: None,
) -> ImportReport:
    """Take in each file ("-" is stdin). A file that cannot be read does not stop the others.

    Stopped anywhere, the same call takes in the rest: rows already here are `unchanged`.
    What a file's owner keeps with its papers becomes `reader_no`'s, except from a pipe, which
    cannot be read twice.
    """
    counts, kept = IngestReport(), Kept()
    failures = []
    with RejectsFile(home / REJECTS_FOLDER, clock()) as rejects:
        for file in files:
            try:
                for report, fraction in _import_file(db, file, format, rejects, clock):
                    counts += report
                    progress(file, fraction, counts)
            except ParseError as error:
                failures.append(f"{file}: {error}" if file not in str(error) else str(error))
            except OSError as error:
                failures.append(f"{file}: {error.strerror or error}; check the path and its rights")
                continue
            if reader_no is not None and file != "-":
                kept += put_keepings(db, reader_no, read_keepings(file, format), clock=clock)
        return ImportReport(counts, rejects.path, tuple(failures), kept)


class RejectsFile:
    """Rejected rows as JSON lines; the file is made with the first of them."""

    def __init__(self, folder: Path, started_at: datetime) -> None:
        self.path: Path | None = None
        self._folder = folder
        self._name = started_at.strftime("import-%Y%m%dT%H%M%S%f.jsonl")
        self._stream: TextIO | None = None

    def __enter__(self) -> RejectsFile:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream:
            self._stream.close()

    def put(self, file: str, reject: Reject) -> None:
        try:
            if self._stream is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self.path = self._folder / self._name
                self._stream = self.path.open("w", encoding="utf-8", errors="backslashreplace")
            row = {"file": file, **asdict(reject)}
            self._stream.write(json.dumps(row, ensure_ascii=False) + "\n")
        except OSError as error:
            raise StoreError(
                f"cannot write the rejected rows to {self._folder}: {error.strerror}"
            ) from error


def _import_file(
    db: Database,
    file: str,
    format: str | None,
    rejects: RejectsFile,
    clock: Callable[[], datetime],
) -> Iterator[tuple[IngestReport, float | None]]:
    source = open_import(file, format)
    with db.transaction() as transaction:
        import_no = put_import_started(transaction, file, source.format, clock())
    total = IngestReport()
    batch: list[Record | Reject] = []
    failure: ParseError | None = None
    items = iter(source.items)
    while True:
        try:
            item = next(items, None)
        except ParseError as error:
            failure, item = error, None
        if item is not None:
            batch.append(item)
        if batch and (item is None or len(batch) >= BATCH_RECORDS):
            for reject in (entry for entry in batch if isinstance(entry, Reject)):
                rejects.put(file, reject)
            report = ingest(db, batch, now=clock())
            total += report
            batch = []
            yield report, source.fraction_read()
        if item is None:
            break
    if failure:
        raise failure
    with db.transaction() as transaction:
        put_import_finished(transaction, import_no, total, clock())
