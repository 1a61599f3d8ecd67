"""Interests on the pages: begun, shown with reasons, changed, previewed, taken back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from broadsheet.errors import SearchIndexError
from broadsheet.index.lexical import LexicalIndex
from broadsheet.interests.corpus import Backdrop, Corpus
from broadsheet.store.interests import Judgment, State, get_interest, holdings_of, list_interests
from broadsheet.store.marks import Mark, put_mark
from broadsheet.store.shown import Place, list_shown
from broadsheet.web.site import Site
from tests.interests.world import DAY, an_interest, papers_of, subject_records
from tests.web.newsroom import a_site, form_token, post, read_sheet, reading
from tests.worlds import NOW

BIB = b"""@article{one, title = {On warbler and finch plumage}, author = {Ann Birds},
 year = {2025}, doi = {10.1000/warbler}}"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return a_site(tmp_path, *subject_records())


@pytest.fixture
def client(site: Site) -> Iterator[TestClient]:
    with reading(site) as client:
        yield client


def sheet_of(client: TestClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    assert not read_sheet(answer.text).faults
    return answer.text


def stories(page: str) -> list[str]:
    return re.findall(r'<li class="story" id="([^"]+)"', page)


def a_bird_interest(site: Site, **choices: Any) -> int:
    likes = papers_of(site.db, "birds")[:6]
    return an_interest(site.db, likes=likes, **choices).interest_no


def begin(client: TestClient, **fields: str) -> str:
    answer = post(client, "/interests/new", **fields)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def test_no_interest_invites_to_the_ways_of_beginning(client: TestClient) -> None:
    page = sheet_of(client, "/interests")
    for way in ("With your library", "With an author", "In your own words", "a dozen papers"):
        assert way in page
    assert "/interests/new" in sheet_of(client, "/?tab=you")


def test_an_interest_begins_with_a_library_file(site: Site, client: TestClient) -> None:
    answer = client.post(
        "/interests/new",
        data={"token": form_token(client), "name": "Birds"},
        files={"file": ("mine.bib", BIB)},
    )
    assert answer.status_code == 303
    (interest,) = list_interests(site.db, 1)
    assert len(holdings_of(site.db, interest.interest_no).likes) == 1
    page = sheet_of(client, answer.headers["location"])
    assert "On warbler and finch plumage" in page
    assert "Undo" in page
    assert stories(page)


@pytest.mark.parametrize(
    ("fields", "lands"),
    [
        ({"author": "Ann Stars"}, "/interests/1?"),
        ({"about": "estuary lagoon current"}, "/interests/1?"),
        ({"kept": "1"}, "/interests/1?"),
        ({}, "/interests/1/judge?"),
    ],
)
def test_the_other_ways_of_beginning(
    site: Site, client: TestClient, fields: dict[str, str], lands: str
) -> None:
    with site.db.transaction() as transaction:
        put_mark(transaction, 1, 1, Mark.SAVED, now=NOW)
    location = begin(client, name="Mine", **fields)
    assert location.startswith(lands)
    sheet_of(client, location)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "1 to 120 characters"),
        ({"name": "A", "author": "Nobody Atall"}, "author"),
        ({"name": "A", "about": "x" * 2_500}, "2,000 characters"),
    ],
)
def test_what_cannot_begin_says_why_and_keeps_what_was_written(
    site: Site, client: TestClient, fields: dict[str, str], said: str
) -> None:
    answer = post(client, "/interests/new", **fields)
    assert answer.status_code == 400
    assert said in answer.text
    assert fields["name"] in answer.text
    assert list_interests(site.db, 1) == []


