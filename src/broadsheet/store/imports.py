"""The account of files taken in."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from broadsheet.store.columns import moment_of
from broadsheet.store.database import Transaction
from broadsheet.store.documents import Reads
from broadsheet.types import IngestReport


@dataclass(frozen=True, slots=True)
class ImportRow:
    """`finished_at` is None for an import that was cut off; the same command takes in the rest."""

    file: str
    format: str
    started_at: datetime
    finished_at: datetime | None
    report: IngestReport


def put_import_started(transaction: Transaction, file: str, format: str, now: datetime) -> int:
    """Returns the number to report the end under."""
    return transaction.run(
        "INSERT INTO imports (file, format, started_at, report) VALUES (?, ?, ?, ?)",
        (file, format, now.isoformat(), json.dumps(asdict(IngestReport()))),
    )


def put_import_finished(
    transaction: Transaction, import_no: int, report: IngestReport, now: datetime
) -> None:
    transaction.run(
        "UPDATE imports SET finished_at = ?, report = ? WHERE import_no = ?",
        (now.isoformat(), json.dumps(asdict(report)), import_no),
    )


def list_imports(db: Reads, *, limit: int = 50) -> list[ImportRow]:
    """Newest first."""
    rows = db.read(
        "SELECT file, format, started_at, finished_at, report FROM imports"
        " ORDER BY import_no DESC LIMIT ?",
        (limit,),
    )
    return [
        ImportRow(
            file,
            kind,
            datetime.fromisoformat(started),
            moment_of(finished),
            IngestReport(**json.loads(report)),
        )
        for file, kind, started, finished, report in rows
    ]
