"""A person's papers."""

from __future__ import annotations

from starlette.testclient import TestClient

from tests.web.newsroom import read_sheet


def test_an_author_has_papers_years_and_coauthors(client: TestClient) -> None:
    page = client.get("/author/ada-lovelace")
    assert page.status_code == 200
    sheet = read_sheet(page.text)
    assert sheet.text("h1") == "Ada Lovelace"
    assert "2026" in [" ".join(e.text.split()) for e in sheet.all("h2")]
    assert "/author/jose-nandu" in sheet.hrefs()
    assert "/paper/arxiv:2603.00020" in sheet.hrefs()


def test_a_name_leads_to_its_key(client: TestClient) -> None:
    answer = client.get("/author/José Ñandú")
    assert (answer.status_code, answer.headers["location"]) == (301, "/author/jose-nandu")


def test_an_unknown_author_offers_near_names(client: TestClient) -> None:
    answer = client.get("/author/grace-lovelace")
    assert answer.status_code == 404
    assert "/author/ada-lovelace" in read_sheet(answer.text).hrefs()


def test_hostile_names_are_only_not_found(client: TestClient) -> None:
    for name in ("<script>", '"><img src=x>', "%00", "a/b", "..%2f", "x" * 5_000, "%E2%80%AE"):
        answer = client.get(f"/author/{name}")
        assert answer.status_code == 404
        assert not read_sheet(answer.text).faults