def test_judging_asks_about_one_paper_after_another(site: Site, client: TestClient) -> None:
    begin(client, name="Anything")
    asked = []
    for number in range(4):
        page = sheet_of(client, "/interests/1/judge")
        (doc_id,) = re.findall(r'<article class="body" id="([^"]+)"', page)
        asked.append(doc_id)
        answer = post(
            client, "/interests/1", do="dislike" if number else "like", value=doc_id, back="judge"
        )
        assert answer.headers["location"].startswith("/interests/1/judge?")
    assert len(set(asked)) == 4
    assert len(holdings_of(site.db, 1).judged) == 4


# For you ------------------------------------------------------------------------------------------


def test_the_tab_shows_each_interest_s_slate_and_why(site: Site, client: TestClient) -> None:
    a_bird_interest(site, places=6)
    stars = papers_of(site.db, "stars")[:6]
    an_interest(site.db, likes=stars, name="Stars", places=6)
    page = sheet_of(client, "/?tab=you")
    shown = stories(page)
    assert len(shown) == len(set(shown)) > 8
    assert page.count('class="why by"') == len(shown)
    assert "It has “" in page
    assert "which you liked" in page
    assert "Too little evidence" in page
    assert list_shown(site.db, 1) == [], "looking changes nothing"


def test_what_is_done_on_the_tab_records_what_was_shown_first(
    site: Site, client: TestClient
) -> None:
    number = a_bird_interest(site, places=10)
    before = stories(sheet_of(client, "/?tab=you"))
    answer = post(
        client, "/act", do=f"like-for {number} {before[2]}", shows=DAY.isoformat(), back="/?tab=you"
    )
    assert answer.status_code == 303
    shown = list_shown(site.db, number)
    placed = [entry for entry in shown if entry.place is not Place.MORE]
    assert len(placed) == len(before)
    assert {entry.place for entry in placed} == {Place.CHOSEN, Place.EXPLORES}
    page = sheet_of(client, answer.headers["location"])
    assert stories(page) == before, "the slate stays while it is being read"
    assert f'value="unjudge-for {number} {before[2]}" aria-pressed="true"' in page
    deed = re.findall(r'form="undo" name="deed" value="(\d+)"', page)[0]
    post(client, "/undo", deed=deed)
    assert f'value="like-for {number} {before[2]}" aria-pressed="false"' in sheet_of(
        client, "/?tab=you"
    )


def test_our_script_gets_the_buttons_back(site: Site, client: TestClient) -> None:
    number = a_bird_interest(site)
    paper = stories(sheet_of(client, "/?tab=you"))[0]
    part = post(client, "/act", do=f"dislike-for {number} {paper}", part="1").text
    assert f'data-part="for {number} {paper}"' in part
    assert "Less like this" in part
    assert 'aria-pressed="true"' in part


def test_a_paused_interest_brings_nothing_to_the_tab(site: Site, client: TestClient) -> None:
    number = a_bird_interest(site)
    post(client, f"/interests/{number}", do="choices", state="paused", name="Birds")
    assert get_interest(site.db, 1, number).choices.state is State.PAUSED
    assert stories(sheet_of(client, "/?tab=you")) == []
    assert "paused" in sheet_of(client, f"/interests/{number}")


def test_rules_without_an_index_say_what_is_wrong(tmp_path: Path) -> None:
    site = a_site(tmp_path, *subject_records(n_days=2))
    number = a_bird_interest(site)
    with reading(site) as client:
        post(client, f"/interests/{number}", do="never", value="finch")
        fresh = a_broken(site, tmp_path)
        with reading(fresh) as other:
            assert "cannot be made now" in other.get("/?tab=you").text
            assert other.get(f"/interests/{number}").status_code == 200


def a_broken(site: Site, folder: Path) -> Site:
    index = LexicalIndex(folder / "nowhere", store_id=site.db.store_id)
    return Site(site.db, index, site.settings, site.clock)


# One interest -------------------------------------------------------------------------------------


