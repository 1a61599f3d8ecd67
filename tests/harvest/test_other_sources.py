"""The feed, Hugging Face, the ACL Anthology, OpenReview: one test per rule and per fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from broadsheet.types import LedgerState
from tests.harvest import replay_server as wrong
from tests.harvest.libraries import (
    checkpoint,
    contents,
    ledger,
    run_harvest,
    stored_identifiers,
)
from tests.harvest.replay_server import Fault, ReplayServer, Reply
from tests.harvest.synthetic_arxiv import LISTING_DAYS, make_world

FRIDAY = LISTING_DAYS[-1]


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer(make_world(n_a_day=12)) as running:
        yield running


def _broken_feed(reply: Reply) -> Reply:
    reply.body = reply.body.replace(b"</entry>", b"</entri>", 1)
    return reply


def row_of(home: Path, source: str, category: str, day: date) -> tuple[LedgerState, int, str]:
    row = ledger(home)[source, category, day]
    assert row.announced == row.stored + len(row.missing)
    return row.state, row.announced, row.reason


class TestFeed:
    def test_what_the_feed_announces_is_stored(self, server: ReplayServer, tmp_path: Path) -> None:
        report = run_harvest(server, tmp_path, sources=["arxiv-feed"], from_=None)
        assert report.errors == ()
        for category in ("cs.CL", "cs.CV", "cs.LG"):
            truth = {paper.identifier for paper in server.world.listed_on(FRIDAY, category)}
            state, announced, _ = row_of(tmp_path, "arxiv-feed", category, FRIDAY)
            assert (state, announced) == (LedgerState.COMPLETE, len(truth))
            assert truth <= stored_identifiers(tmp_path)
        kinds = {row[4] for row in contents(tmp_path)["announcements"]}
        assert kinds == {"new", "cross"}

    def test_a_stale_feed_is_not_an_empty_day(self, server: ReplayServer, tmp_path: Path) -> None:
        server.feed_day = LISTING_DAYS[-2]
        run_harvest(server, tmp_path, sources=["arxiv-feed"], categories=["cs.CL"], from_=None)
        state, announced, reason = row_of(tmp_path, "arxiv-feed", "cs.CL", FRIDAY)
        assert (state, announced) == (LedgerState.STALE, 0)
        assert "still shows 2026-03-12" in reason
        state, announced, _ = row_of(tmp_path, "arxiv-feed", "cs.CL", LISTING_DAYS[-2])
        assert state is LedgerState.COMPLETE
        assert announced > 0
        server.feed_day = FRIDAY
        run_harvest(server, tmp_path, sources=["arxiv-feed"], categories=["cs.CL"], from_=None)
        assert row_of(tmp_path, "arxiv-feed", "cs.CL", FRIDAY)[0] is LedgerState.COMPLETE

    @pytest.mark.parametrize("shown", [date(2026, 3, 14), FRIDAY])
    def test_a_weekend_is_quiet(self, server: ReplayServer, tmp_path: Path, shown: date) -> None:
        server.world.now = datetime(2026, 3, 14, 12, tzinfo=UTC)
        server.feed_day = shown
        run_harvest(server, tmp_path, sources=["arxiv-feed"], categories=["cs.CL"], from_=None)
        state, announced, reason = row_of(tmp_path, "arxiv-feed", "cs.CL", server.world.now.date())
        assert (state, announced) == (LedgerState.QUIET, 0)
        assert "empty" in reason or "nothing on a Saturday" in reason

    def test_a_holiday_is_quiet(self, server: ReplayServer, tmp_path: Path) -> None:
        server.world.now = datetime(2026, 3, 16, 12, tzinfo=UTC)
        run_harvest(server, tmp_path, sources=["arxiv-feed"], categories=["cs.CL"], from_=None)
        state, _, reason = row_of(tmp_path, "arxiv-feed", "cs.CL", date(2026, 3, 16))
        assert state is LedgerState.QUIET
        assert "empty" in reason

    def test_an_entry_that_cannot_be_read_is_looked_up(
        self, server: ReplayServer, tmp_path: Path
    ) -> None:
        victim = server.world.listed_on(FRIDAY, "cs.CL")[0]

        def spoil(reply: Reply) -> Reply:
            text = reply.body.decode()
            start = text.index(f"<entry><id>oai:arXiv.org:{victim.number}")
            title = text.index("<title>", start)
            end = text.index("</title>", title)
            reply.body = (text[: title + 7] + text[end:]).encode()
            return reply

        server.faults.append(Fault(spoil, when=lambda path, params: path.startswith("/atom/")))
        report = run_harvest(
            server, tmp_path, sources=["arxiv-feed"], categories=["cs.CL"], from_=None
        )
        assert report.ingest.rejected == 1
        assert report.n_missing == 0
        assert victim.identifier in stored_identifiers(tmp_path)
        assert row_of(tmp_path, "arxiv-feed", "cs.CL", FRIDAY)[0] is LedgerState.COMPLETE
        assert [params["id_list"] for params in server.asked("/api/query")] == [victim.number]

    @pytest.mark.parametrize(
        ("act", "state", "says"),
        [
            (wrong.status(429, Retry_After="3600"), LedgerState.THROTTLED, "wait 3600 s"),
            (wrong.status(406), LedgerState.FAILED, "406"),
            (wrong.html_page, LedgerState.FAILED, "cannot be read"),
            (_broken_feed, LedgerState.FAILED, "cannot be read"),
            (wrong.truncated, LedgerState.FAILED, "cut off"),
            (wrong.empty, LedgerState.FAILED, "an empty body"),
        ],
    )
    def test_faults(
        self, server: ReplayServer, tmp_path: Path, act: Any, state: LedgerState, says: str
    ) -> None:
        server.faults.append(Fault(act, when=lambda path, params: path == "/atom/cs.CL", times=99))
        run_harvest(server, tmp_path, sources=["arxiv-feed"], from_=None)
        got, _, reason = row_of(tmp_path, "arxiv-feed", "cs.CL", FRIDAY)
        assert got is state
        assert says in reason
        server.faults.clear()
        run_harvest(server, tmp_path, sources=["arxiv-feed"], from_=None)
        truth = {paper.identifier for paper in server.world.listed_on(FRIDAY, "cs.CL")}
        assert truth <= stored_identifiers(tmp_path)
        assert row_of(tmp_path, "arxiv-feed", "cs.CL", FRIDAY)[0] is LedgerState.COMPLETE


class TestLookup:
    def test_feed_and_lists_agree_on_one_document_a_paper(
        self, server: ReplayServer, tmp_path: Path
    ) -> None:
        run_harvest(server, tmp_path, sources=["arxiv-feed", "arxiv"], from_=None)
        documents = contents(tmp_path)["documents"]
        assert len({row[0] for row in documents if row[4]}) == len(documents)
        assert {row[0] for row in documents} == stored_identifiers(tmp_path)

    def test_the_api_refusing_one_id_does_not_lose_the_others(
        self, server: ReplayServer, tmp_path: Path
    ) -> None:
        from broadsheet.harvest.sources.arxiv_api import lookup_pages
        from broadsheet.jobs.harvest import open_client
        from broadsheet.types import Record
        from tests.harvest.fakes import FakeClock

        good = [paper.identifier for paper in server.world.listed_on(FRIDAY, "cs.CL")]
        with open_client(server.settings(home=tmp_path), clock=FakeClock().clock()) as client:
            pages = list(
                lookup_pages(
                    client,
                    api_url=f"{server.url}/api/query",
                    oai_url=f"{server.url}/oai",
                    identifiers=[*good, "arxiv:abc"],
                )
            )
        items = [item for page in pages for item in page.items]
        assert {item.identifiers[0] for item in items if isinstance(item, Record)} == set(good)
        assert [page.error for page in pages if page.error] == []
        assert [params["identifier"] for params in server.asked("/oai")] == ["oai:arXiv.org:abc"]

    def test_the_api_is_down_and_oai_still_answers(
        self, server: ReplayServer, tmp_path: Path
    ) -> None:
        server.feed_day = FRIDAY
        server.faults += [
            Fault(wrong.status(500), when=lambda path, params: path == "/api/query", times=99),
            Fault(_without_titles, when=lambda path, params: path.startswith("/atom/")),
        ]
        report = run_harvest(
            server, tmp_path, sources=["arxiv-feed"], categories=["cs.CL"], from_=None
        )
        assert report.n_missing == 0
        assert row_of(tmp_path, "arxiv-feed", "cs.CL", FRIDAY)[0] is LedgerState.COMPLETE


def _without_titles(reply: Reply) -> Reply:
    import re

    reply.body = re.sub(rb"(<entry><id>[^<]*</id><title>)[^<]*", rb"\1", reply.body)
    return reply


def hf_entry(number: str, upvotes: int, day: date) -> dict[str, Any]:
    return {
        "paper": {
            "id": number,
            "title": f"Daily paper {number}",
            "summary": "A summary of our own making.",
            "authors": [{"name": "Ada Quill"}],
            "publishedAt": f"{day - timedelta(days=1)}T10:00:00.000Z",
            "submittedOnDailyAt": f"{day}T00:00:00.000Z",
            "upvotes": upvotes,
        },
        "title": f"Daily paper {number}",
        "numComments": 2,
    }


class TestHuggingFace:
    @pytest.fixture(autouse=True)
    def lists(self, server: ReplayServer) -> None:
        for n in range(10):
            day = date(2026, 3, 4) + timedelta(days=n)
            if day.weekday() < 5:
                server.hf_lists[day.isoformat()] = [
                    hf_entry(f"2603.{n:02d}{k:03d}", 5 * k, day) for k in range(1, 9)
                ]

    def test_day_by_day(self, server: ReplayServer, tmp_path: Path) -> None:
        report = run_harvest(server, tmp_path, sources=["hf-daily"], from_=None)
        assert report.errors == ()
        asked = [params["date"] for params in server.asked("/api/daily_papers")]
        assert asked == [f"2026-03-{day:02d}" for day in range(6, 14)]
        for day in (date(2026, 3, 6), FRIDAY):
            assert row_of(tmp_path, "hf-daily", "", day)[:2] == (LedgerState.COMPLETE, 8)
        assert row_of(tmp_path, "hf-daily", "", date(2026, 3, 7))[0] is LedgerState.QUIET

    def test_the_last_days_are_read_again_for_their_upvotes(
        self, server: ReplayServer, tmp_path: Path
    ) -> None:
        run_harvest(server, tmp_path, sources=["hf-daily"], from_=None)
        server.hf_lists["2026-03-12"][0]["paper"]["upvotes"] = 500
        server.requests.clear()
        report = run_harvest(server, tmp_path, sources=["hf-daily"], from_=None)
        asked = [params["date"] for params in server.asked("/api/daily_papers")]
        assert asked == ["2026-03-11", "2026-03-12", "2026-03-13"]
        assert report.ingest.updated == 1
        records = {row[1]: json.loads(row[3]) for row in contents(tmp_path)["records"]}
        assert max(record.get("upvotes", 0) for record in records.values()) == 500

    def test_long_lists_have_pages(self, server: ReplayServer, tmp_path: Path) -> None:
        day = date(2026, 3, 13)
        server.hf_lists[day.isoformat()] = [hf_entry(f"2603.1{k:04d}", k, day) for k in range(230)]
        run_harvest(server, tmp_path, sources=["hf-daily"], from_=day)
        assert row_of(tmp_path, "hf-daily", "", day)[:2] == (LedgerState.COMPLETE, 230)

    def test_a_list_of_another_day_is_stale(self, server: ReplayServer, tmp_path: Path) -> None:
        server.hf_lists["2026-03-13"] = server.hf_lists["2026-03-12"]
        run_harvest(server, tmp_path, sources=["hf-daily"], from_=None)
        state, announced, reason = row_of(tmp_path, "hf-daily", "", FRIDAY)
        assert (state, announced) == (LedgerState.STALE, 0)
        assert "2026-03-12" in reason

    @pytest.mark.parametrize(
        ("act", "state", "says"),
        [
            (wrong.status(429, Retry_After="3600"), LedgerState.THROTTLED, "wait 3600 s"),
            (wrong.status(400), LedgerState.FAILED, "400"),
            (wrong.html_page, LedgerState.FAILED, "cannot be read"),
            (wrong.truncated, LedgerState.FAILED, "cut off"),
            (wrong.short_content_length, LedgerState.FAILED, "cannot be read"),
            (lambda r: Reply(b'{"error": "no such day"}'), LedgerState.FAILED, "cannot be read"),
        ],
    )
    def test_a_day_that_fails_is_asked_for_again_and_stops_no_other(
        self, server: ReplayServer, tmp_path: Path, act: Any, state: LedgerState, says: str
    ) -> None:
        bad = "2026-03-10"
        server.faults.append(
            Fault(act, when=lambda path, params: params.get("date") == bad, times=99)
        )
        run_harvest(server, tmp_path, sources=["hf-daily"], from_=None)
        got, _, reason = row_of(tmp_path, "hf-daily", "", date(2026, 3, 10))
        assert got is state
        assert says in reason
        if state is LedgerState.FAILED:
            assert row_of(tmp_path, "hf-daily", "", FRIDAY)[0] is LedgerState.COMPLETE
        server.faults.clear()
        server.world.now += timedelta(days=3)
        run_harvest(server, tmp_path, sources=["hf-daily"], from_=None)
        for day in (date(2026, 3, 10), FRIDAY):
            assert row_of(tmp_path, "hf-daily", "", day)[:2] == (LedgerState.COMPLETE, 8)

    def test_a_paper_that_cannot_be_read_is_told(
        self, server: ReplayServer, tmp_path: Path
    ) -> None:
        server.hf_lists["2026-03-12"][3] = {"paper": {"id": "nonsense"}}
        report = run_harvest(server, tmp_path, sources=["hf-daily"], from_=None)
        assert report.ingest.rejected == 1
        assert report.n_missing == 0
        state, announced, reason = row_of(tmp_path, "hf-daily", "", date(2026, 3, 12))
        assert (state, announced) == (LedgerState.FAILED, 7)
        assert "1 of them unreadable" in reason

    def test_a_paper_whose_id_alone_can_be_read_is_looked_up(
        self, server: ReplayServer, tmp_path: Path
    ) -> None:
        paper = server.world.listed_on(FRIDAY, "cs.CL")[0]
        server.hf_lists["2026-03-12"][3] = {"paper": {"id": paper.number}}
        report = run_harvest(server, tmp_path, sources=["hf-daily"], from_=None)
        assert (report.ingest.rejected, report.n_missing) == (1, 0)
        assert paper.identifier in stored_identifiers(tmp_path)
        state, announced, _ = row_of(tmp_path, "hf-daily", "", date(2026, 3, 12))
        assert (state, announced) == (LedgerState.COMPLETE, 8)


COLLECTION = b"""<?xml version='1.0' encoding='UTF-8'?>
<collection id="2026.demo"><volume id="main" ingest-date="2026-03-09">
<meta><booktitle>Proceedings of a Demonstration</booktitle><year>2026</year></meta>
<paper id="1"><title>Parsing by <fixed-case>H</fixed-case>and</title>
<author><first>Ada</first><last>Quill</last></author><url>2026.demo-main.1</url></paper>
<paper id="2"><title>Tables, Slowly</title>
<author><first>Chen</first><last>Wei</last></author><url>2026.demo-main.2</url></paper>
</volume></collection>"""


class TestAcl:
    @pytest.fixture(autouse=True)
    def collection(self, server: ReplayServer) -> None:
        self.body = COLLECTION
        self.known: list[str] = []

        def reply(params: Any) -> Reply:
            etag = f'"{len(self.body)}"'
            asked = server.requests[-1].headers.get("if-none-match", "")
            self.known.append(asked)
            if asked == etag:
                return Reply(b"", 304, {"ETag": etag})
            return Reply(self.body, headers={"ETag": etag})

        server.routes["/acl/2026.demo.xml"] = reply

    def harvest(self, server: ReplayServer, home: Path) -> Any:
        return run_harvest(server, home, sources=["acl"], from_=None, acl_volumes=["2026.demo"])

    def test_a_collection(self, server: ReplayServer, tmp_path: Path) -> None:
        assert self.harvest(server, tmp_path).errors == ()
        state, announced, _ = row_of(tmp_path, "acl", "2026.demo", date(2026, 3, 9))
        assert (state, announced) == (LedgerState.COMPLETE, 2)
        assert {"acl:2026.demo-main.1", "acl:2026.demo-main.2"} <= stored_identifiers(tmp_path)

    def test_an_unchanged_collection_is_not_sent_again(
        self, server: ReplayServer, tmp_path: Path
    ) -> None:
        self.harvest(server, tmp_path)
        report = self.harvest(server, tmp_path)
        assert report.ingest.read == 0
        assert self.known == ["", f'"{len(COLLECTION)}"']
        self.body = COLLECTION.replace(b"Slowly", b"Very Slowly")
        assert self.harvest(server, tmp_path).ingest.updated == 1

    def test_a_broken_collection_fails_and_is_read_whole_next_time(
        self, server: ReplayServer, tmp_path: Path
    ) -> None:
        self.body = COLLECTION.replace(b"</volume>", b"</volum>")
        (error,) = self.harvest(server, tmp_path).errors
        assert "2026.demo cannot be read" in str(error)
        self.body = COLLECTION
        assert self.harvest(server, tmp_path).errors == ()
        assert row_of(tmp_path, "acl", "2026.demo", date(2026, 3, 9))[0] is LedgerState.COMPLETE

    def test_an_unknown_collection(self, server: ReplayServer, tmp_path: Path) -> None:
        report = run_harvest(
            server, tmp_path, sources=["acl"], from_=None, acl_volumes=["1999.nothing", "../x"]
        )
        assert ["404" in str(error) for error in report.errors] == [True, False]
        assert "write them like" in str(report.errors[1])


VENUE = "DEMO.cc/2026/Conference"


def note(n: int, version: int) -> dict[str, Any]:
    content: dict[str, Any] = {
        "title": f"Submission {n}",
        "abstract": "An abstract of our own making.",
        "authors": ["Ada Quill"],
        "venue": "DEMO 2026",
    }
    if version == 2:
        content = {name: {"value": value} for name, value in content.items()}
    identifier = f"note{n:06d}"
    return {"id": identifier, "forum": identifier, "cdate": 1773100800000, "content": content}


class TestOpenReview:
    def harvest(self, server: ReplayServer, home: Path) -> Any:
        return run_harvest(
            server, home, sources=["openreview"], from_=None, openreview_venues=[VENUE]
        )

    @pytest.mark.parametrize("version", [1, 2])
    @pytest.mark.parametrize("n_notes", [0, 3, 10, 23])
    @pytest.mark.parametrize("counted", [True, False])
    def test_both_versions_page_by_page(
        self,
        server: ReplayServer,
        tmp_path: Path,
        version: int,
        n_notes: int,
        counted: bool,
    ) -> None:
        server.notes_counted = counted
        server.notes = [note(n, version) for n in range(n_notes)]
        server.notes_version = version
        assert self.harvest(server, tmp_path).errors == ()
        stored = {name for name in stored_identifiers(tmp_path) if name.startswith("openreview:")}
        assert stored == {f"openreview:note{n:06d}" for n in range(n_notes)}
        asked = server.asked("/notes")
        assert len(asked) <= n_notes // 10 + 2
        if n_notes == 23:
            expected = "after" if version == 2 else "offset"
            assert [expected in params for params in asked][:3] == [False, True, True]
        state = json.loads(checkpoint(tmp_path, "openreview", VENUE) or "{}")
        assert state == {"read_at": server.world.now.isoformat()}

    def test_a_note_that_cannot_be_read_is_missing_and_a_reply_is_no_paper(
        self, server: ReplayServer, tmp_path: Path
    ) -> None:
        server.notes = [note(n, 2) for n in range(5)]
        del server.notes[2]["content"]["title"]
        server.notes[3]["replyto"] = "note000001"
        report = self.harvest(server, tmp_path)
        assert (report.ingest.rejected, report.n_missing) == (1, 1)
        rows = [row for row in ledger(tmp_path).values() if row.missing]
        assert [row.missing for row in rows] == [("openreview:note000002",)]
        assert rows[0].state is LedgerState.FAILED

    def test_a_list_shorter_than_its_count_is_not_complete(
        self, server: ReplayServer, tmp_path: Path
    ) -> None:
        notes = [note(n, 2) for n in range(5)]
        answer = json.dumps({"notes": notes, "count": 9}).encode()
        server.routes["/notes"] = lambda params: Reply(
            answer if "after" not in params else b'{"notes": [], "count": 9}'
        )
        self.harvest(server, tmp_path)
        states = {row.state: row.reason for row in ledger(tmp_path).values()}
        assert "counts 9 notes and sent 5" in states[LedgerState.FAILED]

    def test_a_failure_in_the_middle_resumes(self, server: ReplayServer, tmp_path: Path) -> None:
        server.notes = [note(n, 2) for n in range(35)]
        server.faults.append(
            Fault(wrong.html_page, when=lambda path, params: "after" in params, skip=1, times=99)
        )
        (error,) = self.harvest(server, tmp_path).errors
        assert "goes on from here" in str(error)
        state, _, reason = row_of(tmp_path, "openreview", VENUE, server.world.now.date())
        assert state is LedgerState.FAILED
        assert "cannot be read" in reason
        server.faults.clear()
        server.requests.clear()
        assert self.harvest(server, tmp_path).errors == ()
        assert server.asked("/notes")[0]["after"] == "note000019"
        stored = {name for name in stored_identifiers(tmp_path) if name.startswith("openreview:")}
        assert len(stored) == 35


def test_what_is_not_due_is_not_asked_for(server: ReplayServer, tmp_path: Path) -> None:
    """The worker comes by every hour; arXiv's lists change once a day."""
    server.notes = [note(n, 2) for n in range(5)]
    options: Any = {
        "sources": ["arxiv", "openreview"], "from_": None, "only_due": True,
        "openreview_venues": [VENUE],
    }  # fmt: skip
    run_harvest(server, tmp_path, **options)

    def n_asked(hours: float) -> int:
        server.requests.clear()
        server.world.now += timedelta(hours=hours)
        run_harvest(server, tmp_path, **options)
        return len(server.requests)

    assert n_asked(1) == 0
    assert n_asked(6) > 0
    server.world.now = datetime(2026, 3, 16, 3, tzinfo=UTC)  # Sunday evening, Eastern
    assert n_asked(0) > 0
    assert n_asked(0.5) == 0
    assert n_asked(1) > 0, "Monday's listing is awaited: asked for each time"
    assert n_asked(1) > 0


