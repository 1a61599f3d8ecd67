"""What an HTTP status means for us: pure rules, no clock.

Source: RFC 9110, 10.2.3 (Retry-After: seconds, or an HTTP date) and 15 (status codes).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRY_AFTER_S_MAX = 86_400.0

_REFUSALS = {
    401: "asks for a login that Broadsheet does not have",
    403: "refuses us; set `contact` in settings.toml to your mail address, and wait a while",
    404: "has nothing at this address; check the source's setting in settings.toml",
    406: "does not accept how we ask; set `contact` in settings.toml to your mail address, and "
    "check the source's address there",
    410: "says this address is gone; check the source's setting in settings.toml",
    451: "may not show this for legal reasons",
}


@dataclass(frozen=True, slots=True)
class Accept:
    """The answer is one to read."""


@dataclass(frozen=True, slots=True)
class Again:
    """Worth asking again. `wait_s` is None where the server did not say when."""

    reason: str
    wait_s: float | None = None
    is_throttle: bool = False


@dataclass(frozen=True, slots=True)
class Refuse:
    """Asking again will not help; `reason` says what to do."""

    reason: str


Verdict = Accept | Again | Refuse


def judge(
    status: int, headers: Mapping[str, str], now: datetime, accepted: Collection[int] = (200,)
) -> Verdict:
    """What to do with this answer; `now` is ours, used where the server gives no Date."""
    if status in accepted:
        return Accept()
    if status in (429, 503):
        wait_s = retry_after_s(headers, now)
        return Again(str(status), wait_s, is_throttle=status == 429 or wait_s is not None)
    if status >= 500 or status in (408, 425):
        return Again(str(status))
    if status in _REFUSALS:
        return Refuse(f"answered {status}: it {_REFUSALS[status]}")
    return Refuse(f"answered {status}, which we cannot use; check its address in settings.toml")


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, in [0, RETRY_AFTER_S_MAX]; None without a Retry-After we can read.

    A date is counted from the response's own Date, so a server whose clock is wrong
    still means the right span.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), RETRY_AFTER_S_MAX)
    until = http_date(value)
    if until is None:
        return None
    span = (until - (http_date(headers.get("date", "")) or now)).total_seconds()
    return min(max(span, 0.0), RETRY_AFTER_S_MAX)


def http_date(value: str) -> datetime | None:
    """An HTTP date in any of its three spellings, in UTC; None when it is none."""
    if not value:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError, TypeError):
        return _asctime(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _asctime(value: str) -> datetime | None:
    try:
        return datetime.strptime(value, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None
