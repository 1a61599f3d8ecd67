"""The enriching step at a server that misbehaves: links followed once, looked at politely, and no
host, link or paper in the way of another."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from broadsheet.enrich.links import FINDER
from broadsheet.export.atom import to_atom
from broadsheet.harvest.fetch import Answer, Method, PoliteClient
from broadsheet.harvest.guard import Door
from broadsheet.jobs import links as step
from broadsheet.jobs.doctor import examine
from broadsheet.jobs.indexing import follow_index, lexical_index
from broadsheet.jobs.links import LookReport, follow_links, look_at_links
from broadsheet.search.engine import find_all
from broadsheet.settings import Settings, load_settings
from broadsheet.store.code_links import count_links, list_unreadable
from broadsheet.store.database import Database
from broadsheet.store.documents import last_change_no, load_documents, stream_between
from broadsheet.types import LinkStatus, Record
from tests.worlds import NOW, a_library, a_record, take_in

HUB, LAB = "github.com", "gitlab.com"
HERE = {HUB: "127.0.0.1", LAB: "localhost"}


@dataclass
class Detour(PoliteClient):
    """Asks a server of the test's in place of both hosts, and remembers for what."""

    asked: list[str] = field(default_factory=list)

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        accepted: Collection[int] = (200,),
        method: Method = "GET",
    ) -> Answer:
        self.asked.append(url)
        asked = httpx2.URL(url)
        port = next(iter(self.door.origins))[1]
        here = asked.copy_with(scheme="http", host=HERE[asked.host], port=port)
        return super().get(str(here), accepted=accepted, method=method)


class Hosts:
    """A server whose answer to a path is told: a status, headers, or how it misbehaves."""

    def __init__(self) -> None:
        self.says: dict[str, Any] = {}
        self.seen: Counter[str] = Counter()
        self.port = 0


@contextmanager
def hosting() -> Iterator[Hosts]:
    hosts = Hosts()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer("HEAD")

        def do_GET(self) -> None:
            self._answer("GET")

        def _answer(self, method: str) -> None:
            hosts.seen[f"{method} {self.path}"] += 1
            said = hosts.says.get(self.path, 200)
            status, headers = said if isinstance(said, tuple) else (said, {})
            if status == "no-head":
                status = 405 if method == "HEAD" else 200
            if status == "hangs-up":
                self.connection.close()
                return
            if status == "drips":
                _drip(self)
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            body = b"x" * (5_000_000 if headers.get("X-Huge") else 10)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if method == "GET":
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hosts.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hosts
    finally:
        server.shutdown()
        server.server_close()


def _drip(handler: BaseHTTPRequestHandler) -> None:
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            handler.wfile.write(b"X-Slow: yes\r\n")
            time.sleep(0.1)
    except OSError:
        handler.close_connection = True


def a_client(port: int) -> Detour:
    origins = frozenset((host, port) for host in HERE.values())
    return Detour(Door(frozenset(), origins), bounds=step.BOUNDS, interval_s=0.0)


def with_code(number: int, *urls: str, **changes: Any) -> Record:
    said = " ".join(f"Our code is at {url} ." for url in urls)
    return a_record(number, abstract=f"We measure. {said}", **changes)


def a_home(folder: Path, *records: Record) -> tuple[Database, Settings]:
    db = a_library(folder, *records)
    settings = load_settings(home=folder).model_copy(update={"link_hosts": [HUB, LAB]})
    follow_links(db, now=NOW)
    return db, settings


def look(
    db: Database, hosts: Hosts, settings: Settings, at: datetime = NOW
) -> tuple[LookReport, list[str]]:
    """What a round found, and whom it asked."""
    with a_client(hosts.port) as client:
        report = look_at_links(db, client, settings, now=lambda: at)
        return report, [urlsplit(url).path for url in client.asked]


