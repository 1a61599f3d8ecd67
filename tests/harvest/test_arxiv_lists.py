"""arXiv's OAI-PMH lists, one test per clause and per fault.

For each: what was announced is what is stored in the end, and the ledger says what happened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from broadsheet.harvest.fetch import Bounds
from broadsheet.types import LedgerState
from tests.harvest import replay_server as wrong
from tests.harvest.fakes import FakeClock
from tests.harvest.libraries import (
    CATEGORIES,
    announced,
    checkpoint,
    contents,
    ledger,
    run_harvest,
    stored_identifiers,
)
from tests.harvest.replay_server import (
    Fault,
    ReplayServer,
    Reply,
    first_page,
    later_page,
    retry_date,
)
from tests.harvest.synthetic_arxiv import LISTING_DAYS, WORLD_NOW, World, make_world

TODAY = LISTING_DAYS[-1]


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer(make_world()) as running:
        yield running


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[object, ...]]]:
    """The library that every disturbed harvest must end with."""
    home = tmp_path_factory.mktemp("undisturbed")
    with ReplayServer(make_world()) as quiet:
        report = run_harvest(quiet, home)
    assert report.errors == ()
    return contents(home)


def library_of(held: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    """Without the ledger's outcomes, which tell of the way and not of its end."""
    return {name: rows for name, rows in held.items() if name != "ledger"}


def assert_all_here(home: Path, world: World) -> None:
    stored = stored_identifiers(home)
    for day in LISTING_DAYS:
        for category in CATEGORIES:
            truth = {paper.identifier for paper in world.listed_on(day, category)}
            assert truth, "a day without papers proves nothing"
            assert announced(home, day, category) == truth
            assert truth <= stored
    rows = ledger(home)
    assert not [row for row in rows.values() if row.missing]
    for category in CATEGORIES:
        for day in LISTING_DAYS:
            row = rows["arxiv", category, day]
            assert row.state is LedgerState.COMPLETE, row
            assert row.announced == row.stored


def test_a_harvest_accounts_for_every_paper_of_every_day(
    server: ReplayServer, tmp_path: Path
) -> None:
    fake = FakeClock()
    report = run_harvest(server, tmp_path, fake=fake)
    assert report.errors == ()
    assert report.n_missing == 0
    assert_all_here(tmp_path, server.world)
    saturday = ledger(tmp_path)["arxiv", "cs.CL", date(2026, 3, 7)]
    assert saturday.announced == 0 or saturday.state is LedgerState.COMPLETE
    assert all(wait == 3.0 or wait < 3.0 for wait in fake.waits_s)
    assert len(fake.waits_s) == len(server.requests) - 1, "three seconds between requests"


def test_papers_of_other_categories_are_not_kept(server: ReplayServer, tmp_path: Path) -> None:
    run_harvest(server, tmp_path)
    wanted = {
        paper.identifier
        for paper in server.world.papers.values()
        if set(paper.categories) & set(CATEGORIES) and not paper.deleted
    }
    assert stored_identifiers(tmp_path) == wanted


def test_a_revised_paper_is_announced_again_as_replaced(
    server: ReplayServer, tmp_path: Path
) -> None:
    run_harvest(server, tmp_path)
    revised = [
        paper for paper in server.world.papers.values()
        if len(paper.moments) > 1 and not paper.deleted and "cs.CL" in paper.categories
    ]  # fmt: skip
    assert revised
    replaced = {
        row[3]: row[2] for row in contents(tmp_path)["announcements"] if row[4] == "replace"
    }
    for paper in revised:
        assert replaced[paper.identifier] == paper.datestamp.isoformat()


def test_a_second_harvest_changes_nothing(server: ReplayServer, tmp_path: Path) -> None:
    run_harvest(server, tmp_path)
    before = contents(tmp_path)
    report = run_harvest(server, tmp_path, from_=None)
    assert (report.ingest.added, report.ingest.updated, report.ingest.merged) == (0, 0, 0)
    assert contents(tmp_path) == before