def test_an_interest_s_page_shows_what_it_is_learnt_from(site: Site, client: TestClient) -> None:
    number = a_bird_interest(site)
    for do, value in (("never", "title:nesting"), ("must", "warbler"), ("author", "Ann Birds")):
        assert post(client, f"/interests/{number}", do=do, value=value).status_code == 303
    disliked = papers_of(site.db, "stars")[0]
    (doc_id,) = site.db.read("SELECT doc_id FROM documents WHERE doc_no = ?", (disliked,))[0]
    post(client, f"/interests/{number}", do="dislike", value=doc_id)
    page = sheet_of(client, f"/interests/{number}")
    assert "title:nesting" in page
    assert "Ann Birds" in page
    assert "not yet: " in page
    assert holdings_of(site.db, number).dislikes == (disliked,)
    post(client, f"/interests/{number}", do="drop-rule", kind="must", value="warbler")
    post(client, f"/interests/{number}", do="unfollow", value="ann-birds")
    post(client, f"/interests/{number}", do="forget", value=doc_id)
    held = holdings_of(site.db, number)
    assert [rule.query for rule in held.rules] == ["title:nesting"]
    assert held.authors == ()
    assert held.dislikes == ()


def test_the_dial_says_what_each_setting_means(site: Site, client: TestClient) -> None:
    likes = papers_of(site.db, "birds")[:40]
    number = an_interest(site.db, likes=likes).interest_no
    page = sheet_of(client, f"/interests/{number}")
    assert page.count("<td>yes</td>") == 3
    assert "at most 10 % are expected to be missing" in page
    post(client, f"/interests/{number}", do="choices", alpha="0.05", name="Birds")
    assert get_interest(site.db, 1, number).choices.alpha == 0.05


def test_a_preview_shows_and_a_button_saves(site: Site, client: TestClient) -> None:
    number = a_bird_interest(site, places=8)
    path = f"/interests/{number}"
    page = sheet_of(client, f"{path}/preview?kind=never&value=warbler")
    assert "Nothing is saved yet" in page
    assert holdings_of(site.db, number).rules == ()
    assert "<del>" in page
    post(client, path, do="never", value="warbler")
    assert len(holdings_of(site.db, number).rules) == 1
    assert "you follow Ann Stars" in sheet_of(client, f"{path}/preview?author=ann-stars")
    post(client, path, do="author", value="ann-stars")
    again = sheet_of(client, f"{path}/preview?author=ann-stars")
    assert "That stands already" in again
    assert "Save it" not in again
    paper = stories(sheet_of(client, path))[0]
    assert "Would come" in sheet_of(client, f"{path}/preview?like={paper}")
    assert client.get(f"{path}/preview?like=none").status_code == 404
    assert client.get(f"{path}/preview?author=Nobody+Atall").status_code == 404
    assert client.get(f"{path}/preview").status_code == 400
    assert "OR needs a term" in sheet_of(client, f"{path}/preview?kind=must&value=warbler+OR")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"do": "choices", "alpha": "x"}, 400),
        ({"do": "choices", "alpha": "nan"}, 400),
        ({"do": "choices", "places": "-3"}, 400),
        ({"do": "choices", "state": "asleep"}, 400),
        ({"do": "must", "value": ""}, 400),
        ({"do": "must", "value": "x" * 1_050}, 400),
        ({"do": "author", "value": "Nobody Atall"}, 404),
        ({"do": "like", "value": "none"}, 404),
        ({"do": "dance"}, 400),
        ({}, 400),
    ],
)
def test_what_cannot_be_changed_says_so(
    site: Site, client: TestClient, fields: dict[str, str], status: int
) -> None:
    number = a_bird_interest(site)
    before = get_interest(site.db, 1, number)
    answer = post(client, f"/interests/{number}", **fields)
    assert answer.status_code == status
    assert "Nothing was changed" in answer.text
    assert get_interest(site.db, 1, number) == before


