"""`make replay DATA=DIR`: two months of papers day by day for a dozen readers, as they would have
been: each day's papers come in, each reader's digest is made, mailed through a mail server of our
own, read, and what was wanted in it is liked. Then: digests, ledger, and what was promised beside
what was kept.

The readers are authors: what they wrote before is their library, what they write later is what they
would have wanted. Their own names are struck from all papers, or finding them were no art.
"""

from __future__ import annotations

import argparse
import json
import logging
import socket
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from aiosmtpd.controller import Controller

from broadsheet.evaluate.author_readers import LIBRARY_MAX
from broadsheet.evaluate.bootstrap import Figure
from broadsheet.evaluate.files import read_jsonl
from broadsheet.evaluate.plot import svg_lines
from broadsheet.export.shapes import ledger_shape
from broadsheet.harvest.parse.fields import FieldError
from broadsheet.harvest.parse.jsonl import record_of_row
from broadsheet.jobs.delivery import deliver_due
from broadsheet.jobs.embedding import follow_vectors
from broadsheet.jobs.indexing import follow_index
from broadsheet.jobs.ingest import ingest
from broadsheet.jobs.press import Press, open_press
from broadsheet.ledger import Happened, Outcome
from broadsheet.settings import load_settings
from broadsheet.store.accounts import make_reader
from broadsheet.store.database import Database, Transaction, open_database
from broadsheet.store.documents import find_doc_no
from broadsheet.store.interests import Choices, Judgment, make_interest, put_judgment, put_likes
from broadsheet.store.ledger import list_ledger, put_announcements, put_outcomes
from broadsheet.store.outbox import count_states, list_entries
from broadsheet.store.readers import Role
from broadsheet.store.shown import Place, slate_shown
from broadsheet.store.subscriptions import Channel, Wish, put_subscription
from broadsheet.text.names import author_key
from broadsheet.types import Announcement, Record

N_READERS = 12
N_DAYS = 61
SOURCE = "replay"
#: How a slate that promises anything says it (slate.py).
PROMISE = "are expected to be missing"
LIKES_MIN, WANTED_MIN = 12, 5
ALPHAS = (0.20, 0.10)
BATCH = 500
SEED = 20260301
#: Of so many days, and of the last, the plot shows how it stood.
DAYS_DRAWN = (8, 12, 16, 24, 32, 45)


@dataclass
class Player:
    """A reader of the replay. `wanted` are their later papers by day; `kept` and `missed` count
    those on days for which a miss rate was promised."""

    name: str
    likes: list[str]
    wanted: Mapping[date, list[str]]
    alpha: float
    reader_no: int = 0
    interest_no: int = 0
    subscription_no: int = 0
    promises: bool = False
    kept: int = 0
    missed: int = 0
    unpromised: int = 0
    shown: list[int] = field(default_factory=list)