def state_of(db: Database, path: str, host: str = HUB) -> tuple[int, int, bool]:
    """(times gone, times unsure, whether dead)."""
    rows = db.read(
        "SELECT n_gone, n_unsure, dead_since IS NOT NULL FROM code_links WHERE key = ?",
        (f"https://{host}{path}",),
    )
    n_gone, n_unsure, is_dead = rows[0]
    return n_gone, n_unsure, bool(is_dead)


def test_following_is_resumed_and_done_again_changes_nothing(tmp_path: Path) -> None:
    db = a_library(
        tmp_path,
        with_code(1, f"https://{HUB}/ada/one"),
        with_code(2, f"https://{HUB}/ada/one", f"https://{LAB}/bo/two"),
        a_record(3),
    )
    stops = iter((False, True))
    follow_links(db, now=NOW, should_stop=lambda: next(stops))
    assert count_links(db).n_links == 2
    told: list[tuple[int, int]] = []
    assert follow_links(db, now=NOW, progress=lambda *at: told.append(at)).n_documents == 0
    before = last_change_no(db)
    take_in(db, with_code(2, f"https://{HUB}/ada/three", datestamp="2026-04-01"))
    report = follow_links(db, now=NOW, progress=lambda *at: told.append(at))
    assert (report.n_documents, report.n_changed) == (1, 1)
    assert told == [(before + 1, before + 1)]
    assert last_change_no(db) == before + 1
    assert count_links(db).n_links == 2  # gitlab's is nobody's any more


def test_killed_between_steps_it_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "STEP_CHANGES", 3)
    papers = [with_code(n, f"https://{HUB}/ada/r{n}") for n in range(1, 11)]
    db = a_library(tmp_path, *papers)
    n_rounds = 0
    while follow_links(db, now=NOW, should_stop=iter((False, True, True)).__next__).n_documents:
        n_rounds += 1
    assert n_rounds == 4
    assert count_links(db).n_links == 10


