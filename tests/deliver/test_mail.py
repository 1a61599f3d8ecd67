"""The door that sends mail, at servers that refuse, delay, hang up and break off."""

from __future__ import annotations

import asyncio
import socket
from time import monotonic

import pytest

from broadsheet.deliver import mail
from broadsheet.deliver.mail import Mailer, Postman, hand_over
from broadsheet.deliver.message import Letter
from broadsheet.deliver.outcome import Fate, Outcome
from tests.deliver.post_office import PostOffice, cut_off_after, open_office
from tests.deliver.test_letters import a_letter


def give(port: int, letter: Letter | None = None) -> tuple[Outcome, int]:
    """What became of it, and how often the brink was reached."""
    brinks: list[int] = []
    mailer = Mailer("127.0.0.1", port, "none", "press@example.org")
    outcome = asyncio.run(
        hand_over(mailer, letter or a_letter(), at_the_brink=lambda: brinks.append(1))
    )
    return outcome, len(brinks)


@pytest.mark.parametrize(
    ("mood", "fate", "is_address", "brinks", "said"),
    [
        ("takes", Fate.SENT, False, 1, "taken"),
        ("refuses-address", Fate.REFUSED, True, 0, "550 5.1.1 no such person"),
        ("refuses-mail", Fate.REFUSED, False, 1, "554 5.7.1 this is not wanted"),
        ("later", Fate.NOT_SENT, False, 1, "451 4.3.0"),
        ("greylists", Fate.NOT_SENT, False, 0, "greylisted"),
        ("full", Fate.NOT_SENT, False, 0, "452 4.2.2"),
        ("refuses-us", Fate.NOT_SENT, False, 0, "530"),
        ("hangs-up", Fate.UNKNOWN, False, 1, "broke off"),
        ("takes-and-hangs-up", Fate.UNKNOWN, False, 1, "broke off"),
        ("before-data", Fate.NOT_SENT, False, 0, "cannot be reached"),
    ],
)
def test_what_a_server_does_decides(
    mood: str, fate: Fate, is_address: bool, brinks: int, said: str
) -> None:
    with open_office(mood) as office:
        outcome, n_brinks = give(office.port)
        assert (outcome.fate, outcome.is_address, n_brinks) == (fate, is_address, brinks)
        assert said in outcome.reason
        assert len(office.kept) == (mood in ("takes", "takes-and-hangs-up"))


def test_greylisting_opens_the_second_time() -> None:
    with open_office("greylists") as office:
        assert give(office.port)[0].fate is Fate.NOT_SENT
        assert give(office.port)[0].fate is Fate.SENT
        assert len(office.kept) == 1


def test_the_letter_arrives_byte_for_byte() -> None:
    letter = a_letter(text="dots\n.\n..two\nend.")
    with open_office() as office:
        give(office.port, letter)
        ((sender, to, raw),) = office.kept
    assert (sender, to) == (letter.return_path, letter.to)
    assert raw.rstrip(b"\r\n") == letter.raw.rstrip(b"\r\n")


@pytest.mark.parametrize("n_bytes", [1, 500])
def test_a_line_that_breaks_inside_a_letter_leaves_its_fate_unknown(n_bytes: int) -> None:
    with cut_off_after(n_bytes) as port:
        outcome, brinks = give(port)
    assert (outcome.fate, brinks) == (Fate.UNKNOWN, 1)


def test_nobody_there() -> None:
    with socket.socket() as deaf:  # the port is taken, and nobody listens
        deaf.bind(("127.0.0.1", 0))
        outcome, brinks = give(deaf.getsockname()[1])
    assert (outcome.fate, brinks) == (Fate.NOT_SENT, 0)
    assert "cannot be reached" in outcome.reason


def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for() -> None:
    with open_office() as office:
        mailer = Mailer("127.0.0.1", office.port, "starttls", "press@example.org")
        outcome = asyncio.run(hand_over(mailer, a_letter()))
        assert outcome.fate is Fate.NOT_SENT
        assert office.kept == []


def give_all(office: PostOffice, *addresses: str) -> list[Fate]:
    """By one postman, one after the other."""
    with Postman(Mailer("127.0.0.1", office.port, "none", "press@example.org")) as postman:
        return [postman.hand_over(a_letter(to=address)).fate for address in addresses]


def addresses(n: int) -> list[str]:
    return [f"reader{number}@example.net" for number in range(n)]


def arrived(office: PostOffice) -> list[str]:
    return [to for _, to, _ in office.kept]


def test_many_letters_go_by_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "LETTERS_MAX", 10)
    with open_office() as office:
        assert set(give_all(office, *addresses(25))) == {Fate.SENT}
        assert arrived(office) == addresses(25)
        assert office.n_calls == 3


@pytest.mark.parametrize("mood", ["one-a-call", "gone-after-one"])
def test_a_server_that_ends_the_connection_is_called_again(mood: str) -> None:
    with open_office(mood) as office:
        assert give_all(office, *addresses(4)) == [Fate.SENT] * 4
        assert arrived(office) == addresses(4)
        assert office.n_calls == 4


def test_one_that_is_refused_leaves_nothing_behind_for_the_next() -> None:
    with open_office("refuses-some") as office:
        fates = give_all(office, "no1@x.org", "a@x.org", "no2@x.org", "b@x.org")
        assert fates == [Fate.REFUSED, Fate.SENT, Fate.REFUSED, Fate.SENT]
        assert arrived(office) == ["a@x.org", "b@x.org"]
        assert office.n_calls == 1


def test_one_that_is_taken_back_at_the_brink_leaves_nothing_behind() -> None:
    def turn_back() -> None:
        raise LookupError

    with (
        open_office() as office,
        Postman(Mailer("127.0.0.1", office.port, "none", "press@example.org")) as postman,
    ):
        with pytest.raises(LookupError):
            postman.hand_over(a_letter(to="a@x.org"), at_the_brink=turn_back)
        assert postman.hand_over(a_letter(to="b@x.org")).fate is Fate.SENT
        assert arrived(office) == ["b@x.org"]


@pytest.mark.parametrize("mood", ["hangs-up", "takes-and-hangs-up"])
def test_a_doubt_about_one_letter_is_none_about_the_next(mood: str) -> None:
    with open_office(mood) as office:
        assert give_all(office, *addresses(3)) == [Fate.UNKNOWN] * 3
        assert office.n_calls == 3


def test_a_server_that_nobody_reaches_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the call and says nothing: twenty letters do not wait twenty times."""
    monkeypatch.setattr(mail, "TIMEOUT_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mute = PostOffice(port=silent.getsockname()[1])
        began = monotonic()
        assert give_all(mute, *addresses(20)) == [Fate.NOT_SENT] * 20
        assert monotonic() - began < 10