class Office:
    """A mail server that keeps every letter."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, bytes]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.kept.append((envelope.rcpt_tos[0], envelope.content))
        return "250 taken"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="a folder with papers.jsonl(.xz)")
    parser.add_argument("--out", type=Path, default=Path("build/replay"))
    parser.add_argument("--readers", type=int, default=N_READERS)
    parser.add_argument("--days", type=int, default=N_DAYS)
    parser.add_argument("--meaning", action="store_true", help="with sentence vectors (slow)")
    given = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    by_day = read_days(given.data)
    last = max(by_day)
    days = [last - timedelta(days=back) for back in reversed(range(given.days))]
    players = choose_players(by_day, days[0], n=given.readers)
    strike(by_day, {player.name for player in players})
    with tempfile.TemporaryDirectory() as home, an_office() as (office, port):
        replay(Path(home), by_day, days, players, office, port, given.out, meaning=given.meaning)


def read_days(data: Path) -> dict[date, list[Record]]:
    """The records by the day they were first listed; a paper once."""
    by_day: dict[date, list[Record]] = defaultdict(list)
    files = [data] if data.is_file() else sorted(data.glob("papers.jsonl*"))
    for file in files:
        for row in read_jsonl(file):
            try:
                record = record_of_row(row)
            except FieldError:
                continue
            if record.announced is not None:
                by_day[record.announced].append(record)
    return dict(by_day)


def choose_players(by_day: Mapping[date, Sequence[Record]], start: date, *, n: int) -> list[Player]:
    """Authors with enough before and after, drawn with SEED among them."""
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, dict[date, list[str]]] = defaultdict(lambda: defaultdict(list))
    for day in sorted(by_day):
        for record in by_day[day]:
            for author in record.authors:
                key = author_key(author.name)
                if day < start:
                    before[key].append(record.identifiers[0])
                else:
                    after[key][day].append(record.identifiers[0])
    enough = [
        key
        for key in sorted(before)
        if LIKES_MIN <= len(before[key]) <= LIBRARY_MAX
        and WANTED_MIN <= sum(map(len, after[key].values())) <= LIKES_MIN
    ]
    order = np.random.default_rng(SEED).permutation(len(enough))[:n]
    return [
        Player(enough[place], before[enough[place]], after[enough[place]], ALPHAS[k % len(ALPHAS)])
        for k, place in enumerate(order)
    ]


def strike(by_day: dict[date, list[Record]], names: set[str]) -> None:
    for day, records in by_day.items():
        by_day[day] = [
            replace(
                record,
                authors=tuple(a for a in record.authors if author_key(a.name) not in names),
            )
            for record in records
        ]


def replay(
    home: Path,
    by_day: Mapping[date, Sequence[Record]],
    days: Sequence[date],
    players: Sequence[Player],
    office: Office,
    port: int,
    out: Path,
    *,
    meaning: bool,
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    db = open_database(home)
    began = perf_counter()
    at = datetime.combine(days[0], time(1), UTC)
    for day in sorted(by_day):
        if day < days[0]:
            take_in(db, day, by_day[day], now=at)
    settings = load_settings(home=home).model_copy(
        update={"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none",
                "mail_from": "Broadsheet <press@example.org>", "mails_per_minute": 100_000,
                "address": "https://papers.example.org"}
    )  # fmt: skip
    follow_index(home, db)
    seat(db, players, now=at)
    moment = [at]
    press = open_press(db, settings, clock=lambda: moment[0])
    track: list[tuple[int, float, int, int]] = []
    with (out / "digests.jsonl").open("w", encoding="utf-8") as stream:
        for number, day in enumerate(days):
            take_in(db, day, by_day.get(day, ()), now=at)
            moment[0] = datetime.combine(day, time(12), UTC)
            if meaning:
                follow_vectors(db, settings)
            n_before = len(office.kept)
            deliver_due(press)
            texts = dict(read_letter(raw) for _, raw in office.kept[n_before:])
            for player in players:
                line = read_digest(press, player, day, texts.get(f"{player.subscription_no}", ""))
                stream.write(json.dumps(line) + "\n")
            counted = [p.kept + p.missed + 1e-9 for p in players]
            promised = float(np.average([p.alpha for p in players], weights=counted))
            kept, missed = sum(p.kept for p in players), sum(p.missed for p in players)
            track.append((number + 1, promised, kept, missed))
            print(f"{day}  {len(by_day.get(day, ())):4} papers  {kept} kept  {missed} missed")
    write_out(out, db, players, office, track)
    print(f"{len(days)} days, {len(players)} readers, {len(office.kept)} mails in "
          f"{perf_counter() - began:.0f} s; digests {count_states(db)}; see {out}")  # fmt: skip
    db.close()


def take_in(db: Database, day: date, records: Sequence[Record], *, now: datetime) -> None:
    """A day as a harvest would bring it: records, announcements, the ledger's word."""
    happened = Happened.READ if records else Happened.QUIET

    def also(transaction: Transaction) -> None:
        put_announcements(
            transaction, [Announcement(SOURCE, "", day, r.identifiers[0]) for r in records]
        )
        put_outcomes(transaction, [Outcome(SOURCE, "", day, happened)], now=now)

    for start in range(0, max(len(records), 1), BATCH):
        chosen = records[start : start + BATCH]
        ingest(db, chosen, now=now, also=also if start + BATCH >= len(records) else None)


def seat(db: Database, players: Sequence[Player], *, now: datetime) -> None:
    """An account, an interest with its likes and a subscription by mail for each."""
    with db.transaction() as transaction:
        for number, player in enumerate(players):
            role = Role.OWNER if number == 0 else Role.READER
            reader = make_reader(
                transaction, email=f"reader{number}@example.net", name=player.name, role=role,
                now=now,
            )  # fmt: skip
            player.reader_no = reader.reader_no
            player.interest_no = make_interest(
                transaction, reader.reader_no, Choices(player.name, alpha=player.alpha), now=now
            )
            likes = [find_doc_no(transaction, name) for name in reversed(player.likes)]
            put_likes(transaction, player.interest_no, [n for n in likes if n], now=now)
            wish = Wish("interest", str(player.interest_no), player.name, Channel.MAIL,
                        reader.email or "")  # fmt: skip
            player.subscription_no = put_subscription(
                transaction, reader.reader_no, wish, secret="", confirmed=True,
                now=now - timedelta(hours=1),
            )  # fmt: skip


