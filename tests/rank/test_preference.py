import numpy as np
import pytest

from broadsheet.rank.preference import (
    Choice,
    choice_chances,
    fit_preferences,
)


def test_two_papers_are_bradley_terry() -> None:
    chances = choice_chances(np.array([[1.0], [0.0]]), np.array([np.log(3.0)]))
    assert chances == pytest.approx([0.75, 0.25])


def test_without_choices_the_prior_stands() -> None:
    assert fit_preferences([], [1.0, 2.0]) == pytest.approx([1.0, 2.0])


def test_one_choice_moves_the_prior_towards_what_was_picked() -> None:
    choice = Choice(np.array([[1.0, 0.0], [0.0, 1.0]]), 0)
    weights = fit_preferences([choice], [0.0, 0.0])
    assert weights[0] > 0 > weights[1]
    # Stationary: prior_choices * w equals the gradient of the likelihood.
    miss = 1.0 - choice_chances(choice.papers, weights)[0]
    assert 10.0 * weights == pytest.approx([miss, -miss])


def test_many_choices_recover_the_weights_that_made_them() -> None:
    rng = np.random.default_rng(0)
    truth = np.array([2.0, -1.0, 0.5])
    choices = []
    for _ in range(3000):
        papers = rng.standard_normal((5, 3))
        choices.append(Choice(papers, int(rng.choice(5, p=choice_chances(papers, truth)))))
    assert fit_preferences(choices, np.zeros(3), prior_choices=1.0) == pytest.approx(
        truth, abs=0.15
    )


def test_choices_that_nothing_contradicts_stay_finite() -> None:
    choices = [Choice(np.array([[100.0], [0.0]]), 0)] * 50
    assert np.isfinite(fit_preferences(choices, [0.0])).all()