def test_the_next_from_is_the_first_pages_day_less_one(
    server: ReplayServer, tmp_path: Path
) -> None:
    """2.7.1 and 3.5: what changed while the list was read is in the next one."""

    def later(reply: Reply) -> Reply:
        server.world.now += timedelta(days=2)
        return reply

    server.faults.append(Fault(later, when=later_page))
    server.world.now = datetime(2026, 3, 11, 12, tzinfo=UTC)
    run_harvest(server, tmp_path)
    state = json.loads(checkpoint(tmp_path, "arxiv", "cs") or "{}")
    assert (state["from"], state["list"]) == ("2026-03-10", None)
    server.world.now = WORLD_NOW
    run_harvest(server, tmp_path, from_=None)
    assert server.asked("/oai")[-1].get("from") == "2026-03-10" or any(
        params.get("from") == "2026-03-10" for params in server.asked("/oai")
    )
    assert_all_here(tmp_path, server.world)


NOTHING: dict[str, str] = {}

#: (name, fault, its place, what the ledger's reason says of it)
PASSING_FAULTS: list[tuple[str, Callable[[Reply], Reply], Callable[..., bool], str]] = [
    ("503-seconds", wrong.status(503, Retry_After="7"), later_page, "503, asked again after 7 s"),
    ("429-seconds", wrong.status(429, Retry_After="9"), first_page, "429, asked again after 9 s"),
    (
        "503-date",
        wrong.status(503, Retry_After=retry_date(WORLD_NOW + timedelta(seconds=30))),
        later_page,
        "503, asked again after 30 s",
    ),
    ("503-bare", wrong.status(503), later_page, "503, asked again after 2 s"),
    ("500", wrong.status(500), first_page, "500, asked again"),
    ("truncated", wrong.truncated, later_page, "cut off"),
    ("truncated-gzip", wrong.truncated_gzip, later_page, "cut off"),
    ("short-length", wrong.short_content_length, later_page, "cannot be read"),
    ("long-length", wrong.long_content_length, later_page, "cut off"),
    ("empty", wrong.empty, later_page, "an empty body"),
    ("hang-up", wrong.hang_up, later_page, "cut off"),
    ("html", wrong.html_page, later_page, "cannot be read"),
    ("broken-xml", wrong.broken_xml, later_page, "cannot be read"),
    ("broken-xml-first", wrong.broken_xml, first_page, "cannot be read"),
    ("bad-token", wrong.bad_token, later_page, "resumption token that had expired"),
]


@pytest.mark.parametrize(
    ("act", "when", "says"),
    [fault[1:] for fault in PASSING_FAULTS],
    ids=[fault[0] for fault in PASSING_FAULTS],
)
def test_a_fault_that_passes_leaves_the_same_library_and_a_note(
    server: ReplayServer,
    tmp_path: Path,
    undisturbed: dict[str, list[tuple[object, ...]]],
    act: Callable[[Reply], Reply],
    when: Callable[..., bool],
    says: str,
) -> None:
    server.faults.append(Fault(act, when=when, skip=1 if when is later_page else 0))
    report = run_harvest(server, tmp_path)
    assert report.errors == ()
    assert server.faults[0].times == 0, "the fault happened"
    assert library_of(contents(tmp_path)) == library_of(undisturbed)
    assert_all_here(tmp_path, server.world)
    assert says in ledger(tmp_path)["arxiv", "cs.CL", TODAY].reason


#: (name, fault, state, what the reason says)
LASTING_FAULTS: list[tuple[str, Callable[[Reply], Reply], LedgerState, str]] = [
    ("503", wrong.status(503, Retry_After="900"), LedgerState.THROTTLED, "told us to wait 900 s"),
    ("429", wrong.status(429), LedgerState.THROTTLED, "told us to slow down"),
    ("502", wrong.status(502), LedgerState.FAILED, "502"),
    ("406", wrong.status(406), LedgerState.FAILED, "set `contact`"),
    ("truncated", wrong.truncated, LedgerState.FAILED, "cut off"),
    ("empty", wrong.empty, LedgerState.FAILED, "an empty body"),
    ("html", wrong.html_page, LedgerState.FAILED, "answered with something else"),
    ("bomb", wrong.bomb, LedgerState.FAILED, "more than"),
    ("redirect", wrong.redirect("http://elsewhere.example/oai"), LedgerState.FAILED, "not fetched"),
    ("private", wrong.redirect("http://10.0.0.1/oai"), LedgerState.FAILED, "not fetched"),
    ("tokens", wrong.bad_token, LedgerState.FAILED, "took back its resumption token"),
]


