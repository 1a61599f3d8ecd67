"""arXiv's OAI-PMH lists: everything that changed since a day, page after page.

Source: Open Archives Initiative Protocol for Metadata Harvesting 2.0; clauses are named
where they are kept. The next harvest begins at the responseDate of this list's *first*
page: what changed while the list was read is in the next one.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

from broadsheet.errors import HarvestError, ParseError
from broadsheet.harvest.fetch import PoliteClient, fetch_parsed
from broadsheet.harvest.page import ALL_DAYS, HarvestPage, State, Window
from broadsheet.harvest.parse.oai import OaiPage, parse_oai
from broadsheet.harvest.schedule import (
    DAYS_TO_LISTING_MAX,
    announced_day,
    datestamp_day,
    eastern,
    is_listing_day,
    newest_listing_day,
)
from broadsheet.harvest.sources.arxiv_sets import OaiScope
from broadsheet.ledger import Happened, Outcome, happened_by, reason_with
from broadsheet.store.checkpoints import Checkpoint
from broadsheet.text.identifiers import canonical_identifier
from broadsheet.types import Announcement, Record, Reject

SOURCE = "arxiv"

#: Tried in this order: arXivRaw alone gives the moment of each version.
PREFIXES = ("arXivRaw", "arXiv", "oai_dc")

FIRST_DAYS = 7
DUE_HOURS = 6
LIST_DAYS_MAX = 30
RESTARTS_MAX = 3
LEDGER_DAYS_MAX = 60

_IDENTIFIER = re.compile(rb"<identifier>\s*([^<\s]{1,200})\s*</identifier>")
_TOKEN = re.compile(rb"<resumptionToken\b[^>]*>\s*([^<]{1,2000}?)\s*</resumptionToken>")


@dataclass(frozen=True, slots=True)
class ListState:
    """One list while it is read: how it was asked for, and how far we are.

    Days are ISO text; `until` "" is an open end. `began_at` is the responseDate of the
    first page. `short` is what an earlier reading of this list received, where that was
    less than the list promised. `newest` is the newest day announced in it so far.
    """

    from_: str
    until: str
    n_prefix: int = 0
    n_set: int = 0
    token: str = ""
    began_at: str = ""
    received: int = 0
    expected: int = 0
    short: int = -1
    newest: str = ""
    n_unread: int = 0

    def anew(self) -> ListState:
        """The same list from its beginning."""
        return ListState(self.from_, self.until, self.n_prefix, self.n_set, short=self.short)


@dataclass(frozen=True, slots=True)
class _Harvest:
    """What stays the same while one scope is harvested."""

    client: PoliteClient
    url: str
    scope: OaiScope
    window: Window
    main: State
    now: datetime

    @property
    def name(self) -> str:
        return checkpoint_scope(self.scope, self.window)


Reading = Generator[HarvestPage, None, "ListState"]


def checkpoint_scope(scope: OaiScope, window: Window) -> str:
    """Under which name this harvest's checkpoint is kept; days asked for have their own."""
    if not window:
        return scope.label
    return f"{scope.label} {window.from_ or ''}..{window.until or ''}"


def pages(
    client: PoliteClient,
    *,
    url: str,
    scope: OaiScope,
    state: State,
    main: State = None,
    window: Window = ALL_DAYS,
    now: datetime,
) -> Iterator[HarvestPage]:
    """The pages of this scope, resumed from `state` (the checkpoint of `checkpoint_scope`).

    `main` is the checkpoint without a window: days asked for up to today advance it too.
    A failure ends the pages with one that says so to the ledger.
    """
    harvest = _Harvest(client, url, scope, window, main, now)
    today = eastern(now).date()
    last_day = min(window.until, today) if window.until else None
    from_, current = _resumed(harvest, state)
    while last_day is None or from_ <= last_day:
        if current is None:
            current = ListState(from_.isoformat(), _chunk_end(from_, last_day, today))
        client.take_troubles()
        try:
            done = yield from _read_list(harvest, current)
        except HarvestError as error:
            yield _failed_page(harvest, current, error)
            return
        from_, current = _next_from(done, now), None
        if not done.until:
            return


