"""1,000 readers x 500 new papers, from the clock's striking to mail in their boxes: what is due,
slates, rendering, DKIM signatures, the outbox, and a mail server on this machine.

Library and interests are those of `bench interests`. The addresses are of 100 hosts, so that the
rate for each holds nothing back. The server is a process of its own; it counts who got what.
"""

from __future__ import annotations

import multiprocessing
import shutil
import socket
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import wraps
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from unittest.mock import patch

from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench.interests import N_PAPERS, fill_vectors, make_interests
from bench.search import bench_home, data_missing, open_library, peak_mb
from broadsheet.jobs import delivery
from broadsheet.jobs.composing import compose_for
from broadsheet.jobs.delivery import compose_waiting, note_due
from broadsheet.jobs.embedding import meaning_source
from broadsheet.jobs.press import Press, open_press
from broadsheet.jobs.sending import send_waiting
from broadsheet.settings import Settings, load_settings
from broadsheet.store.database import Database, open_database
from broadsheet.store.documents import day_counts
from broadsheet.store.interests import every_interest
from broadsheet.store.outbox import count_states
from broadsheet.store.subscriptions import Channel, Wish, put_subscription

N_HOSTS = 100
BUDGET_S = 60.0


def main() -> None:
    if data_missing("digests"):
        return
    with bench_home() as folder, tempfile.TemporaryDirectory(prefix="broadsheet-bench-") as own:
        open_library(Path(folder))
        home = Path(own) / "home"
        shutil.copytree(folder, home)  # readers and their mail stay out of the kept one
        with post_office() as (port, ask):
            _bench(open_database(home), _settings(home, port), ask)


def _bench(db: Database, settings: Settings, ask: Callable[[], tuple[int, int, int]]) -> None:
    source = meaning_source(db, settings)
    if source.find()[0] is None:
        print(f"digests: words alone, {source.find()[1]}")
    else:
        fill_vectors(db, source)
    make_interests(db)
    first, last = _newest(db, N_PAPERS)
    now = datetime.combine(last + timedelta(days=1), time(7), UTC)
    _subscribe(db, first)
    press = open_press(db, settings, clock=lambda: now)
    clock = Stages()
    began = perf_counter()
    with clock.within("due"):
        n_due = note_due(press)
    n_composed = _compose(press, clock)
    with clock.within("send"):
        n_sent, n_failed = send_waiting(press)
    seconds = perf_counter() - began
    n_calls, n_letters, n_twice = ask()
    verdict = "kept" if seconds <= BUDGET_S and n_sent == n_composed == n_letters else "BROKEN"
    print(
        f"\n{n_due:,} digests of {N_PAPERS:,} papers: {n_composed:,} composed, {n_sent:,} sent,"
        f" {n_failed:,} failed, {n_letters:,} arrived ({n_twice:,} twice) by {n_calls:,}"
        f" connections: {seconds:.1f} s (budget {BUDGET_S:.0f}, {verdict})"
    )
    stages = (
        f"{name} {spent:.1f} s ({clock.worked[name]:.1f} of processor time)"
        for name, spent in clock.spent.items()
    )
    print("; ".join(stages))
    print(f"states: {count_states(db)}; memory of this process: {peak_mb():.0f} MB at most")
    db.close()


@dataclass
class Stages:
    """Seconds by stage, and of them by this process's processor time."""

    spent: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    worked: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def within(self, name: str) -> Iterator[None]:
        began, worked = perf_counter(), process_time()
        try:
            yield
        finally:
            self.spent[name] += perf_counter() - began
            self.worked[name] += process_time() - worked

    def timing(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            with self.within(name):
                return function(*arguments, **named)

        return timed


def _compose(press: Press, clock: Stages) -> int:
    """What composing is made of is timed from outside: the code is as it runs."""
    slates = clock.timing("slates", compose_for)
    printed = clock.timing("render and sign", delivery.print_digest)
    with (
        patch.object(delivery, "compose_for", slates),
        patch.object(delivery, "print_digest", printed),
        clock.within("compose"),
    ):
        n_composed = compose_waiting(press)
    for spent in (clock.spent, clock.worked):
        spent["outbox"] = spent.pop("compose") - spent["slates"] - spent["render and sign"]
    return n_composed


def _settings(home: Path, port: int) -> Settings:
    key = generate_private_key(65_537, 2_048)
    key_file = home / "dkim.pem"
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return load_settings(home=home).model_copy(
        update={
            "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none",
            "mail_from": "Broadsheet <press@example.org>", "dkim_key_file": str(key_file),
            "dkim_selector": "s", "address": "https://papers.example.org",
            "bounce_address": "bounces@example.org",
        }
    )  # fmt: skip


def _newest(db: Database, n_papers: int) -> tuple[date, date]:
    """The newest days, made to announce so many papers together: what is too much is put a day
    earlier, which is before the first subscription."""
    counts = day_counts(db, date(2000, 1, 1), date(2100, 1, 1))
    total = 0
    for count in reversed(counts):
        total += count.n_documents
        if total >= n_papers:
            break
    with db.transaction() as transaction:
        transaction.run(
            "UPDATE documents SET announced = ? WHERE doc_no IN (SELECT doc_no FROM documents"
            " WHERE announced = ? AND merged_into IS NULL ORDER BY doc_no LIMIT ?)",
            (
                (count.day - timedelta(days=1)).isoformat(), count.day.isoformat(),
                total - n_papers,
            ),
        )  # fmt: skip
    return count.day, counts[-1].day


def _subscribe(db: Database, first: date) -> None:
    """Each reader's interest by mail, wanted since the evening before `first`."""
    since = datetime.combine(first + timedelta(days=1), time(), UTC)  # it covers the day before
    with db.transaction() as transaction:
        for number, interest in enumerate(every_interest(db)):
            target = f"reader{number}@host{number % N_HOSTS}.example"
            wish = Wish(
                "interest", str(interest.interest_no), interest.name, Channel.MAIL, target,
                "daily 06:00",
            )  # fmt: skip
            put_subscription(
                transaction, interest.reader_no, wish, secret="", confirmed=True, now=since
            )


@contextmanager
def post_office() -> Iterator[tuple[int, Callable[[], tuple[int, int, int]]]]:
    """A mail server in another process: its port, and how to ask for (connections, letters,
    letters that somebody got twice)."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = context.Process(target=_serve, args=(port, there), daemon=True)
    process.start()
    here.recv()

    def ask() -> tuple[int, int, int]:
        here.send("count")
        counts: tuple[int, int, int] = here.recv()
        return counts

    try:
        yield port, ask
    finally:
        here.send("stop")
        process.join(10)


class _Box:
    """A handler of aiosmtpd that counts."""

    def __init__(self) -> None:
        self.n_calls = 0
        self.letters: Counter[str] = Counter()

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.n_calls += 1
        session.host_name = hostname
        return responses

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.letters.update(envelope.rcpt_tos)
        return "250 2.0.0 taken"


def _serve(port: int, line: Connection) -> None:
    box = _Box()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    line.send("ready")
    while line.recv() == "count":
        n_twice = sum(n - 1 for n in box.letters.values())
        line.send((box.n_calls, sum(box.letters.values()), n_twice))
    controller.stop()


if __name__ == "__main__":
    main()
