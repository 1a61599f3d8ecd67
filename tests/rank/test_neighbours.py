import numpy as np
import pytest

from broadsheet.rank.neighbours import smoothed

TWINS = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.1, 0.99], [np.nan, np.nan]])


def test_a_document_moves_towards_its_neighbours() -> None:
    scores = np.array([2.0, 1.0, 1.0, 0.0, 0.5])
    moved = smoothed(scores, TWINS, np.arange(5), share=0.1)
    assert moved[1] > moved[2], "the twin of the best is lifted over its equal"
    assert moved[0] < scores[0]
    assert moved[4] == pytest.approx(0.5), "without a vector nothing moves it"


def test_others_stay_below_and_in_order() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(30, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = np.sort(rng.normal(size=30))[::-1].copy()
    moved = smoothed(scores, vectors, np.arange(30), n_smoothed=10)
    assert moved[:10].min() >= moved[10:].max()
    assert np.all(np.diff(moved[10:]) <= 0)


def test_one_document_or_none_has_no_neighbour() -> None:
    assert smoothed(np.array([1.0]), TWINS[:1], [0]).tolist() == [1.0]
    assert smoothed(np.zeros(0), np.zeros((0, 2)), []).tolist() == []
