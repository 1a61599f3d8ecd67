"""Taking records into the library: one batch, one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from broadsheet.identity import Add, Intent, Keep, decide
from broadsheet.store.apply import apply
from broadsheet.store.database import Database, Transaction
from broadsheet.store.known import find_known
from broadsheet.types import IngestReport, Record, Reject


def ingest(
    db: Database,
    items: Sequence[Record | Reject],
    *,
    now: datetime,
    also: Callable[[Transaction], None] | None = None,
) -> IngestReport:
    """Take in one batch (a page, a few hundred rows). `also` writes in the same transaction:
    a checkpoint, announcements. All of it is there afterwards, or none.
    """
    records = [item for item in items if isinstance(item, Record)]
    with db.transaction() as transaction:
        decisions = decide(records, find_known(transaction, records))
        apply(transaction, (intent for intents in decisions for intent in intents), now=now)
        if also is not None:
            also(transaction)
    return _report(decisions, n_rejected=len(items) - len(records))


def _report(decisions: Sequence[Sequence[Intent]], *, n_rejected: int) -> IngestReport:
    """The first intent of a record says what became of it."""
    added = unchanged = merged = updated = 0
    for first, *_ in decisions:
        if isinstance(first, Keep):
            unchanged += 1
        elif not isinstance(first, Add):
            updated += 1
        elif first.new_doc_id is None:
            merged += 1
        else:
            added += 1
    return IngestReport(len(decisions) + n_rejected, added, updated, unchanged, merged, n_rejected)
