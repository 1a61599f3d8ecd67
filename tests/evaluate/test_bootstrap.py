import numpy as np
import pytest

from broadsheet.evaluate.bootstrap import bootstrap_mean


def test_the_interval_holds_the_mean_and_is_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(0).normal(0.5, 0.1, 400)
    figure = bootstrap_mean(values, rng=np.random.default_rng(1), n_resamples=2000)
    assert figure.low < figure.value < figure.high
    expected = 2 * 1.96 * values.std() / np.sqrt(len(values))
    assert figure.high - figure.low == pytest.approx(expected, rel=0.1)


def test_the_same_rng_gives_the_same_interval() -> None:
    first = bootstrap_mean([0.0, 1.0, 1.0], rng=np.random.default_rng(7))
    assert first == bootstrap_mean([0.0, 1.0, 1.0], rng=np.random.default_rng(7))


def test_one_value_and_none() -> None:
    one = bootstrap_mean([0.3], rng=np.random.default_rng(0))
    assert (one.low, one.value, one.high) == pytest.approx((0.3, 0.3, 0.3))
    assert np.isnan(bootstrap_mean([], rng=np.random.default_rng(0)).value)
