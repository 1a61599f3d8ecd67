"""Settings that cannot be are refused where they are read, with what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from broadsheet.errors import UsageError
from broadsheet.settings import load_settings


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("https://papers.example.org/", "https://papers.example.org"),
        ("http://10.0.0.5:8000", "http://10.0.0.5:8000"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_an_address(tmp_path: Path, given: str, kept: str) -> None:
    assert load_settings(home=tmp_path, address=given).address == kept


@pytest.mark.parametrize(
    "wrong",
    ["papers.example.org", "https://", "ftp://example.org", "https://example.org/papers",
     "https://a:b@example.org", "https://example.org?x=1", "https://[bad"],
)  # fmt: skip
def test_an_address_with_a_path_or_without_a_scheme_is_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(UsageError, match=r"setting address: .*"):
        load_settings(home=tmp_path, address=wrong)