def _resumed(harvest: _Harvest, state: State) -> tuple[date, ListState | None]:
    """Where to begin, and the list that was open when the last harvest ended."""
    today = eastern(harvest.now).date()
    default = harvest.window.from_ or today - timedelta(days=FIRST_DAYS)
    try:
        state = state or {}
        from_ = date.fromisoformat(state["from"])
        known = set(state["categories"])
        opened = state.get("list")
        current = ListState(**opened) if opened else None
        date.fromisoformat(current.from_ if current else state["from"])
    except (KeyError, TypeError, ValueError):
        return default, None
    if not known >= set(harvest.scope.categories):
        return min(from_, default), None  # a category is new here: its first days are fetched
    return from_, current


def _chunk_end(from_: date, last_day: date | None, today: date) -> str:
    """Long spans are read as several lists, so that no token has to live for hours."""
    end = from_ + timedelta(days=LIST_DAYS_MAX - 1)
    if last_day is not None and last_day < today:
        return min(end, last_day).isoformat()
    return end.isoformat() if end < today else ""


def _read_list(harvest: _Harvest, first: ListState) -> Reading:
    """Yield the pages of one list; returns its state after the last page."""
    state = first
    seen: set[str] = set()
    n_restarts = 0
    while True:
        body, page = _fetch(harvest, state)
        if isinstance(page, ParseError):
            salvaged, state = _salvage(harvest, state, body, page)
            yield salvaged
            continue
        if page.error_code:
            answer = _answer_error(harvest, state, page)
            if answer is None:
                state = replace(state, began_at=state.began_at or page.response_date)
                yield _last_page(harvest, state, Happened.QUIET, (), ())
                return state
            if page.error_code == "badResumptionToken":
                n_restarts += 1
                seen.clear()
            if n_restarts > RESTARTS_MAX:
                raise HarvestError(
                    f"arXiv took back its resumption token {n_restarts} times "
                    f"({page.error_message or page.error_code}); the next harvest reads the list "
                    "from its beginning"
                )
            state = answer
            continue
        state, items, announcements = _take(harvest, state, page, seen)
        if page.resumption_token:
            if page.resumption_token == state.token:
                raise HarvestError("arXiv's list repeats its resumption token and would never end")
            state = replace(state, token=page.resumption_token)
            yield _middle_page(harvest, state, items, announcements, first_page=not first.token)
            continue
        if 0 <= state.received < state.expected and state.short != state.received:
            n_restarts += 1
            if n_restarts > RESTARTS_MAX:
                raise HarvestError(
                    f"arXiv's list promised {state.expected} records and sent {state.received}; "
                    "the next harvest reads it again"
                )
            harvest.client.note_trouble(
                f"{state.received} of {state.expected} promised records, the list read again"
            )
            state = replace(state.anew(), short=state.received)
            seen.clear()
            yield HarvestPage(items, announcements, checkpoints=(_checkpoint(harvest, state),))
            continue
        yield _last_page(harvest, state, Happened.READ, items, announcements)
        return state


def _fetch(harvest: _Harvest, state: ListState) -> tuple[bytes, OaiPage | ParseError]:
    # 3.5: resumptionToken is an exclusive argument.
    params = {"verb": "ListRecords"}
    if state.token:
        params["resumptionToken"] = state.token
    else:
        params |= {"metadataPrefix": PREFIXES[state.n_prefix], "from": state.from_}
        if state.until:
            params["until"] = state.until
        if name := harvest.scope.sets[state.n_set]:
            params["set"] = name
    answer, page = fetch_parsed(
        harvest.client, harvest.url, params, parse_oai, accepted=(200, 400, 404, 422)
    )
    if isinstance(page, ParseError) and answer.status != 200:
        raise HarvestError(
            f"arXiv's OAI-PMH server answered {answer.status}; check arxiv_oai_url in "
            "settings.toml",
            permanent=True,
        )
    return answer.body, page


