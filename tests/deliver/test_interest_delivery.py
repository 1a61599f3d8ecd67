"""Interests by mail: the slate, once, with its exposures written down when it has gone."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from broadsheet.deliver.links import Purpose, sign_link
from broadsheet.interests.slates import slate_of
from broadsheet.jobs import composing
from broadsheet.jobs.delivery import deliver_due
from broadsheet.jobs.indexing import lexical_index
from broadsheet.jobs.press import Press
from broadsheet.store.database import open_database
from broadsheet.store.documents import load_documents
from broadsheet.store.interests import (
    Choices,
    State,
    drop_interest,
    get_interest,
    put_choices,
)
from broadsheet.store.readers import LOCAL_READER_NO, library_secret
from broadsheet.store.shown import Place, list_shown
from broadsheet.store.subscriptions import list_subscriptions
from broadsheet.web.site import Site
from tests.deliver.post_office import PostOffice, open_office, text_of
from tests.deliver.presses import Hours, entries_of, press_of, states_of, want
from tests.deliver.test_delivery import ids_in
from tests.interests.world import DAY, an_interest, papers_of, subject_records
from tests.web.newsroom import reading
from tests.worlds import a_library, take_in

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def a_bird_press(folder: Path, office: PostOffice, hours: Hours, *, until: date = DAY) -> Press:
    """A library up to `until`, and a reader who likes birds."""
    records = [record for record in subject_records() if (record.announced or DAY) <= until]
    db = a_library(folder, *records)
    return press_of(db, folder, office.port, hours=hours)


def birds(press: Press, **choices: Any) -> int:
    liked = papers_of(press.db, "birds", before=DAY)[:12]
    return an_interest(press.db, likes=liked, places=6, exploration=0.34, **choices).interest_no


def doc_ids(press: Press, doc_nos: list[int]) -> list[str]:
    return [document.doc_id for document in load_documents(press.db, doc_nos)]


def test_a_slate_goes_by_mail_with_reasons_and_promise(tmp_path: Path) -> None:
    with open_office() as office:
        press = a_bird_press(tmp_path, office, Hours(MORNING))
        number = birds(press)
        want(press, topic="interest", value=str(number), name="Birds")
        deliver_due(press)
        (letter,) = office.letters
        text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert "Here because it" in text
        assert "To explore" in text
        assert "new papers; " in text
        news = [papers_of(press.db, "birds", day=DAY - timedelta(days=back)) for back in (0, 1)]
        assert set(ids_in(letter)[:3]) <= set(doc_ids(press, [*news[0], *news[1]]))
        exposures = list_shown(press.db, number)
        told = [entry for entry in exposures if entry.place is not Place.MORE]
        assert doc_ids(press, [entry.doc_no for entry in told]) == ids_in(letter)
        explored = [entry for entry in told if entry.place is Place.EXPLORES]
        assert explored
        assert all(0 < entry.propensity < 1 for entry in explored)


def test_the_page_of_a_mail_shows_what_the_mail_showed(tmp_path: Path) -> None:
    """Whatever comes in, is judged or changes afterwards; to whoever holds its link, and to its
    reader."""
    with open_office() as office:
        hours = Hours(MORNING)
        press = a_bird_press(tmp_path, office, hours)
        number = birds(press)
        wanted = want(press, topic="interest", value=str(number), name="Birds")
        deliver_due(press)
        (letter,) = office.letters
        link = re.search(r"As a page: https://papers.example.org(/digest/\S+)", text_of(letter))
        assert link is not None
        with press.db.transaction() as transaction:
            drop_interest(transaction, number, now=MORNING)
        take_in(press.db, *(r for r in subject_records() if r.announced != DAY))
        hours.at += timedelta(days=3)
        deliver_due(press)
        (entry,) = entries_of(press, wanted)
        with visiting_press(press) as client:
            page = client.get(link[1])
            own = client.get(f"/deliveries/{entry.digest_no}")
            assert (page.status_code, own.status_code) == (200, 200)
            assert page.headers["cache-control"] == own.headers["cache-control"] == "no-store"
            assert re.findall(r'class="story" id="([^"]+)"', page.text) == ids_in(letter)
            assert client.get(f"/deliveries/{entry.digest_no + 1}").status_code == 404
            changed = link[1][:-1] + ("A" if link[1][-1] != "A" else "B")
            assert client.get(changed).status_code == 404
            other = sign_link(
                library_secret(press.db), Purpose.SAVE, entry.digest_no, 1, now=MORNING
            )
            assert client.get(f"/digest/{other}").status_code == 404
        said = html.unescape(re.sub(r"<[^>]+>", " ", page.text))
        mailed = " ".join(text_of(letter).split())
        for sentence in re.findall(r"Here because it .+?\.", " ".join(said.split())):
            assert sentence in mailed
        promise = re.search(r"new papers; \d+ shown here\.[^.]*\.", mailed)
        assert promise is not None
        assert promise[0] in " ".join(said.split())
        hours.at += timedelta(days=61)
        deliver_due(press)
        with visiting_press(press) as client:
            assert client.get(f"/deliveries/{entry.digest_no}").status_code == 404


@contextmanager
def visiting_press(press: Press) -> Iterator[TestClient]:
    index = lexical_index(press.settings.home, press.db)
    with reading(Site(press.db, index, press.settings, press.clock), closing=False) as client:
        yield client


def test_what_did_not_go_was_not_shown_and_comes_again(tmp_path: Path) -> None:
    with open_office("later") as office:
        hours = Hours(MORNING)
        press = a_bird_press(tmp_path, office, hours)
        number = birds(press)
        wanted = want(press, topic="interest", value=str(number), name="Birds")
        deliver_due(press)
        assert states_of(press, wanted) == ["retry"]
        assert list_shown(press.db, number) == []
        office.mood = "takes"
        hours.at += timedelta(hours=23)
        deliver_due(press)
        assert states_of(press, wanted) == ["covered", "sent"]
        assert len(ids_in(office.letters[0])) == len(
            [entry for entry in list_shown(press.db, number) if entry.place is not Place.MORE]
        )


def test_no_paper_twice_over_interests_alerts_and_days(tmp_path: Path) -> None:
    with open_office() as office:
        hours = Hours(MORNING)
        press = a_bird_press(tmp_path, office, hours, until=DAY - timedelta(days=2))
        first, second = birds(press), birds(press)
        want(press, topic="interest", value=str(first), name="Birds")
        want(press, topic="interest", value=str(second), name="Birds again")
        want(press, topic="search", value="warbler", name="Warblers")
        want(press)
        deliver_due(press)
        late = [
            record
            for record in subject_records()
            if (record.announced or DAY) > DAY - timedelta(days=2)
        ]
        for day in (1, 2, 3):
            hours.at += timedelta(days=1)
            take_in(press.db, *late[40 * (day - 1) : 40 * day])
            deliver_due(press)
        told = [doc_id for letter in office.letters for doc_id in ids_in(letter)]
        assert len(office.letters) >= 8
        assert len(told) == len(set(told))


def test_papers_that_come_after_the_hour_are_tomorrows(tmp_path: Path) -> None:
    """The digest goes before the day's papers are in: none of them is passed over."""
    with open_office() as office:
        hours = Hours(MORNING)
        before = DAY - timedelta(days=1)
        press = a_bird_press(tmp_path, office, hours, until=before)
        number = birds(press)
        want(press, topic="interest", value=str(number), name="Birds")
        deliver_due(press)
        take_in(press.db, *(r for r in subject_records() if r.announced == DAY))
        hours.at += timedelta(days=1)
        deliver_due(press)
        todays = set(doc_ids(press, papers_of(press.db, "birds", day=DAY)))
        assert len(todays & set(ids_in(office.letters[1]))) >= 4