def test_another_finder_has_every_paper_looked_through_and_the_indexes_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two papers are as an older finder left them: one without its link, one with what is none."""
    db, _ = a_home(tmp_path, *(with_code(n, f"https://{HUB}/ada/r{n}") for n in range(1, 5)))
    before = last_change_no(db)
    with db.transaction() as transaction:
        transaction.run("DELETE FROM code_links_of WHERE doc_no = 2")
        transaction.run("INSERT INTO code_links_of VALUES (3, 'https://github.com/x/wrong')")
    monkeypatch.setattr(step, "FINDER", FINDER + 1)
    assert follow_links(db, now=NOW).n_changed == 2
    touched = db.read("SELECT doc_no FROM documents WHERE change_no > ?", (before,))
    assert [doc_no for (doc_no,) in touched] == [2, 3]
    assert follow_links(db, now=NOW).n_documents == 0


def test_a_link_dies_on_the_third_look_everywhere_and_comes_back(tmp_path: Path) -> None:
    with hosting() as hosts:
        db, settings = a_home(tmp_path, with_code(1, f"https://{HUB}/ada/one"), a_record(2))
        follow_index(tmp_path, db)
        hosts.says["/ada/one"] = 404
        died, at = [], NOW
        for _ in range(6):
            died.append(look(db, hosts, settings, at)[0].n_died)
            at += timedelta(days=1)
        assert died == [0, 0, 0, 0, 1, 0]
        assert hosts.seen == {"HEAD /ada/one": 3}
        (document,) = load_documents(db, [1])
        assert [link.status for link in document.code_links] == [LinkStatus.DEAD]
        assert document.living_links == ()
        index = lexical_index(tmp_path, db)
        assert list(find_all(index, "has:code")) == [1]
        follow_index(tmp_path, db)
        index = lexical_index(tmp_path, db)
        assert list(find_all(index, "has:code")) == []
        hosts.says["/ada/one"] = 200
        assert look(db, hosts, settings, at + timedelta(days=40))[0].n_returned == 1
        follow_index(tmp_path, db)
        assert list(find_all(lexical_index(tmp_path, db), "has:code")) == [1]
        assert load_documents(db, [1])[0].living_links


def test_a_dead_link_is_no_code_where_it_orders_a_day_nor_for_a_paper_that_names_it_later(
    tmp_path: Path,
) -> None:
    gone, day = f"https://{HUB}/ada/gone", NOW.date()
    with hosting() as hosts:
        records = a_record(1, announced=day), with_code(2, gone, announced=day)
        db, settings = a_home(tmp_path, *records)
        assert stream_between(db, day, day) == [2, 1]
        hosts.says["/ada/gone"] = 404
        for n_days in (0, 1, 2, 3, 4):
            look(db, hosts, settings, NOW + timedelta(days=n_days))
        assert stream_between(db, day, day) == [1, 2]
        take_in(db, with_code(3, gone, announced=day))
        follow_links(db, now=NOW)
        assert stream_between(db, day, day) == [1, 2, 3]
        follow_index(tmp_path, db)
        assert list(find_all(lexical_index(tmp_path, db), "has:code")) == []
        atom = "".join(to_atom(load_documents(db, [2, 3])))
        assert f'href="{gone}"' not in atom


MISBEHAVING: dict[str, Any] = {
    "elsewhere": (302, {"Location": "https://evil.example/x"}),
    "inside": (302, {"Location": "http://10.0.0.7/admin"}),
    "metadata": (301, {"Location": "http://169.254.169.254/latest"}),
    "circles": (302, {"Location": "/ada/circles"}),
    "broken": 500,
    "forbidden": 403,
    "no-address": (302, {"Location": "http://["}),
}


def test_no_link_stands_in_the_way_of_another(tmp_path: Path) -> None:
    with hosting() as hosts:
        names = [*MISBEHAVING, "plain", "old-server"]
        db, settings = a_home(
            tmp_path,
            *(with_code(n, f"https://{HUB}/ada/{name}") for n, name in enumerate(names, 1)),
        )
        hosts.says = {f"/ada/{name}": said for name, said in MISBEHAVING.items()}
        hosts.says["/ada/old-server"] = "no-head"
        report, _ = look(db, hosts, settings)
        assert report.n_looked == len(names)
        assert report.closed == ()
        for name in MISBEHAVING:
            assert state_of(db, f"/ada/{name}") == (0, 1, False), name
        for name in ("plain", "old-server"):
            assert state_of(db, f"/ada/{name}") == (0, 0, False), name
        assert hosts.seen["GET /ada/old-server"] == 1
        assert look(db, hosts, settings)[1] == []


@pytest.mark.parametrize("how", ["hangs-up", "drips", 503, 429])
def test_a_host_that_breaks_off_is_left_alone_and_no_other(
    tmp_path: Path, how: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What broke has had its turn: when the host is asked again, the next link is."""
    if how == "drips":
        monkeypatch.setattr(
            step, "BOUNDS", replace(step.BOUNDS, read_timeout_s=2.0, body_s_max=2.0)
        )
    with hosting() as hosts:
        db, settings = a_home(
            tmp_path,
            with_code(1, f"https://{HUB}/ada/bad"),
            with_code(2, f"https://{HUB}/ada/good", announced=None),
            with_code(3, f"https://{LAB}/bo/fine"),
        )
        hosts.says["/ada/bad"] = how
        report, asked = look(db, hosts, settings)
        assert asked == ["/ada/bad", "/bo/fine"]
        assert [host for host, _ in report.closed] == [HUB]
        again, asked = look(db, hosts, settings, NOW + timedelta(minutes=9))
        assert (asked, [host for host, _ in again.closed]) == ([], [HUB])
        _, asked = look(db, hosts, settings, NOW + timedelta(minutes=11))
        assert asked == ["/ada/good"]
        assert state_of(db, "/ada/bad") == (0, 1, False)
        assert look(db, hosts, settings, NOW + timedelta(minutes=12))[0].closed == ()


