"""Pages of delivery: subscriptions, strangers, links that act without login, reports, metrics."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from broadsheet.deliver.links import VALID_FOR, Purpose, bounce_address, sign_link
from broadsheet.errors import UsageError
from broadsheet.store.accounts import disable_reader, normalised_email
from broadsheet.store.mail_addresses import is_paused, note_bounce
from broadsheet.store.marks import Mark, marks_of
from broadsheet.store.outbox import put_due
from broadsheet.store.readers import library_secret
from broadsheet.store.steps import put_step
from broadsheet.store.subscriptions import (
    STRANGER,
    Channel,
    Wish,
    get_subscription,
    list_subscriptions,
    put_subscription,
)
from tests.deliver.post_office import open_office, text_of
from tests.deliver.test_letters import a_letter
from tests.deliver.test_reports import BOUNCE, COMPLAINT
from tests.web.newsroom import read_sheet
from tests.web.people import LEAD, MEMBER, OTHER, PAPER, Town, a_town, address_of
from tests.worlds import NOW

MAIL = "ada@example.net"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = a_town(tmp_path)
    yield town
    town.site.db.close()


@contextmanager
def visiting(
    town: Town, who: str = "", *, later: timedelta = timedelta(), **settings: Any
) -> Iterator[TestClient]:
    site = replace(
        town.site,
        settings=town.site.settings.model_copy(update=settings),
        clock=lambda: NOW + later,
    )
    with replace(town, site=site).client(who) as client:
        yield client


def open_to_strangers(port: int) -> dict[str, Any]:
    """Settings with which anybody may ask for mail, which leaves by this port."""
    return {
        "public_subscriptions": True, "smtp_host": "127.0.0.1", "smtp_port": port,
        "smtp_security": "none", "mail_from": "press@example.org",
    }  # fmt: skip


def send(client: TestClient, path: str, page: str, **fields: str) -> Any:
    sheet = read_sheet(client.get(page).text)
    token = next(
        e.attributes["value"] for e in sheet.all("input") if e.attributes.get("name") == "token"
    )
    return client.post(path, data={"token": token, **fields})


def a_link(town: Town, purpose: Purpose, *numbers: int) -> str:
    return sign_link(library_secret(town.site.db), purpose, *numbers, now=NOW)


def a_subscription(town: Town, *, reader_no: int = STRANGER, confirmed: bool = True) -> int:
    with town.site.db.transaction() as transaction:
        return put_subscription(
            transaction, reader_no, Wish("day", "", "The day", Channel.MAIL, MAIL), secret="",
            confirmed=confirmed, now=NOW,
        )  # fmt: skip


def marks(town: Town, who: str) -> frozenset[Mark]:
    return marks_of(town.site.db, town.readers[who], [2]).get(2, frozenset())


@pytest.mark.parametrize(
    ("purpose", "mark"), [(Purpose.SAVE, Mark.SAVED), (Purpose.DISMISS, Mark.DISMISSED)]
)
def test_a_link_in_a_mail_acts_by_its_button_alone(
    town: Town, purpose: Purpose, mark: Mark
) -> None:
    """A scanner's GET and HEAD, ten times, change nothing; the button does; again, it says so."""
    path = f"/mail/{a_link(town, purpose, town.readers[OTHER], 2)}"
    with visiting(town) as client:
        for _ in range(10):
            assert client.get(path).status_code == 200
            assert client.head(path).status_code == 200
        assert marks(town, OTHER) == frozenset()
        sheet = read_sheet(client.get(path).text)
        assert not sheet.faults
        assert [
            e.attributes["action"]
            for e in sheet.all("form")
            if e.attributes.get("method") == "post"
        ] == [path]
        first = client.post(path)
        assert first.status_code == 200
        assert marks(town, OTHER) == {mark}
        again = client.post(path)
        assert "before" in read_sheet(again.text).text("h1")
        assert marks(town, OTHER) == {mark}
        assert marks(town, LEAD) == frozenset()


def test_links_that_are_none(town: Town) -> None:
    good = a_link(town, Purpose.SAVE, town.readers[OTHER], 2)
    bad = [
        good[:-1] + ("A" if good[-1] != "A" else "B"), good[:-4], "x", good + "A",
        a_link(town, Purpose.UNSUBSCRIBE, town.readers[OTHER], 2),
        a_link(town, Purpose.SAVE, 999, 2), a_link(town, Purpose.SAVE, town.readers[OTHER], 999),
        a_link(town, Purpose.SAVE, town.readers[OTHER]), a_link(town, Purpose.SAVE),
    ]  # fmt: skip
    with visiting(town) as client:
        for link in bad:
            assert client.get(f"/mail/{link}").status_code == 404
            assert client.post(f"/mail/{link}").status_code == 404
        assert client.get(f"/unsubscribe/{good}").status_code == 404
        assert client.post(f"/unsubscribe/{good}").status_code == 404
        assert client.post(f"/confirm/{good}").status_code == 404
    with visiting(town, later=VALID_FOR[Purpose.SAVE]) as client:
        assert client.post(f"/mail/{good}").status_code == 404
    with town.site.db.transaction() as transaction:
        disable_reader(transaction, town.readers[OTHER], now=NOW)
    with visiting(town) as client:
        assert client.post(f"/mail/{good}").status_code == 404
    assert marks(town, OTHER) == frozenset()


