"""Coming in: by password, by mail, by invitation; sessions, tokens, limits."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from broadsheet.keys import hash_password, hash_secret, is_password, is_secret, new_secret
from broadsheet.store import accounts
from broadsheet.store.marks import Mark, marks_of
from broadsheet.store.readers import LOCAL_READER_NO, find_reader
from broadsheet.web.visitors import cookie_name
from tests.web.mail_server import Letters, a_mail_server, mail_settings
from tests.web.newsroom import ORIGIN, read_sheet, reading
from tests.web.people import LEAD, MEMBER, OTHER, OWNER, PAPER, Town, a_town, address_of
from tests.worlds import NOW

PASSWORD = "correct horse battery"


@pytest.fixture
def letters() -> Iterator[tuple[Letters, int]]:
    with a_mail_server() as server:
        yield server


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = a_town(tmp_path)
    with town.site.db.transaction() as transaction:
        accounts.set_password(transaction, town.readers[MEMBER], hash_password(PASSWORD))
    yield town
    town.site.db.close()


@contextmanager
def mailing(town: Town, port: int) -> Iterator[TestClient]:
    settings = town.site.settings.model_copy(update=mail_settings(port))
    with replace(town, site=replace(town.site, settings=settings)).client() as client:
        yield client


def send(client: TestClient, path: str, page: str = "/login", **fields: str) -> Any:
    """A form of this page, sent."""
    text = client.get(page).text
    token = next(
        e.attributes["value"]
        for e in read_sheet(text).all("input")
        if e.attributes.get("name") == "token"
    )
    return client.post(path, data={"token": token, **fields})


def log_in(client: TestClient, password: str = PASSWORD, **fields: str) -> Any:
    return send(
        client, "/login", email=address_of(MEMBER), password=password, do="password", **fields
    )


def cookie_of(client: TestClient) -> str:
    ((_, cookie),) = client.cookies.items()
    return cookie


def test_a_password_lets_in_and_leads_back(town: Town) -> None:
    with town.client() as client:
        sent = client.get("/library?shelf=saved")
        assert sent.headers["location"] == "/login?back=%2Flibrary%3Fshelf%3Dsaved"
        answer = log_in(client, back="/library?shelf=saved")
        assert (answer.status_code, answer.headers["location"]) == (303, "/library?shelf=saved")
        assert client.get("/library").status_code == 200
        assert log_in(client, back="//evil.example").headers["location"] == "/"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (address_of(MEMBER), "wrong password"), (address_of(MEMBER), ""),
        (address_of(OTHER), PASSWORD), (address_of(OTHER), ""), ("no@example.org", PASSWORD),
        (address_of(MEMBER), "x" * 2_000),
    ],
)  # fmt: skip
def test_nothing_else_does_and_all_failures_look_alike(
    town: Town, email: str, password: str
) -> None:
    with town.client() as client:
        answer = send(client, "/login", email=email, password=password, do="password")
        assert answer.status_code == 403
        assert "do not belong together" in answer.text
        assert client.get("/library").status_code == 303


def test_a_session_begins_with_a_secret_that_nobody_could_have_put_there(town: Town) -> None:
    with town.client() as client:
        planted = new_secret()
        client.cookies.set(cookie_name(town.site.db), planted, domain="127.0.0.1", path="/")
        client.get("/login")
        assert cookie_of(client) == planted
        log_in(client)
        assert cookie_of(client) != planted
        with town.client() as thief:
            thief.cookies.set(cookie_name(town.site.db), planted, domain="127.0.0.1", path="/")
            assert thief.get("/library").status_code == 303


def test_going_out_ends_the_session_for_whoever_has_its_cookie(town: Town) -> None:
    with town.client(MEMBER) as client:
        assert client.get("/library").status_code == 200
        assert send(client, "/logout", page="/account").status_code == 303
        assert client.get("/library").status_code == 303
        with town.client(MEMBER) as again:
            assert again.get("/library").status_code == 303


def test_guessing_is_limited_and_a_right_guess_forgets(town: Town) -> None:
    with town.client() as client:
        for _ in range(9):
            assert log_in(client, "wrong password").status_code == 403
        assert log_in(client).status_code == 303
        client.cookies.clear()
        for _ in range(10):
            assert log_in(client, "wrong password").status_code == 403
        assert log_in(client).status_code == 429
        later = replace(town.site, clock=lambda: NOW + timedelta(minutes=16))
        with replace(town, site=later).client() as patient:
            assert log_in(patient).status_code == 303


def test_a_link_by_mail_lets_in_once(town: Town, letters: tuple[Letters, int]) -> None:
    with mailing(town, letters[1]) as client:
        answer = send(client, "/login", email=address_of(OTHER).upper(), do="link")
        assert answer.status_code == 200
        assert "a link is on its way" in answer.text
        (letter,) = letters[0].kept
        assert letter["To"] == address_of(OTHER)
        assert letter["From"] == "Broadsheet <press@example.org>"
        found = re.search(ORIGIN + r"(/enter/\S+)", letter.get_payload())
        assert found
        path = found[1]
        for _ in range(2):
            assert client.get(path).status_code == 200
        assert client.get("/library").status_code == 303
        assert send(client, path, page=path).status_code == 303
        assert client.get("/library").status_code == 200
        assert client.get(path).status_code == 410
        with town.client() as other:
            other.get("/login")
            assert send(other, path).status_code == 410


def test_no_mail_and_the_same_answer_where_there_is_no_account(
    town: Town, letters: tuple[Letters, int]
) -> None:
    with mailing(town, letters[1]) as client:
        known = send(client, "/login", email=address_of(OTHER), do="link")
        unknown = send(client, "/login", email="nobody@example.org", do="link")
        strip = {address_of(OTHER): "", "nobody@example.org": ""}
        assert known.status_code == unknown.status_code
        for name, gap in strip.items():
            known_text, unknown_text = known.text.replace(name, gap), unknown.text
            unknown_text = unknown_text.replace(name, gap)
        assert known_text.replace(address_of(OTHER), "") == unknown_text
        assert len(letters[0].kept) == 1


def test_mail_is_limited(town: Town, letters: tuple[Letters, int]) -> None:
    with mailing(town, letters[1]) as client:
        statuses = [
            send(client, "/login", email=address_of(OTHER), do="link").status_code for _ in range(6)
        ]
        assert statuses == [200] * 4 + [429] * 2
        assert len(letters[0].kept) == 4


def test_a_mail_server_that_is_away_is_no_error_page(town: Town) -> None:
    with mailing(town, 1) as client:
        assert send(client, "/login", email=address_of(OTHER), do="link").status_code == 200


def test_a_link_is_good_for_half_an_hour(town: Town) -> None:
    secret = a_link(town, accounts.LinkKind.LOGIN, address_of(OTHER))
    late = replace(town.site, clock=lambda: NOW + timedelta(minutes=31))
    with replace(town, site=late).client() as client:
        assert client.get(f"/enter/{secret}").status_code == 410


def test_links_out_of_date_are_not_kept(town: Town) -> None:
    for later in (timedelta(), timedelta(minutes=29), timedelta(minutes=31)):
        a_link(town, accounts.LinkKind.LOGIN, address_of(OTHER), now=NOW + later)
    ((n_links,),) = town.site.db.read("SELECT count(*) FROM links")
    assert n_links == 2


def a_link(
    town: Town, kind: accounts.LinkKind, email: str, *, now: datetime = NOW, **more: Any
) -> str:
    secret = new_secret()
    with town.site.db.transaction() as transaction:
        accounts.put_link(
            transaction, hash_secret(secret), kind, email, now=now,
            valid_for=timedelta(minutes=30), **more,
        )  # fmt: skip
    return secret


def test_an_invitation_makes_an_account_in_the_group(town: Town) -> None:
    with town.client(LEAD) as client:
        page = send(
            client, "/group/1", page="/group/1", do="invite", email="new@example.org", role="guest"
        )
        found = re.search(ORIGIN + r"(/enter/[\w-]+)", page.text)
        assert found
    with town.client() as client:
        assert "You are invited" in client.get(found[1]).text
        assert send(client, found[1], page=found[1], first="1").headers["location"] == "/account"
        assert client.get("/group/1").status_code == 200
        assert client.get("/collection/2").status_code == 200
        assert client.get("/owner").status_code == 404


def test_an_invitation_opens_no_account_that_is_there(town: Town) -> None:
    """Whoever invites sees the link: they could else come in as anybody."""
    with town.client(LEAD) as client:
        page = send(client, "/group/1", page="/group/1", do="invite", email=address_of(OWNER))
        found = re.search(ORIGIN + r"(/enter/[\w-]+)", page.text)
        assert found
        answer = send(client, found[1], page=found[1])
        assert answer.status_code == 409
        assert "log in first" in answer.text
        assert client.get("/owner").status_code == 404
    with town.client() as nobody:
        assert send(nobody, found[1], page=found[1]).status_code == 409
    with town.client(OWNER) as owner:
        assert send(owner, found[1], page=found[1]).status_code == 303
        assert owner.get("/group/1").status_code == 200


def test_an_invitation_that_was_taken_back_leads_nowhere(town: Town) -> None:
    with town.client(OWNER) as client:
        page = send(client, "/owner", page="/owner", do="invite", email="new@example.org")
        found = re.search(ORIGIN + r"(/enter/[\w-]+)", page.text)
        assert found
        send(client, "/owner", page="/owner", do="drop-invitation", number="1")
        assert client.get(found[1]).status_code == 410


def test_sessions_are_listed_and_ended(town: Town) -> None:
    with town.client() as phone, town.client(MEMBER) as desk:
        phone.headers["user-agent"] = "A <b>phone</b>"
        log_in(phone)
        page = desk.get("/account").text
        assert "A &lt;b&gt;phone&lt;/b&gt;" in page
        assert "(this one)" in page
        send(desk, "/account", page="/account", do="end-others")
        assert phone.get("/library").status_code == 303
        assert desk.get("/library").status_code == 200


def test_a_new_password_needs_the_old_and_ends_other_sessions(town: Town) -> None:
    with town.client() as phone, town.client(MEMBER) as desk:
        log_in(phone)
        for old, new in (("wrong", "another good one"), (PASSWORD, "short"), ("", "x" * 300)):
            answer = send(desk, "/account", page="/account", do="password", old=old, new=new)
            assert answer.status_code == 400
        assert phone.get("/library").status_code == 200
        send(desk, "/account", page="/account", do="password", old=PASSWORD, new="a better secret")
        assert phone.get("/library").status_code == 303
        assert desk.get("/library").status_code == 200
        assert log_in(phone).status_code == 403
        assert log_in(phone, "a better secret").status_code == 303


def test_who_is_shut_out_has_no_way_in(town: Town) -> None:
    secret = a_link(town, accounts.LinkKind.LOGIN, address_of(MEMBER))
    with town.client(OWNER) as owner, town.client(MEMBER) as member:
        number = str(town.readers[MEMBER])
        send(owner, "/owner", page="/owner", do="disable", number=number)
        assert member.get("/library").status_code == 303
        assert log_in(member).status_code == 403
        assert member.get(f"/enter/{secret}").status_code == 200
        assert send(member, f"/enter/{secret}").status_code == 410
        headers = {"Authorization": f"Bearer {town.tokens[MEMBER]}"}
        assert member.get("/feed.atom", headers=headers).status_code == 401
        last = send(owner, "/owner", page="/owner", do="disable", number=str(town.readers[OWNER]))
        assert "last owner" in last.text
        send(owner, "/owner", page="/owner", do="enable", number=number)
        assert log_in(member).status_code == 303


def test_a_token_is_shown_once_works_and_is_revoked(town: Town) -> None:
    with town.client(MEMBER) as client:
        page = send(
            client, "/account/token", page="/account", name="<b>reader", read="1", write="1"
        ).text
        secret = next(e.text for e in read_sheet(page).all("code") if is_secret(e.text))
        assert secret not in client.get("/account").text
        headers = {"Authorization": f"Bearer {secret}"}
        with town.client() as program:
            assert program.get("/feed.atom", headers=headers).status_code == 200
            answer = program.post("/act", data={"do": f"save {PAPER}"}, headers=headers)
            assert answer.status_code == 303
            assert program.post("/account/token", data={"name": "x", "read": "1"}, headers=headers
                                ).status_code == 403  # fmt: skip
        assert Mark.SAVED in marks_of(town.site.db, town.readers[MEMBER], [1])[1]
        (token, *_) = accounts.list_tokens(town.site.db, town.readers[MEMBER])
        assert token.used_at == NOW
        send(client, "/account", page="/account", do="revoke", number=str(token.token_no))
        assert client.get("/feed.atom", headers=headers).status_code == 401


def test_the_last_who_leads_cannot_leave(town: Town) -> None:
    with town.client(LEAD) as client:
        assert (
            "let another lead first" in send(client, "/group/1", page="/group/1", do="leave").text
        )
        member = str(town.readers[MEMBER])
        send(client, "/group/1", page="/group/1", do="role", reader=member, role="lead")
        assert send(client, "/group/1", page="/group/1", do="leave").status_code == 303
        assert client.get("/group/1").status_code == 404


def test_the_first_owner_takes_over_what_was_done_before_accounts(town: Town) -> None:
    assert town.readers[OWNER] == LOCAL_READER_NO
    with reading(replace(town.site, settings=town.site.settings.model_copy(
        update={"accounts": False}))) as client:  # fmt: skip
        assert client.get("/library").status_code == 200
        assert client.get("/account").status_code == 404


def test_no_secret_is_kept_as_it_is(town: Town) -> None:
    secret = a_link(town, accounts.LinkKind.LOGIN, address_of(OTHER))
    town.site.db.read("PRAGMA wal_checkpoint(TRUNCATE)")
    held = town.site.db.path.read_bytes()
    for kept in (*town.cookies.values(), *town.tokens.values(), secret, PASSWORD):
        assert kept.encode() not in held
    assert b"argon2id" in held


@pytest.mark.parametrize(
    "text",
    ["", "a", "@", "a@", "@b", "a@b@c", "a b@c", "<a@b>", "a@b,c@d", "é@b", "a" * 300 + "@b"],
)
def test_what_is_no_mail_address(town: Town, text: str) -> None:
    with town.client() as client:
        answer = send(client, "/login", email=text, password="x", do="password")
        assert answer.status_code in (400, 403)
    assert find_reader(town.site.db, text) is None


def test_a_password_takes_as_long_where_there_is_none() -> None:
    hashed = hash_password(PASSWORD)
    is_password("warm up", None)

    def seconds(kept: str | None) -> float:
        began = time.perf_counter()
        assert not is_password("wrong password", kept)
        return time.perf_counter() - began

    # The quickest of five: what else this machine does takes time from one or the other.
    with_account, without = (min(seconds(kept) for _ in range(5)) for kept in (hashed, None))
    assert 0.1 < without / with_account < 10
