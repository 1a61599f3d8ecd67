import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from broadsheet.rank.feedback import feedback_weights, moved_query
from broadsheet.rank.fusion import best_first, fuse, z_scores
from broadsheet.rank.hybrid import rank_hybrid


def test_fused_score_is_share_of_best_lexical_plus_weighted_cosine() -> None:
    assert fuse([4.0, 2.0, 0.0], [0.5, 0.1, 0.9]).tolist() == pytest.approx([2.2, 0.74, 2.16])


def test_without_any_matching_word_the_cosine_decides_alone() -> None:
    assert fuse([0.0, 0.0], [0.1, 0.3]).tolist() == pytest.approx([0.24, 0.72])


def test_a_document_without_vector_is_neither_sunk_nor_lifted() -> None:
    scores = fuse([1.0, 1.0, 1.0], [0.9, np.nan, 0.1])
    assert scores[0] > scores[1] > scores[2]
    assert fuse([2.0, 1.0], [np.nan, np.nan]).tolist() == pytest.approx([1.0, 0.5])


def test_no_candidates_no_scores() -> None:
    assert fuse([], []).shape == (0,)
    assert z_scores([]).shape == (0,)


def test_z_scores_of_equal_values_are_zero() -> None:
    assert z_scores([3.0, 3.0]).tolist() == [0.0, 0.0]
    assert z_scores([1.0, 3.0]).tolist() == pytest.approx([-1.0, 1.0])


@given(arrays(np.float64, st.integers(0, 30), elements=st.integers(0, 3).map(float)))
def test_an_order_is_a_permutation_and_ties_go_by_key(scores: np.ndarray) -> None:
    keys = np.arange(len(scores))[::-1]
    order = best_first(scores, keys)
    assert sorted(order.tolist()) == list(range(len(scores)))
    pairs = [(-scores[place], keys[place]) for place in order]
    assert pairs == sorted(pairs)


def test_feedback_weights_favour_a_clear_winner() -> None:
    assert feedback_weights([3.0, 1.0]).tolist() == pytest.approx([0.99995, 0.00005], abs=1e-5)
    assert feedback_weights([1.0, 1.0]).tolist() == [0.5, 0.5]


def test_the_query_moves_towards_the_best_documents() -> None:
    query = np.array([1.0, 0.0, 0.0])
    vectors = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [np.nan] * 3])
    moved = moved_query(query, vectors, [2.0, 0.0, 9.0], share=0.5)
    assert np.linalg.norm(moved) == pytest.approx(1.0, abs=1e-6)
    assert moved[0] == pytest.approx(moved[1], abs=1e-3)
    assert moved[2] < 1e-3


def test_without_vectors_the_query_stays() -> None:
    query = np.array([0.6, 0.8])
    assert moved_query(query, np.full((2, 2), np.nan), [1.0, 2.0]).tolist() == pytest.approx(
        query.tolist()
    )
    assert moved_query(query, np.zeros((0, 2)), []).tolist() == pytest.approx(query.tolist())


def test_hybrid_never_drowns_words_where_all_meanings_are_alike() -> None:
    """LIMIT in small: the vectors cannot tell the documents apart, the words can."""
    rng = np.random.default_rng(1)
    vectors = np.array([1.0, 0.0]) + rng.normal(0, 0.01, (20, 2))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    lexical = np.zeros(20)
    lexical[[7, 13]] = 5.0, 4.0
    found = rank_hybrid(np.arange(20), lexical, vectors, np.array([1.0, 0.0]))
    assert found.order[:2].tolist() == [7, 13]


def test_hybrid_finds_by_meaning_what_no_word_matches() -> None:
    vectors = np.eye(4)
    found = rank_hybrid(np.arange(4), np.zeros(4), vectors, np.array([0.0, 0.0, 1.0, 0.0]))
    assert found.order[0] == 2
    assert found.cosines[2] == pytest.approx(1.0)


def test_hybrid_ranking_of_nothing_is_nothing() -> None:
    found = rank_hybrid(np.zeros(0, np.int64), [], np.zeros((0, 4)), np.ones(4) / 2)
    assert found.order.shape == (0,)
