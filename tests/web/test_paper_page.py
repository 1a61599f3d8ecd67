"""One paper: everything known about it, at one address."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from broadsheet.enrich.life import Life
from broadsheet.jobs.ingest import ingest
from broadsheet.jobs.links import follow_links
from broadsheet.store.code_links import due_links, put_life
from tests.web.newsroom import MANY_HANDS, REVISED, SUMMARISED, a_site, read_sheet, reading
from tests.worlds import NOW, a_record


def test_everything_known_is_there(client: TestClient) -> None:
    page = client.get(f"/paper/{REVISED}")
    assert page.status_code == 200
    assert "Sparse attention for very long documents" in page.text
    assert "ACL 2026" in page.text
    assert "acl:2026.acl-long.1" in page.text
    assert "Accepted; 12 pages" in page.text
    hrefs = read_sheet(page.text).hrefs()
    assert "https://aclanthology.org/2026.acl-long.1/" in hrefs
    assert "/day/2026-03-01" in hrefs
    assert "https://arxiv.org/pdf/2603.00001" in hrefs  # told by its identifier alone
    assert any(href.startswith("/author/ada-") for href in hrefs)


def test_a_merge_says_why(client: TestClient) -> None:
    assert "same identifier" in client.get(f"/paper/{REVISED}").text


def test_versions_show_what_changed(client: TestClient) -> None:
    page = client.get(f"/paper/{REVISED}").text
    sheet = read_sheet(page)
    assert "Version 2" in page
    assert [e.text.strip() for e in sheet.all("del")] == ["ninety", "9", "long"] or {"ninety"} <= {
        e.text.strip() for e in sheet.all("del")
    }
    assert "ninety-eight" in {e.text.strip() for e in sheet.all("ins")}
    assert "very" in {e.text.strip() for e in sheet.all("ins")}


def test_a_summary_of_ours_is_labelled(client: TestClient) -> None:
    page = client.get(f"/paper/{SUMMARISED}").text
    assert "Summary by Broadsheet, not the authors’ abstract" in page
    assert "not the authors’ abstract" not in client.get(f"/paper/{REVISED}").text


def test_code_links_carry_status_and_evidence(client: TestClient) -> None:
    page = read_sheet(client.get(f"/paper/{SUMMARISED}").text)
    assert "https://github.com/ada/code" in page.hrefs()
    statuses = [e for e in page.all("span") if e.attributes.get("class", "").startswith("status ")]
    assert statuses
    assert statuses[0].text in {"official", "author-claimed", "community", "dead"}
    assert any("Found in" in e.text for e in page.all("p"))


def test_a_link_that_died_says_so_and_since_when(tmp_path: Path) -> None:
    paper = a_record(1, abstract="Our code is at https://github.com/ada/gone .")
    site = a_site(tmp_path, paper)
    with reading(site) as client:
        assert 'href="https://github.com/ada/gone"' in client.get("/day/2026-03-01").text
        follow_links(site.db, now=NOW)
        (place,) = due_links(site.db, "github.com", now=NOW, limit=9)
        with site.db.transaction() as transaction:
            life = Life(3, 0, "answered 404", NOW, dead_since=NOW)
            put_life(transaction, place, life, now=NOW)
        page = client.get("/paper/arxiv:2603.00001").text
        assert "Not there any more since" in page
        assert "github.com answered 404" in page
        assert "status-dead" in page
        assert 'href="https://github.com/ada/gone"' not in client.get("/day/2026-03-01").text


def test_three_thousand_authors_fold_away(client: TestClient) -> None:
    page = client.get(f"/paper/{MANY_HANDS}")
    assert "and 2,976 others" in page.text
    assert "Hand Number2999" in page.text
    assert len(page.content) < 200_000


def test_bibtex_on_the_page_is_the_file(client: TestClient) -> None:
    page = read_sheet(client.get(f"/paper/{REVISED}").text)
    block = next(e for e in page.all("pre") if e.attributes.get("class") == "bibtex")
    file = client.get(f"/paper/{REVISED}.bib")
    assert file.status_code == 200
    assert file.headers["content-type"].startswith("application/x-bibtex")
    assert block.text == file.text
    assert file.text.startswith("@")


@pytest.mark.parametrize(
    "alias",
    [
        "2603.00001",
        "arxiv:2603.00001v2",
        "acl:2026.acl-long.1",
        "https://arxiv.org/abs/2603.00001",
        "arXiv:2603.00001",
    ],
)
def test_other_names_lead_to_the_one_address(client: TestClient, alias: str) -> None:
    answer = client.get(f"/paper/{alias}")
    assert (answer.status_code, answer.headers.get("location")) == (301, f"/paper/{REVISED}")
    file = client.get(f"/paper/{alias}.bib")
    assert file.headers.get("location") in (f"/paper/{REVISED}.bib", f"/paper/{REVISED}")


@pytest.mark.parametrize(
    "name", ["arxiv:9999.99999", "x", "a/b/c", "..%2f..%2fetc", "x.bib", "%00", "?"]
)
def test_an_unknown_paper_offers_a_search(client: TestClient, name: str) -> None:
    answer = client.get(f"/paper/{name}")
    assert answer.status_code == 404
    box = [e for e in read_sheet(answer.text).all("input") if e.attributes.get("id") == "missing-q"]
    assert len(box) == 1


def test_what_was_asked_stands_in_the_search_form(client: TestClient) -> None:
    page = read_sheet(client.get("/paper/arxiv:9999.99999").text)
    box = next(e for e in page.all("input") if e.attributes.get("id") == "missing-q")
    assert box.attributes["value"] == "arxiv:9999.99999"


def test_links_outwards_tell_nobody_where_they_were_found(client: TestClient) -> None:
    page = read_sheet(client.get(f"/paper/{REVISED}").text)
    outward = [e for e in page.all("a") if e.attributes["href"].startswith("http")]
    assert outward
    assert all("noopener noreferrer" in e.attributes["rel"] for e in outward)


def test_attention_over_time_is_drawn_from_what_was_counted(tmp_path: Path) -> None:
    site = a_site(tmp_path, a_record(1, upvotes=1, datestamp="1"), a_record(2, upvotes=5))
    for days, upvotes in ((1, 4), (3, 40)):
        record = a_record(1, upvotes=upvotes, datestamp=str(days + 1))
        ingest(site.db, [record], now=NOW + timedelta(days=days))
    with reading(site) as client:
        page = client.get("/paper/arxiv:2603.00001").text
        sheet = read_sheet(page)
        assert not sheet.faults
        (line,) = sheet.all("polyline")
        assert line.attributes["points"] == "0.0,52.1 106.7,36.3 320.0,0.0"
        assert "40 upvotes" in page
        assert not read_sheet(client.get("/paper/arxiv:2603.00002").text).all("svg")


@pytest.mark.parametrize(
    ("ending", "words"), [(".bib", "@"), (".ris", "TY  - "), (".csl", '"title"')]
)
def test_a_paper_goes_to_reference_managers(client: TestClient, ending: str, words: str) -> None:
    answer = client.get(f"/paper/{REVISED}{ending}")
    assert words in answer.text
    assert f"paper{ending}" in answer.headers["content-disposition"]