@pytest.mark.parametrize(
    ("act", "state", "says"),
    [fault[1:] for fault in LASTING_FAULTS],
    ids=[fault[0] for fault in LASTING_FAULTS],
)
def test_a_fault_that_lasts_is_in_the_ledger_and_the_next_harvest_makes_up_for_it(
    server: ReplayServer,
    tmp_path: Path,
    undisturbed: dict[str, list[tuple[object, ...]]],
    act: Callable[[Reply], Reply],
    state: LedgerState,
    says: str,
) -> None:
    server.faults.append(Fault(act, when=later_page, skip=2, times=99))
    report = run_harvest(server, tmp_path, bounds=Bounds(body_bytes_max=2_000_000))
    assert len(report.errors) == 1
    row = ledger(tmp_path)["arxiv", "cs.CL", TODAY]
    assert row.state is state
    assert says in row.reason
    assert stored_identifiers(tmp_path), "the pages before the fault are kept"
    server.faults.clear()
    n_before = len(server.requests)
    report = run_harvest(server, tmp_path)
    assert report.errors == ()
    if says != "took back its resumption token":
        assert "resumptionToken" in server.requests[n_before].params, "resumed, not begun anew"
    assert library_of(contents(tmp_path)) == library_of(undisturbed)
    assert_all_here(tmp_path, server.world)


def test_one_scope_that_fails_does_not_stop_the_others(
    server: ReplayServer, tmp_path: Path
) -> None:
    server.faults.append(
        Fault(wrong.status(406), when=lambda path, params: params.get("set") == "cs", times=99)
    )
    report = run_harvest(server, tmp_path, categories=("cs.CL", "cs.CV", "hep-th", "stat.ML"))
    assert [scope.error is None for scope in report.scopes] == [False, True, True]
    rows = ledger(tmp_path)
    assert rows["arxiv", "cs.CL", TODAY].state is LedgerState.FAILED
    assert rows["arxiv", "hep-th", TODAY].state is LedgerState.COMPLETE
    assert rows["arxiv", "stat.ML", TODAY].state is LedgerState.COMPLETE


def test_a_page_that_stays_broken_names_its_ids_and_they_are_looked_up(
    server: ReplayServer, tmp_path: Path
) -> None:
    """Three readings in vain; the ids in it are missing then, and fetched by themselves."""
    broken_start = json.dumps({"start": 50})[1:-1]
    server.faults.append(
        Fault(
            wrong.broken_xml,
            when=lambda path, params: broken_start in params.get("resumptionToken", ""),
            times=99,
        )
    )
    report = run_harvest(server, tmp_path)
    assert report.n_missing == 0
    wanted = {
        paper.identifier
        for paper in server.world.papers.values()
        if set(paper.categories) & set(CATEGORIES) and not paper.deleted
    }
    assert wanted <= stored_identifiers(tmp_path)
    row = ledger(tmp_path)["arxiv", "cs.CL", TODAY]
    assert "a page that stayed broken" in row.reason
    in_page = ledger(tmp_path)["arxiv", "cs", TODAY]
    assert in_page.announced == in_page.stored > 0
    assert len(server.asked("/api/query")) == 1, "one polite request for all of them"


def test_ids_that_no_server_has_stay_missing_and_are_asked_for_again(
    server: ReplayServer, tmp_path: Path
) -> None:
    server.faults.append(
        Fault(wrong.broken_xml, when=lambda path, params: params.get("verb") == "ListRecords"
              and '"start": 50' in params.get("resumptionToken", ""), times=99)
    )  # fmt: skip
    server.api_knows = lambda number: False
    server.faults.append(
        Fault(
            wrong.status(404),
            when=lambda path, params: params.get("verb") == "GetRecord",
            times=999,
        )
    )
    report = run_harvest(server, tmp_path)
    assert report.n_missing > 0
    row = ledger(tmp_path)["arxiv", "cs", TODAY]
    assert row.state is LedgerState.FAILED
    assert len(row.missing) == report.n_missing
    server.faults.clear()
    server.api_knows = lambda number: True
    report = run_harvest(server, tmp_path, from_=None)
    assert report.n_missing == 0
    assert ledger(tmp_path)["arxiv", "cs", TODAY].state is LedgerState.COMPLETE


