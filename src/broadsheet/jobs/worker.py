"""The worker: what happens by itself: harvest, index, vectors, code links, what trends, digests.
Each step is its own unit of work; one that fails is logged, shown in /health, and never stops the
rest."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread

from broadsheet.harvest.fetch import PoliteClient
from broadsheet.jobs.delivery import deliver_due
from broadsheet.jobs.embedding import follow_vectors, work_quietly
from broadsheet.jobs.harvest import harvest
from broadsheet.jobs.indexing import follow_index
from broadsheet.jobs.links import follow_links, look_at_links, open_looker
from broadsheet.jobs.press import Press, open_press
from broadsheet.jobs.steps import StepLog
from broadsheet.memory import give_back_memory
from broadsheet.people import regroup_people
from broadsheet.settings import Settings
from broadsheet.store.database import Database
from broadsheet.trends import refresh_trends

log = logging.getLogger(__name__)

#: A new paper is findable within 2 s of its commit: looking costs one indexed read.
FOLLOW_EVERY_S = 1.0
EMBED_EVERY_S = 2.0
STOP_WITHIN_S = 5.0
#: The first look waits until a start or an import has settled.
TRENDS_AFTER_S = 20.0
TRENDS_EVERY_S = 600.0
#: The first look waits for the first harvest; then a few links of each host, and again.
LINKS_AFTER_S = 60.0
LINKS_EVERY_S = 30.0
#: A digest leaves within this time of its moment; the first after what a harvest brings is in.
DELIVER_EVERY_S = 30.0


def run_worker(
    db: Database,
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    stop: Event,
    make_client: Callable[[Settings], PoliteClient],
) -> None:
    """Follow the index and harvest on schedule until `stop` is set.

    Harvesting, embedding, code links, what trends and digests have threads of their own: a list
    of an hour must not keep what has come in from being found.
    """
    steps = StepLog(db, clock)
    threads = [
        Thread(target=target, name=name, daemon=True)
        for name, target in (
            (
                "harvester",
                lambda: _harvest_on_schedule(db, settings, clock, stop, make_client, steps),
            ),
            ("embedder", lambda: _embed_what_is_new(db, settings, stop, steps)),
            ("links", lambda: _enrich(db, settings, clock, stop, steps)),
            ("trends", lambda: _refresh_trends(db, clock, stop, steps)),
            ("press", lambda: _deliver_on_schedule(db, settings, clock, stop, steps)),
        )
    ]
    for thread in threads:
        thread.start()
    while not stop.is_set():
        steps.run("index", lambda: follow_index(settings.home, db))
        stop.wait(FOLLOW_EVERY_S)
    for thread in threads:
        thread.join(timeout=STOP_WITHIN_S)


def _deliver_on_schedule(
    db: Database, settings: Settings, clock: Callable[[], datetime], stop: Event, steps: StepLog
) -> None:
    press: list[Press] = []  # kept: it holds the library laid out for interests

    def once() -> None:
        if not press:
            press.append(open_press(db, settings, clock=clock))
        deliver_due(press[0], should_stop=stop.is_set)

    while not stop.is_set():
        steps.run("digests", once)
        stop.wait(DELIVER_EVERY_S)


def _enrich(
    db: Database, settings: Settings, clock: Callable[[], datetime], stop: Event, steps: StepLog
) -> None:
    """Which code papers link to, and whether it is still there."""
    with open_looker(settings) as client:

        def once() -> None:
            follow_links(db, now=clock(), should_stop=stop.is_set)
            look_at_links(db, client, settings, now=clock, should_stop=stop.is_set)

        wait_s = LINKS_AFTER_S
        while not stop.wait(wait_s):
            steps.run("enrich", once)
            wait_s = LINKS_EVERY_S


def _refresh_trends(
    db: Database, clock: Callable[[], datetime], stop: Event, steps: StepLog
) -> None:
    """What trends and who is who, worked out anew where the library has changed."""
    while not stop.wait(TRENDS_AFTER_S):
        steps.run("trends", lambda: refresh_trends(db, now=clock()))
        steps.run("people", lambda: regroup_people(db, now=clock(), should_stop=stop.is_set))
        give_back_memory()
        stop.wait(TRENDS_EVERY_S)


def _harvest_on_schedule(
    db: Database,
    settings: Settings,
    clock: Callable[[], datetime],
    stop: Event,
    make_client: Callable[[Settings], PoliteClient],
    steps: StepLog,
) -> None:
    def once() -> None:
        with make_client(settings) as client:
            harvest(db, client, settings, now=clock(), only_due=True, should_stop=stop.is_set)

    while not stop.is_set():
        steps.run("harvest", once)
        stop.wait(settings.harvest_every_minutes * 60)


def _embed_what_is_new(db: Database, settings: Settings, stop: Event, steps: StepLog) -> None:
    """In a thread of its own, which everything else goes before: a large import takes hours."""
    work_quietly()

    def once() -> None:
        report = follow_vectors(db, settings, should_stop=stop.is_set)
        if report.embedded:
            log.info("event=embedded n=%d removed=%d", report.embedded, report.removed)

    while not stop.is_set():
        steps.run("embed", once)
        stop.wait(EMBED_EVERY_S)
