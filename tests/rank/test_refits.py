import numpy as np
import numpy.typing as npt
import pytest

from broadsheet.rank.dial import folds, forward_folds
from broadsheet.rank.interest import fit_interest, kinds
from broadsheet.rank.refits import Refits
from tests.rank.worlds import topical_world

BACKGROUND, PAPERS, _ = topical_world()


@pytest.mark.parametrize("dislikes", [[], [70, 95]])
@pytest.mark.parametrize("parts", [list(folds(8)), list(forward_folds(range(8)))])
def test_a_refit_is_the_fit_of_the_likes_left_in(
    parts: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]], dislikes: list[int]
) -> None:
    likes, others = PAPERS.rows([0, 31, 2, 3, 64, 5, 6, 7]), PAPERS.rows([10, 50, 90])
    refits = Refits.of(
        BACKGROUND,
        likes,
        dislikes=PAPERS.rows(dislikes),
        followed_authors=[2],
        others=others,
    )
    over = np.array([2, 0])
    found = refits.kinds([(fit, out, over) for fit, out in parts])
    assert len(found) == len(parts) > 0
    for (fit, out), (held, beside) in zip(parts, found, strict=True):
        interest = fit_interest(
            BACKGROUND, likes.rows(fit), dislikes=PAPERS.rows(dislikes), followed_authors=[2]
        )
        assert held == pytest.approx(kinds(interest, likes.rows(out)))
        assert beside == pytest.approx(kinds(interest, others.rows(over)))
