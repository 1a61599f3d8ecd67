"""When a link is dead: never by one bad day, and never for good."""

from __future__ import annotations

from datetime import timedelta

import pytest

from broadsheet.enrich.life import (
    DEAD_WAIT,
    SPREAD,
    THERE_WAIT,
    UNSURE_WAIT_MAX,
    Heard,
    Life,
    Look,
    decide_life,
    judge_look,
)
from broadsheet.enrich.links import LOOKED, find_code_links, mark_dead
from broadsheet.types import LinkStatus
from tests.worlds import NOW

REPOSITORY = "https://github.com/ada/engine"
GONE, UNSURE, THERE = (
    Look(Heard.GONE, "answered 404"),
    Look(Heard.UNSURE, "x"),
    Look(Heard.THERE, ""),
)


@pytest.mark.parametrize(
    ("status", "url", "heard"),
    [
        (200, REPOSITORY, Heard.THERE),
        (204, REPOSITORY, Heard.THERE),
        (404, REPOSITORY, Heard.GONE),
        (410, REPOSITORY, Heard.GONE),
        (451, REPOSITORY, Heard.GONE),
        (200, "https://gitlab.com/users/sign_in", Heard.GONE),
        (200, "https://github.com/login?return_to=x", Heard.GONE),
        (200, "https://github.com/ada/login", Heard.THERE),
        (401, REPOSITORY, Heard.UNSURE),
        (403, REPOSITORY, Heard.UNSURE),
        (500, REPOSITORY, Heard.UNSURE),
        (304, REPOSITORY, Heard.UNSURE),
    ],
)
def test_what_an_answer_says(status: int, url: str, heard: Heard) -> None:
    assert judge_look(status, url).heard is heard


def test_three_times_gone_over_four_days_is_dead_and_one_good_answer_is_life() -> None:
    life, now, days = Life(), NOW, []
    while life.dead_since is None:
        life = decide_life(life, GONE, "k", now=now)
        days.append((now - NOW).days)
        assert life.next_at is not None
        now = life.next_at
    assert days == [0, 1, 4]
    assert DEAD_WAIT <= now - life.dead_since <= DEAD_WAIT * (1 + SPREAD)
    still = decide_life(life, GONE, "k", now=now)
    assert still.dead_since == life.dead_since
    doubtful = decide_life(still, UNSURE, "k", now=now)
    assert doubtful.dead_since == life.dead_since
    back = decide_life(doubtful, THERE, "k", now=now)
    assert (back.dead_since, back.n_gone, back.n_unsure) == (None, 0, 0)
    assert back.next_at is not None
    assert THERE_WAIT <= back.next_at - now <= THERE_WAIT * (1 + SPREAD)


def test_answers_that_say_nothing_kill_nothing_and_are_asked_ever_more_rarely() -> None:
    life, waits = Life(), []
    for _ in range(40):
        life = decide_life(life, UNSURE, "k", now=NOW)
        assert life.next_at is not None
        waits.append(life.next_at - NOW)
    assert life.dead_since is None
    assert waits == sorted(waits)
    assert waits[0] >= timedelta(days=1)
    assert waits[-1] <= UNSURE_WAIT_MAX * (1 + SPREAD)


def test_a_dead_link_stands_last_with_when_and_why() -> None:
    links = find_code_links(
        abstract="Our code is at https://github.com/Ada/Engine.",
        code_urls=["https://github.com/bo/copy"],
    )
    marked = mark_dead(links, {"https://github.com/ada/engine": (NOW.date(), "answered 404")})
    assert [link.url for link in marked] == [
        "https://github.com/bo/copy", "https://github.com/Ada/Engine",
    ]  # fmt: skip
    assert marked[1].status is LinkStatus.DEAD
    first, *others = marked[1].evidence
    assert (first.place, first.sentence, first.found_on) == (LOOKED, "answered 404", NOW.date())
    assert [evidence.place for evidence in others] == ["abstract"]
    assert mark_dead(links, {}) == links