def _answer_error(harvest: _Harvest, state: ListState, page: OaiPage) -> ListState | None:
    """What to ask next after a protocol error (3.6); None where the list is simply empty."""
    match page.error_code:
        case "noRecordsMatch":
            return None
        case "badResumptionToken":
            harvest.client.note_trouble("a resumption token that had expired, the list read again")
            return state.anew()
        case "cannotDisseminateFormat" if state.n_prefix + 1 < len(PREFIXES):
            return replace(state.anew(), n_prefix=state.n_prefix + 1)
        case "badArgument" if not state.token and state.n_set + 1 < len(harvest.scope.sets):
            # A set that this server does not know: the next larger one holds it too.
            return replace(state.anew(), n_set=state.n_set + 1)
        case "noSetHierarchy":
            if state.n_set + 1 < len(harvest.scope.sets):
                return replace(state.anew(), n_set=len(harvest.scope.sets) - 1)
    raise HarvestError(
        f"arXiv refused the list of {harvest.scope.label} ({page.error_code}: "
        f"{page.error_message or 'no message'}); check the categories and arxiv_oai_url in "
        "settings.toml",
        permanent=True,
    )


def _take(
    harvest: _Harvest, state: ListState, page: OaiPage, seen: set[str]
) -> tuple[ListState, tuple[Record | Reject, ...], tuple[Announcement, ...]]:
    """The wanted records of a page, each with its day, and everything it announces."""
    began_at = state.began_at or page.response_date
    items: list[Record | Reject] = []
    announcements: list[Announcement] = []
    newest = state.newest
    read: set[str] = set()
    for item, header in zip(page.records, page.headers, strict=False):
        if isinstance(item, Reject):
            items.append(item)
            continue
        read.update(item.identifiers)
        if item.deleted:
            items.append(item)
            continue
        record = replace(item, announced=announced_day(item, submitted_at(item)))
        if record.announced:
            newest = max(newest, record.announced.isoformat())
        if wanted := harvest.scope.wanted(record.categories, header.sets):
            items.append(record)
            announcements += announced_by(record, wanted, date.fromisoformat(state.from_))
    headers = [name for raw in page.identifiers if (name := canonical_identifier(raw))]
    announcements += _unread_announcements(harvest, began_at, [h for h in headers if h not in read])
    fresh = set(page.identifiers) - seen
    seen |= fresh
    state = replace(
        state,
        began_at=began_at,
        received=state.received + len(fresh),
        expected=page.complete_list_size or state.expected,
        newest=newest,
    )
    return state, tuple(items), tuple(announcements)


def submitted_at(record: Record) -> datetime | None:
    """The moment of version 1, where the format gives it (arXivRaw)."""
    value = record.extra.get("submitted_at")
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def announced_by(record: Record, categories: Sequence[str], since: date) -> list[Announcement]:
    """The announcements that a record of the lists stands for, in these categories.

    It was announced on its own day, if that is one we are asking about or it is fresh;
    one that changed long after that day is announced again, as replaced, on its datestamp.
    """
    day, stamp = record.announced, datestamp_day(record.datestamp)
    days: dict[date, bool] = {}
    is_old = bool(day and stamp and stamp - day > timedelta(days=DAYS_TO_LISTING_MAX))
    if day and (day >= since or not is_old):
        days[day] = False
    if stamp and (is_old or day is None):
        days[stamp] = True
    primary = record.categories[0] if record.categories else ""
    return [
        Announcement(
            SOURCE,
            category,
            on,
            record.identifiers[0],
            "replace" if again else "new" if primary.startswith(category) else "cross",
        )
        for on, again in days.items()
        for category in categories
    ]


def _unread_announcements(
    harvest: _Harvest, began_at: str, identifiers: Sequence[str]
) -> list[Announcement]:
    """Headers whose records cannot be read: announced all the same, so that they are missing.

    Their category is not known; they are kept under the scope's own name.
    """
    day = _day_of(began_at, harvest.now)
    return [Announcement(SOURCE, harvest.scope.label, day, name) for name in identifiers]


