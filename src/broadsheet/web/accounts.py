"""The ledger as the page shows it: rows of the chosen source, grouped by day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from broadsheet.store.database import Database
from broadsheet.store.imports import ImportRow, list_imports
from broadsheet.store.ledger import list_ledger
from broadsheet.types import LedgerRow, LedgerState
from broadsheet.web.parameters import Paging, paginate

ROWS_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Accounts:
    """`states` counts the rows of the chosen source by state; `sources` are all there are."""

    sources: tuple[tuple[str, int], ...]
    source: str
    states: tuple[tuple[LedgerState, int], ...]
    days: tuple[tuple[date, tuple[LedgerRow, ...]], ...]
    paging: Paging
    imports: tuple[ImportRow, ...]


def compose_accounts(db: Database, *, source: str = "", page: int = 1) -> Accounts:
    """The account of everything that sources announced and files held; newest day first."""
    all_rows = list_ledger(db)
    rows = [row for row in all_rows if source in ("", row.source)]
    paging = paginate(len(rows), page, ROWS_PER_PAGE)
    states = Counter(row.state for row in rows)
    return Accounts(
        sources=tuple(sorted(Counter(row.source for row in all_rows).items())),
        source=source,
        states=tuple((state, states[state]) for state in LedgerState),
        days=tuple(
            (day, tuple(group))
            for day, group in groupby(rows[paging.start : paging.stop], key=lambda row: row.day)
        ),
        paging=paging,
        imports=tuple(list_imports(db)),
    )