def test_a_host_says_how_long_it_wants_to_be_left_alone(tmp_path: Path) -> None:
    with hosting() as hosts:
        db, settings = a_home(
            tmp_path, *(with_code(n, f"https://{HUB}/ada/r{n}") for n in range(1, 5))
        )
        hosts.says = {f"/ada/r{n}": (429, {"Retry-After": "7200"}) for n in range(1, 5)}
        assert len(look(db, hosts, settings)[1]) == 1
        assert look(db, hosts, settings, NOW + timedelta(minutes=119))[1] == []
        assert len(look(db, hosts, settings, NOW + timedelta(minutes=121))[1]) == 1
        doctor = {finding.what: finding for finding in examine(lambda: settings)}
        assert doctor["code links"].ok
        assert "4 places, 2 looked at, 0 gone" in doctor["code links"].how


def test_without_network_nothing_is_said_of_any_link(tmp_path: Path) -> None:
    hosts = Hosts()
    hosts.port = 9
    db, settings = a_home(tmp_path, *(with_code(n, f"https://{HUB}/a/r{n}") for n in range(1, 30)))
    at, n_asked = NOW, 0
    for _ in range(48):
        n_asked += len(look(db, hosts, settings, at)[1])
        at += timedelta(hours=1)
    assert n_asked <= 12
    assert count_links(db).n_dead == 0
    none = settings.model_copy(update={"link_hosts": []})
    assert look(db, hosts, none, at + timedelta(days=9)) == (LookReport(), [])


def test_a_host_is_asked_a_few_times_a_round_and_so_often_a_day_newest_papers_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "ROUND_LOOKS_MAX", 3)
    monkeypatch.setattr(step, "DAY_LOOKS_MAX", 7)
    with hosting() as hosts:
        day = NOW.date()
        db, settings = a_home(
            tmp_path,
            *(with_code(n, f"https://{HUB}/ada/r{n}", announced=day - timedelta(days=n))
              for n in range(1, 13)),
        )  # fmt: skip
        rounds = [look(db, hosts, settings, NOW + timedelta(minutes=n))[1] for n in range(5)]
        assert [len(asked) for asked in rounds] == [3, 3, 1, 0, 0]
        assert [path for asked in rounds for path in asked] == [f"/ada/r{n}" for n in range(1, 8)]
        assert len(look(db, hosts, settings, NOW + timedelta(days=1, minutes=9))[1]) == 3


def test_a_paper_that_cannot_be_read_is_named_and_in_nobodys_way(tmp_path: Path) -> None:
    db, settings = a_home(tmp_path, *(with_code(n, f"https://{HUB}/a/r{n}") for n in range(1, 4)))
    with db.transaction() as transaction:
        transaction.run('UPDATE records SET content = \'{"title": "cut o\' WHERE doc_no = 2')
        for doc_no in (2, 3):
            transaction.run(
                "UPDATE documents SET change_no = (SELECT max(change_no) + 1 FROM documents)"
                " WHERE doc_no = ?",
                (doc_no,),
            )
    assert follow_links(db, now=NOW).n_unreadable == 1
    follow_index(tmp_path, db)
    assert sorted(find_all(lexical_index(tmp_path, db), "has:code")) == [1, 3]
    assert list_unreadable(db) == ["arxiv:2603.00002"]
    doctor = {finding.what: finding for finding in examine(lambda: settings)}
    assert not doctor["papers"].ok
    assert "arxiv:2603.00002" in doctor["papers"].how
    take_in(db, with_code(2, f"https://{HUB}/a/r2", datestamp="2026-04-01"))
    take_in(db, with_code(3, f"https://{HUB}/a/r3", datestamp="2026-04-01", deleted=True))
    follow_links(db, now=NOW)
    follow_index(tmp_path, db)
    assert list_unreadable(db) == []
    assert 2 in find_all(lexical_index(tmp_path, db), "has:code")
