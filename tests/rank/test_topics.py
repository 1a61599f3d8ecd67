"""Trending topics: known answers, the rate of false discovery, and the tree."""

import numpy as np
import pytest

from broadsheet.rank.topic_tree import average_linkage, cut, topic_tree
from broadsheet.rank.topics import (
    contributions,
    discoveries,
    topics_on,
    trending_topics,
    upper_tail,
    weekly_shares,
)
from broadsheet.text.phrases import common_phrases, phrases_of


def corpus(rng: np.random.Generator, n_docs: int, n_phrases: int = 300) -> list[frozenset[str]]:
    """Documents whose phrases follow Zipf's law, the same for all."""
    odds = np.minimum(0.5, 2.0 / np.arange(1, n_phrases + 1))
    said = rng.random((n_docs, n_phrases)) < odds
    return [frozenset(f"phrase p{place}" for place in np.flatnonzero(row)) for row in said]


def test_a_phrase_that_rises_is_found_and_named() -> None:
    rng = np.random.default_rng(2)
    before, now = corpus(rng, 1_200), corpus(rng, 100)
    now = [doc | {"world model"} if place < 20 else doc for place, doc in enumerate(now)]
    topics = trending_topics(now, before)
    assert [topic.phrase for topic in topics] == ["world model"]
    assert topics[0].docs == tuple(range(20))
    assert (topics[0].n_window, topics[0].n_baseline) == (20, 0)


def test_of_shuffled_days_at_most_one_in_twenty_shows_a_topic() -> None:
    """400 days on which nothing trends: a one-sided 99 % bound around the promised 5 %."""
    rng = np.random.default_rng(5)
    documents = corpus(rng, 1_500)
    n_days_with = 0
    for _ in range(400):
        order = rng.permutation(len(documents))[:700]
        ages = np.repeat(np.arange(70), 10)
        n_days_with += bool(topics_on([documents[place] for place in order], ages))
    assert n_days_with <= 400 * 0.05 + 2.33 * (400 * 0.05 * 0.95) ** 0.5


def test_phrases_of_the_same_papers_are_one_topic() -> None:
    rng = np.random.default_rng(3)
    before, now = corpus(rng, 1_200), corpus(rng, 100)
    burst = {"world model", "world", "latent world model"}
    now = [doc | burst if place < 20 else doc for place, doc in enumerate(now)]
    topics = trending_topics(now, before)
    assert len(topics) == 1
    assert {topics[0].phrase, *topics[0].also} == burst


def test_nothing_to_compare_is_no_topic() -> None:
    assert trending_topics([], [frozenset({"a b"})]) == []
    assert trending_topics([frozenset({"a b"})], []) == []
    assert topics_on([], []) == []


def test_the_tail_is_the_hypergeometric_one() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    sums = rng.integers(1, 60, 200)
    counts = np.minimum(rng.integers(0, 20, 200), sums)
    expected = stats.hypergeom.sf(counts - 1, 500, sums, 80)
    assert upper_tail(counts, sums, 80, 500) == pytest.approx(expected, rel=1e-8)


def test_benjamini_and_hochbergs_own_example() -> None:
    """The fifteen p-values of their section 3.1: four are rejected at .05."""
    values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
    values += [0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert discoveries(values, 0.05).tolist() == [True] * 4 + [False] * 11
    assert discoveries([], 0.05).tolist() == []


def test_contributions_by_hand() -> None:
    parts = contributions([10, 0], [4, 9], 100, 89)
    assert parts[0] == pytest.approx(0.1 * np.log(0.1 / 0.05))
    assert parts[1] == 0.0


def test_weekly_shares() -> None:
    assert weekly_shares([0, 3], [0, 1, 7, 8], n_weeks=3) == [0.0, 0.5, 0.5]


def test_phrases_count_once_and_stop_at_punctuation() -> None:
    found = phrases_of("World models, world models! Agents play 3 games with world models")
    assert "world model" in found
    assert "agent play" in found
    assert not any("model world" in phrase or "with" in phrase for phrase in found)
    assert phrases_of("") == frozenset()
    assert phrases_of("a method of the performance") == frozenset()


def test_phrases_skip_addresses_and_latex() -> None:
    assert not any("http" in phrase for phrase in phrases_of("see https://github.com/a/b for it"))
    assert phrases_of(r"\"Uber diffusion") == frozenset({"uber", "diffusion", "uber diffusion"})


def test_average_linkage_joins_the_nearest_first() -> None:
    alike = np.array([[1.0, 0.9, 0.1, 0.2], [0.9, 1, 0, 0.1], [0.1, 0, 1, 0.8], [0.2, 0.1, 0.8, 1]])
    joins = average_linkage(alike)
    assert joins == [(0, 1), (2, 3), (0, 2)]
    assert cut(joins, 4, 2) == [[0, 1], [2, 3]]
    assert cut([], 1, 5) == [[0]]


def test_a_hidden_tree_is_found_and_a_day_moves_it_little() -> None:
    rng = np.random.default_rng(4)
    topics = [[f"field{topic} part{part}" for part in range(6)] for topic in range(20)]
    documents = [
        frozenset(rng.choice(topics[place % 20], 3, replace=False).tolist()) for place in range(600)
    ]
    tree = topic_tree(documents)
    names = {branch.name for branch in tree}
    for branch in tree:
        fields = {phrase.split()[0] for phrase in branch.phrases}
        assert len(branch.phrases) == 6 * len(fields)
    assert {branch.name for branch in topic_tree(documents[:-10])} & names
    assert topic_tree([]) == []


def test_common_phrases_are_those_of_several_texts() -> None:
    texts = ["world model of agents", "", "an agent and a world model", "graph kernels", "agents"]
    assert common_phrases(texts, texts_min=2) == [
        frozenset({"world", "model", "world model", "agent"} & phrases_of(texts[0])),
        frozenset(),
        frozenset({"world", "model", "world model", "agent"} & phrases_of(texts[2])),
        frozenset(),
        frozenset({"agent"}),
    ]
    assert common_phrases([], texts_min=2) == []
