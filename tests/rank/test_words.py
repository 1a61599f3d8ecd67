import math

import pytest

from broadsheet.rank.words import (
    bm25f,
    dot,
    inverse_document_frequency,
    pair_counts,
    pool_frequencies,
    shared_terms,
    tfidf_cosines,
    tfidf_vector,
    weighted_counts,
)


def test_idf_is_positive_and_falls_with_frequency() -> None:
    values = [inverse_document_frequency(10, n) for n in range(11)]
    assert values == sorted(values, reverse=True)
    assert values[-1] > 0
    assert inverse_document_frequency(10, 1) == pytest.approx(math.log(1 + 9.5 / 1.5))


def test_title_words_count_three_times() -> None:
    assert weighted_counts(["a", "b"], ["b", "c"]) == {"a": 3, "b": 4, "c": 1}


def test_bm25_by_hand() -> None:
    documents = [{"cat": 2, "dog": 1}, {"dog": 3}]
    scores = bm25f({"cat": 1.0}, documents, idf={"cat": 1.5}, mean_length=3.0)
    assert scores.tolist() == pytest.approx([1.5 * 2 * 2.2 / (2 + 1.2), 0.0])


def test_tfidf_vectors_are_unit_and_compare() -> None:
    idf = {"rare": 2.0, "dull": 0.5}
    left, right = tfidf_vector({"rare": 1, "dull": 4}, idf), tfidf_vector({"rare": 2}, idf)
    assert dot(left, left) == pytest.approx(1.0)
    assert dot(left, right) == pytest.approx(dot(right, left))
    assert shared_terms(left, left) == ["rare", "dull"]
    assert tfidf_vector({}, idf) == {}


def test_pairs_do_not_reach_across_sentences() -> None:
    counts = pair_counts(["gibbs", "sampling"], [["we", "use", "gibbs"], ["sampling", "works"]])
    assert counts == {"gibbs sampling": 2, "we use": 1, "use gibbs": 1, "sampling works": 1}


def test_a_term_of_every_document_of_the_pool_tells_least() -> None:
    idf = pool_frequencies([{"a": 1, "b": 2}, {"b": 1}, {"b": 1, "a": 4}])
    assert set(idf) == {"a", "b"}
    assert idf["a"] == pytest.approx(math.log(1 + 3 / 2.5))
    assert 0 < idf["b"] < idf["a"]


def test_cosines_of_many_documents_are_those_of_their_vectors() -> None:
    idf = {"rare": 2.0, "dull": 0.5, "other": 1.0}
    documents = [{"rare": 1, "dull": 4}, {}, {"other": 2, "dull": 1}, {"other": 3}]
    query = tfidf_vector({"rare": 2, "dull": 1}, idf)
    expected = [dot(query, tfidf_vector(document, idf)) for document in documents]
    assert tfidf_cosines(query, documents, idf).tolist() == pytest.approx(expected)
    assert expected[1] == expected[3] == 0
    assert tfidf_cosines(query, [], idf).shape == (0,)
