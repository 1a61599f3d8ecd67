"""How alike two papers are, as a whole or in one aspect, and which sentences show it.

A paper is its *parts*: the title and each sentence of the abstract, with a unit vector and, for
sentences, the shares in which it speaks of background, method and result (`rank.aspects`).

Source: Mysore et al., "Multi-Vector Models with Textual Guidance for Fine-Grained Scientific
Document Similarity" (arXiv:2111.08366), for sentences matched one by one; Khattab and Zaharia,
"ColBERT" (arXiv:2004.12832), for the sum of best matches. Weights and figures:
docs/decisions/021-search-similar.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from broadsheet.rank.aspects import ASPECTS, Aspect
from broadsheet.rank.fusion import z_scores

Vectors = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float64]

OTHER_ASPECT_PENALTY = 0.2


@dataclass(frozen=True, slots=True)
class Weights:
    """What each kind of likeness counts, see `similarity`."""

    whole: float
    matched: float
    same: float
    words: float
    pairs: float = 0.0


WEIGHTS: Mapping[Aspect, Weights] = {
    Aspect.ALL: Weights(whole=0.5, matched=1.0, same=1.0, words=0.25),
    Aspect.BACKGROUND: Weights(whole=0.5, matched=1.0, same=1.0, words=0.25),
    # A method is known by its names, mostly of two words, in any sentence of the other paper.
    Aspect.METHOD: Weights(whole=0.2, matched=2.0, same=0.0, words=0.5, pairs=0.4),
    Aspect.RESULT: Weights(whole=0.5, matched=1.0, same=1.0, words=0.25),
}


@dataclass(frozen=True, slots=True)
class Parts:
    """Title (row 0) and sentences of one paper.

    `vectors` (n, d), unit rows; `shares` (n, 3) as `rank.aspects.aspect_shares`, with ones for the
    title, which speaks of every aspect. A paper without abstract has one part.
    """

    vectors: Vectors
    shares: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pool:
    """Candidates' parts laid end to end: paper i has rows `starts[i]` up to `starts[i + 1]`."""

    vectors: Vectors
    shares: npt.NDArray[np.float64]
    starts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, papers: Sequence[Parts]) -> "Pool":
        """Raises ValueError where a paper has no part: it could not be compared."""
        sizes = [len(paper.vectors) for paper in papers]
        if 0 in sizes:
            raise ValueError("a paper without title and abstract has nothing to compare")
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        if not papers:
            return cls(np.zeros((0, 0), np.float32), np.zeros((0, len(ASPECTS))), starts)
        vectors = np.concatenate([paper.vectors for paper in papers]).astype(np.float32)
        return cls(vectors, np.concatenate([paper.shares for paper in papers]), starts)

    def paper(self, row: int) -> Parts:
        """The parts of one of them."""
        parts = slice(self.starts[row], self.starts[row + 1])
        return Parts(self.vectors[parts], self.shares[parts])


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike each paper of a pool is to one paper but for its words, in three kinds of cosine
    (n,) each: see `similarity`. What it takes to work out does not depend on the rest of the pool.
    """

    whole: Scores
    matched: Scores
    same: Scores

    def at(self, rows: Sequence[int]) -> "Likeness":
        """That of some of the papers."""
        chosen = list(rows)
        return Likeness(self.whole[chosen], self.matched[chosen], self.same[chosen])


def part_weights(
    parts: Parts, aspect: Aspect, *, rows: Sequence[int] | None = None
) -> npt.NDArray[np.float64]:
    """How much each part of the query paper counts, (n,), summing to 1.

    For `all` every part counts the same. For an aspect the title counts 1 and a sentence its
    share of the aspect, rounded to 0 or 1; where no sentence has it, all count. `rows`, where a
    reader chose sentences, are those counted besides the title instead.
    """
    n = len(parts.vectors)
    weights = np.ones(n)
    if rows is not None or aspect is not Aspect.ALL:
        weights = np.zeros(n)
        chosen = list(rows) if rows is not None else _rows_of(parts, aspect)
        weights[chosen or range(n)] = 1.0
        weights[0] = 1.0
    shares: npt.NDArray[np.float64] = weights / weights.sum()
    return shares


def _rows_of(parts: Parts, aspect: Aspect) -> list[int]:
    column = ASPECTS.index(aspect)
    return [row for row in range(1, len(parts.shares)) if parts.shares[row].argmax() == column]


def best_matches(
    query: Vectors, pool: Pool, *, penalty: npt.NDArray[np.float64] | None = None
) -> Scores:
    """For each query part and paper the cosine of the paper's best part: (n_query, n_papers).

    `penalty` (n_pool_parts,) is taken off each part's cosine first.
    """
    return _best_of_each(_cosines(query, pool), pool, penalty)


def _cosines(query: Vectors, pool: Pool) -> Scores:
    """Of each query part with each part of the pool: (n_query, n_pool_parts)."""
    if not len(pool.vectors):
        return np.zeros((len(query), 0))
    # This way round the product of a few rows with many takes two thirds of the time.
    return (pool.vectors @ query.T).T.astype(np.float64, order="C")


def _best_of_each(
    cosines: Scores, pool: Pool, penalty: npt.NDArray[np.float64] | None = None
) -> Scores:
    if len(pool.starts) == 1:
        return np.zeros((len(cosines), 0))
    wanted = cosines if penalty is None else cosines - penalty
    best: Scores = np.maximum.reduceat(wanted, pool.starts[:-1], axis=1)
    return best


def likeness(
    query: Parts,
    pool: Pool,
    *,
    whole: npt.ArrayLike,
    aspect: Aspect = Aspect.ALL,
    rows: Sequence[int] | None = None,
) -> Likeness:
    """What of `similarity` does not depend on words, for each paper of the pool."""
    weights, cosines = part_weights(query, aspect, rows=rows), _cosines(query.vectors, pool)
    matched = weights @ _best_of_each(cosines, pool)
    if aspect is Aspect.ALL:
        same = _matched_back(cosines, pool)
    else:
        penalty = OTHER_ASPECT_PENALTY * (1.0 - pool.shares[:, ASPECTS.index(aspect)])
        same = weights @ _best_of_each(cosines, pool, penalty)
    return Likeness(np.asarray(whole, np.float64), matched, same)


def _matched_back(cosines: Scores, pool: Pool) -> Scores:
    if len(pool.starts) == 1:
        return np.zeros(0)
    sums = np.add.reduceat(cosines.max(axis=0), pool.starts[:-1])
    means: Scores = sums / np.diff(pool.starts)
    return means


def similarity(
    query: Parts,
    pool: Pool,
    *,
    whole: npt.ArrayLike,
    words: npt.ArrayLike,
    pairs: npt.ArrayLike | None = None,
    aspect: Aspect = Aspect.ALL,
    rows: Sequence[int] | None = None,
) -> Scores:
    """Score of each paper of the pool (n,), larger is more alike; comparable within the pool.

    Each of these is standardised over the pool (`z_scores`) and added: the cosine of the papers
    as a whole (`whole`), the mean over the query's parts of their best match in the paper, the
    same with matches in sentences of another aspect taken down, and the likeness of their words
    (`words`) and, where they count, of their pairs of words (`pairs`). For `all` the third is the
    second turned round: each part of the paper matched in the query.
    """
    alike = likeness(query, pool, whole=whole, aspect=aspect, rows=rows)
    return weighed(alike, words=words, pairs=pairs, aspect=aspect)


def weighed(
    alike: Likeness,
    *,
    words: npt.ArrayLike,
    pairs: npt.ArrayLike | None = None,
    aspect: Aspect = Aspect.ALL,
) -> Scores:
    """`similarity` of papers whose likeness is known."""
    kinds = WEIGHTS[aspect]
    scores: Scores = (
        kinds.whole * z_scores(alike.whole)
        + kinds.matched * z_scores(alike.matched)
        + kinds.same * z_scores(alike.same)
        + kinds.words * z_scores(words)
    )
    return scores if pairs is None else scores + kinds.pairs * z_scores(pairs)


def closest_pair(query: Parts, paper: Parts, aspect: Aspect = Aspect.ALL) -> tuple[int, int, float]:
    """(part of the query, part of the paper, cosine) of the two most alike sentences.

    Titles are left out where both papers have sentences. For an aspect, the query's sentences are
    those of the aspect, where it has any.
    """
    weights = part_weights(query, aspect)
    left = [row for row in range(1, len(weights)) if weights[row] > 0] or [0]
    right = list(range(1, len(paper.vectors))) or [0]
    cosines = query.vectors[left] @ paper.vectors[right].T
    row, column = np.unravel_index(int(cosines.argmax()), cosines.shape)
    return left[int(row)], right[int(column)], float(cosines[row, column])


def closest_part(query: npt.NDArray[np.floating], paper: Parts) -> tuple[int, float]:
    """The part of the paper closest to a query vector (d,), sentences before the title."""
    rows = list(range(1, len(paper.vectors))) or [0]
    cosines = paper.vectors[rows] @ query
    best = int(cosines.argmax())
    return rows[best], float(cosines[best])
