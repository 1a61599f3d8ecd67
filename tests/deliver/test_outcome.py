"""What follows from an outcome: a table, and what no table may break."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.deliver.outcome import (
    TRY_FOR,
    WAITS,
    Fate,
    Outcome,
    State,
    decide_next,
    may_go_now,
    of_http,
    of_smtp,
)
from tests.worlds import NOW


@pytest.mark.parametrize(
    ("fate", "n_tries", "age_h", "state", "wait"),
    [
        (Fate.SENT, 1, 0, State.SENT, None),
        (Fate.REFUSED, 1, 0, State.FAILED, None),
        (Fate.UNKNOWN, 1, 0, State.UNKNOWN, None),
        (Fate.NOT_SENT, 1, 0, State.RETRY, WAITS[0]),
        (Fate.NOT_SENT, 4, 1, State.RETRY, WAITS[3]),
        (Fate.NOT_SENT, 99, 60, State.RETRY, WAITS[-1]),
        (Fate.NOT_SENT, 99, 67, State.FAILED, None),
        (Fate.NOT_SENT, 1, 72, State.FAILED, None),
    ],
)
def test_what_comes_next(
    fate: Fate, n_tries: int, age_h: int, state: State, wait: timedelta | None
) -> None:
    decided = decide_next(
        Outcome(fate, "said"), n_tries=n_tries, composed_at=NOW - timedelta(hours=age_h), now=NOW
    )
    assert decided.state is state
    assert decided.next_at == (NOW + wait if wait else None)
    assert "said" in decided.reason


@given(st.sampled_from(Fate), st.integers(1, 10_000), st.integers(0, 10_000), st.integers(0, 10**6))
def test_trying_ends_and_what_may_have_gone_is_never_tried(
    fate: Fate, n_tries: int, age_min: int, wait_s: int
) -> None:
    composed_at = NOW - timedelta(minutes=age_min)
    outcome = Outcome(fate, "x", wait=timedelta(seconds=wait_s))
    decided = decide_next(outcome, n_tries=n_tries, composed_at=composed_at, now=NOW)
    assert (decided.next_at is not None) == (decided.state is State.RETRY)
    if decided.next_at is not None:
        assert fate is Fate.NOT_SENT
        assert NOW + WAITS[0] <= decided.next_at <= composed_at + TRY_FOR
        assert decided.next_at >= NOW + timedelta(seconds=wait_s)


@pytest.mark.parametrize(
    ("code", "said", "at_address", "fate", "is_address"),
    [
        (421, "4.3.2 closing", False, Fate.NOT_SENT, False),
        (450, "4.2.1 greylisted", True, Fate.NOT_SENT, False),
        (550, "5.1.1 unknown", True, Fate.REFUSED, True),
        (550, "no enhanced code", True, Fate.REFUSED, True),
        (552, "5.3.4 too big", False, Fate.REFUSED, False),
        (554, "5.7.1 spam", True, Fate.REFUSED, False),
        (550, "5.7.1 policy", False, Fate.REFUSED, False),
    ],
)
def test_smtp_replies(code: int, said: str, at_address: bool, fate: Fate, is_address: bool) -> None:
    outcome = of_smtp(code, said, at_address=at_address)
    assert (outcome.fate, outcome.is_address) == (fate, is_address)


@pytest.mark.parametrize(
    ("status", "fate"),
    [(200, Fate.SENT), (204, Fate.SENT), (301, Fate.REFUSED), (400, Fate.REFUSED),
     (404, Fate.REFUSED), (410, Fate.REFUSED), (408, Fate.NOT_SENT), (429, Fate.NOT_SENT),
     (500, Fate.NOT_SENT), (503, Fate.NOT_SENT)],
)  # fmt: skip
def test_http_answers(status: int, fate: Fate) -> None:
    assert of_http(status, retry_after_s=None).fate is fate


def test_a_host_gets_so_many_a_minute() -> None:
    assert may_go_now("a.org", {"a.org": 4, "b.org": 9}, per_minute=5)
    assert not may_go_now("a.org", {"a.org": 5}, per_minute=5)
    assert may_go_now("c.org", {}, per_minute=1)