def test_records_that_come_twice_are_kept_once(server: ReplayServer, tmp_path: Path) -> None:
    server.page_size = 40
    last: dict[str, bytes] = {}

    def with_the_page_before(reply: Reply) -> Reply:
        import re

        records = b"".join(re.findall(rb"<record>.*?</record>", reply.body, re.DOTALL))
        if last:
            reply.body = reply.body.replace(b"<ListRecords>", b"<ListRecords>" + last["page"])
        last["page"] = records
        return reply

    server.faults.append(
        Fault(with_the_page_before, when=lambda path, params: path == "/oai", times=99)
    )
    report = run_harvest(server, tmp_path)
    assert report.errors == ()
    assert report.ingest.unchanged > 0
    assert_all_here(tmp_path, server.world)


def test_what_changes_while_the_list_is_read_is_in_the_next_harvest(
    server: ReplayServer, tmp_path: Path
) -> None:
    number = min(p.number for p in server.world.listed_on(LISTING_DAYS[0], "cs.CL"))

    def revise(reply: Reply) -> Reply:
        server.world.revise(number, on=TODAY)
        return reply

    server.faults.append(Fault(revise, when=later_page, skip=1))
    run_harvest(server, tmp_path)
    run_harvest(server, tmp_path, from_=None)
    titles = {row[0]: row[1] for row in contents(tmp_path)["documents"]}
    assert titles[f"arxiv:{number}"].endswith(", revised")
    assert_all_here(tmp_path, server.world)


def test_a_deleted_record_is_withdrawn(server: ReplayServer, tmp_path: Path) -> None:
    run_harvest(server, tmp_path)
    paper = server.world.listed_on(TODAY, "cs.CL")[0]
    server.world.delete(paper.number, on=TODAY)
    run_harvest(server, tmp_path, from_=None)
    deleted = {row[1] for row in contents(tmp_path)["records"] if row[2]}
    assert any(paper.number in key for key in deleted)
    row = ledger(tmp_path)["arxiv", "cs.CL", TODAY]
    assert row.state is LedgerState.COMPLETE


def test_a_weekend_is_quiet(server: ReplayServer, tmp_path: Path) -> None:
    run_harvest(server, tmp_path)
    server.world.now = datetime(2026, 3, 15, 12, tzinfo=UTC)  # Sunday
    report = run_harvest(server, tmp_path, from_=date(2026, 3, 14))
    assert report.errors == ()
    for day in (14, 15):
        row = ledger(tmp_path)["arxiv", "cs.CL", date(2026, 3, day)]
        assert row.state is LedgerState.QUIET
        assert "noRecordsMatch" in row.reason


def test_a_working_day_without_a_list_is_stale_until_it_comes(
    server: ReplayServer, tmp_path: Path
) -> None:
    run_harvest(server, tmp_path)
    monday = date(2026, 3, 16)
    server.world.now = datetime(2026, 3, 16, 12, tzinfo=UTC)
    run_harvest(server, tmp_path, from_=None)
    row = ledger(tmp_path)["arxiv", "cs.CL", monday]
    assert row.state is LedgerState.STALE
    assert "lists nothing of 2026-03-16 yet" in row.reason
    late = server.world.listed_on(TODAY, "cs.CL")[0]
    number = "2603.09999"
    server.world.papers[number] = replace(
        late, number=number, title="A late paper on lattices", listed=monday, datestamp=monday,
        moments=(datetime(2026, 3, 13, 17, tzinfo=UTC),),
    )  # fmt: skip
    run_harvest(server, tmp_path, from_=None)
    row = ledger(tmp_path)["arxiv", "cs.CL", monday]
    assert (row.state, row.announced) == (LedgerState.COMPLETE, 1)


@pytest.mark.parametrize("skew", [timedelta(days=3), timedelta(days=-3), timedelta(hours=-20)])
def test_a_server_clock_that_is_wrong_loses_nothing(
    server: ReplayServer, tmp_path: Path, skew: timedelta
) -> None:
    server.world.now = datetime(2026, 3, 11, 12, tzinfo=UTC)
    server.clock_skew = skew
    run_harvest(server, tmp_path)
    state = json.loads(checkpoint(tmp_path, "arxiv", "cs") or "{}")
    assert state["from"] <= "2026-03-10", "never later than our own clock allows"
    server.world.now = WORLD_NOW
    server.clock_skew = timedelta()
    run_harvest(server, tmp_path, from_=None)
    assert_all_here(tmp_path, server.world)


