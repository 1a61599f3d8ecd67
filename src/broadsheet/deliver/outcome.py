"""What became of trying to send something, and what to do next. Pure.

Three answers are told apart, for they are treated differently: it is known to have gone, it is
known not to have gone, and nobody knows. What nobody knows is never tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: Waits between tries: greylisting opens after minutes, a server that is down after hours.
WAITS = (
    timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20), timedelta(hours=1),
    timedelta(hours=2), timedelta(hours=4), timedelta(hours=6),
)  # fmt: skip
#: A digest older than this is no news; RFC 5321, 4.5.4.1, gives up after 4 to 5 days at most.
TRY_FOR = timedelta(days=3)
REASON_CHARS_MAX = 300


class Fate(StrEnum):
    SENT = "sent"
    NOT_SENT = "not-sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`not-sent` may go another time, `refused` will not. `is_address`: it is this address that is
    refused, not us or the mail. `wait`: how long the other side asked for."""

    fate: Fate
    reason: str = ""
    is_address: bool = False
    wait: timedelta | None = None


class State(StrEnum):
    """How a digest stands. due: to be composed. composed: may be sent. sending: handed over, or
    about to be. retry: did not go, and will be tried. failed: did not go and will not. unknown:
    may have gone; never tried again. empty: there was nothing to say. covered: did not go, and a
    later one says it all. dropped: nobody wants it any more."""

    DUE = "due"
    COMPOSED = "composed"
    SENDING = "sending"
    RETRY = "retry"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    EMPTY = "empty"
    COVERED = "covered"
    DROPPED = "dropped"


#: States in which a digest is certain not to have reached anybody: its papers are still news.
UNSENT = (State.FAILED, State.COVERED, State.DROPPED)


@dataclass(frozen=True, slots=True)
class Next:
    """The state a digest goes into, why, and when it is tried again (None for never)."""

    state: State
    reason: str
    next_at: datetime | None = None


def decide_next(outcome: Outcome, *, n_tries: int, composed_at: datetime, now: datetime) -> Next:
    """`n_tries` counts this one. A refusal is final; trying ends TRY_FOR after composing."""
    reason = " ".join(outcome.reason.split())[:REASON_CHARS_MAX]
    if outcome.fate is Fate.SENT:
        return Next(State.SENT, reason)
    if outcome.fate is Fate.REFUSED:
        return Next(State.FAILED, reason)
    if outcome.fate is Fate.UNKNOWN:
        return Next(
            State.UNKNOWN, f"{reason}: it may have arrived, so it is not sent a second time"
        )
    wait = max(WAITS[min(n_tries, len(WAITS)) - 1], outcome.wait or timedelta())
    if now + wait > composed_at + TRY_FOR:
        return Next(State.FAILED, f"{reason}: given up after {_span(now - composed_at)}")
    return Next(State.RETRY, reason, now + wait)


def decide_interrupted() -> Next:
    """A digest found in `sending` by somebody who alone may send: its sender was killed."""
    return Next(
        State.UNKNOWN,
        "Broadsheet was stopped while it was being handed over: it may have arrived, so it is "
        "not sent a second time",
    )


def of_smtp(code: int, said: str, *, at_address: bool) -> Outcome:
    """A reply of a mail server that is no yes. Source: RFC 5321, 4.2.1 (4yz: try later, 5yz: not
    as it is); RFC 3463, 3.2 (5.1.x: the address)."""
    reason = f"the mail server answered {code} {said}"
    if 400 <= code < 500:
        return Outcome(Fate.NOT_SENT, reason)
    is_address = at_address and (said.startswith(("5.1.", "5.2.1")) or code in (550, 551, 553))
    return Outcome(Fate.REFUSED, reason, is_address=is_address)


def of_http(status: int, *, retry_after_s: float | None) -> Outcome:
    """A webhook's answer. 429, 408 and all 5xx may be tried again; other refusals may not."""
    if 200 <= status < 300:
        return Outcome(Fate.SENT, f"answered {status}")
    reason = f"it answered {status}"
    if status in (408, 425, 429) or status >= 500:
        wait = None if retry_after_s is None else timedelta(seconds=retry_after_s)
        return Outcome(Fate.NOT_SENT, reason, wait=wait)
    return Outcome(Fate.REFUSED, f"{reason}: it will not have this; check its address")


def may_go_now(host: str, recent: Mapping[str, int], *, per_minute: int) -> bool:
    """Whether one more may go to `host`, to which `recent` went within the last minute."""
    return recent.get(host, 0) < per_minute


def _span(passed: timedelta) -> str:
    hours = round(passed.total_seconds() / 3600)
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"
