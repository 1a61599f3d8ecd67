"""One day as a newspaper would lay it out: who leads, what follows, what is in which category."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache

from broadsheet.store.database import Database
from broadsheet.store.documents import (
    day_counts,
    day_listing,
    last_change_no,
    neighbour_days,
)
from broadsheet.store.ledger import day_states, ledger_mark, list_ledger
from broadsheet.types import Document, LedgerRow, LedgerState
from broadsheet.web.calendar import CalendarWeek, compose_strip, strip_span
from broadsheet.web.parameters import Paging, paginate
from broadsheet.web.stacks import fetch_documents

PAPERS_PER_PAGE = 28
#: The lead story and the two below it; then those beside it. A day with fewer papers than
#: make two full columns is a plain list: nothing leads a page of three.
LEADS = 3
SECONDS = 4
LISTINGS_KEPT = 256
EDITIONS_KEPT = 64

Listing = Sequence[tuple[int, tuple[str, ...]]]


class Tab(StrEnum):
    """you: by the reader's interests. all: the whole day, by attention."""

    YOU = "you"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Edition:
    """`lead` (the lead story and those below it), `seconds` (beside it) and `others` are the
    papers of this page, by attention. `n_papers` counts the whole day, `paging.total` those
    of the chosen tab and category."""

    change_no: int
    day: date
    tab: Tab
    n_papers: int
    categories: tuple[tuple[str, int], ...]
    category: str
    paging: Paging
    lead: tuple[Document, ...]
    seconds: tuple[Document, ...]
    others: tuple[Document, ...]
    before: date | None
    after: date | None
    weeks: tuple[CalendarWeek, ...]
    ledger: tuple[LedgerRow, ...]

    @property
    def mark(self) -> Hashable:
        """Two editions of one library with the same mark are the same."""
        return (
            self.change_no, self.day, self.tab, self.category, self.paging, self.weeks, self.ledger
        )  # fmt: skip


def compose_edition(
    db: Database,
    day: date,
    *,
    today: date,
    tab: Tab = Tab.ALL,
    category: str = "",
    page: int = 1,
) -> Edition:
    """The edition of `day`; an empty one where nothing was announced."""
    change_no = last_change_no(db)
    states = _states(db, day, today, change_no, ledger_mark(db))
    printed = _printed(db, change_no, day, today, tab, category, page)
    return replace(
        printed,
        ledger=tuple(list_ledger(db, since=day, until=day)),
        weeks=_with_states(printed.weeks, states),
    )


@lru_cache(maxsize=EDITIONS_KEPT)
def _printed(
    db: Database, change_no: int, day: date, today: date, tab: Tab, category: str, page: int
) -> Edition:
    """The edition without its ledger, kept while the library stands at `change_no`."""
    first, last = strip_span(day, today)
    with db.snapshot():
        listing = _listing(db, day, change_no)
        n_papers = len(listing)
        if tab is not Tab.ALL:
            listing = ()
        chosen = [doc_no for doc_no, names in listing if not category or category in names]
        paging = paginate(len(chosen), page, PAPERS_PER_PAGE)
        documents = fetch_documents(db, chosen[paging.start : paging.stop])
        before, after = neighbour_days(db, day)
        counts = {count.day: count.n_documents for count in day_counts(db, first, last)}
    leads = paging.number == 1 and tab is Tab.ALL
    n_lead, n_seconds = _front(len(documents), is_first=leads)
    return Edition(
        change_no=change_no,
        day=day,
        tab=tab,
        n_papers=n_papers,
        categories=_counted(listing),
        category=category,
        paging=paging,
        lead=tuple(documents[:n_lead]),
        seconds=tuple(documents[n_lead : n_lead + n_seconds]),
        others=tuple(documents[n_lead + n_seconds :]),
        before=before,
        after=after,
        weeks=compose_strip(day, today, counts),
        ledger=(),
    )


def _front(n_documents: int, *, is_first: bool) -> tuple[int, int]:
    """How many papers stand in the lead's column, and how many beside it."""
    return (LEADS, SECONDS) if is_first and n_documents >= LEADS + SECONDS else (0, 0)


def _counted(listing: Listing) -> tuple[tuple[str, int], ...]:
    """Each category with its papers, most papers first."""
    counts = Counter(name for _, names in listing for name in names)
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


@lru_cache(maxsize=LISTINGS_KEPT)
def _listing(db: Database, day: date, change_no: int) -> Listing:
    """(doc_no, categories) of the day's documents by attention, as of `change_no`."""
    return day_listing(db, day)


@lru_cache(maxsize=LISTINGS_KEPT)
def _states(
    db: Database, day: date, today: date, change_no: int, ledger_mark: str
) -> Mapping[date, LedgerState]:
    """What the ledger says of the days of the strip; it is counted anew when it changes."""
    return day_states(db, *strip_span(day, today))


def _with_states(
    weeks: tuple[CalendarWeek, ...], states: Mapping[date, LedgerState]
) -> tuple[CalendarWeek, ...]:
    return tuple(
        replace(week, days=tuple(replace(cell, state=states.get(cell.day)) for cell in week.days))
        for week in weeks
    )