def test_a_list_that_promises_too_much_is_read_twice_then_believed(
    server: ReplayServer, tmp_path: Path
) -> None:
    server.complete_list_size = lambda size: size + 5
    report = run_harvest(server, tmp_path)
    assert report.errors == ()
    assert sum(first_page("/oai", params) for params in server.asked("/oai")) == 2
    assert "taken as an estimate" in ledger(tmp_path)["arxiv", "cs.CL", TODAY].reason
    assert_all_here(tmp_path, server.world)


def test_a_list_that_lost_records_on_the_way_is_read_again(
    server: ReplayServer, tmp_path: Path
) -> None:
    def drop_one(reply: Reply) -> Reply:
        start, end = reply.body.index(b"<record>"), reply.body.index(b"</record>") + 9
        reply.body = reply.body[:start] + reply.body[end:]
        return reply

    server.faults.append(Fault(drop_one, when=later_page, skip=1))
    report = run_harvest(server, tmp_path)
    assert report.errors == ()
    assert "the list read again" in ledger(tmp_path)["arxiv", "cs.CL", TODAY].reason
    assert_all_here(tmp_path, server.world)


def test_lists_without_a_size_are_fine(server: ReplayServer, tmp_path: Path) -> None:
    server.complete_list_size = lambda size: None
    assert run_harvest(server, tmp_path).errors == ()
    assert_all_here(tmp_path, server.world)


@pytest.mark.parametrize("known", [("arXiv", "oai_dc"), ("oai_dc",)])
def test_cannot_disseminate_format_tries_the_next_format(
    server: ReplayServer, tmp_path: Path, known: tuple[str, ...]
) -> None:
    server.formats = known
    assert run_harvest(server, tmp_path).errors == ()
    asked = [params["metadataPrefix"] for params in server.asked("/oai") if "from" in params]
    assert asked == ["arXivRaw", "arXiv", "oai_dc"][: 4 - len(known)]
    assert ledger(tmp_path)["arxiv", "cs.CL", TODAY].state is LedgerState.COMPLETE


def test_no_known_format_is_an_error_that_names_it(server: ReplayServer, tmp_path: Path) -> None:
    server.formats = ()
    (error,) = run_harvest(server, tmp_path).errors
    assert "cannotDisseminateFormat" in str(error)
    assert error.permanent


def test_a_single_category_asks_for_its_own_set(server: ReplayServer, tmp_path: Path) -> None:
    run_harvest(server, tmp_path, categories=("cs.CL",))
    assert server.asked("/oai")[0]["set"] == "cs:cs:CL"


def test_a_server_of_older_sets_is_asked_for_the_whole_archive(
    server: ReplayServer, tmp_path: Path
) -> None:
    server.known_sets = lambda name: name.count(":") < 2
    assert run_harvest(server, tmp_path, categories=("cs.CL",)).errors == ()
    assert [p["set"] for p in server.asked("/oai") if "set" in p] == ["cs:cs:CL", "cs"]
    for day in LISTING_DAYS:
        truth = {paper.identifier for paper in server.world.listed_on(day, "cs.CL")}
        assert announced(tmp_path, day, "cs.CL") == truth <= stored_identifiers(tmp_path)


def test_a_server_without_sets_is_asked_for_everything(
    server: ReplayServer, tmp_path: Path
) -> None:
    def no_sets(reply: Reply) -> Reply:
        return Reply(
            b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
            b"<responseDate>2026-03-13T12:00:00Z</responseDate><request>x</request>"
            b'<error code="noSetHierarchy">no sets here</error></OAI-PMH>'
        )

    server.faults.append(Fault(no_sets, when=lambda path, params: "set" in params, times=99))
    assert run_harvest(server, tmp_path).errors == ()
    assert_all_here(tmp_path, server.world)


@pytest.mark.parametrize("code", ["badArgument", "badVerb", "noMetadataFormats", "undefinedError"])
def test_every_other_protocol_error_is_told(
    server: ReplayServer, tmp_path: Path, code: str
) -> None:
    def refuse(reply: Reply) -> Reply:
        return Reply(
            b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
            b"<responseDate>2026-03-13T12:00:00Z</responseDate><request>x</request>"
            b'<error code="' + code.encode() + b'">as it says</error></OAI-PMH>'
        )

    server.faults.append(Fault(refuse, when=first_page, times=99))
    (error,) = run_harvest(server, tmp_path).errors
    assert code in str(error)
    row = ledger(tmp_path)["arxiv", "cs.CL", TODAY]
    assert row.state is LedgerState.FAILED
    assert code in row.reason


