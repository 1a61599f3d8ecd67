import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from broadsheet.rank.background import fit_background, papers_of, weigh
from broadsheet.rank.interest import (
    KINDS,
    best_likes,
    contributions,
    fit_interest,
    recency_weights,
    resemblance,
    scores,
    telling_words,
)
from broadsheet.rank.latent import latent_vectors
from broadsheet.rank.vocabulary import choose_terms, count_matrix, terms_of
from tests.rank.worlds import topical_papers, topical_world

BACKGROUND, PAPERS, TOPICS = topical_world()


def auc(values: np.ndarray, wanted: np.ndarray) -> float:
    return float((values[wanted][:, None] > values[~wanted][None, :]).mean())


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_one_like_finds_its_topic_by_each_kind_of_evidence_alone(kind: int) -> None:
    alone = np.eye(len(KINDS))[kind]
    interest = fit_interest(BACKGROUND, PAPERS.rows([0]), weights=alone)
    assert auc(scores(interest, PAPERS), TOPICS == 0) > 0.9


def test_contributions_add_up_to_the_score() -> None:
    interest = fit_interest(BACKGROUND, PAPERS.rows([0, 1]), dislikes=PAPERS.rows([40]))
    added = contributions(interest, PAPERS)
    assert added.shape == (len(PAPERS), len(KINDS))
    assert added.sum(axis=1) == pytest.approx(scores(interest, PAPERS))


def test_a_paper_scores_the_same_whatever_stands_beside_it() -> None:
    interest = fit_interest(BACKGROUND, PAPERS.rows([0, 5]))
    assert scores(interest, PAPERS.rows([7])) == pytest.approx(scores(interest, PAPERS)[[7]])


def test_a_dislike_sinks_its_topic() -> None:
    without = fit_interest(BACKGROUND, PAPERS.rows([0]))
    disliked = fit_interest(BACKGROUND, PAPERS.rows([0]), dislikes=PAPERS.rows([30]))
    topic = TOPICS == 1
    assert scores(disliked, PAPERS)[topic].mean() < scores(without, PAPERS)[topic].mean() - 0.5


def test_likes_of_greater_weight_decide() -> None:
    likes = PAPERS.rows([0, 30])
    interest = fit_interest(BACKGROUND, likes, like_weights=[1.0, 0.1])
    values = scores(interest, PAPERS)
    assert values[TOPICS == 0].mean() > values[TOPICS == 1].mean() > values[TOPICS == 2].mean()


def test_a_followed_author_is_enough() -> None:
    interest = fit_interest(BACKGROUND, PAPERS.rows([]), followed_authors=[2])
    assert auc(scores(interest, PAPERS), TOPICS == 2) == 1.0


def test_without_any_evidence_all_papers_are_usual() -> None:
    interest = fit_interest(BACKGROUND, PAPERS.rows([]))
    assert scores(interest, PAPERS) == pytest.approx(np.zeros(len(PAPERS)), abs=1e-9)


def test_reasons_are_the_words_and_likes_that_carried_it() -> None:
    terms = [f"topic {column // 10}" for column in range(60)]
    interest = fit_interest(BACKGROUND, PAPERS.rows([0, 1, 30]))
    named = telling_words(interest, PAPERS, 2, terms)
    assert named
    assert named == sorted(named, key=lambda item: (-item[1], item[0]))
    assert {term for term, _ in named} <= {"topic 0", "topic 4", "topic 5"}
    assert named[0][0] == "topic 0"
    assert best_likes(resemblance(interest.likes, PAPERS.rows([1]))[0])[0][0] == 1


def test_a_paper_without_vector_or_words_is_still_scored() -> None:
    papers, _ = topical_papers()
    vectors = papers.vectors.copy()
    vectors[3] = np.nan
    counts = papers.counts.toarray()
    counts[4] = 0
    some = papers_of(sparse.csr_array(counts), vectors, papers.authors, papers.categories)
    background = fit_background(some)
    evidence = weigh(background, some)
    values = scores(fit_interest(background, evidence.rows([0, 3])), evidence)
    assert np.isfinite(values).all()


def test_words_alone_will_do() -> None:
    papers, topics = topical_papers()
    only_words = papers_of(papers.counts)
    background = fit_background(only_words)
    evidence = weigh(background, only_words)
    assert auc(scores(fit_interest(background, evidence.rows([0])), evidence), topics == 0) > 0.9


def test_a_background_needs_a_paper() -> None:
    with pytest.raises(ValueError, match="at least one"):
        fit_background(papers_of(sparse.csr_array((0, 3))))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 119), min_size=1, max_size=30), st.integers(0, 10))
def test_any_library_gives_the_same_finite_scores_twice(likes: list[int], n_disliked: int) -> None:
    disliked = PAPERS.rows(range(n_disliked))
    values = [
        scores(fit_interest(BACKGROUND, PAPERS.rows(likes), dislikes=disliked), PAPERS)
        for _ in range(2)
    ]
    assert np.isfinite(values[0]).all()
    assert np.array_equal(values[0], values[1])


def test_recent_likes_count_more_and_old_ones_still_count() -> None:
    weights = recency_weights([0, 365, 1e9, -5], half_life_days=365, floor=0.2)
    assert weights == pytest.approx([1.0, 0.6, 0.2, 1.0])


def test_phrases_do_not_reach_across_stop_words() -> None:
    assert terms_of(["graph", "network", "", "node"]) == {
        "graph": 1,
        "network": 1,
        "node": 1,
        "graph network": 1,
    }


def test_terms_become_columns_by_how_many_documents_have_them() -> None:
    documents = [{"a": 2, "b": 1}, {"a": 1, "c": 1}, {"b": 3}]
    terms = choose_terms(documents, n_docs_with_min=2)
    assert terms == ("a", "b")
    matrix = count_matrix(documents, {term: n for n, term in enumerate(terms)})
    assert matrix.toarray().tolist() == [[2, 1], [1, 0], [0, 3]]


def test_latent_vectors_bring_topics_together_and_know_what_has_no_words() -> None:
    papers, topics = topical_papers()
    counts = papers.counts.toarray()
    counts[0] = 0
    vectors = latent_vectors(sparse.csr_array(counts), n_dimensions=5)
    assert np.isnan(vectors[0]).all()
    assert np.linalg.norm(vectors[1:], axis=1) == pytest.approx(np.ones(119))
    alike = vectors[1:] @ vectors[1:].T
    same = topics[1:, None] == topics[None, 1:]
    assert alike[same].mean() > alike[~same].mean() + 0.1
