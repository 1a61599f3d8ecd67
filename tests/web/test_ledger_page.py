"""The ledger's page."""

from __future__ import annotations

from pathlib import Path

from starlette.testclient import TestClient

from tests.web.newsroom import a_site, read_sheet, reading


def test_every_state_is_told_in_words(client: TestClient) -> None:
    page = client.get("/ledger")
    states = [
        e.text
        for e in read_sheet(page.text).all("span")
        if "state" in e.attributes.get("class", "")
    ]
    assert {"complete", "quiet", "stale", "throttled", "failed"} <= set(states)
    assert "arxiv:2603.99999" in page.text
    assert "nothing on Saturdays" in page.text


def test_a_source_can_be_chosen(client: TestClient) -> None:
    page = client.get("/ledger", params={"source": "hf-daily"}).text
    assert "no answer" in page
    assert "nothing on Saturdays" not in page
    assert "No source called" in client.get("/ledger", params={"source": "nobody"}).text


def test_files_taken_in_are_listed_by_name_alone(client: TestClient) -> None:
    page = client.get("/ledger").text
    assert "mine.bib" in page
    assert "/home/ada" not in page
    assert "cut off" in page


def test_an_empty_ledger_says_how_it_begins(tmp_path: Path) -> None:
    with reading(a_site(tmp_path)) as client:
        assert "No source has been asked yet" in client.get("/ledger").text