def test_a_category_added_later_gets_its_first_days(server: ReplayServer, tmp_path: Path) -> None:
    run_harvest(server, tmp_path, categories=("cs.CL", "cs.CV"), from_=None)
    run_harvest(server, tmp_path, categories=("cs.CL", "cs.CV", "cs.AI"), from_=None)
    truth = {paper.identifier for paper in server.world.listed_on(LISTING_DAYS[-3], "cs.AI")}
    assert truth <= stored_identifiers(tmp_path)


def test_days_asked_for_leave_the_daily_checkpoint_alone(
    server: ReplayServer, tmp_path: Path
) -> None:
    run_harvest(server, tmp_path, from_=None)
    daily = checkpoint(tmp_path, "arxiv", "cs")
    run_harvest(server, tmp_path, from_=date(2025, 11, 1), until=date(2026, 3, 4))
    assert checkpoint(tmp_path, "arxiv", "cs") == daily
    assert contents(tmp_path)["announcements"]
    untils = [params.get("until") for params in server.asked("/oai") if "from" in params]
    assert untils == [None, "2025-11-30", "2025-12-30", "2026-01-29", "2026-02-28", "2026-03-04"]


def test_bad_categories_are_one_clear_error(server: ReplayServer, tmp_path: Path) -> None:
    (error,) = run_harvest(server, tmp_path, categories=("../etc",)).errors
    assert "no arXiv category" in str(error)
    assert server.requests == []


def _without_title_of(number: str) -> Callable[[Reply], Reply]:
    def spoil(reply: Reply) -> Reply:
        text = reply.body.decode()
        if (start := text.find(f"<id>{number}</id>")) >= 0:
            title, end = text.index("<title>", start), text.index("</title>", start)
            reply.body = (text[: title + 7] + text[end:]).encode()
        return reply

    return spoil


def test_a_record_that_cannot_be_read_is_announced_and_looked_up(
    server: ReplayServer, tmp_path: Path
) -> None:
    victim = server.world.listed_on(TODAY, "cs.CL")[0]
    server.faults.append(
        Fault(_without_title_of(victim.number), when=lambda path, params: path == "/oai", times=99)
    )
    report = run_harvest(server, tmp_path)
    assert (report.ingest.rejected, report.n_missing) == (1, 0)
    assert victim.identifier in stored_identifiers(tmp_path)
    assert [params["id_list"] for params in server.asked("/api/query")] == [victim.number]
    row = ledger(tmp_path)["arxiv", "cs", TODAY]
    assert (row.state, row.announced) == (LedgerState.COMPLETE, 1)


@pytest.mark.parametrize("page_size", [25, 1000])
def test_what_is_deleted_before_it_ever_arrived_is_no_longer_missing(
    server: ReplayServer, tmp_path: Path, page_size: int
) -> None:
    server.page_size = page_size
    victim = server.world.listed_on(TODAY, "cs.CL")[0]
    server.api_knows = lambda number: False
    server.faults.append(
        Fault(_without_title_of(victim.number), when=lambda path, params: path == "/oai", times=99)
    )
    server.faults.append(
        Fault(wrong.status(404), when=lambda path, params: "identifier" in params, times=99)
    )
    assert run_harvest(server, tmp_path).n_missing == 1
    assert ledger(tmp_path)["arxiv", "cs", TODAY].missing == (victim.identifier,)
    server.world.delete(victim.number, on=TODAY)
    report = run_harvest(server, tmp_path, from_=None)
    assert report.n_missing == 0
    row = ledger(tmp_path)["arxiv", "cs", TODAY]
    assert (row.announced, row.missing) == (0, ())


def test_the_first_pages_date_counts_whatever_the_later_pages_say(
    server: ReplayServer, tmp_path: Path
) -> None:
    """3.5: here the first page is two days behind our clock, the later ones are not."""
    server.clock_skew = timedelta(days=-2)

    def catch_up(reply: Reply) -> Reply:
        server.clock_skew = timedelta()
        return reply

    server.faults.append(Fault(catch_up, when=first_page))
    run_harvest(server, tmp_path)
    state = json.loads(checkpoint(tmp_path, "arxiv", "cs") or "{}")
    assert state["from"] == "2026-03-10"
