import numpy as np
import pytest

from broadsheet.rank.dial import folds, forward_folds
from broadsheet.rank.interest import fit_interest, kinds
from broadsheet.rank.refits import Refits
from tests.rank.worlds import topical_world

BACKGROUND, PAPERS, _ = topical_world()


@pytest.mark.parametrize("dislikes", [[], [70, 95]])
@pytest.mark.parametrize("parts", [folds, forward_folds])
def test_a_refit_is_the_fit_of_the_likes_left_in(parts: object, dislikes: list[int]) -> None:
    likes, others = PAPERS.rows([0, 31, 2, 3, 64, 5, 6, 7]), PAPERS.rows([10, 50, 90])
    refits = Refits.of(
        BACKGROUND,
        likes,
        dislikes=PAPERS.rows(dislikes),
        followed_authors=[2],
        others=others,
    )
    for fit, out in parts(len(likes)):  # type: ignore[operator]
        interest = fit_interest(
            BACKGROUND, likes.rows(fit), dislikes=PAPERS.rows(dislikes), followed_authors=[2]
        )
        held, beside = refits.kinds(fit, out, np.array([2, 0]))
        assert held == pytest.approx(kinds(interest, likes.rows(out)))
        assert beside == pytest.approx(kinds(interest, others.rows([2, 0])))
