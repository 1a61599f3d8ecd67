"""The outbox through a real mail server: once, in time, with a reason, and nothing forgotten."""

from __future__ import annotations

import re
import socket
import threading
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from broadsheet.jobs import delivery, sending
from broadsheet.jobs.composing import compose_for
from broadsheet.jobs.delivery import deliver_due
from broadsheet.jobs.lock import held_lock
from broadsheet.jobs.press import NO_MAILER
from broadsheet.store.accounts import disable_reader, make_reader
from broadsheet.store.database import open_database
from broadsheet.store.mail_addresses import is_paused, note_bounce, resume_address
from broadsheet.store.outbox import count_states
from broadsheet.store.readers import Role
from broadsheet.store.subscriptions import Channel, end_subscription, get_subscription
from tests.deliver.post_office import PostOffice, open_office, text_of
from tests.deliver.presses import (
    ADA,
    BO,
    MONDAY,
    Hours,
    a_press,
    entries_of,
    papers_of,
    press_of,
    states_of,
    want,
    want_as_stranger,
)
from tests.worlds import a_record, take_in


def ids_in(letter: EmailMessage) -> list[str]:
    """The papers a mail shows, in order."""
    return re.findall(r"^   \S+/paper/(\S+)$", text_of(letter), re.MULTILINE)


def mails_to(office: PostOffice, address: str) -> list[EmailMessage]:
    return [letter for letter in office.letters if letter["To"] == address]


def test_a_digest_goes_once(tmp_path: Path) -> None:
    with open_office() as office:
        press = a_press(tmp_path, office.port)
        number = want(press)
        stranger = want_as_stranger(press)
        for _ in range(3):
            deliver_due(press)
        assert states_of(press) == ["sent", "sent"]
        assert sorted(letter["To"] for letter in office.letters) == [ADA, BO]
        for letter in office.letters:
            assert len(ids_in(letter)) == 12
            assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        own, strangers = mails_to(office, ADA)[0], mails_to(office, BO)[0]
        assert "/mail/" in str(own)
        assert "/mail/" not in str(strangers)
        assert own["Message-ID"] != strangers["Message-ID"]
        entry = entries_of(press, number)[0]
        assert (entry.n_shown, entry.n_tries, entry.next_at) == (12, 1, None)
        assert entries_of(press, stranger)[0].reason.startswith("the mail server took it")


def test_nothing_is_due_before_its_time(tmp_path: Path) -> None:
    with open_office() as office:
        hours = Hours(MONDAY.replace(hour=5))
        press = a_press(tmp_path, office.port, hours=hours)
        want(press, time_zone="Europe/Berlin")
        assert deliver_due(press).n_due == 0
        hours.at = MONDAY.replace(hour=6)
        assert deliver_due(press).n_sent == 1


def test_every_paper_goes_to_a_person_once(tmp_path: Path) -> None:
    """Whatever they are subscribed to, and however often a paper changes."""
    with open_office() as office:
        hours = Hours()
        press = a_press(tmp_path, office.port, hours=hours)
        want(press)
        want(press, topic="search", value="surprises", name="Surprises")
        want(press, channel=Channel.MAIL, target="second@example.net", name="Again")
        want_as_stranger(press)
        for day in range(4):
            hours.at = MONDAY + timedelta(days=day)
            take_in(
                press.db,
                a_record(1, title=f"Retitled {day} times over", datestamp=f"2026-04-0{day + 1}"),
            )
            take_in(press.db, *papers_of(100 + 20 * day, hours.at.date(), 3))
            deliver_due(press)
        own = [letter for letter in office.letters if letter["To"] != BO]
        told = [doc_id for letter in own for doc_id in ids_in(letter)]
        assert len(told) == len(set(told)) == 12 + 4 * 3
        strangers = [doc_id for letter in mails_to(office, BO) for doc_id in ids_in(letter)]
        # Three of the first day's fifteen were below the line: they have been told of by title.
        assert len(strangers) == len(set(strangers)) == 12 + 3 * 3


def test_what_comes_late_is_news_and_old_papers_are_not(tmp_path: Path) -> None:
    with open_office() as office:
        hours = Hours()
        press = a_press(tmp_path, office.port, hours=hours)
        want(press)
        deliver_due(press)
        hours.at += timedelta(days=1)
        late = a_record(50, announced=date(2026, 2, 27))
        old = a_record(51, announced=date(2019, 2, 27), submitted=date(2019, 2, 1))
        take_in(press.db, late, old)
        deliver_due(press)
        assert ids_in(office.letters[1]) == ["arxiv:2603.00050"]


