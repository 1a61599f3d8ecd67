"""What a reader picked over what: preferences as choices among papers shown together.

The chance of picking paper i out of those shown is exp(w.x_i) / sum_j exp(w.x_j): Bradley-Terry
for two papers, K-wise for more.

Source: Zhu, Jiao and Jordan, "Principled Reinforcement Learning with Human Feedback from Pairwise
or K-wise Comparisons" (arXiv:2301.11270), sections 2 and 4, for the maximum likelihood estimate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: How firmly the prior holds, in observed choices of unit spread.
PRIOR_CHOICES = 10.0
N_STEPS_MAX = 50
STEP_MIN = 1e-9


@dataclass(frozen=True, slots=True)
class Choice:
    """Row `picked` of `papers` (k, d), k >= 2, was picked from among them."""

    papers: Floats
    picked: int


def fit_preferences(
    choices: Sequence[Choice], prior: npt.ArrayLike, *, prior_choices: float = PRIOR_CHOICES
) -> Floats:
    """The weights (d,) of greatest posterior likelihood; `prior` where nothing was chosen.

    The penalty prior_choices / 2 * |w - prior|^2 makes the optimum single; found by Newton's
    method with halved steps.
    """
    start = np.asarray(prior, dtype=np.float64)
    weights = start.copy()
    for _ in range(N_STEPS_MAX if choices else 0):
        gradient = prior_choices * (weights - start)
        curvature = prior_choices * np.eye(start.size)
        for choice in choices:
            chances = choice_chances(choice.papers, weights)
            mean = chances @ choice.papers
            gradient += mean - choice.papers[choice.picked]
            centred = choice.papers - mean
            curvature += centred.T @ (chances[:, None] * centred)
        step: Floats = np.linalg.solve(curvature, gradient).astype(np.float64)
        weights = _stepped(choices, weights, step, start, prior_choices)
        if float(np.abs(step).max(initial=0.0)) < STEP_MIN:
            break
    return weights


def choice_chances(papers: Floats, weights: Floats) -> Floats:
    """The chance (k,) of each of `papers` (k, d) to be picked; sums to 1."""
    scores = papers @ weights
    shares = np.exp(scores - scores.max())
    chances: Floats = shares / shares.sum()
    return chances


def _stepped(
    choices: Sequence[Choice], weights: Floats, step: Floats, prior: Floats, prior_choices: float
) -> Floats:
    before = _loss(choices, weights, prior, prior_choices)
    share = 1.0
    while share > STEP_MIN:
        moved = weights - share * step
        if _loss(choices, moved, prior, prior_choices) <= before:
            return moved
        share /= 2.0
    return weights


def _loss(choices: Sequence[Choice], weights: Floats, prior: Floats, prior_choices: float) -> float:
    missed = sum(
        -np.log(max(choice_chances(choice.papers, weights)[choice.picked], 1e-300))
        for choice in choices
    )
    return float(missed + prior_choices / 2.0 * ((weights - prior) ** 2).sum())