def _salvage(
    harvest: _Harvest, state: ListState, body: bytes, error: ParseError
) -> tuple[HarvestPage, ListState]:
    """From a page that stays broken: the ids it names, which are missing then, and its token.

    Without a token the list cannot go on in this format; the next format is tried from
    the list's beginning. Raises HarvestError when nothing is left to try.
    """
    if b"<OAI-PMH" not in body[:2000] and b"OAI-PMH" not in body[:2000]:
        start = " ".join(body[:60].decode("utf-8", "replace").split())
        raise HarvestError(
            f"arXiv's OAI-PMH server answered with something else ({start!r}); the next harvest "
            "goes on from here"
        )
    names = [raw.decode("utf-8", "replace") for raw in _IDENTIFIER.findall(body)]
    identifiers = [name for raw in names if (name := canonical_identifier(raw))]
    tokens = [unescape(raw.decode("utf-8", "replace")) for raw in _TOKEN.findall(body)]
    state = replace(state, n_unread=state.n_unread + 1)
    if tokens and tokens[-1] != state.token:
        state = replace(state, token=tokens[-1], received=state.received + len(set(identifiers)))
    elif state.n_prefix + 1 < len(PREFIXES):
        state = replace(state.anew(), n_prefix=state.n_prefix + 1, n_unread=state.n_unread)
    else:
        raise HarvestError(
            f"a page of arXiv's list cannot be read in any format ({error.reason}); the next "
            "harvest asks for it again"
        )
    harvest.client.note_trouble(f"a page that stayed broken ({error.reason})")
    page = HarvestPage(
        items=(Reject(f"{harvest.name} page", error.reason),),
        announcements=tuple(_unread_announcements(harvest, state.began_at, identifiers)),
        checkpoints=(_checkpoint(harvest, state),),
    )
    return page, state


def _middle_page(
    harvest: _Harvest,
    state: ListState,
    items: tuple[Record | Reject, ...],
    announcements: tuple[Announcement, ...],
    *,
    first_page: bool,
) -> HarvestPage:
    """A page with more to come: if we are killed now, the ledger says the list is open."""
    reason = "the list is being read, or was broken off; the next harvest goes on from there"
    outcomes = _outcomes(harvest, state, Happened.FAILED, reason) if first_page else ()
    return HarvestPage(
        items=items,
        announcements=announcements,
        withdrawn=_withdrawn(items),
        outcomes=tuple(outcomes),
        checkpoints=(_checkpoint(harvest, state),),
        expected=state.expected or None,
    )


def _last_page(
    harvest: _Harvest,
    state: ListState,
    happened: Happened,
    items: tuple[Record | Reject, ...],
    announcements: tuple[Announcement, ...],
) -> HarvestPage:
    if happened is Happened.QUIET and not state.received:
        done = "arXiv says that no records match (noRecordsMatch)"
    else:
        happened, done = Happened.READ, f"a list of {state.received} records read to its end"
    if state.received < state.expected:
        done += f", though {state.expected} were promised twice over: taken as an estimate"
    if state.n_unread:
        done += f", {state.n_unread} of its pages unreadable"
    reason = reason_with(done, harvest.client.take_troubles())
    outcomes = _outcomes(harvest, state, happened, reason)
    return HarvestPage(
        items=items,
        announcements=announcements,
        withdrawn=_withdrawn(items),
        outcomes=tuple(_with_staleness(harvest, state, outcomes)),
        checkpoints=tuple(_final_checkpoints(harvest, state)),
        expected=state.expected or None,
    )


def _withdrawn(items: Sequence[Record | Reject]) -> tuple[str, ...]:
    return tuple(
        name
        for item in items
        if isinstance(item, Record) and item.deleted
        for name in item.identifiers
    )


def _failed_page(harvest: _Harvest, state: ListState, error: HarvestError) -> HarvestPage:
    reason = reason_with(str(error), harvest.client.take_troubles())
    outcomes = _outcomes(harvest, state, happened_by(error), reason)
    return HarvestPage(outcomes=tuple(outcomes), error=error)


def _outcomes(
    harvest: _Harvest, state: ListState, happened: Happened, reason: str
) -> list[Outcome]:
    """One for each day and category that the list covers, newest LEDGER_DAYS_MAX days."""
    last = date.fromisoformat(state.until) if state.until else _today(harvest, state)
    first = max(date.fromisoformat(state.from_), last - timedelta(days=LEDGER_DAYS_MAX - 1))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [
        Outcome(SOURCE, category, day, happened, reason)
        for day in days
        for category in harvest.scope.categories
    ]


