"""Where somebody comes from, as far as limits go."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from broadsheet.web.entrance import place_of


def _from(host: str) -> Request:
    return Request({"type": "http", "client": (host, 1), "headers": []})


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_whoever_has_a_network_has_one_place(host: str, place: str) -> None:
    assert place_of(_from(host)) == place


def test_somebody_without_an_address_has_a_place_too() -> None:
    assert place_of(Request({"type": "http", "client": None, "headers": []})) == ""
