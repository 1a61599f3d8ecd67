"""The enriching step: which code the papers link to, and whether it is still there.

Links are found whenever a document is composed; here they are followed, by change number as the
indexes follow, so that each place is known once with all its papers. Then the hosts that the
settings allow are asked, politely, a few at a time, whether they are still there. Every look, and
every few hundred documents followed, are a transaction: killed anywhere, the next call goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from broadsheet.enrich.life import Heard, Look, decide_life, doubled
from broadsheet.enrich.links import FINDER
from broadsheet.errors import HarvestError, ThrottledError
from broadsheet.harvest.fetch import Bounds, Clock, PoliteClient
from broadsheet.harvest.guard import Door
from broadsheet.harvest.looking import look_at
from broadsheet.settings import Settings
from broadsheet.store.checkpoints import Checkpoint, find_checkpoint, put_checkpoint
from broadsheet.store.code_links import (
    Place,
    drop_links,
    due_links,
    n_looked_since,
    note_unreadable,
    put_life,
    put_links,
    unmerged,
)
from broadsheet.store.database import Database
from broadsheet.store.documents import Change, changes, last_change_no

log = logging.getLogger(__name__)

SOURCE, POSITION = "code-links", "position"
STEP_CHANGES = 500
#: Of one host, in one round and in a day.
ROUND_LOOKS_MAX = 10
DAY_LOOKS_MAX = 2_000
DAY = timedelta(days=1)
#: Between two questions to one host.
INTERVAL_S = 2.0
#: A host that cannot be reached, or does not say how long to wait, is left alone: this long, then
#: twice as long, up to a day.
HOST_WAIT, HOST_WAIT_MAX = timedelta(minutes=10), timedelta(days=1)
BOUNDS = Bounds(
    body_bytes_max=2_000_000, body_s_max=10.0, attempts_max=1, read_timeout_s=10.0, wait_s_max=0.0
)


@dataclass(frozen=True, slots=True)
class FollowReport:
    """`n_changed` documents link to other places than they did before."""

    n_documents: int = 0
    n_changed: int = 0
    n_unreadable: int = 0


@dataclass(frozen=True, slots=True)
class LookReport:
    """`closed` are hosts that cannot be asked now, with why."""

    n_looked: int = 0
    n_died: int = 0
    n_returned: int = 0
    closed: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: LookReport) -> LookReport:
        return LookReport(
            self.n_looked + other.n_looked,
            self.n_died + other.n_died,
            self.n_returned + other.n_returned,
            self.closed + other.closed,
        )


def open_looker(settings: Settings, *, clock: Clock | None = None) -> PoliteClient:
    """A client that may go to `link_hosts` and nowhere else."""
    return PoliteClient(
        Door(frozenset(settings.link_hosts)),
        contact=settings.contact,
        clock=clock or Clock(),
        bounds=BOUNDS,
        interval_s=INTERVAL_S,
    )


def follow_links(
    db: Database,
    *,
    now: datetime,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda done, todo: None,
) -> FollowReport:
    """Up to where the library is now. Where links are found otherwise than when this was last
    done (FINDER), every document is looked through again, and those that gain or lose a link
    change, so that the indexes see it."""
    state = find_checkpoint(db, SOURCE, POSITION) or {}
    at, seen_to = int(state.get("change_no", 0)), int(state.get("again_to", 0))
    if at > last_change_no(db):
        at = seen_to = 0  # a library that was brought back from a backup
    if state and state.get("finder") != FINDER:
        at, seen_to = 0, max(at, seen_to)
    report = FollowReport()
    while not should_stop() and (step := changes(db, at, STEP_CHANGES)):
        at = step[-1].change_no
        report = _follow_step(db, step, seen_to, at, report, now)
        progress(at, last_change_no(db))
    return report


def _follow_step(
    db: Database,
    step: list[Change],
    seen_to: int,
    at: int,
    report: FollowReport,
    now: datetime,
) -> FollowReport:
    n_changed = 0
    doc_nos = [change.doc_no for change in step]
    with db.transaction() as transaction:
        living = unmerged(transaction, doc_nos)
        bad = [c.doc_no for c in step if c.document is None and c.doc_no in living]
        note_unreadable(transaction, doc_nos, bad, now=now)
        for change in step:
            if change.document is None:
                drop_links(transaction, change.doc_no)
            else:
                again = change.change_no <= seen_to
                n_changed += put_links(transaction, change.document, again=again)
        position = {"change_no": at, "again_to": seen_to, "finder": FINDER}
        put_checkpoint(transaction, Checkpoint(SOURCE, POSITION, position), now=now)
    for doc_no in bad:
        log.warning("event=unreadable doc_no=%d", doc_no)
    return FollowReport(
        report.n_documents + len(step),
        report.n_changed + n_changed,
        report.n_unreadable + len(bad),
    )


def look_at_links(
    db: Database,
    client: PoliteClient,
    settings: Settings,
    *,
    now: Callable[[], datetime],
    should_stop: Callable[[], bool] = lambda: False,
) -> LookReport:
    """A few of each host that may be asked; one that cannot be asked stops no other."""
    closed = closed_hosts(db, settings, now=now())
    report = LookReport(closed=tuple(closed))
    for host in [host for host in settings.link_hosts if host not in dict(closed)]:
        wait = find_checkpoint(db, SOURCE, host) or {}
        left = DAY_LOOKS_MAX - n_looked_since(db, host, now() - DAY)
        limit = min(left, ROUND_LOOKS_MAX)
        for place in due_links(db, host, now=now(), limit=limit) if limit > 0 else ():
            if should_stop():
                return report
            look, trouble = _look(client, place)
            report += _keep(db, place, look, now())
            if trouble is not None:
                left_alone = _close(db, host, int(wait.get("n", 0)) + 1, trouble, now())
                report += LookReport(closed=(left_alone,))
                break
            if wait:
                _open(db, host, now())
                wait = {}
    return report


def closed_hosts(db: Database, settings: Settings, *, now: datetime) -> list[tuple[str, str]]:
    """Hosts that are left alone at the moment, and why."""
    states = [(host, find_checkpoint(db, SOURCE, host) or {}) for host in settings.link_hosts]
    return [
        (host, str(state.get("reason", "")))
        for host, state in states
        if str(state.get("until", "")) > now.isoformat()
    ]


def _look(client: PoliteClient, place: Place) -> tuple[Look, HarvestError | None]:
    """What was found, and why the host must be left alone. Either way this link has had its turn:
    one that breaks off whenever it is asked for would stand before all others for ever."""
    try:
        return look_at(client, place.url), None
    except HarvestError as error:
        # A permanent one is about this link: it leads where we do not go, or in circles.
        return Look(Heard.UNSURE, str(error)), None if error.permanent else error


def _keep(db: Database, place: Place, look: Look, now: datetime) -> LookReport:
    life = decide_life(place.life, look, place.key, now=now)
    with db.transaction() as transaction:
        put_life(transaction, place, life, now=now)
    was_dead, is_dead = place.life.dead_since is not None, life.dead_since is not None
    if was_dead != is_dead:
        log.info("event=code_link url=%s dead=%s", place.url, is_dead)
    return LookReport(1, int(is_dead and not was_dead), int(was_dead and not is_dead))


def _close(db: Database, host: str, n: int, error: HarvestError, now: datetime) -> tuple[str, str]:
    """The host is left alone for a while, also by the next process."""
    told_s = error.retry_after_s if isinstance(error, ThrottledError) else None
    wait = max(doubled(HOST_WAIT, n, most=HOST_WAIT_MAX), timedelta(seconds=told_s or 0.0))
    state = {"until": (now + wait).isoformat(), "n": n, "reason": str(error)[:300]}
    with db.transaction() as transaction:
        put_checkpoint(transaction, Checkpoint(SOURCE, host, state), now=now)
    log.info("event=host_left_alone host=%s wait_s=%d", host, wait.total_seconds())
    return host, str(error)


def _open(db: Database, host: str, now: datetime) -> None:
    with db.transaction() as transaction:
        put_checkpoint(transaction, Checkpoint(SOURCE, host, None), now=now)