def test_one_click_unsubscribes_without_cookie_and_looking_does_not(town: Town) -> None:
    """RFC 8058: a POST with nothing but its own body, from anywhere."""
    number = a_subscription(town)
    path = f"/unsubscribe/{a_link(town, Purpose.UNSUBSCRIBE, number)}"
    with visiting(town) as client:
        for _ in range(3):
            assert client.get(path).status_code == 200
        assert get_subscription(town.site.db, number).is_live
        headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
        for _ in range(2):
            client.cookies.clear()
            answer = client.post(path, data={"List-Unsubscribe": "One-Click"}, headers=headers)
            assert answer.status_code == 200
            assert not get_subscription(town.site.db, number).is_live
        assert "Unsubscribed" in client.get(path).text


def test_strangers_are_asked_twice(town: Town) -> None:
    with (
        open_office() as office,
        visiting(
            town, public_subscriptions=True, smtp_host="127.0.0.1", smtp_port=office.port,
            smtp_security="none", mail_from="press@example.org",
            address="http://papers.example.org",
        ) as client,
    ):  # fmt: skip
        assert "/subscribe" in client.get("/login").text
        assert not read_sheet(client.get("/subscribe?q=sparse").text).faults
        answer = send(client, "/subscribe", "/subscribe", email=" ADA@example.net", mon="1",
                      at="06:30", zone="Europe/Berlin")  # fmt: skip
        assert "on its way to ada@example.net" in answer.text
        number = 1
        pending = get_subscription(town.site.db, number)
        assert (pending.wish.target, pending.is_live) == (MAIL, False)
        assert pending.wish.schedule == "mon 06:30"
        (letter,) = office.letters
        assert letter["To"] == MAIL
        link = re.search(r"http://papers.example.org(/confirm/\S+)", text_of(letter))
        assert link is not None
        assert client.get(link[1]).status_code == 200
        assert not get_subscription(town.site.db, number).is_live
        client.cookies.clear()
        assert client.post(link[1]).status_code == 200
        assert get_subscription(town.site.db, number).is_live
        # Whoever else asks for it changes nothing of it.
        send(client, "/subscribe", "/subscribe", email=MAIL, sun="1")
        standing = get_subscription(town.site.db, number)
        assert (standing.is_live, standing.wish.schedule) == (True, "mon 06:30")
        assert client.post(link[1]).status_code == 200


def test_a_confirmation_of_what_was_left_is_none(town: Town) -> None:
    number = a_subscription(town, confirmed=False)
    with visiting(town) as client:
        client.post(f"/unsubscribe/{a_link(town, Purpose.UNSUBSCRIBE, number)}")
        assert client.post(f"/confirm/{a_link(town, Purpose.CONFIRM, number)}").status_code == 404
        assert not get_subscription(town.site.db, number).is_live


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "no address", "mon": "1"}, {"email": MAIL},
        {"email": MAIL, "mon": "1", "at": "25:00"},
        {"email": MAIL, "mon": "1", "zone": "Mars/Olympus"},
        {"email": "a@b\r\nBcc: x", "mon": "1"},
    ],
)  # fmt: skip
def test_what_strangers_cannot_ask(town: Town, fields: dict[str, str]) -> None:
    with visiting(
        town, public_subscriptions=True, smtp_host="127.0.0.1", smtp_port=9, smtp_security="none",
        mail_from="press@example.org",
    ) as client:  # fmt: skip
        assert send(client, "/subscribe", "/subscribe", **fields).status_code == 400
    assert town.site.db.read("SELECT count(*) FROM subscriptions")[0][0] == 0


def test_nobody_writes_to_strangers_in_our_name(town: Town) -> None:
    """What a stranger asks for stands on the page alone, until the address has confirmed it."""
    lure = "free money at evil.example"
    with (
        open_office() as office,
        visiting(town, **open_to_strangers(office.port)) as client,
    ):  # fmt: skip
        for fields in ({"q": lure}, {"category": lure}):
            send(client, "/subscribe", "/subscribe", email=MAIL, mon="1", **fields)
        for letter in office.letters:
            assert "evil.example" not in str(letter)
            link = re.search(r"(/confirm/\S+)", text_of(letter))
            assert link is not None
            assert lure in client.get(link[1]).text
        assert len(office.letters) == 2


