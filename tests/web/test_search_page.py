"""Search: what is found, why, and how to narrow it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from broadsheet.index.changes import StoreChanges
from broadsheet.index.lexical import LexicalIndex
from broadsheet.search.ranking import Sort
from broadsheet.settings import load_settings
from broadsheet.web.site import Site
from tests.web.newsroom import a_site, read_sheet, reading
from tests.worlds import NOW, a_library, a_record, take_in


def test_matched_words_are_marked_and_explained(client: TestClient) -> None:
    page = client.get("/search", params={"q": "sparse attention"})
    marked = {e.text.lower() for e in read_sheet(page.text).all("mark")}
    assert {"sparse", "attention"} <= marked
    assert "/paper/arxiv:2603.00001" in read_sheet(page.text).hrefs()
    assert "Here because it matches" in page.text


def test_facets_narrow_and_widen(client: TestClient) -> None:
    page = read_sheet(client.get("/search", params={"q": "networks"}).text)
    queries = [parse_qs(urlsplit(href).query).get("q", [""])[0] for href in page.hrefs()]
    assert "networks category:cs.CV" in queries
    assert "networks year:2026" in queries
    narrowed = read_sheet(client.get("/search", params={"q": "networks category:cs.CV"}).text)
    chosen = [e for e in narrowed.all("a") if e.attributes.get("aria-current") == "true"]
    assert [urlsplit(e.attributes["href"]).query for e in chosen] == ["q=networks"]


def test_sort_and_pages(client: TestClient) -> None:
    page = client.get("/search", params={"q": "networks", "sort": "newest", "page": "2"})
    assert "21 to 40 on this page" in page.text
    assert "/search?q=networks&sort=newest" in read_sheet(page.text).hrefs()


@pytest.mark.parametrize("page", ["999999", "501", "-3", "zwei"])
def test_pages_beyond_the_last_show_the_last(client: TestClient, page: str) -> None:
    answer = client.get("/search", params={"q": "networks", "page": page})
    assert answer.status_code == 200
    assert read_sheet(answer.text).all("mark")


def test_nothing_found_offers_a_near_query_and_help(client: TestClient) -> None:
    page = client.get("/search", params={"q": "atention"})
    assert "Nothing found" in page.text
    assert "Did you mean" in page.text
    assert "/search?q=attention" in read_sheet(page.text).hrefs()


def test_a_near_query_is_offered_also_beside_what_is_nearest(client: TestClient) -> None:
    page = read_sheet(client.get("/search", params={"q": "sparse atention"}).text)
    assert page.all("mark")
    assert "/search?q=sparse+attention" in page.hrefs()


def test_a_query_that_cannot_be_meant_is_explained(client: TestClient) -> None:
    page = client.get("/search", params={"q": 'sparse (attention "long'})
    assert page.status_code == 200
    assert any(e.attributes.get("role") == "status" for e in read_sheet(page.text).all("p"))


def test_without_a_query_there_is_help_whose_examples_run(client: TestClient) -> None:
    page = read_sheet(client.get("/search").text)
    examples = [
        e.attributes["href"] for e in page.all("a") if e.attributes["href"][:9] == "/search?q"
    ]
    assert len(examples) >= 9
    for href in examples:
        assert client.get(href).status_code == 200


@pytest.mark.parametrize(
    "query",
    ["<script>alert(1)</script>", '"', "((((", "OR OR", "-", "\x00", "\u202e", "a" * 60_000,
     "title:", "year:99999999999999999999", "announced:2026-99", "like:nope", "*", "\\", "💥" * 50,
     "author:" * 300, "NOT", "' OR 1=1 --", "%", "\ud7ff", "id:../../etc"],
)  # fmt: skip
def test_no_query_is_an_error(client: TestClient, query: str) -> None:
    answer = client.get("/search", params={"q": query})
    assert answer.status_code == 200
    sheet = read_sheet(answer.text)
    assert not sheet.faults
    assert [script.text for script in sheet.all("script")] == [""]
    assert client.get("/search.bib", params={"q": query}).status_code == 200


def test_the_query_stays_in_its_field(client: TestClient) -> None:
    page = read_sheet(client.get("/search", params={"q": '"x" onfocus="y'}).text)
    box = next(e for e in page.all("input") if e.attributes.get("name") == "q")
    assert box.attributes["value"] == '"x" onfocus="y'
    assert "onfocus" not in box.attributes


def test_the_answer_as_bibtex(client: TestClient) -> None:
    answer = client.get("/search.bib", params={"q": "sparse attention long documents"})
    assert answer.headers["content-type"].startswith("application/x-bibtex")
    assert "attachment" in answer.headers["content-disposition"]
    assert "@" in answer.text


def test_without_an_index_search_says_what_to_do(tmp_path: Path) -> None:
    db = a_library(tmp_path, a_record(1))
    site = Site(db, LexicalIndex(tmp_path / "none", store_id=db.store_id),
                load_settings(home=tmp_path), lambda: NOW)  # fmt: skip
    with reading(site) as client:
        answer = client.get("/search?q=x")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert "broadsheet index" in answer.text
        assert str(tmp_path) not in answer.text
        assert client.get("/").status_code == 200
        assert client.get("/health").status_code == 503


def test_a_paper_gone_from_the_store_is_still_listed(tmp_path: Path) -> None:
    site = a_site(tmp_path, a_record(1))
    with site.db.transaction() as transaction:
        transaction.run("UPDATE documents SET merged_into = 99")
    with reading(site) as client:
        answer = client.get("/search?q=networks")
        assert answer.status_code == 200
        assert "/paper/arxiv:2603.00001" in answer.text


def test_a_kept_answer_ends_when_the_index_goes_on(tmp_path: Path) -> None:
    site = a_site(tmp_path, a_record(1))
    with reading(site) as client:
        first = client.get("/search?q=networks").text
        assert client.get("/search?q=networks").text == first
        assert "/paper/arxiv:2603.00002" not in first
        take_in(site.db, a_record(2))
        site.index.follow(StoreChanges(site.db))
        assert "/paper/arxiv:2603.00002" in client.get("/search?q=networks").text


def test_every_order_that_search_knows_is_offered(client: TestClient) -> None:
    for sort in get_args(Sort):
        page = client.get("/search", params={"q": "networks", "sort": sort})
        assert page.status_code == 200
        chosen = [e for e in read_sheet(page.text).all("b") if "aria-current" in e.attributes]
        assert len(chosen) == 1
    assert client.get("/search?q=networks&sort=nonsense").status_code == 200


@pytest.mark.parametrize("ending", ["bib", "ris", "csl"])
def test_the_whole_answer_goes_out(client: TestClient, ending: str) -> None:
    answer = client.get(f"/search.{ending}", params={"q": "networks"})
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    counted = {"bib": "\n@", "ris": "TY  - ", "csl": '"id"'}[ending]
    n_found = int(read_sheet(client.get("/search?q=networks").text).text("b").split()[0])
    assert ("\n" + answer.text).count(counted) == n_found > 100


def test_each_example_of_the_help_runs(client: TestClient) -> None:
    page = read_sheet(client.get("/search").text)
    examples = [href for href in page.hrefs() if href.startswith("/search?q=")]
    assert len(examples) >= 9
    assert all(client.get(href).status_code == 200 for href in examples)
