"""The systems that the interests suite compares, all asked the same way.

A contender learns from a library (rows of the world's papers, newest first) and scores streams.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import sparse

from broadsheet.evaluate.library_peers import decayed_mean, fit_svm, svm_scores, tfidf_rows
from broadsheet.rank.background import (
    Background,
    Evidence,
    Floats,
    Papers,
    fit_background,
    weigh,
)
from broadsheet.rank.interest import WEIGHTS, fit_interest, scores

Rows = npt.NDArray[np.int64]

OURS, OURS_TEXT = "ours", "ours, text alone"
SVM, DECAYED = "tf-idf + linear SVM", "decayed mean cosine"
CENTROID = "tf-idf centroid"
TEXT_WEIGHTS: Floats = np.where(np.arange(WEIGHTS.size) < 4, WEIGHTS, 0.0)
N_NEGATIVES_MAX = 4_000


@dataclass(frozen=True, slots=True)
class Stream:
    """Papers to be ranked, in every form that a contender wants."""

    evidence: Evidence
    tfidf: sparse.csr_array
    vectors: Floats


@dataclass(frozen=True, slots=True)
class World:
    """All papers of a data set; `negatives` are rows that any reader may have seen."""

    background: Background
    papers: Stream
    negatives: Rows

    def stream(self, rows: Rows) -> Stream:
        whole = self.papers
        return Stream(whole.evidence.rows(rows), whole.tfidf[rows], whole.vectors[rows])


Ranker = Callable[[Stream], Floats]
#: From a library, and the columns of authors to leave out (the reader's own name), to a ranker.
Contender = Callable[[Rows, Sequence[int]], Ranker]


def make_world(papers: Papers, background_rows: Rows) -> World:
    """Statistics come from `background_rows` alone: nothing of the streams is known before."""
    background = fit_background(papers.rows(background_rows))
    vectors = np.nan_to_num(np.asarray(papers.vectors, dtype=np.float64))
    stream = Stream(weigh(background, papers), tfidf_rows(papers.counts, background.idf), vectors)
    return World(background, stream, background_rows[:N_NEGATIVES_MAX])


def contenders(world: World, *, with_facts: bool) -> dict[str, Contender]:
    """Ours and the peers; `with_facts` where the papers have authors or categories."""
    chosen: dict[str, Contender] = {OURS: partial(ours, world)}
    if with_facts:
        chosen[OURS_TEXT] = partial(ours, world, weights=TEXT_WEIGHTS)
    chosen[SVM] = partial(_svm, world)
    if world.papers.vectors.shape[1]:
        chosen[DECAYED] = partial(_decayed, world)
    return chosen | {CENTROID: partial(_centroid, world)}


def ours(
    world: World, library: Rows, own: Sequence[int] = (), *, weights: npt.ArrayLike = WEIGHTS
) -> Ranker:
    likes = world.papers.evidence.rows(library)
    interest = fit_interest(world.background, likes, weights=weights)
    interest.author_weights[list(own)] = 0.0
    return lambda stream: scores(interest, stream.evidence)


def _svm(world: World, library: Rows, own: Sequence[int]) -> Ranker:
    others = np.setdiff1d(world.negatives, library)
    weights = fit_svm(world.papers.tfidf[library], world.papers.tfidf[others])
    return lambda stream: svm_scores(weights, stream.tfidf)


def _decayed(world: World, library: Rows, own: Sequence[int]) -> Ranker:
    return lambda stream: decayed_mean(world.papers.vectors[library], stream.vectors)


def _centroid(world: World, library: Rows, own: Sequence[int]) -> Ranker:
    mean = np.asarray(world.papers.tfidf[library].sum(axis=0)).ravel()
    return lambda stream: np.asarray(stream.tfidf @ mean, dtype=np.float64)


def fit_all(
    chosen: Mapping[str, Contender], library: Rows, own: Sequence[int] = ()
) -> dict[str, Ranker]:
    return {name: contender(library, own) for name, contender in chosen.items()}