def test_asking_is_limited(town: Town) -> None:
    with (
        open_office() as office,
        visiting(town, **open_to_strangers(office.port)) as client,
    ):  # fmt: skip
        statuses = [
            send(client, "/subscribe", "/subscribe", email=MAIL, mon="1").status_code
            for _ in range(6)
        ]
        assert statuses == [200, 200, 200, 200, 429, 429]
        assert len(office.kept) == 4


def test_a_reader_asks_sees_and_ends(town: Town) -> None:
    with visiting(town, MEMBER) as client:
        page = client.get("/deliveries?q=sparse+attention")
        assert not read_sheet(page.text).faults
        assert "search sparse attention" in page.text
        for fields in (
            {"what": "search sparse attention", "mon": "1", "at": "18:30", "zone": "Asia/Tokyo"},
            {"what": "day", "category": "cs.LG", "sat": "1", "channel": "json",
             "url": "https://hooks.example.org/x", "when_empty": "1"},
        ):  # fmt: skip
            assert send(client, "/deliveries", "/deliveries", do="add", **fields).status_code == 303
        one, two = list_subscriptions(town.site.db, town.readers[MEMBER])
        assert (one.wish.target, one.wish.schedule) == (address_of(MEMBER), "mon 18:30")
        assert (two.wish.name, two.wish.when_empty) == ("The day’s papers in cs.LG", True)
        assert len(two.secret) >= 32
        page = client.get("/deliveries")
        assert not read_sheet(page.text).faults
        assert two.secret in page.text
        assert "Next on 2 Mar 2026, 09:30 UTC" in page.text
        with visiting(town, OTHER) as other:
            assert two.secret not in other.get("/deliveries").text
            gone = send(other, "/deliveries", "/deliveries", do="end", number="1")
            assert gone.status_code == 404
        send(client, "/deliveries", "/deliveries", do="end", number=str(one.subscription_no))
        assert len(list_subscriptions(town.site.db, town.readers[MEMBER])) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"what": "day"}, {"what": "interest 7", "mon": "1"}, {"what": "else", "mon": "1"},
        {"what": "search", "mon": "1"}, {"what": "day", "mon": "1", "channel": "fax"},
        {"what": "day", "mon": "1", "channel": "slack", "url": "http://127.0.0.1:1/"},
        {"what": "day", "mon": "1", "channel": "json", "url": "https://10.0.0.1/"},
        {"what": "day", "mon": "1", "zone": "Nowhere"}, {"what": "day", "mon": "1", "at": "7"},
    ],
)  # fmt: skip
def test_what_a_reader_cannot_ask(town: Town, fields: dict[str, str]) -> None:
    with visiting(town, MEMBER) as client:
        answer = send(client, "/deliveries", "/deliveries", do="add", **fields)
        assert answer.status_code == 400
        assert 'role="alert"' in answer.text
    assert list_subscriptions(town.site.db, town.readers[MEMBER]) == []


def test_bounces_pause_the_address_they_are_of(town: Town) -> None:
    number = a_subscription(town)
    with town.site.db.transaction() as transaction:
        digest_no = put_due(transaction, number, NOW.date(), now=NOW)
    assert digest_no == 1
    came_to = bounce_address(library_secret(town.site.db), "bounces@papers.example.org", digest_no)
    report = {"kind": "bounce", "permanent": True, "return_path": came_to, "reason": "no such"}
    headers = {"Authorization": "Bearer a-secret", "Content-Type": "application/json"}
    with visiting(town) as client:
        assert client.post("/bounces", json=report, headers=headers).status_code == 404
    with visiting(town, bounce_secret="a-secret") as client:
        wrong = {**headers, "Authorization": "Bearer other"}
        assert client.post("/bounces", json=report, headers=wrong).status_code == 404
        forged = {**report, "return_path": came_to.replace("+1-", "+2-")}
        assert client.post("/bounces", json=forged, headers=headers).status_code == 422
        assert client.post("/bounces", content=b"{", headers=headers).status_code == 422
        assert not is_paused(town.site.db, MAIL)
        answer = client.post("/bounces", json=report, headers=headers)
        assert (answer.status_code, answer.json()["address"]) == (200, MAIL)
        assert is_paused(town.site.db, MAIL)
        stranger = {"kind": "complaint", "address": "nobody@example.com"}
        assert client.post("/bounces", json=stranger, headers=headers).status_code == 422