def _with_staleness(
    harvest: _Harvest, state: ListState, outcomes: Sequence[Outcome]
) -> Iterator[Outcome]:
    """A working day of which arXiv lists nothing yet is not a quiet one."""
    today = _today(harvest, state)
    for outcome in outcomes:
        is_late = outcome.day == today and is_listing_day(today) and not state.until
        if is_late and state.newest < today.isoformat():
            newest = f"; its newest papers are of {state.newest}" if state.newest else ""
            reason = f"arXiv lists nothing of {today} yet{newest}"
            yield replace(outcome, happened=Happened.STALE, reason=reason)
        else:
            yield outcome


def _today(harvest: _Harvest, state: ListState) -> date:
    return eastern(_began(state.began_at, harvest.now)).date()


def _began(began_at: str, now: datetime) -> datetime:
    """When the list began, by the server's clock, unless that runs ahead of ours.

    Clock skew: of two clocks that disagree we believe the earlier. Asking for too much
    costs time, asking for too little loses papers.
    """
    try:
        moment = datetime.fromisoformat(began_at)
    except ValueError:
        return now
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(moment, now)


def _day_of(began_at: str, now: datetime) -> date:
    return eastern(_began(began_at, now)).date()


def _next_from(state: ListState, now: datetime) -> date:
    """2.7.1: both ends are included, and arXiv's granularity is a day: one day of overlap."""
    if state.until:
        return date.fromisoformat(state.until) + timedelta(days=1)
    return _began(state.began_at, now).astimezone(UTC).date() - timedelta(days=1)


def _checkpoint(harvest: _Harvest, state: ListState) -> Checkpoint:
    return Checkpoint(
        SOURCE, harvest.name, _dump(harvest.scope, date.fromisoformat(state.from_), state)
    )


def _final_checkpoints(harvest: _Harvest, state: ListState) -> Iterator[Checkpoint]:
    next_from = _next_from(state, harvest.now)
    if not harvest.window:
        yield Checkpoint(SOURCE, harvest.name, _dump_done(harvest, state))
        return
    if state.until and harvest.window.until != date.fromisoformat(state.until):
        yield Checkpoint(SOURCE, harvest.name, _dump(harvest.scope, next_from, None))
        return
    yield Checkpoint(SOURCE, harvest.name, None)
    if not state.until and _reaches(harvest):
        yield Checkpoint(SOURCE, harvest.scope.label, _dump_done(harvest, state))


def _reaches(harvest: _Harvest) -> bool:
    """Whether the days asked for leave no gap after what was harvested before."""
    if harvest.main is None:
        return True
    known = set(harvest.main.get("categories", ()))
    from_ = harvest.window.from_
    before = str(harvest.main.get("from", ""))
    return (
        known <= set(harvest.scope.categories)
        and not harvest.main.get("list")
        and from_ is not None
        and from_.isoformat() <= before
    )


def _dump_done(harvest: _Harvest, state: ListState) -> Mapping[str, Any]:
    """A list read to its end: also when that was, and the newest day it announced."""
    return {
        **_dump(harvest.scope, _next_from(state, harvest.now), None),
        "read_at": _began(state.began_at, harvest.now).isoformat(),
        "newest": state.newest,
    }


def is_due(scope: OaiScope, state: State, now: datetime) -> bool:
    """Whether asking again is worth the source's while, `state` being the daily checkpoint.

    arXiv's lists change once a day, after its announcement. While the newest listing is
    still awaited they are asked for each time, afterwards every DUE_HOURS.
    """
    try:
        read_at = datetime.fromisoformat((state or {})["read_at"])
        is_known = set((state or {})["categories"]) >= set(scope.categories)
        is_awaited = str((state or {})["newest"]) < newest_listing_day(now).isoformat()
    except (KeyError, TypeError, ValueError):
        return True
    is_old = now - read_at >= timedelta(hours=DUE_HOURS)
    return is_old or is_awaited or not is_known or bool((state or {}).get("list"))


def _dump(scope: OaiScope, from_: date, state: ListState | None) -> Mapping[str, Any]:
    return {
        "from": from_.isoformat(),
        "categories": list(scope.categories),
        "list": asdict(state) if state else None,
    }