def test_a_quiet_day_is_silent_unless_asked_for(tmp_path: Path) -> None:
    with open_office() as office:
        hours = Hours()
        press = a_press(tmp_path, office.port, hours=hours)
        silent = want(press)
        told = want_as_stranger(press, when_empty=True)
        deliver_due(press)
        hours.at += timedelta(days=1)
        deliver_due(press)
        assert states_of(press, silent) == ["sent", "empty"]
        assert entries_of(press, silent)[1].reason == "nothing new has come in"
        assert states_of(press, told) == ["sent", "sent"]
        letter = office.letters[-1]
        assert letter["Subject"] == "The day's papers: nothing today"
        assert ids_in(letter) == []


def test_days_off_make_one_digest(tmp_path: Path) -> None:
    with open_office() as office:
        hours = Hours()
        press = a_press(tmp_path, office.port, hours=hours)
        number = want(press)
        deliver_due(press)
        for day in (3, 4, 5):
            take_in(press.db, *papers_of(100 * day, date(2026, 3, day), 2))
        hours.at = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
        deliver_due(press)
        assert states_of(press, number) == ["sent", "sent"]
        assert len(ids_in(office.letters[1])) == 6
        assert "covers 3 days, 3 March to 5 March 2026" in text_of(office.letters[1])


def test_greylisting_delays_and_no_more(tmp_path: Path) -> None:
    with open_office("greylists") as office:
        hours = Hours()
        press = a_press(tmp_path, office.port, hours=hours)
        number = want(press)
        deliver_due(press)
        assert states_of(press) == ["retry"]
        assert "greylisted" in entries_of(press, number)[0].reason
        hours.at += timedelta(minutes=4)
        deliver_due(press)
        assert office.seen[ADA] == 1
        hours.at += timedelta(minutes=2)
        deliver_due(press)
        assert states_of(press) == ["sent"]
        assert len(office.kept) == 1