@pytest.mark.parametrize("report", [BOUNCE, COMPLAINT])
def test_a_mail_that_anybody_can_write_pauses_nobody(town: Town, report: bytes) -> None:
    """It came to our bounce address, and our mail server passed it on with the secret."""
    number = a_subscription(town)
    with town.site.db.transaction() as transaction:
        digest_no = put_due(transaction, number, NOW.date(), now=NOW)
    assert digest_no == 1
    ours = bounce_address(library_secret(town.site.db), "bounces@papers.example.org", digest_no)
    headers = {"Authorization": "Bearer s", "Content-Type": "message/rfc822"}
    with visiting(town, bounce_secret="s") as client:
        assert b"ada@example.net" in report.lower()
        assert client.post("/bounces", content=report, headers=headers).status_code == 422
        assert not is_paused(town.site.db, MAIL)
        theirs = b"bounces+17-00112233aabbccdd@papers.example.org"
        real = report.replace(theirs, ours.encode())
        assert client.post("/bounces", content=real, headers=headers).status_code == 200
        assert is_paused(town.site.db, MAIL)


def test_whoever_confirms_has_mail_again(town: Town) -> None:
    number = a_subscription(town, confirmed=False)
    with town.site.db.transaction() as transaction:
        note_bounce(transaction, MAIL, "gone", permanent=True, now=NOW)
    with visiting(town) as client:
        assert client.post(f"/confirm/{a_link(town, Purpose.CONFIRM, number)}").status_code == 200
    assert not is_paused(town.site.db, MAIL)


@pytest.mark.parametrize(
    "wrong",
    ["a..b@x.org", ".a@x.org", "a.@x.org", "a@b..c", "a@.b", "a@b.", "a@-b.org", "@x.org", "a@",
     "a b@x.org", "a@x.org\r\nBcc: b@x.org", '"a"@x.org', "a@[127.0.0.1]", "é@x.org", "a@ü.org",
     "a" * 65 + "@x.org", "a@" + "b" * 64 + ".org", "a@x_y.org", "a@b@c.org"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_before_anything_is_kept(town: Town, wrong: str) -> None:
    with pytest.raises(UsageError, match="is no mail address"):
        normalised_email(wrong)
    with visiting(town, public_subscriptions=True, smtp_host="127.0.0.1",
                  mail_from="press@example.org") as client:  # fmt: skip
        answer = send(client, "/subscribe", "/subscribe", email=wrong, at="07:00", mon="1")
        assert answer.status_code == 400
    assert town.site.db.read("SELECT count(*) FROM subscriptions")[0][0] == 0


@pytest.mark.parametrize(
    "right", ["a@b", "first.last+tag@sub.example.co.uk", "a/b=c@x.org", "o_0@1-2.io", "A@X.ORG"]
)
def test_every_address_that_is_taken_can_be_written_to(right: str) -> None:
    raw = a_letter(to=normalised_email(right)).raw
    assert f"To: {right.lower()}\r\n".encode() in raw


def test_a_paused_address_is_seen_and_resumed(town: Town) -> None:
    number = a_subscription(town, reader_no=town.readers[MEMBER])
    headers = {"Authorization": "Bearer s", "Content-Type": "application/json"}
    complaint = {"kind": "complaint", "address": MAIL, "reason": "not wanted"}
    with visiting(town, MEMBER, bounce_secret="s") as client:
        assert client.post("/bounces", json=complaint, headers=headers).status_code == 200
        page = client.get("/deliveries").text
        assert "is paused since" in page
        assert "complaint: not wanted" in page
        answer = send(client, "/deliveries", "/deliveries", do="resume", number=str(number))
        assert answer.status_code == 303
        assert not is_paused(town.site.db, MAIL)


def test_monitors_read_health_and_metrics(town: Town) -> None:
    with town.site.db.transaction() as transaction:
        for step, reason in (("index", ""), ('odd "step"\n', "it broke")):
            put_step(
                transaction, step, began_at=NOW, ended_at=NOW, took_s=0.25, n_runs=3,
                n_failures=bool(reason), reason=reason,
            )  # fmt: skip
    a_subscription(town)
    with visiting(town, MEMBER) as client:
        text = client.get("/metrics").text
        assert "broadsheet_documents 5\n" in text
        assert 'broadsheet_subscriptions{channel="mail"} 1\n' in text
        assert 'broadsheet_step_ok{step="odd \\"step\\"\\n"} 0\n' in text
        last = f'last_success_timestamp_seconds{{step="index"}} {NOW.timestamp():.10g}\n'
        assert f"broadsheet_step_{last}" in text
        for line in text.splitlines():
            assert re.fullmatch(
                r"# (HELP|TYPE) broadsheet_\w+ .+|broadsheet_\w+(\{.*\})? -?[0-9.e+]+", line
            ), line
        assert MAIL not in text
        health = json.loads(client.get("/health").text)
        assert health["steps"]["index"]["ok"]
        assert "it broke" not in json.dumps(health)
        assert PAPER not in text
