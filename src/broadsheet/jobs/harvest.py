"""A harvest: every source's pages, one transaction each, then what is still missing.

One source or scope that fails never stops the rest; its ledger row says so. Each page's
records, announcements, outcomes and checkpoint are written together, so a harvest killed
anywhere goes on from its last page and ends with the same library.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from broadsheet.errors import HarvestError, UsageError
from broadsheet.harvest.fetch import Bounds, Clock, PoliteClient
from broadsheet.harvest.guard import door_to
from broadsheet.harvest.page import HarvestPage, Window
from broadsheet.harvest.sources import acl, arxiv_api, arxiv_feed, arxiv_oai, hf_daily, openreview
from broadsheet.harvest.sources.arxiv_sets import oai_scopes
from broadsheet.jobs.harvest_lock import harvest_lock
from broadsheet.jobs.ingest import ingest
from broadsheet.settings import Settings
from broadsheet.store.checkpoints import find_checkpoint, put_checkpoint
from broadsheet.store.database import Database, Transaction
from broadsheet.store.ledger import (
    list_missing,
    put_announcements,
    put_outcomes,
    withdraw,
)
from broadsheet.types import IngestReport, Reject

log = logging.getLogger(__name__)

SOURCES = ("arxiv", "arxiv-feed", "hf-daily", "openreview", "acl")
LOOKUP_SOURCE = "arxiv-lookup"
LOOKUP_DAYS_MAX = 45
LOOKUP_IDS_MAX = 500
REJECTS_LOGGED_MAX = 20


@dataclass(frozen=True, slots=True)
class HarvestProgress:
    """Told after each page: items of this scope so far, and how many are promised if known."""

    source: str
    scope: str
    received: int
    expected: int | None


@dataclass(frozen=True, slots=True)
class ScopeReport:
    """What came of one scope; `error` is one line where it ended before its end."""

    source: str
    scope: str
    n_pages: int
    ingest: IngestReport
    error: HarvestError | None = None


@dataclass(frozen=True, slots=True)
class HarvestReport:
    """`n_missing` distinct announced identifiers are still not here."""

    scopes: tuple[ScopeReport, ...]
    n_missing: int

    @property
    def ingest(self) -> IngestReport:
        return sum((scope.ingest for scope in self.scopes), IngestReport())

    @property
    def errors(self) -> tuple[HarvestError, ...]:
        return tuple(scope.error for scope in self.scopes if scope.error is not None)


@dataclass(frozen=True, slots=True)
class _Plan:
    source: str
    scope: str
    pages: Iterator[HarvestPage]


@dataclass(frozen=True, slots=True)
class _Order:
    """What was asked of this harvest, the same for each of its scopes."""

    categories: tuple[str, ...]
    window: Window
    now: datetime
    only_due: bool
    stop: Callable[[], bool]
    tell: Callable[[HarvestProgress], None]


def open_client(
    settings: Settings,
    *,
    clock: Clock | None = None,
    bounds: Bounds | None = None,
    interval_s: float | None = None,
) -> PoliteClient:
    """A client that may go to the sources of these settings and nowhere else; close it after."""
    urls = (
        settings.arxiv_oai_url,
        settings.arxiv_api_url,
        settings.arxiv_feed_url,
        settings.hf_url,
        settings.openreview_url,
        settings.acl_url,
    )
    return PoliteClient(
        door_to(urls),
        contact=settings.contact,
        clock=clock or Clock(),
        bounds=bounds or Bounds(),
        interval_s=interval_s,
    )


def harvest(
    db: Database,
    client: PoliteClient,
    settings: Settings,
    *,
    sources: Sequence[str] | None = None,
    categories: Sequence[str] | None = None,
    from_: date | None = None,
    until: date | None = None,
    now: datetime,
    progress: Callable[[HarvestProgress], None] | None = None,
    only_due: bool = False,
    should_stop: Callable[[], bool] | None = None,
) -> HarvestReport:
    """Fetch what is new, or the days asked for, and then what is announced but missing.

    None takes `sources` and `categories` from the settings. `only_due` leaves out what
    cannot have changed yet (the worker's way). `should_stop` is asked after each page:
    the harvest then ends early, and the next goes on from there. Raises HarvestError when
    another harvest of this library is running, UsageError for an unknown source or an
    impossible span, StoreError; what a source does wrong is in the report instead.
    """
    sources = _checked_sources(settings.sources if sources is None else sources)
    categories = tuple(settings.categories if categories is None else categories)
    if from_ and until and from_ > until:
        raise UsageError(f"--from {from_} lies after --until {until}")
    order = _Order(
        categories, Window(from_, until), now, only_due, should_stop or (lambda: False),
        progress or (lambda _: None),
    )  # fmt: skip
    with harvest_lock(db.path.parent):
        reports: list[ScopeReport] = []
        for source in sources:
            plans = _plans(db, client, settings, source, order)
            try:
                reports.extend(_take_in(db, plan, order) for plan in plans)
            except HarvestError as error:
                reports.append(ScopeReport(source, "", 0, IngestReport(), error))
        if not order.stop() and (lookup := _lookup(db, client, settings, now)) is not None:
            reports.append(_take_in(db, lookup, order))
        missing = {identifier for _, _, _, identifier in list_missing(db)}
    report = HarvestReport(tuple(reports), len(missing))
    log.info(
        "harvest scopes=%d read=%d added=%d updated=%d rejected=%d missing=%d errors=%d",
        len(reports), report.ingest.read, report.ingest.added, report.ingest.updated,
        report.ingest.rejected, report.n_missing, len(report.errors),
    )  # fmt: skip
    return report


def _checked_sources(sources: Iterable[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(sources))
    for name in names:
        if name not in SOURCES:
            raise UsageError(f"no source is called {name!r}; there are {', '.join(SOURCES)}")
    return names


def _plans(
    db: Database, client: PoliteClient, settings: Settings, source: str, order: _Order
) -> Iterator[_Plan]:
    """The scopes of a source, each with the generator of its pages."""
    match source:
        case "arxiv":
            yield from _arxiv_plans(db, client, settings, order)
        case "arxiv-feed":
            for category in order.categories:
                pages = arxiv_feed.pages(
                    client, url=settings.arxiv_feed_url, category=category, now=order.now
                )
                yield _Plan(source, category, pages)
        case "hf-daily":
            name = hf_daily.checkpoint_scope(order.window)
            state = find_checkpoint(db, source, name)
            pages = hf_daily.pages(
                client, url=settings.hf_url, state=state, window=order.window, now=order.now
            )
            yield _Plan(source, name, pages)
        case "openreview":
            yield from _openreview_plans(db, client, settings, order)
        case "acl":
            yield from _acl_plans(db, client, settings, order)


def _arxiv_plans(
    db: Database, client: PoliteClient, settings: Settings, order: _Order
) -> Iterator[_Plan]:
    source = arxiv_oai.SOURCE
    for scope in oai_scopes(order.categories):
        main = find_checkpoint(db, source, scope.label)
        if order.only_due and not order.window and not arxiv_oai.is_due(scope, main, order.now):
            continue
        name = arxiv_oai.checkpoint_scope(scope, order.window)
        pages = arxiv_oai.pages(
            client,
            url=settings.arxiv_oai_url,
            scope=scope,
            state=find_checkpoint(db, source, name),
            main=main,
            window=order.window,
            now=order.now,
        )
        yield _Plan(source, scope.label, pages)


def _openreview_plans(
    db: Database, client: PoliteClient, settings: Settings, order: _Order
) -> Iterator[_Plan]:
    source, url = openreview.SOURCE, settings.openreview_url
    for venue in settings.openreview_venues:
        state = find_checkpoint(db, source, venue)
        if order.only_due and not openreview.is_due(state, order.now):
            continue
        pages = openreview.pages(client, url=url, venue=venue, state=state, now=order.now)
        yield _Plan(source, venue, pages)


def _acl_plans(
    db: Database, client: PoliteClient, settings: Settings, order: _Order
) -> Iterator[_Plan]:
    source = acl.SOURCE
    lacking = {scope for name, scope, _, _ in list_missing(db) if name == source}
    for collection in settings.acl_volumes:
        pages = acl.pages(
            client,
            url=settings.acl_url,
            collection=collection,
            state=find_checkpoint(db, source, collection),
            is_complete=collection not in lacking,
            now=order.now,
        )
        yield _Plan(source, collection, pages)


def _lookup(db: Database, client: PoliteClient, settings: Settings, now: datetime) -> _Plan | None:
    """The newest missing arXiv papers, whichever source announced them."""
    since = now.date() - timedelta(days=LOOKUP_DAYS_MAX)
    missing = [
        identifier
        for _, _, _, identifier in list_missing(db, since=since)
        if identifier.startswith("arxiv:")
    ]
    identifiers = list(dict.fromkeys(missing))[:LOOKUP_IDS_MAX]
    if not identifiers:
        return None
    pages = arxiv_api.lookup_pages(
        client,
        api_url=settings.arxiv_api_url,
        oai_url=settings.arxiv_oai_url,
        identifiers=identifiers,
    )
    return _Plan(LOOKUP_SOURCE, f"{len(identifiers)} missing", pages)


def _take_in(db: Database, plan: _Plan, order: _Order) -> ScopeReport:
    """Each page in its own transaction, in the order in which the source yields them."""
    total, n_pages, error = IngestReport(), 0, None
    pages = iter(()) if order.stop() else plan.pages
    for page in pages:
        total += ingest(db, page.items, now=order.now, also=_also(page, order.now))
        n_pages += 1
        error = page.error or error
        _log_rejects(plan, page)
        order.tell(HarvestProgress(plan.source, plan.scope, total.read, page.expected))
        if order.stop():
            break
    if error is not None:
        log.warning("harvest source=%s scope=%s error=%s", plan.source, plan.scope, error)
    return ScopeReport(plan.source, plan.scope, n_pages, total, error)


def _also(page: HarvestPage, now: datetime) -> Callable[[Transaction], None]:
    """What is written with a page's records, or not at all."""

    def write(transaction: Transaction) -> None:
        put_announcements(transaction, page.announcements)
        withdraw(transaction, page.withdrawn)
        put_outcomes(transaction, page.outcomes, now=now)
        for checkpoint in page.checkpoints:
            put_checkpoint(transaction, checkpoint, now=now)

    return write


def _log_rejects(plan: _Plan, page: HarvestPage) -> None:
    rejects = [item for item in page.items if isinstance(item, Reject)]
    for reject in rejects[:REJECTS_LOGGED_MAX]:
        log.warning(
            "reject source=%s scope=%s place=%r reason=%r",
            plan.source, plan.scope, reject.place, reject.reason,
        )  # fmt: skip
    if len(rejects) > REJECTS_LOGGED_MAX:
        log.warning(
            "reject source=%s scope=%s more=%d",
            plan.source, plan.scope, len(rejects) - REJECTS_LOGGED_MAX,
        )  # fmt: skip
