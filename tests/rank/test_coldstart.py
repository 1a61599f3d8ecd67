import numpy as np
import pytest
from scipy import sparse

from broadsheet.rank.coldstart import next_to_judge
from broadsheet.rank.collaborative import collaborative_scores, item_factors, lift

# Three groups of papers that are alike, of 6, 3 and 1.
GROUPS = np.repeat([0, 1, 2], [6, 3, 1])
LIKENESS = np.where(GROUPS[:, None] == GROUPS[None, :], 0.9, 0.0)
np.fill_diagonal(LIKENESS, 1.0)


def test_first_is_asked_what_tells_most_about_the_others() -> None:
    assert GROUPS[next_to_judge(LIKENESS)] == 0


def test_after_a_dislike_another_group_is_asked_about() -> None:
    assert GROUPS[next_to_judge(LIKENESS, [0], [False])] == 1


def test_after_a_like_what_is_like_it_comes_next() -> None:
    assert GROUPS[next_to_judge(LIKENESS, [0, 6], [False, True])] == 1


def test_no_paper_is_asked_about_twice() -> None:
    asked: list[int] = []
    for _ in range(len(GROUPS)):
        asked.append(next_to_judge(LIKENESS, asked, [False] * len(asked)))
    assert sorted(asked) == list(range(len(GROUPS)))
    with pytest.raises(ValueError, match="judged"):
        next_to_judge(LIKENESS, asked, [False] * len(asked))


def test_what_others_saved_together_belongs_together() -> None:
    saves = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 0]])
    values = collaborative_scores(item_factors(sparse.csr_array(saves)), [0])
    assert values[1] > values[2] == values[3] == 0.0


def test_readers_of_everything_say_less() -> None:
    saves = np.zeros((2, 20))
    saves[0, [0, 1]] = 1
    saves[1, [0, *range(2, 20)]] = 1
    values = collaborative_scores(item_factors(sparse.csr_array(saves)), [0])
    assert values[1] > values[2] > 0


def test_without_likes_others_say_nothing() -> None:
    factors = item_factors(sparse.csr_array(np.eye(3)))
    assert collaborative_scores(factors, []).tolist() == [0.0, 0.0, 0.0]
    assert lift(factors, []).tolist() == [0.0, 0.0, 0.0]


def test_others_lift_what_is_unusual_and_sink_nothing() -> None:
    saves = np.zeros((2, 9))
    saves[0, [0, 1]] = 1
    saves[1, :] = 1  # somebody who saves all there is
    lifts = lift(item_factors(sparse.csr_array(saves)), [0])
    assert lifts[1] > 0
    assert lifts[2:].tolist() == [0.0] * 7


def test_a_library_counts_whole_where_few_of_its_papers_are_looked_at() -> None:
    saves = np.array([[1, 1, 1, 0], [1, 1, 0, 1]])
    whole = item_factors(sparse.csr_array(saves)).toarray()
    part = item_factors(sparse.csr_array(saves[:, :2]), n_saved=[3, 3]).toarray()
    np.testing.assert_allclose(part, whole[:, :2])
