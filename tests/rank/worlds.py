"""Small worlds in which the right answer is known."""

import numpy as np
from scipy import sparse

from broadsheet.rank.background import (
    Background,
    Evidence,
    Papers,
    fit_background,
    papers_of,
    weigh,
)

N_TOPICS, N_TERMS_PER_TOPIC, N_COMMON, N_DIMS = 4, 10, 20, 8


def topical_papers(n_per_topic: int = 30, *, seed: int = 0) -> tuple[Papers, np.ndarray]:
    """Papers of four topics and each one's topic: a topic has its own ten words, a direction in
    the space of vectors, one author who writes only there, and one category."""
    rng = np.random.default_rng(seed)
    topics = np.repeat(np.arange(N_TOPICS), n_per_topic)
    n_docs = len(topics)
    counts = np.zeros((n_docs, N_TOPICS * N_TERMS_PER_TOPIC + N_COMMON))
    for row, topic in enumerate(topics):
        own = topic * N_TERMS_PER_TOPIC + rng.integers(0, N_TERMS_PER_TOPIC, 6)
        common = N_TOPICS * N_TERMS_PER_TOPIC + rng.integers(0, N_COMMON, 12)
        np.add.at(counts[row], np.concatenate([own, common]), 1)
    vectors = np.eye(N_DIMS)[topics] + 0.2 * rng.standard_normal((n_docs, N_DIMS))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    one_hot = sparse.csr_array(np.eye(N_TOPICS)[topics])
    return papers_of(sparse.csr_array(counts), vectors, one_hot, one_hot), topics


def topical_world() -> tuple[Background, Evidence, np.ndarray]:
    papers, topics = topical_papers()
    background = fit_background(papers)
    return background, weigh(background, papers), topics
