"""Every route, asked by everybody: who gets in, who is sent to the door, who sees nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from broadsheet.web.app import ROUTES
from broadsheet.web.visitors import form_token
from tests.web.people import (
    GUEST,
    LEAD,
    MEMBER,
    OTHER,
    OWNER,
    PAPER,
    Town,
    a_town,
    address_of,
)

NOBODY = "nobody"
EVERYBODY = (NOBODY, OWNER, LEAD, MEMBER, GUEST, OTHER)
#: To the login page; asked for a token; not there; not for you.
DOOR, ASKED, GONE, NO = 303, 401, 404, 403

#: What each of EVERYBODY gets for reading.
READING = {
    "/": (DOOR, 200, 200, 200, 200, 200),
    "/feed.atom": (ASKED, 200, 200, 200, 200, 200),
    "/feed.json": (ASKED, 200, 200, 200, 200, 200),
    "/day": (DOOR, 303, 303, 303, 303, 303),
    "/day/2026-03-01": (DOOR, 200, 200, 200, 200, 200),
    "/day/2026-03-01.atom": (ASKED, 200, 200, 200, 200, 200),
    "/day/2026-03-01.json": (ASKED, 200, 200, 200, 200, 200),
    "/search": (DOOR, 200, 200, 200, 200, 200),
    "/search.atom": (ASKED, 200, 200, 200, 200, 200),
    "/search.json": (ASKED, 200, 200, 200, 200, 200),
    "/search.bib": (DOOR, 200, 200, 200, 200, 200),
    "/search.ris": (DOOR, 200, 200, 200, 200, 200),
    "/search.csl": (DOOR, 200, 200, 200, 200, 200),
    f"/paper/{PAPER}": (DOOR, 200, 200, 200, 200, 200),
    "/author/bo-fis": (DOOR, 404, 404, 404, 404, 404),
    "/author/bo-fis.atom": (ASKED, 404, 404, 404, 404, 404),
    "/author/bo-fis.json": (ASKED, 404, 404, 404, 404, 404),
    "/trending": (DOOR, 200, 200, 200, 200, 200),
    "/topics": (DOOR, 200, 200, 200, 200, 200),
    "/about/trending": (200, 200, 200, 200, 200, 200),
    "/ledger": (DOOR, 200, 200, 200, 200, 200),
    "/library": (DOOR, 200, 200, 200, 200, 200),
    "/library/export?format=ris": (DOOR, 200, 200, 200, 200, 200),
    "/collections": (DOOR, 200, 200, 200, 200, 200),
    # The lead's own collection; the lab's.
    "/collection/1": (DOOR, GONE, 200, GONE, GONE, GONE),
    "/collection/1.atom": (ASKED, GONE, 200, GONE, GONE, GONE),
    "/collection/1.json": (ASKED, GONE, 200, GONE, GONE, GONE),
    "/library/export?format=ris&collection=1": (DOOR, GONE, 200, GONE, GONE, GONE),
    "/collection/2": (DOOR, GONE, 200, 200, 200, GONE),
    "/collection/2.json": (ASKED, GONE, 200, 200, 200, GONE),
    "/interests": (DOOR, 200, 200, 200, 200, 200),
    "/interests/new": (DOOR, 200, 200, 200, 200, 200),
    # The lead's own: their group sees nothing of it.
    "/interests/1": (DOOR, GONE, 200, GONE, GONE, GONE),
    "/interests/1/judge": (DOOR, GONE, 200, GONE, GONE, GONE),
    "/interests/1/preview?kind=never&value=x": (DOOR, GONE, 200, GONE, GONE, GONE),
    "/interests/1.atom": (ASKED, GONE, 200, GONE, GONE, GONE),
    "/interests/1.json": (ASKED, GONE, 200, GONE, GONE, GONE),
    "/?tab=you": (DOOR, 200, 200, 200, 200, 200),
    "/account": (DOOR, 200, 200, 200, 200, 200),
    "/group/1": (DOOR, GONE, 200, 200, 200, GONE),
    "/owner": (DOOR, 200, GONE, GONE, GONE, GONE),
    "/about": (200, 200, 200, 200, 200, 200),
    "/health": (200, 200, 200, 200, 200, 200),
    "/login": (200, 200, 200, 200, 200, 200),
    "/enter/nothing": (410, 410, 410, 410, 410, 410),
    "/metrics": (ASKED, 200, 200, 200, 200, 200),
    "/deliveries": (DOOR, 200, 200, 200, 200, 200),
    "/deliveries/1": (DOOR, GONE, GONE, GONE, GONE, GONE),
    "/digest/nothing": (GONE, GONE, GONE, GONE, GONE, GONE),
    # Only where the owner allows it, and with a link that is one: tests/web/test_mailing.py.
    "/subscribe": (GONE, GONE, GONE, GONE, GONE, GONE),
    "/confirm/nothing": (GONE, GONE, GONE, GONE, GONE, GONE),
    "/unsubscribe/nothing": (GONE, GONE, GONE, GONE, GONE, GONE),
    "/mail/nothing": (GONE, GONE, GONE, GONE, GONE, GONE),
    "/static/none": (404, 404, 404, 404, 404, 404),
    "/robots.txt": (200, 200, 200, 200, 200, 200),
    "/favicon.ico": (200, 200, 200, 200, 200, 200),
}

Fields = dict[str, str]
#: What each of EVERYBODY gets for changing something. The same path may stand twice.
CHANGING: list[tuple[str, Fields, tuple[int, ...]]] = [
    ("/act", {"do": f"save {PAPER}"}, (401, 303, 303, 303, 303, 303)),
    ("/act", {"do": f"collect {PAPER}", "collection": "1"}, (401, GONE, 303, GONE, GONE, GONE)),
    ("/act", {"do": f"uncollect {PAPER}", "collection": "2"}, (401, GONE, 303, 303, GONE, GONE)),
    ("/undo", {"deed": "1"}, (401, 409, 303, 409, 409, 409)),
    ("/note", {"paper": PAPER, "text": "x", "revision": "9"}, (401, 409, 409, 409, 409, 409)),
    ("/note", {"paper": PAPER, "text": "x", "revision": "1", "group": "1"},
     (401, GONE, 303, 303, GONE, GONE)),
    ("/who/apart", {"author": "nobody"}, (401, 404, 404, 404, 404, 404)),
    ("/who/same", {"author": "nobody", "other": "none"}, (401, 404, 404, 404, 404, 404)),
    ("/who/unsay", {"said": "9"}, (401, 404, 404, 404, 404, 404)),
    ("/collections", {"name": "x"}, (401, 303, 303, 303, 303, 303)),
    ("/collections", {"name": "x", "group": "1"}, (401, GONE, 303, 303, GONE, GONE)),
    ("/collection/1", {"do": "rename", "name": "x"}, (401, GONE, 303, GONE, GONE, GONE)),
    ("/collection/2", {"do": "drop"}, (401, GONE, 303, 303, GONE, GONE)),
    ("/act", {"do": f"like-for 1 {PAPER}"}, (401, GONE, 303, GONE, GONE, GONE)),
    ("/interests/new", {"name": "x"}, (401, 303, 303, 303, 303, 303)),
    ("/interests/1", {"do": "drop"}, (401, GONE, 303, GONE, GONE, GONE)),
    ("/interests/1", {"do": "never", "value": "x"}, (401, GONE, 303, GONE, GONE, GONE)),
    ("/interests/1", {"do": "like", "value": PAPER}, (401, GONE, 303, GONE, GONE, GONE)),
    ("/library/import", {}, (401, 400, 400, 400, 400, 400)),
    ("/login", {"email": "x"}, (400, 400, 400, 400, 400, 400)),
    ("/enter/nothing", {}, (410, 410, 410, 410, 410, 410)),
    ("/logout", {}, (303, 303, 303, 303, 303, 303)),
    ("/account", {"do": "rename", "name": "x"}, (401, 303, 303, 303, 303, 303)),
    ("/account", {"do": "end-session", "session": "1"}, (401, 303, 303, 303, 303, 303)),
    ("/account", {"do": "revoke", "number": "1"}, (401, 303, GONE, GONE, GONE, GONE)),
    ("/account/token", {"name": "x", "read": "1"}, (401, 200, 200, 200, 200, 200)),
    ("/group/1", {"do": "invite", "email": "new@example.org"}, (401, GONE, 200, NO, NO, GONE)),
    ("/group/1", {"do": "remove", "reader": "3"}, (401, GONE, 303, NO, NO, GONE)),
    ("/group/1", {"do": "role", "reader": "3", "role": "guest"}, (401, GONE, 303, NO, NO, GONE)),
    ("/group/1", {"do": "leave"}, (401, GONE, 400, 303, 303, GONE)),
    ("/owner", {"do": "invite", "email": "new@example.org"}, (401, 200, GONE, GONE, GONE, GONE)),
    ("/owner", {"do": "disable", "number": "3"}, (401, 303, GONE, GONE, GONE, GONE)),
    ("/deliveries", {"do": "add", "what": "day", "mon": "1"}, (401, 303, 303, 303, 303, 303)),
    ("/deliveries", {"do": "end", "number": "1"}, (401, GONE, GONE, GONE, GONE, GONE)),
    ("/subscribe", {"email": "new@example.org"}, (GONE, GONE, GONE, GONE, GONE, GONE)),
    ("/confirm/nothing", {}, (GONE, GONE, GONE, GONE, GONE, GONE)),
    ("/unsubscribe/nothing", {}, (GONE, GONE, GONE, GONE, GONE, GONE)),
    ("/mail/nothing", {}, (GONE, GONE, GONE, GONE, GONE, GONE)),
    ("/bounces", {"kind": "bounce"}, (GONE, GONE, GONE, GONE, GONE, GONE)),
    # Nobody of that name is here; who is who is for every reader to say.
    ("/who/apart", {"author": "no-such"}, (401, GONE, GONE, GONE, GONE, GONE)),
    ("/who/same", {"author": "no-such", "other": "none"}, (401, GONE, GONE, GONE, GONE, GONE)),
    ("/who/unsay", {"said": "99"}, (401, GONE, GONE, GONE, GONE, GONE)),
]  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = a_town(tmp_path_factory.mktemp("town"))
    yield town
    town.site.db.close()


@pytest.mark.parametrize("path", READING)
def test_who_may_read_what(town: Town, path: str) -> None:
    answers = []
    for who in EVERYBODY:
        with town.client("" if who == NOBODY else who) as client:
            answer = client.get(path)
            answers.append(answer.status_code)
            if answer.status_code == DOOR and who == NOBODY:
                assert answer.headers["location"].startswith("/login")
            if answer.status_code == ASKED:
                assert answer.headers["www-authenticate"].startswith("Basic")
            assert "a secret thought" not in answer.text or who == LEAD
            assert "A secret need" not in answer.text or who == LEAD
    assert dict(zip(EVERYBODY, answers, strict=True)) == dict(
        zip(EVERYBODY, READING[path], strict=True)
    )


@pytest.mark.parametrize(
    ("path", "fields", "statuses"), CHANGING, ids=[f"{p} {f.get('do', '')}" for p, f, _ in CHANGING]
)
def test_who_may_change_what(
    tmp_path: Path, path: str, fields: Fields, statuses: tuple[int, ...]
) -> None:
    """Everybody tries on a fresh library."""
    answers = []
    for who in EVERYBODY:
        town = a_town(tmp_path / who)
        with town.client("" if who == NOBODY else who) as client:
            without = client.post(path, data=fields)
            assert without.status_code in (401, 403, 404)
            data = {**fields, "token": _token(town, client, who)}
            answers.append(client.post(path, data=data).status_code)
        town.site.db.close()
    assert dict(zip(EVERYBODY, answers, strict=True)) == dict(zip(EVERYBODY, statuses, strict=True))


def _token(town: Town, client: TestClient, who: str) -> str:
    if who == NOBODY:
        client.get("/login")
    ((_, cookie),) = client.cookies.items()
    return form_token(town.site.db, cookie)


def test_every_route_is_in_the_tables() -> None:
    reading = [path.partition("?")[0] for path in READING]
    changing = [path for path, _, _ in CHANGING]
    for route in ROUTES:
        assert isinstance(route, Route)
        tried = reading if "GET" in (route.methods or ()) else changing
        assert any(route.path_regex.match(path) for path in tried), route.path


@pytest.mark.parametrize("scheme", ["bearer", "basic"])
@pytest.mark.parametrize("path", READING)
def test_a_token_reads_what_its_reader_may(town: Town, path: str, scheme: str) -> None:
    """What is for owners, and accounts themselves, no token opens."""
    with town.client() as client:
        for who, status in zip(EVERYBODY[1:], READING[path][1:], strict=True):
            if scheme == "basic":
                answer = client.get(path, auth=("anything", town.tokens[who]))
            else:
                answer = client.get(path, headers={"Authorization": f"Bearer {town.tokens[who]}"})
            if path in ("/owner", "/account", "/group/1"):
                assert answer.status_code in (403, 404)
            else:
                assert answer.status_code == status
            assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "header", ["Bearer x", "Bearer " + "a" * 32, "Basic !!!", "Basic eDp5", "", "Nonsense", "é"]
)
def test_a_token_that_is_none_opens_nothing(town: Town, header: str) -> None:
    with town.client(LEAD) as client:
        answer = client.get("/library", headers={b"Authorization": header.encode()})
        assert answer.status_code == 401
        assert "a secret thought" not in answer.text


def test_a_token_writes_only_with_that_scope(town: Town) -> None:
    with town.client() as client:
        headers = {"Authorization": f"Bearer {town.tokens[LEAD]}"}
        assert client.post("/act", data={"do": f"save {PAPER}"}, headers=headers).status_code == 403


def test_fellows_see_votes_and_saves_and_strangers_do_not(town: Town) -> None:
    for who, sees in ((MEMBER, True), (GUEST, True), (OTHER, False), (OWNER, False)):
        with town.client(who) as client:
            page = client.get(f"/paper/{PAPER}").text
            assert ("Lead saved" in page) is sees
            assert ("a shared thought" in page) is sees


def test_a_page_kept_for_one_reader_is_not_given_to_another(town: Town) -> None:
    pages: dict[str, list[str]] = {}
    for who in (LEAD, OTHER, LEAD, OTHER):
        with town.client(who) as client:
            page = client.get("/").text
            assert ("unsave " + PAPER in page) is (who == LEAD)
            assert who.title() in page
            pages.setdefault(who, []).append(page)
    assert address_of(LEAD) not in pages[OTHER][0]