def test_an_interest_is_dropped_and_brought_back(site: Site, client: TestClient) -> None:
    number = a_bird_interest(site)
    answer = post(client, f"/interests/{number}", do="drop")
    assert client.get(f"/interests/{number}").status_code == 404
    assert client.get("/interests/none").status_code == 404
    page = sheet_of(client, answer.headers["location"])
    deed = re.findall(r'form="undo" name="deed" value="(\d+)"', page)[0]
    post(client, "/undo", deed=deed)
    assert len(holdings_of(site.db, number).likes) == 6
    sheet_of(client, f"/interests/{number}")


def test_hostile_names_and_queries_are_only_text(site: Site, client: TestClient) -> None:
    evil = "<script>alert(1)</script>\"'&"
    begin(client, name=evil, about=evil)
    post(client, "/interests/1", do="must", value=evil)
    for path in ("/interests", "/interests/1", "/?tab=you", "/interests/1/judge"):
        assert "<script>alert" not in sheet_of(client, path)
    preview = client.get("/interests/1/preview", params={"kind": "never", "value": evil})
    assert "<script>alert" not in preview.text
    assert "alert" in client.get("/interests/1.atom").text


def test_a_paper_s_page_offers_it_to_each_interest(site: Site, client: TestClient) -> None:
    number = a_bird_interest(site)
    paper = stories(sheet_of(client, "/?tab=you"))[0]
    page = sheet_of(client, f"/paper/{paper}")
    assert f'value="like-for {number} {paper}"' in page
    post(client, "/act", do=f"like-for {number} {paper}")
    assert holdings_of(site.db, number).judged[0].kind is Judgment.LIKED


def test_the_feed_brings_the_same_papers(site: Site, client: TestClient) -> None:
    number = a_bird_interest(site, places=5)
    entries = json.loads(client.get(f"/interests/{number}.json").text)["items"]
    page = stories(sheet_of(client, f"/interests/{number}"))
    urls = [entry["url"].partition("/paper/")[2] for entry in entries]
    assert urls[: len(page)] == page
    assert len(urls) > len(page), "and those of the days before"
    assert len(urls) == len(set(urls))
    atom = client.get(f"/interests/{number}.atom")
    assert atom.headers["content-type"].startswith("application/atom+xml")


def test_what_interests_are_measured_with_is_read_before_it_is_asked_for(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Backdrop | None] = []
    make = Corpus.backdrop
    monkeypatch.setattr(Corpus, "backdrop", lambda self: made.append(make(self)))
    with reading(site, closing=False):
        pass
    assert made == []  # nobody has an interest
    a_bird_interest(site)
    with reading(site):
        pass
    assert [backdrop is not None for backdrop in made] == [True]


def test_a_library_that_cannot_be_read_ahead_still_opens(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_bird_interest(site)
    calls = []

    def refuse(self: Corpus) -> None:
        calls.append(1)
        raise SearchIndexError("damaged")

    monkeypatch.setattr(Corpus, "backdrop", refuse)
    with reading(site) as client:
        assert client.get("/ledger").status_code == 200
    assert calls == [1]


def test_acting_on_one_interest_s_page_records_its_slate_alone(
    site: Site, client: TestClient
) -> None:
    birds = a_bird_interest(site, places=5)
    stars = an_interest(site.db, likes=papers_of(site.db, "stars")[:5], name="Stars").interest_no
    page = sheet_of(client, f"/interests/{stars}")
    (shows,) = re.findall(r'name="shows" value="([^"]+)"', page)
    post(client, "/act", do=f"save {stories(page)[0]}", shows=shows)
    assert list_shown(site.db, birds) == []
    shown = [entry for entry in list_shown(site.db, stars) if entry.place is not Place.MORE]
    assert len(shown) == len(stories(page))
    for nonsense in ("x", "2026-13-01", "2026-03-01 x", "2026-03-01 77"):
        assert post(client, "/act", do="save none", shows=nonsense).status_code == 404
        post(client, "/act", do=f"read {stories(page)[1]}", shows=nonsense)
    assert list_shown(site.db, birds) == []
