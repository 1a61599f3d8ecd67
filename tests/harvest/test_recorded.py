"""Recorded answers of the real services, replayed over a socket.

They are not part of the repository: BROADSHEET_DATA names their folder, else it is
looked for beside the repository.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from broadsheet.harvest.page import HarvestPage
from broadsheet.harvest.sources import arxiv_oai
from broadsheet.harvest.sources.arxiv_api import lookup_pages
from broadsheet.harvest.sources.arxiv_sets import OaiScope
from broadsheet.jobs.harvest import open_client
from broadsheet.ledger import Happened
from broadsheet.types import LedgerState, Record
from tests.harvest.fakes import FakeClock
from tests.harvest.libraries import ledger, run_harvest, stored_identifiers
from tests.harvest.replay_server import ReplayServer, Reply
from tests.harvest.synthetic_arxiv import World

DATA = Path(
    os.environ.get("BROADSHEET_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data"
)

pytestmark = pytest.mark.skipif(
    not (DATA / "wire_oai_pmh").is_dir(), reason=f"no recorded answers in {DATA} (BROADSHEET_DATA)"
)


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer(World({})) as running:
        yield running


def recorded(*parts: str) -> bytes:
    path = DATA.joinpath(*parts)
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def oai_pages(
    server: ReplayServer, route: Any, scope: OaiScope, now: datetime, from_: date
) -> list[HarvestPage]:
    server.routes["/oai"] = route
    server.world.now = now
    settings = server.settings()
    state = {"from": from_.isoformat(), "categories": list(scope.categories), "list": None}
    with open_client(settings, clock=FakeClock(now).clock()) as client:
        return list(
            arxiv_oai.pages(client, url=settings.arxiv_oai_url, scope=scope, state=state, now=now)
        )


NOW_2013 = datetime(2013, 2, 27, 12, tzinfo=UTC)
EVERYTHING = OaiScope("cs", ("cs",), ("",))


def test_a_generic_repository_of_four_resumption_pages(server: ReplayServer) -> None:
    def route(params: Any) -> Reply:
        name = params.get("resumptionToken", "ListRecords.xml")
        return Reply(recorded("wire_oai_pmh", "generic_sickle", name))

    pages = oai_pages(server, route, EVERYTHING, NOW_2013, date(2013, 2, 26))
    # Promised are eight, but some come twice: the list is read again and then believed.
    assert [params.get("resumptionToken") for params in server.asked("/oai")] == 2 * [
        None, "ListRecords2.xml", "ListRecords3.xml", "ListRecords4.xml"
    ]  # fmt: skip
    assert pages[-1].error is None
    assert {outcome.happened for outcome in pages[-1].outcomes} <= {Happened.READ, Happened.STALE}
    assert "though 8 were promised" in next(
        outcome.reason for outcome in pages[-1].outcomes if outcome.happened is Happened.READ
    )
    deleted = {name for page in pages for name in page.withdrawn}
    assert deleted, "deleted records are withdrawn"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("badArgument.xml", "badArgument"),
        ("badResumptionToken.xml", "resumption token"),
        ("cannotDisseminateFormat.xml", "cannotDisseminateFormat"),
        ("idDoesNotExist.xml", "idDoesNotExist"),
        ("noSetHierarchy.xml", "noSetHierarchy"),
        ("undefinedError.xml", "undefinedError"),
        ("ListRecordsBroken.xml", "answered with something else ('broken xml')"),
    ],
)
def test_every_recorded_error_is_told(server: ReplayServer, name: str, says: str) -> None:
    body = recorded("wire_oai_pmh", "generic_sickle", name)
    pages = oai_pages(server, lambda params: Reply(body), EVERYTHING, NOW_2013, date(2013, 2, 26))
    assert pages[-1].error is not None
    assert says in str(pages[-1].error)
    assert all(outcome.happened is Happened.FAILED for outcome in pages[-1].outcomes)


def test_no_records_match_is_quiet(server: ReplayServer) -> None:
    body = recorded("wire_oai_pmh", "generic_sickle", "noRecordsMatch.xml")
    saturday = datetime(2013, 3, 2, 12, tzinfo=UTC)
    (page,) = oai_pages(server, lambda params: Reply(body), EVERYTHING, saturday, date(2013, 3, 2))
    assert page.error is None
    # Its responseDate is of 2002, eleven years behind our clock: believed, so nothing is skipped.
    assert page.checkpoints[0].state is not None
    assert page.checkpoints[0].state["from"] == "2002-02-07"


@pytest.mark.parametrize(
    ("name", "category", "now", "n_records"),
    [
        ("ListRecords_arXiv_2013.xml", "astro-ph", datetime(2013, 4, 3, 14, tzinfo=UTC), 1),
        ("ListRecords_oai_dc_2024.xml", "cs.DB", datetime(2024, 1, 29, 17, tzinfo=UTC), 2),
    ],
)
def test_real_records_of_arxiv_are_announced_and_stored(
    server: ReplayServer, tmp_path: Path, name: str, category: str, now: datetime, n_records: int
) -> None:
    body = recorded("wire_oai_pmh", "arxiv_real", name)
    end = b"<resumptionToken></resumptionToken>"
    last = body[: body.index(b"<resumptionToken")] + end + b"</ListRecords></OAI-PMH>" if (
        b"<resumptionToken" in body
    ) else body  # fmt: skip
    server.routes["/oai"] = lambda params: Reply(last)
    server.world.now = now
    report = run_harvest(server, tmp_path, categories=[category], from_=now.date().replace(day=1))
    assert report.errors == ()
    assert report.n_missing == 0
    assert len([n for n in stored_identifiers(tmp_path) if n.startswith("arxiv:")]) == n_records
    assert sum(row.announced for row in ledger(tmp_path).values()) >= n_records


def test_the_recorded_feed(server: ReplayServer, tmp_path: Path) -> None:
    body = recorded("wire_arxiv_rss", "cs.AI_atom_2025-08-20.xml")
    server.routes["/atom/cs.AI"] = lambda params: Reply(body)
    server.world.now = datetime(2025, 8, 20, 12, tzinfo=UTC)
    report = run_harvest(server, tmp_path, sources=["arxiv-feed"], categories=["cs.AI"], from_=None)
    assert report.errors == ()
    row = ledger(tmp_path)["arxiv-feed", "cs.AI", date(2025, 8, 20)]
    assert row.state is LedgerState.COMPLETE
    assert row.announced == row.stored == body.count(b"<entry>") == 7
    server.world.now = datetime(2025, 8, 21, 12, tzinfo=UTC)
    run_harvest(server, tmp_path, sources=["arxiv-feed"], categories=["cs.AI"], from_=None)
    row = ledger(tmp_path)["arxiv-feed", "cs.AI", date(2025, 8, 21)]
    assert row.state is LedgerState.STALE


@pytest.mark.parametrize("day", [date(2024, 5, 27), date(2025, 3, 14), date(2026, 8, 20)])
def test_the_recorded_days_of_hugging_face(server: ReplayServer, tmp_path: Path, day: date) -> None:
    body = recorded("wire_hf_daily_papers", f"{day}.json.gz")
    server.routes["/api/daily_papers"] = lambda params: Reply(
        body if params["date"] == str(day) else b"[]", content_type="application/json"
    )
    server.world.now = datetime(day.year, day.month, day.day, 20, tzinfo=UTC)
    report = run_harvest(server, tmp_path, sources=["hf-daily"], from_=None)
    assert report.errors == ()
    row = ledger(tmp_path)["hf-daily", "", day]
    assert row.state is LedgerState.COMPLETE
    assert row.announced == row.stored == len(json.loads(body))


def api_exchanges() -> dict[str, tuple[int, bytes]]:
    """The recorded answers by their id_list."""
    found: dict[str, tuple[int, bytes]] = {}
    for path in sorted((DATA / "wire_arxiv_atom").glob("id_*.json")):
        exchange = json.loads(path.read_text("utf-8"))
        ids = parse_qs(urlsplit(exchange["url"]).query).get("id_list", [""])[0]
        found[ids] = (exchange["status_code"], exchange["body"].encode())
    return found


def test_the_recorded_lookups_of_arxivs_api(server: ReplayServer) -> None:
    exchanges = api_exchanges()

    def route(params: Any) -> Reply:
        code, body = exchanges[params["id_list"]]
        return Reply(body, code)

    server.routes["/api/query"] = route
    empty = exchanges["0000.0000"]
    found: dict[str, list[str]] = {}
    with open_client(server.settings(), clock=FakeClock().clock()) as client:
        for ids in exchanges:
            pages = list(
                lookup_pages(
                    client,
                    api_url=f"{server.url}/api/query",
                    oai_url=f"{server.url}/oai",
                    identifiers=[f"arxiv:{number}" for number in ids.split(",")],
                )
            )
            assert not [page.error for page in pages if page.error]
            items = [item for page in pages for item in page.items]
            found[ids] = [item.identifiers[0] for item in items if isinstance(item, Record)]
    assert empty[0] == 200
    assert found["0000.0000"] == []
    assert found["abc"] == []
    assert found["0808.05394,1707.08567"] == ["arxiv:1707.08567"]
    assert found["astro-ph/0601001"] == ["arxiv:astro-ph/0601001"]


@pytest.mark.parametrize("collection", ["2020.alvr", "2021.eacl"])
def test_the_recorded_collections_of_the_acl(
    server: ReplayServer, tmp_path: Path, collection: str
) -> None:
    body = recorded("wire_acl_xml", f"{collection}.xml.gz")
    server.routes[f"/acl/{collection}.xml"] = lambda params: Reply(body)
    report = run_harvest(server, tmp_path, sources=["acl"], from_=None, acl_volumes=[collection])
    assert report.errors == ()
    rows = [row for row in ledger(tmp_path).values() if row.category == collection]
    assert sum(row.announced for row in rows) == body.count(b"<paper id=")
    assert all(row.announced == row.stored for row in rows)
    assert {row.state for row in rows if row.announced} == {LedgerState.COMPLETE}


def test_recorded_notes_of_openreview(server: ReplayServer, tmp_path: Path) -> None:
    notes = list(
        json.loads(recorded("wire_openreview_expertise", "submissions_sample.json")).values()
    )
    answer = json.dumps({"notes": notes, "count": len(notes)}).encode()
    server.routes["/notes"] = lambda params: Reply(answer, content_type="application/json")
    report = run_harvest(
        server, tmp_path, sources=["openreview"], from_=None, openreview_venues=["DEMO.cc/2021"]
    )
    assert report.errors == ()
    assert sum(row.announced for row in ledger(tmp_path).values()) == len(notes)
    assert all(row.announced == row.stored for row in ledger(tmp_path).values())