def test_a_harvest_told_to_stop_ends_after_its_page_and_goes_on_later(
    server: ReplayServer, tmp_path: Path
) -> None:
    pages = iter([False, False, True])
    run_harvest(server, tmp_path, should_stop=lambda: next(pages, True))
    assert len(server.requests) == 2
    assert run_harvest(server, tmp_path).errors == ()
    assert "resumptionToken" in server.requests[2].params


def test_unknown_sources_and_impossible_spans(server: ReplayServer, tmp_path: Path) -> None:
    from broadsheet.errors import UsageError

    with pytest.raises(UsageError, match="no source is called 'arxviv'"):
        run_harvest(server, tmp_path, sources=["arxviv"])
    with pytest.raises(UsageError, match="lies after"):
        run_harvest(server, tmp_path, from_=date(2026, 3, 2), until=date(2026, 3, 1))


def test_two_harvests_at_once(server: ReplayServer, tmp_path: Path) -> None:
    import os

    from broadsheet.errors import HarvestError
    from broadsheet.jobs.harvest_lock import harvest_lock

    with harvest_lock(tmp_path), pytest.raises(HarvestError, match=f"process {os.getpid()}"):
        run_harvest(server, tmp_path)
    assert server.requests == []
    assert run_harvest(server, tmp_path, sources=["arxiv-feed"]).errors == ()


def test_progress_is_told_after_each_page(server: ReplayServer, tmp_path: Path) -> None:
    from broadsheet.jobs.harvest import HarvestProgress, harvest, open_client
    from broadsheet.store.database import open_database
    from tests.harvest.fakes import FakeClock

    told: list[HarvestProgress] = []
    settings = server.settings(home=tmp_path)
    db = open_database(tmp_path)
    with open_client(settings, clock=FakeClock().clock()) as client:
        harvest(db, client, settings, sources=["arxiv"], categories=["cs.CL", "cs.CV"],
                now=server.world.now, progress=told.append)  # fmt: skip
    db.close()
    assert [step.scope for step in told] == ["cs"] * len(told)
    assert told[0].expected is not None
    assert [step.received for step in told] == sorted(step.received for step in told)
