"""The formula of trending, by hand."""

import math

import pytest

from broadsheet.rank.trending import HALF_LIFE_D, Counts, drawn, trend, usual


def test_drawn_by_hand() -> None:
    counts = Counts(upvotes=9, comments=3, stars_per_day=1.0, citations=0, saves=1)
    expected = math.log(10) + 0.5 * math.log(4) + 0.5 * math.log(2) + math.log(2)
    assert drawn(counts) == pytest.approx(expected)


def test_half_the_attention_today_equals_it_a_half_life_ago() -> None:
    older = trend(Counts(upvotes=39), usual=1.0, expected=0.0, age_d=int(HALF_LIFE_D))
    newer = trend(Counts(upvotes=19), usual=1.0, expected=0.0, age_d=0)
    assert older.score == pytest.approx(newer.score)


def test_where_nobody_looked_the_expectation_speaks() -> None:
    found = trend(Counts(), usual=2.0, expected=0.7, age_d=0)
    assert (found.score, found.drawn) == (0.7, None)
    assert trend(Counts(upvotes=0), usual=2.0, expected=0.7, age_d=0).drawn is None


def test_usual_is_of_papers_that_drew_any() -> None:
    assert usual([Counts(), Counts(upvotes=9), Counts(upvotes=0)]) == pytest.approx(math.log(10))
    assert usual([]) == 0.0
