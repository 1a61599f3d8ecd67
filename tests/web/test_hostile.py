"""Everything from outside may be hostile: it is shown as text, and no page breaks over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from broadsheet.index.changes import StoreChanges
from broadsheet.ledger import Happened, Outcome
from broadsheet.store.imports import put_import_started
from broadsheet.store.ledger import put_outcomes
from broadsheet.types import Author, Record
from tests.web.newsroom import SUNDAY, Sheet, a_site, read_sheet, reading
from tests.worlds import NOW, a_record, take_in

SCRIPT = "<script>alert(1)</script>"
BREAKOUT = "\"'><img src=x onerror=alert(1)>"
OVERRIDE = "safe\u202egpj.exe\u202c\u2066x\u2069"
OTHERS = "{{ 7 * 7 }}{% raw %}</title></textarea><!--"

HOSTILE = [
    SCRIPT,
    BREAKOUT,
    OVERRIDE,
    OTHERS,
    "nul\x00\x1b[31m",
    "a" * 1_000_000,
    "$\\href{javascript:x}{y}$",
]
URLS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>",
    "vbscript:x",
    "//evil.example/x",
    "http://user@evil.example/",
    'https://ok.example/"onmouseover="x',
    "http://",
    "https://a b",
    " javascript:x",
    "java\nscript:x",
    "https://[::1",
    "https://x:99999999/",
]
NAMES = ["id:a/../../b", "id:x?y#z", "id:..", "id:a.bib", 'id:"<>&', "id:é/ü", "id://x"]


def hostile_records() -> list[Record]:
    fields = [
        a_record(
            number,
            title=f"T{number} {text}",
            abstract=f"A {text}",
            authors=(Author(f"N {text}"), Author(text)),
            categories=(text[:300], "cs.LG"),
            comment=text,
            venue=text[:1_000],
            keywords=(text[:1_000],),
            extra={"summary_by": text[:1_000]} if number % 2 else {},
        )
        for number, text in enumerate(HOSTILE, start=1)
    ]
    links = [
        a_record(number, url=url, pdf=url, project_page=url, github_repo=url, code_urls=(url,))
        for number, url in enumerate(URLS, start=100)
    ]
    names = [
        a_record(number, key=name, identifiers=(name,))
        for number, name in enumerate(NAMES, start=200)
    ]
    return [*fields, *links, *names]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    site = a_site(folder, *hostile_records())
    changed = [a_record(1, title=f"Changed {BREAKOUT}", abstract=SCRIPT, datestamp="2026-04-01")]
    take_in(site.db, *changed)
    with site.db.transaction() as transaction:
        put_outcomes(
            transaction,
            [Outcome(SCRIPT, BREAKOUT, SUNDAY, Happened.FAILED, OTHERS + OVERRIDE)],
            now=NOW,
        )
        put_import_started(transaction, f"/x/{SCRIPT}", BREAKOUT, NOW)
    site.index.follow(StoreChanges(site.db))
    with reading(site) as client:
        yield client


def assert_harmless(sheet: Sheet) -> None:
    assert not sheet.faults
    assert not sheet.all("style", "iframe", "object", "base", "img", "svg")
    for script in sheet.all("script"):
        assert script.attributes["src"].startswith("/static/")
        assert script.text == ""
    for element in sheet.elements:
        assert not any(name.startswith("on") or name == "style" for name in element.attributes)
        for name in ("href", "src", "action"):
            value = element.attributes.get(name, "/")
            assert value.startswith(("/", "http://", "https://", "#main")), value
            assert not value.startswith("//")
            assert "evil.example" not in value
        assert not set("\u202e\u202c\u2066\u2069\x00\x1b") & set(element.text)


def test_every_page_shows_it_as_text(client: TestClient) -> None:
    seen = ["/", "/day/2026-03-01?page=2", "/ledger", "/search?q=networks+OR+changed+OR+script"]
    papers: set[str] = set()
    for path in seen:
        answer = client.get(path)
        assert answer.status_code == 200
        sheet = read_sheet(answer.text)
        assert_harmless(sheet)
        papers |= {href for href in sheet.hrefs() if href.startswith(("/paper/", "/author/"))}
    assert len(papers) > 30
    for path in papers:
        answer = client.get(path)
        assert answer.status_code == 200, path
        if not path.endswith(".bib"):
            assert_harmless(read_sheet(answer.text))


def test_the_front_page_stays_small(client: TestClient) -> None:
    assert len(client.get("/").content) < 80_000


def test_a_paper_of_megabytes_stays_readable(client: TestClient) -> None:
    sizes = [len(client.get(f"/paper/arxiv:2603.{number:05d}").content) for number in range(1, 9)]
    assert max(sizes) < 120_000


def test_names_of_all_kinds_have_an_address_that_works(client: TestClient) -> None:
    papers = {
        href
        for page in (1, 2)
        for href in read_sheet(client.get(f"/day/2026-03-01?page={page}").text).hrefs()
        if href.startswith("/paper/id:") and "#" not in href
    }
    assert len(papers) == len(NAMES)
    assert all(client.get(href).status_code == 200 for href in papers)
    assert not any(part in ("", ".", "..") for href in papers for part in href[1:].split("/"))


@pytest.mark.parametrize("text", [SCRIPT, BREAKOUT, OVERRIDE, OTHERS, "nul\x00", "%", "a" * 20_000])
def test_whatever_is_asked_for_is_only_text(client: TestClient, text: str) -> None:
    quoted = quote(text)
    for path in (
        f"/paper/{quoted}",
        f"/author/{quoted}",
        f"/day/{quoted}",
        f"/day/2026-03-01?category={quoted}",
        f"/ledger?source={quoted}",
        f"/search?q={quoted}&sort={quoted}&page={quoted}",
        f"/{quoted}",
        f"/static/{quoted}",
    ):
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code in (200, 404), path
        assert_harmless(read_sheet(answer.text))
