import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.rank.dial import (
    N_FOLDS_MAX,
    N_OLDEST,
    exposure_weights,
    folds,
    forward_folds,
    set_dial,
)


def test_nineteen_likes_are_what_five_percent_takes() -> None:
    assert not set_dial(np.arange(18.0), 0.05).promised
    dial = set_dial(np.arange(19.0), 0.05)
    assert dial.promised
    assert dial.threshold == 0.0
    assert dial.evidence_needed == pytest.approx(19.0)


def test_too_little_evidence_shows_everything() -> None:
    for scores in ([], [1.0, 2.0]):
        dial = set_dial(scores, 0.2)
        assert dial.threshold == -np.inf
        assert not dial.promised


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("n", [19, 27, 100])
def test_the_promise_is_met_on_exchangeable_likes(alpha: float, n: int) -> None:
    rng = np.random.default_rng(n)
    missed = []
    for _ in range(3000):
        sample = rng.standard_normal(n + 1)
        dial = set_dial(sample[:n], alpha, draw=float(rng.random()))
        missed.append(sample[n] < dial.threshold)
    assert np.mean(missed) == pytest.approx(alpha, abs=0.015)


def test_without_a_draw_the_promise_is_kept_on_the_safe_side() -> None:
    assert set_dial(np.arange(27.0), 0.05).threshold == 0.0
    assert set_dial(np.arange(27.0), 0.05, draw=0.0).threshold == 1.0


def test_old_likes_weigh_less_against_the_promise() -> None:
    scores = np.concatenate([np.zeros(10), np.ones(40)])  # what was liked long ago scores low
    weights = np.concatenate([np.full(10, 0.1), np.ones(40)])
    assert set_dial(scores, 0.1).threshold == 0.0
    assert set_dial(scores, 0.1, weights=weights).threshold == 1.0


def test_an_exploration_like_below_the_line_pulls_it_down() -> None:
    shown = np.linspace(1.0, 2.0, 40)
    found = np.concatenate([[0.0], shown])
    weights = np.concatenate([exposure_weights([0.1]), np.ones(40)])
    assert set_dial(shown, 0.1).threshold > 1.0
    assert set_dial(found, 0.1, weights=weights).threshold == 0.0
    assert exposure_weights([1e-9, 1.0]).tolist() == [10.0, 1.0]


@given(
    st.lists(st.floats(-5, 5), min_size=1, max_size=60),
    st.floats(0.01, 0.5),
    st.floats(0.01, 0.5),
)
def test_a_reader_who_can_miss_more_is_shown_no_more(
    scores: list[float], one: float, other: float
) -> None:
    low, high = sorted([one, other])
    assert set_dial(scores, low).threshold <= set_dial(scores, high).threshold


def test_alpha_is_a_share() -> None:
    with pytest.raises(ValueError, match="alpha"):
        set_dial([1.0], 1.0)


@given(st.integers(0, 90))
def test_each_like_is_held_out_once_from_a_model_that_has_the_rest(n: int) -> None:
    parts = list(folds(n))
    held = [row for _, out in parts for row in out]
    assert sorted(held) == (list(range(n)) if n > 1 else [])
    assert all(len(fit) + len(out) == n and not set(fit) & set(out) for fit, out in parts)


@given(st.lists(st.integers(0, 30), max_size=90))
def test_dated_likes_are_held_out_from_those_of_earlier_days_only(days: list[int]) -> None:
    ages = sorted(days)
    parts = list(forward_folds(ages))
    held = [row for _, out in parts for row in out]
    assert held == list(range(len(held)))  # the newest are all held out, once
    for fit, out in parts:
        assert min(ages[row] for row in fit) > max(ages[row] for row in out)
        assert len(fit) >= N_OLDEST
    if len(set(ages)) == len(ages):  # nothing more could have been
        blocks = np.array_split(np.arange(len(ages)), min(len(ages), N_FOLDS_MAX) or 1)
        assert len(parts) == sum(len(ages) - 1 - b[-1] >= N_OLDEST for b in blocks if b.size)
