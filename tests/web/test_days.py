"""The front page and the days."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from broadsheet.ledger import Happened, Outcome
from broadsheet.store.ledger import put_outcomes
from tests.web.newsroom import N_BUSY, a_site, read_sheet, reading
from tests.worlds import NOW, a_record, take_in


def test_the_front_page_is_the_newest_day(client: TestClient) -> None:
    page = read_sheet(client.get("/").text)
    assert page.text("h1") == "Sunday, 1 March 2026"
    assert page.text("title") == "Broadsheet"
    assert "13 papers" in client.get("/").text


def test_the_paper_with_most_attention_leads(client: TestClient) -> None:
    page = read_sheet(client.get("/day/2026-03-01").text)
    first = next(e for e in page.all("li") if "lead" in e.attributes.get("class", ""))
    assert "40 upvotes" in first.text
    assert "github.com ada/code" in " ".join(first.text.split())
    assert "12 stars" in first.text


def test_a_long_byline_says_how_many_others(client: TestClient) -> None:
    assert "and 2,997 others" in client.get("/day/2026-03-01").text


def test_a_full_day_is_paged(client: TestClient) -> None:
    first = client.get("/day/2026-02-25").text
    assert f"{N_BUSY} papers, 1 to 28 on this page" in first
    assert "/day/2026-02-25?page=2" in read_sheet(first).hrefs()
    last = client.get("/day/2026-02-25?page=5").text
    assert "113 to 120 on this page" in last
    shown = [
        href
        for page in (1, 2, 3, 4, 5)
        for href in read_sheet(client.get(f"/day/2026-02-25?page={page}").text).hrefs()
        if href.startswith("/paper/") and "#" not in href
    ]
    assert len(shown) == len(set(shown)) == N_BUSY


@pytest.mark.parametrize("wanted", ["-1", "0", "abc", "", "9" * 400, "２", "1.5", "999999"])
def test_a_page_number_that_makes_no_sense_is_no_error(client: TestClient, wanted: str) -> None:
    answer = client.get("/day/2026-02-25", params={"page": wanted})
    assert answer.status_code == 200
    assert "120 papers" in answer.text


def test_categories_filter_and_count(client: TestClient) -> None:
    page = client.get("/day/2026-02-25", params={"category": "cs.CV"})
    assert "120 papers, 40 in cs.CV" in page.text
    counted = [" ".join(e.text.split()) for e in read_sheet(page.text).all("li")]
    assert "cs.CV 40" in counted
    assert "cs.CL 80" in counted
    assert "All 120" in counted


def test_a_category_nobody_has_says_so(client: TestClient) -> None:
    page = client.get("/day/2026-02-25", params={"category": "<i>"})
    assert page.status_code == 200
    assert "Nothing in &lt;i&gt; on this day" in page.text


def test_neighbours_skip_empty_days(client: TestClient) -> None:
    hrefs = read_sheet(client.get("/day/2026-02-26").text).hrefs()
    assert "/day/2026-02-25" in hrefs
    assert "/day/2026-02-27" in hrefs


def test_the_calendar_says_how_full_each_day_is(client: TestClient) -> None:
    page = read_sheet(client.get("/day/2026-02-27").text)
    labels = {re.sub(r"[^a-z]*$", "", " ".join(e.text.split())): e for e in page.all("a")}
    assert "Wed 25 February 2026: 120 papers" in labels
    assert "Sat 28 February 2026: 0 papers, quiet" in labels
    assert "Thu 26 February 2026: 0 papers, throttled" in labels
    assert "Tue 24 February 2026: 0 papers, failed" in labels
    assert "Mon 23 February 2026: 0 papers" in labels
    shown = labels["Fri 27 February 2026: 1 paper"]
    assert shown.attributes["aria-current"] == "date"


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-02-28", "nothing on Saturdays"),
        ("2026-02-26", "still shows the 25th"),
        ("2026-02-26", "429, wait 60 s"),
        ("2026-02-24", "no answer"),
        ("2026-02-03", "No source has been asked what it announced"),
        ("2026-02-01", "Sources rest at weekends; this is a Sunday"),
        ("2026-06-01", "This day is still to come"),
        ("0001-01-01", "Nothing was harvested"),
        ("9999-12-31", "This day is still to come"),
    ],
)
def test_an_empty_day_says_why(client: TestClient, day: str, words: str) -> None:
    answer = client.get(f"/day/{day}")
    assert answer.status_code == 200
    assert words in answer.text


@pytest.mark.parametrize(
    "day",
    ["2026-13-99", "2026-02-30", "20260301", "2026-W09-7", "0000-01-01", "today", "٢٠٢٦-٠٣-٠١",
     "2026-03-01T00:00", "-1", "%00"],
)  # fmt: skip
def test_what_is_no_day_is_not_found(client: TestClient, day: str) -> None:
    answer = client.get(f"/day/{day}")
    assert answer.status_code == 404
    assert "no such day" in answer.text


def test_a_new_paper_is_on_the_next_page_shown(tmp_path: Path) -> None:
    site = a_site(tmp_path, a_record(1))
    with reading(site) as client:
        before = client.get("/")
        assert "1 paper " in before.text
        take_in(site.db, a_record(2))
        assert "2 papers" in client.get("/").text
        again = client.get("/", headers={"If-None-Match": before.headers["etag"]})
        assert again.status_code == 200


def test_an_old_front_page_says_how_old_it_is(tmp_path: Path) -> None:
    with reading(a_site(tmp_path, a_record(1, announced=date(2026, 1, 1)))) as client:
        assert "the newest edition here, 60 days old" in client.get("/").text
        assert "newest edition here" not in client.get("/day/2026-01-01").text


def test_an_empty_library_welcomes(tmp_path: Path) -> None:
    with reading(a_site(tmp_path)) as client:
        page = client.get("/")
        assert page.status_code == 200
        for command in ("broadsheet up --sample", "broadsheet harvest", "broadsheet import"):
            assert command in page.text
        assert str(tmp_path) not in page.text


def test_a_library_without_days_says_so(tmp_path: Path) -> None:
    with reading(a_site(tmp_path, a_record(1, announced=None))) as client:
        assert "No paper here has a day yet" in client.get("/").text


def test_the_calendar_follows_the_ledger_though_no_paper_came(tmp_path: Path) -> None:
    site = a_site(tmp_path, a_record(1))
    with reading(site) as client:
        assert "March 2026: 0 papers, quiet" not in client.get("/").text
        with site.db.transaction() as transaction:
            put_outcomes(
                transaction,
                [Outcome("arxiv", "cs.LG", date(2026, 3, 2), Happened.QUIET, "nothing")],
                now=NOW,
            )
        assert "March 2026: 0 papers, quiet" in client.get("/").text


def test_for_you_says_plainly_that_interests_are_wanting(client: TestClient) -> None:
    page = client.get("/?tab=you").text
    assert "none is known here" in page
    assert client.get("/?tab=nonsense").text.count("story") > 5


def test_a_day_is_gone_to_by_its_date(client: TestClient) -> None:
    assert client.get("/day?day=2026-02-25").headers["location"] == "/day/2026-02-25"
    for nonsense in ("", "?day=", "?day=x", "?day=2026-99-99", "?day=//evil.example"):
        assert client.get(f"/day{nonsense}").headers["location"] == "/"