def test_a_server_that_is_down_for_two_days_loses_nothing(tmp_path: Path) -> None:
    """Each day's digest takes over what the one before could not bring; one mail says it all."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = free.getsockname()[1]
    hours = Hours()
    press = a_press(tmp_path, nobody, hours=hours)
    number = want(press)
    while hours.at < MONDAY + timedelta(days=2):
        if hours.at.hour == 3:
            take_in(press.db, *papers_of(100 * hours.at.day, hours.at.date(), 2))
        deliver_due(press)
        hours.at += timedelta(hours=1)
    with open_office() as office:
        press = press_of(press.db, tmp_path, office.port, hours=hours)
        for _ in range(8):
            deliver_due(press)
            hours.at += timedelta(hours=1)
        assert states_of(press, number) == ["covered", "covered", "sent"]
        assert len(office.kept) == 1
        letter = office.letters[0]
        body = text_of(letter)
        assert len(ids_in(letter)) == 12
        assert "16 new papers; 12 shown" in body
        assert "Just below the line" in body


def test_a_weekly_digest_is_given_up_after_the_stated_time_and_stays_visible(
    tmp_path: Path,
) -> None:
    with open_office("later") as office:
        hours = Hours()
        press = a_press(tmp_path, office.port, hours=hours)
        number = want(press, schedule="mon 07:00")
        while hours.at < MONDAY + timedelta(days=4):
            deliver_due(press)
            hours.at += timedelta(minutes=30)
        (entry,) = entries_of(press, number)
        assert (entry.state, entry.next_at) == ("failed", None)
        assert "451 4.3.0" in entry.reason
        assert "given up after 2 days" in entry.reason or "given up after 3 days" in entry.reason
        assert entry.n_tries < 20
        office.mood = "takes"
        hours.at = MONDAY + timedelta(days=7)
        deliver_due(press)
        assert states_of(press, number) == ["failed", "sent"]
        assert len(ids_in(office.letters[0])) == 12


@pytest.mark.parametrize("mood", ["hangs-up", "takes-and-hangs-up"])
def test_what_may_have_gone_never_goes_twice(tmp_path: Path, mood: str) -> None:
    with open_office(mood) as office:
        hours = Hours()
        press = a_press(tmp_path, office.port, hours=hours)
        number = want(press)
        deliver_due(press)
        office.mood = "takes"
        for _ in range(30):
            hours.at += timedelta(hours=6)
            deliver_due(press)
        first, *later = entries_of(press, number)
        assert first.state == "unknown"
        assert "broke off" in first.reason
        assert "not sent a second time" in first.reason
        assert {entry.state for entry in later} == {"empty"}
        assert len(office.kept) == (mood == "takes-and-hangs-up")


def test_an_address_that_is_refused_is_paused_until_somebody_says_so(tmp_path: Path) -> None:
    with open_office("refuses-address") as office:
        hours = Hours()
        press = a_press(tmp_path, office.port, hours=hours)
        number = want(press)
        deliver_due(press)
        assert states_of(press) == ["failed"]
        assert is_paused(press.db, ADA)
        office.mood = "takes"
        hours.at += timedelta(days=1)
        deliver_due(press)
        assert "paused" in entries_of(press, number)[1].reason
        assert office.kept == []
        with press.db.transaction() as transaction:
            resume_address(transaction, ADA)
        hours.at += timedelta(days=1)
        deliver_due(press)
        assert states_of(press, number) == ["failed", "failed", "sent"]
        assert len(ids_in(office.letters[0])) == 12


def test_soft_bounces_add_up_and_a_complaint_is_enough(tmp_path: Path) -> None:
    with open_office() as office:
        press = a_press(tmp_path, office.port)
        with press.db.transaction() as transaction:
            paused = [
                note_bounce(transaction, BO, "mailbox full", permanent=False, now=MONDAY)
                for _ in range(5)
            ]
            assert paused == [False, False, False, False, True]
            assert note_bounce(transaction, ADA, "complaint", permanent=True, now=MONDAY)
            now_and_then = [
                note_bounce(
                    transaction, "c@example.org", "mailbox full", permanent=False,
                    now=MONDAY + n * timedelta(days=30),
                )
                for n in range(9)
            ]  # fmt: skip
            assert not any(now_and_then)


def test_whoever_leaves_while_a_digest_is_made_gets_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_office() as office:
        press = a_press(tmp_path, office.port)
        number = want(press)

        def compose_slowly(*arguments: object) -> object:
            with press.db.transaction() as transaction:
                end_subscription(transaction, number, now=MONDAY)
            return compose_for(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(delivery, "compose_for", compose_slowly)
        deliver_due(press)
        assert states_of(press, number) == ["dropped"]
        assert office.kept == []


def test_whoever_leaves_between_composing_and_sending_gets_none(tmp_path: Path) -> None:
    with open_office("greylists") as office:
        hours = Hours()
        press = a_press(tmp_path, office.port, hours=hours)
        number = want(press)
        deliver_due(press)
        with press.db.transaction() as transaction:
            assert end_subscription(transaction, number, now=MONDAY)
            assert not end_subscription(transaction, number, now=MONDAY)
        hours.at += timedelta(hours=1)
        deliver_due(press)
        assert states_of(press, number) == ["dropped"]
        assert office.kept == []
        assert want(press) == number
        hours.at += timedelta(minutes=1)
        deliver_due(press)
        assert states_of(press, number) == ["dropped"]


def test_whoever_is_shut_out_while_a_digest_waits_gets_none(tmp_path: Path) -> None:
    """And the mail server is not asked about them every half minute."""
    with open_office("greylists") as office:
        hours = Hours()
        press = a_press(tmp_path, office.port, hours=hours)
        with press.db.transaction() as transaction:
            reader = make_reader(
                transaction, email="bad@example.net", name="B", role=Role.READER, now=MONDAY
            )
        number = want(press, reader_no=reader.reader_no, target="bad@example.net")
        deliver_due(press)
        assert states_of(press, number) == ["retry"]
        with press.db.transaction() as transaction:
            disable_reader(transaction, reader.reader_no, now=MONDAY)
        hours.at += timedelta(hours=1)
        deliver_due(press)
        assert states_of(press, number) == ["dropped"]
        assert (office.seen["bad@example.net"], office.kept) == (1, [])


def test_a_round_sends_all_that_is_due_on_few_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "READY_MAX", 7)
    with open_office() as office:
        press = a_press(tmp_path, office.port)
        for n in range(30):
            want_as_stranger(press, target=f"reader@host{n}.example")
        assert deliver_due(press).n_sent == 30
        assert len({to for _, to, _ in office.kept}) == len(office.kept) == 30
        assert office.n_calls == 1


def test_one_that_is_broken_stops_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with open_office() as office:
        press = a_press(tmp_path, office.port)
        broken = want(press, topic="search", value="x", name="Zone", time_zone="Mars/Olympus")
        odd = want(press, topic="interest", value="99", name="None such")
        want_as_stranger(press)
        deliver_due(press)
        assert states_of(press, broken) == []
        assert get_subscription(press.db, odd).ended_at is not None
        assert len(office.kept) == 1
        assert "Mars/Olympus" in caplog.text


def test_without_a_mail_server_digests_wait_and_say_why(tmp_path: Path) -> None:
    with open_office() as office:
        hours = Hours()
        press = a_press(tmp_path, office.port, hours=hours, smtp_host="")
        number = want(press)
        deliver_due(press)
        (entry,) = entries_of(press, number)
        assert (entry.state, entry.reason) == ("due", NO_MAILER)
        press = press_of(press.db, tmp_path, office.port, hours=hours)
        deliver_due(press)
        assert states_of(press, number) == ["sent"]


def test_a_clock_that_was_years_ahead_stops_nothing(tmp_path: Path) -> None:
    """The machine began without knowing the time: digests went, and then it was put right."""
    with open_office() as office:
        hours = Hours(datetime(2036, 1, 7, 8, 0, tzinfo=UTC))
        press = a_press(tmp_path, office.port, hours=hours, mails_per_minute=1)
        number = want(press)
        assert deliver_due(press).n_sent == 1
        for day in (3, 4):
            hours.at = datetime(2026, 3, day, 8, 0, tzinfo=UTC)
            take_in(press.db, *papers_of(100 * day, hours.at.date(), 2))
            assert deliver_due(press).n_sent == 1
            assert deliver_due(press).n_due == 0
        assert states_of(press, number) == ["sent"] * 3
        told = [doc_id for letter in office.letters for doc_id in ids_in(letter)]
        assert len(told) == len(set(told)) == 12 + 4


def test_a_host_gets_no_more_than_its_rate(tmp_path: Path) -> None:
    with open_office() as office:
        hours = Hours()
        press = a_press(tmp_path, office.port, hours=hours, mails_per_minute=2)
        for n in range(5):
            want_as_stranger(press, target=f"reader{n}@example.com")
        want_as_stranger(press, target="one@other.example")
        sizes = []
        for _ in range(4):
            deliver_due(press)
            sizes.append(len(office.kept))
            hours.at += timedelta(seconds=61)
        assert sizes == [3, 5, 6, 6]


def test_a_host_that_must_wait_is_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "READY_MAX", 2)
    with open_office() as office:
        press = a_press(tmp_path, office.port, mails_per_minute=1)
        for n in range(6):
            want_as_stranger(press, target=f"reader{n}@example.com")
        want_as_stranger(press, target="one@other.example")
        for _ in range(5):
            deliver_due(press)
        assert [to for _, to, _ in office.kept] == ["reader0@example.com", "one@other.example"]


def test_two_presses_send_one_mail(tmp_path: Path) -> None:
    with open_office() as office:
        press = a_press(tmp_path, office.port)
        want(press)
        with held_lock(tmp_path / delivery.LOCK_FILE):
            assert "sending digests already" in deliver_due(press).notice
        others = [press_of(open_database(tmp_path), tmp_path, office.port) for _ in range(4)]
        threads = [threading.Thread(target=deliver_due, args=(other,)) for other in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        deliver_due(press)
        assert len(office.kept) == 1
        for other in others:
            other.db.close()


def test_five_thousand_papers_in_a_day_are_one_mail(tmp_path: Path) -> None:
    with open_office() as office:
        press = a_press(tmp_path, office.port)
        take_in(press.db, *papers_of(1_000, date(2026, 3, 2), 5_000))
        want(press)
        want_as_stranger(press, topic="search", value="surprises", name="Surprises")
        deliver_due(press)
        assert states_of(press) == ["sent", "sent"]
        for letter in office.letters:
            assert len(bytes(letter)) < 140_000
        assert "5,012 new papers; 12 shown" in text_of(office.letters[0])
        assert count_states(press.db) == {"sent": 2}
