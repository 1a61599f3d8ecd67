import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.rank.slate import choose_slate, diverse, draw_systematic, exploration_chances


def test_five_versions_of_one_idea_take_one_place() -> None:
    vectors = np.eye(6)[[0, 0, 0, 0, 0, 1, 2]]
    scores = np.array([5.0, 5.1, 5.2, 4.9, 5.0, 3.0, 2.0])
    assert diverse(scores, vectors @ vectors.T, 4).tolist() == [2, 5, 6]


def test_unrelated_papers_stand_in_order_of_score() -> None:
    scores = np.array([1.0, 3.0, 2.0])
    assert diverse(scores, np.eye(3), 3).tolist() == [1, 2, 0]


def test_greedy_is_the_greatest_determinant_step_by_step() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((8, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness, scores = vectors @ vectors.T, rng.standard_normal(8)
    quality = np.exp(0.5 * scores)
    kernel = quality[:, None] * likeness * quality[None, :]
    chosen: list[int] = []
    for _ in range(4):
        left = [row for row in range(8) if row not in chosen]
        sizes = [np.linalg.det(kernel[np.ix_([*chosen, row], [*chosen, row])]) for row in left]
        chosen.append(left[int(np.argmax(sizes))])
    assert diverse(scores, likeness, 4).tolist() == chosen


def test_a_slate_logs_the_chance_of_each_place() -> None:
    rng = np.random.default_rng(3)
    slate = choose_slate(
        [3.0, 2.0, 1.0, 0.0, -1.0],
        np.eye(5),
        threshold=2.0,
        n_places=5,
        n_exploration=2,
        rng=rng,
    )
    assert slate.rows[:2].tolist() == [0, 1]
    assert slate.explores.tolist() == [False, False, True, True]
    assert slate.propensities[:2].tolist() == [1.0, 1.0]
    assert (slate.propensities[2:] < 1.0).all()


def test_papers_are_drawn_as_often_as_logged() -> None:
    chances = exploration_chances(np.array([2.0, 0.0, -1.0, 1.0, -3.0]), 2)
    assert chances.sum() == pytest.approx(2.0)
    rng = np.random.default_rng(0)
    drawn = np.zeros(5)
    for _ in range(4000):
        rows = draw_systematic(chances, rng=rng)
        assert len(rows) == len(set(rows)) == 2
        drawn[rows] += 1
    assert drawn / 4000 == pytest.approx(chances, abs=0.03)


@given(st.lists(st.floats(-50, 50), max_size=30), st.integers(0, 8))
def test_every_paper_has_some_chance(scores: list[float], n_drawn: int) -> None:
    chances = exploration_chances(np.array(scores), n_drawn)
    assert chances.sum() == pytest.approx(min(n_drawn, len(scores)))
    assert (chances <= 1.0).all()
    if n_drawn:
        assert (chances > 0.0).all()


@settings(max_examples=50)
@given(st.lists(st.floats(-5, 5), max_size=20), st.integers(0, 25), st.integers(0, 5))
def test_a_slate_holds_no_paper_twice(scores: list[float], n_places: int, n_explore: int) -> None:
    slate = choose_slate(
        scores,
        np.eye(len(scores)),
        threshold=0.0,
        n_places=n_places,
        n_exploration=n_explore,
        rng=np.random.default_rng(0),
    )
    assert len(set(slate.rows)) == len(slate.rows) == len(slate.explores)
    chosen = slate.rows[~slate.explores]
    assert len(chosen) <= n_places
    assert all(scores[row] >= 0.0 for row in chosen)