def read_digest(press: Press, player: Player, day: date, text: str) -> dict[str, Any]:
    """What the digest of this day was; what was wanted in it is liked, and counted."""
    db = press.db
    entry = next((e for e in list_entries(db, [player.subscription_no], limit=1)
                  if e.day == day), None)  # fmt: skip
    wanted = [n for name in player.wanted.get(day, ()) if (n := find_doc_no(db, name))]
    shown = slate_shown(db, player.interest_no, day)
    above = {e.doc_no for e in shown if e.is_above}
    if text:
        player.promises = PROMISE in text
    if player.promises:
        player.kept += sum(n in above for n in wanted)
        player.missed += sum(n not in above for n in wanted)
    else:
        player.unpromised += len(wanted)
    player.shown.append(len(shown))
    seen = {e.doc_no for e in shown if e.place is not Place.MORE}
    with db.transaction() as transaction:
        for doc_no in wanted:
            if doc_no in seen:
                put_judgment(
                    transaction, player.interest_no, doc_no, Judgment.LIKED, now=press.clock()
                )
    return {
        "day": day.isoformat(), "reader": player.name, "alpha": player.alpha,
        "state": entry.state if entry else None, "subject": entry.subject if entry else "",
        "reason": entry.reason if entry else "", "shown": len(shown), "above": len(above),
        "wanted": len(wanted), "found": sum(n in above for n in wanted),
        "promised": player.promises,
    }  # fmt: skip


def read_letter(raw: bytes) -> tuple[str, str]:
    """(the subscription it is of, its text on one line)."""
    message = message_from_bytes(raw, policy=default)
    part = message.get_body(("plain",))
    number = str(message["List-Id"]).rpartition("<")[2].partition(".")[0]
    return number, " ".join(str(part.get_content()).split()) if part else ""


def write_out(
    out: Path,
    db: Database,
    players: Sequence[Player],
    office: Office,
    track: Sequence[tuple[int, float, int, int]],
) -> None:
    rows = list_ledger(db)
    (out / "ledger.json").write_text(json.dumps(ledger_shape(rows), default=str), "utf-8")
    told: Counter[tuple[str, str]] = Counter()
    for number, (to, raw) in enumerate(office.kept):
        message = message_from_bytes(raw, policy=default)
        part = message.get_body(("plain",))
        text = str(part.get_content()) if part else ""
        told.update((to, line.strip()) for line in text.splitlines() if "/paper/" in line)
        (out / f"{number:04}-{to.partition('@')[0]}.eml").write_bytes(raw)
    twice = sum(n > 1 for n in told.values())
    drawn = [stand for stand in track[:-1] if stand[0] in DAYS_DRAWN] + list(track[-1:])
    lines = {
        "promised": [(day, Figure(p, p, p)) for day, p, kept, missed in drawn if kept + missed],
        "realised": [(day, _rate(missed, kept + missed))
                     for day, _, kept, missed in drawn if kept + missed],
    }  # fmt: skip
    (out / "promise.svg").write_text(
        svg_lines(lines, title="Share of wanted papers missed: promised and realised",
                  x_label="days", y_label="miss rate"), "utf-8",
    )  # fmt: skip
    print(f"ledger: {Counter(row.state.value for row in rows)}; papers told twice: {twice}")
    for player in players:
        print(f"{player.name:28} alpha {player.alpha:.2f}  likes {len(player.likes):3}  kept "
              f"{player.kept:2}  missed {player.missed:2}  unpromised {player.unpromised:2}  "
              f"median shown {np.median(player.shown):.0f}")  # fmt: skip


def _rate(n: int, total: int) -> Figure:
    """With the Wilson interval of 95 %."""
    z, p = 1.96, n / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * np.sqrt(p * (1 - p) / total + z * z / (4 * total**2)) / (1 + z * z / total)
    return Figure(p, float(middle - half), float(middle + half))


@contextmanager
def an_office() -> Iterator[tuple[Office, int]]:
    office = Office()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield office, port
    finally:
        controller.stop()


if __name__ == "__main__":
    main()
