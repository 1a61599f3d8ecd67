"""What trends, how it is worked out, and the topic tree."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest
from starlette.testclient import TestClient

from broadsheet.store.documents import last_change_no
from broadsheet.web.reckoning import Reckoning
from tests.web.newsroom import a_site, read_sheet, reading
from tests.worlds import a_record


@pytest.mark.parametrize("path", ["/trending", "/about/trending", "/topics"])
def test_the_pages_are_whole(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 200
    sheet = read_sheet(page.text)
    assert not sheet.faults
    assert "style=" not in page.text


def test_each_paper_shows_its_numbers(client: TestClient) -> None:
    text = client.get("/trending").text
    assert "trending = (drawn − usual)" in text
    assert "− usual" in text
    assert '<svg class="plot" role="img" aria-label="attention' in text


def test_a_paper_nobody_has_looked_at_says_so(tmp_path: Path) -> None:
    with reading(a_site(tmp_path, a_record(1), a_record(2))) as client:
        text = client.get("/trending").text
    assert "Nobody has been seen to look at it yet" in text
    assert "expected +0.00" in text


def test_an_empty_library_has_pages_too(tmp_path: Path) -> None:
    with reading(a_site(tmp_path)) as client:
        assert "No paper here has a day yet" in client.get("/trending").text
        assert "too few papers" in client.get("/topics").text


def test_hostile_titles_stay_text(tmp_path: Path) -> None:
    bad = a_record(1, title="<script>alert(1)</script> on <b>graphs</b>", upvotes=3)
    with reading(a_site(tmp_path, bad)) as client:
        text = client.get("/trending").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("path", ["/trending", "/topics"])
def test_while_it_is_worked_out_the_page_says_so(tmp_path: Path, path: str) -> None:
    site, go = a_site(tmp_path, a_record(1)), Event()
    with reading(site) as client:
        client.app.state.reckoning = impatient = Reckoning(0.0)  # type: ignore[attr-defined]
        name = path[1:]
        impatient.find(name, last_change_no(site.db), lambda: go.wait(60) and None)
        page = client.get(path).text
        go.set()
    assert "This is being worked out" in page
    assert f'href="{path}"' in page
    assert not read_sheet(page).faults
