"""Signed links: what they say, and what nobody can make them say."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.deliver.links import (
    VALID_FOR,
    Purpose,
    bounce_address,
    read_bounce_address,
    read_link,
    sign_link,
)
from tests.worlds import NOW

KEY = b"k" * 32


@given(st.sampled_from(Purpose), st.lists(st.integers(0, 2**53), max_size=3))
def test_a_link_says_what_was_signed(purpose: Purpose, numbers: list[int]) -> None:
    text = sign_link(KEY, purpose, *numbers, now=NOW)
    act = read_link(KEY, text, now=NOW)
    assert act is not None
    assert (act.purpose, act.numbers) == (purpose, tuple(numbers))
    assert text.replace("-", "").replace("_", "").isalnum()


def test_every_changed_letter_breaks_it() -> None:
    text = sign_link(KEY, Purpose.SAVE, 3, 4711, now=NOW)
    for place, letter in enumerate(text):
        for other in "AZaz09-_":
            if other != letter:
                changed = text[:place] + other + text[place + 1 :]
                assert read_link(KEY, changed, now=NOW) is None
    for length in range(len(text)):
        assert read_link(KEY, text[:length], now=NOW) is None
    assert read_link(KEY, text + "=", now=NOW) is None
    assert read_link(KEY, text + "A", now=NOW) is None


def test_a_signature_is_of_one_purpose_one_thing_one_library() -> None:
    raw = urlsafe_b64decode(sign_link(KEY, Purpose.SAVE, 3, 7, now=NOW) + "==")
    for before, after in ((b"s.", b"d."), (b".3.7", b".4.7"), (b".3.7", b".3.8")):
        forged = urlsafe_b64encode(raw.replace(before, after, 1)).rstrip(b"=").decode()
        assert read_link(KEY, forged, now=NOW) is None
    text = sign_link(KEY, Purpose.SAVE, 3, 7, now=NOW)
    assert read_link(b"o" * 32, text, now=NOW) is None


@pytest.mark.parametrize("purpose", Purpose)
def test_links_end(purpose: Purpose) -> None:
    text = sign_link(KEY, purpose, 1, now=NOW)
    last = NOW + VALID_FOR[purpose]
    assert read_link(KEY, text, now=last - timedelta(minutes=2)) is not None
    assert read_link(KEY, text, now=last) is None


@given(st.text(max_size=300))
def test_nonsense_is_no_link(text: str) -> None:
    assert read_link(KEY, text, now=NOW) is None


def test_a_bounce_address_tells_which_mail_came_back() -> None:
    address = bounce_address(KEY, "bounces@papers.example.org", 17)
    assert address.startswith("bounces+17-")
    assert address.endswith("@papers.example.org")
    assert len(address.partition("@")[0]) <= 64
    assert read_bounce_address(KEY, address) == 17
    assert read_bounce_address(KEY, f"<{address.upper()}>") == 17
    assert read_bounce_address(KEY, address.replace("+17-", "+18-")) is None
    assert read_bounce_address(b"o" * 32, address) is None


@given(st.text(max_size=100))
def test_other_addresses_are_none_of_ours(text: str) -> None:
    assert read_bounce_address(KEY, text) is None