def test_what_is_brought_follows_its_interest(tmp_path: Path) -> None:
    """It is called as the interest is, waits while that is paused, and ends with it."""
    with open_office() as office:
        hours = Hours(MORNING)
        press = a_bird_press(tmp_path, office, hours)
        number = birds(press)
        wanted = want(press, topic="interest", value=str(number), name="Birds")
        for state in (State.PAUSED, State.ACTIVE):
            with press.db.transaction() as transaction:
                put_choices(transaction, number, Choices("Finches", state=state))
            deliver_due(press)
            hours.at += timedelta(days=1)
        assert states_of(press, wanted) == ["dropped", "sent"]
        assert len(ids_in(office.letters[0])) >= 6
        (standing,) = list_subscriptions(press.db, LOCAL_READER_NO)
        assert standing.wish.name == "Finches"
        with press.db.transaction() as transaction:
            drop_interest(transaction, number, now=MORNING)
        deliver_due(press)
        assert list_subscriptions(press.db, LOCAL_READER_NO) == []


def test_an_interest_that_is_dropped_while_its_digest_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_office() as office:
        press = a_bird_press(tmp_path, office, Hours(MORNING))
        number = birds(press)
        wanted = want(press, topic="interest", value=str(number), name="Birds")

        def slowly(*arguments: object, **named: object) -> object:
            slate = slate_of(*arguments, **named)  # type: ignore[arg-type]
            with press.db.transaction() as transaction:
                drop_interest(transaction, number, now=MORNING)
            return slate

        monkeypatch.setattr(composing, "slate_of", slowly)
        deliver_due(press)
        assert [entry.state for entry in entries_of(press, wanted)] == ["dropped"]
        assert office.letters == []
        assert list_shown(press.db, number) == []


def test_a_killed_sender_has_shown_what_may_have_gone(tmp_path: Path) -> None:
    with open_office("hangs-up") as office:
        press = a_bird_press(tmp_path, office, Hours(MORNING))
        number = birds(press)
        want(press, topic="interest", value=str(number), name="Birds")
        deliver_due(press)
        again = open_database(tmp_path)
        assert list_shown(again, number)
        again.close()


def subjects(letters: list[EmailMessage]) -> list[str]:
    return [letter["Subject"] for letter in letters]


def test_an_interest_of_which_nothing_is_known_says_so(tmp_path: Path) -> None:
    with open_office() as office:
        press = a_bird_press(tmp_path, office, Hours(MORNING))
        number = an_interest(press.db).interest_no
        wanted = want(press, topic="interest", value=str(number), name="Birds", when_empty=True)
        deliver_due(press)
        assert subjects(office.letters) == ["Birds: nothing today"]
        text = office.letters[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert "because nothing is known of this interest yet" in " ".join(text.split())
        assert states_of(press, wanted) == ["sent"]


def test_what_another_digest_brought_is_in_no_slate(tmp_path: Path) -> None:
    """Also not on a page: a paper is told of once, by whatever came first."""
    with open_office() as office:
        press = a_bird_press(tmp_path, office, Hours(MORNING))
        interest = get_interest(press.db, LOCAL_READER_NO, birds(press))
        corpus = press.sources.corpus

        def on_the_page() -> set[str]:
            slate = slate_of(corpus, interest, first=DAY, day=DAY)
            return {pick.document.doc_id for pick in slate.picks}

        want(press, topic="search", value="warbler OR finch", name="Songbirds")
        before = on_the_page()
        deliver_due(press)
        brought = set(ids_in(office.letters[0]))
        assert before & brought
        assert not on_the_page() & brought
