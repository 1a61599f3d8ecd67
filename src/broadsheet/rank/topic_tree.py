"""A tree of a library's subjects, built from the bottom up.

Phrases said by many papers are joined by how often the same papers say both, nearest first.
Bottom-up joining recovers a hidden tree down to a weaker signal than splitting from the top.
Source: "Statistical theory of hierarchical clustering" (arXiv:2306.00833), theorem on average
linkage; names and cut: docs/decisions/041-topics.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PHRASES_MAX = 240
DOCS_MIN = 4
SHARE_MAX = 0.15
BRANCHES_MAX = 14
TWIGS_MAX = 8

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Branch:
    """`name` is its most central phrase; `phrases` all of them, most said first; `n_docs` papers
    that say any. `twigs` are its parts, [] where it is not worth dividing."""

    name: str
    phrases: tuple[str, ...]
    n_docs: int
    twigs: tuple[Branch, ...] = ()


def topic_tree(documents: Sequence[frozenset[str]]) -> list[Branch]:
    """Branches, most papers first, ties by name; [] where no phrase is said often enough.

    Which phrases stand in the tree, and how near they are, depends on the whole library: a day's
    papers move little.
    """
    phrases, incidence = _said_often(documents)
    if not phrases:
        return []
    alike = likeness(incidence)
    groups = cut(average_linkage(alike), len(phrases), BRANCHES_MAX)
    branches = [_branch(group, phrases, incidence, alike, divide=True) for group in groups]
    return sorted(branches, key=lambda branch: (-branch.n_docs, branch.name))


def likeness(incidence: npt.NDArray[np.float32]) -> Array:
    """Cosine of the phrases' papers, (phrases, phrases); the diagonal is 1."""
    together = (incidence.T @ incidence).astype(np.float64)
    size = np.sqrt(np.diag(together))
    alike: Array = together / np.outer(size, size)
    return alike


def average_linkage(alike: Array) -> list[tuple[int, int]]:
    """Joins (kept, taken in) from nearest to farthest, each by mean likeness of their members.

    Ties go to the lowest numbers. Source: Sokal and Michener, 1958 (UPGMA), with the update of
    Lance and Williams, Computer Journal 9(4), 1967.
    """
    near = alike.astype(np.float64).copy()
    np.fill_diagonal(near, -np.inf)
    size = np.ones(len(near))
    joins: list[tuple[int, int]] = []
    for _ in range(len(near) - 1):
        one, other = sorted(divmod(int(near.argmax()), len(near)))
        row = (size[one] * near[one] + size[other] * near[other]) / (size[one] + size[other])
        near[one], near[:, one] = row, row
        near[other], near[:, other] = -np.inf, -np.inf
        near[one, one] = -np.inf
        size[one] += size[other]
        joins.append((one, other))
    return joins


def cut(joins: Sequence[tuple[int, int]], n: int, n_groups: int) -> list[list[int]]:
    """The groups there are when `n_groups` are left, each in rising order."""
    groups: dict[int, list[int]] = {place: [place] for place in range(n)}
    for one, other in joins[: max(n - n_groups, 0)]:
        groups[one] += groups.pop(other)
    return [sorted(group) for group in groups.values()]


def _said_often(
    documents: Sequence[frozenset[str]],
) -> tuple[list[str], npt.NDArray[np.float32]]:
    counts = Counter(phrase for phrases in documents for phrase in phrases)
    usual = [
        phrase
        for phrase, n in counts.items()
        if max(DOCS_MIN, 0.002 * len(documents)) <= n <= SHARE_MAX * len(documents)
        and " " in phrase
    ]
    usual.sort(key=lambda phrase: (-counts[phrase], phrase))
    chosen = usual[:PHRASES_MAX]
    column = {phrase: place for place, phrase in enumerate(chosen)}
    incidence = np.zeros((len(documents), len(chosen)), dtype=np.float32)
    for row, phrases in enumerate(documents):
        for phrase in phrases & column.keys():
            incidence[row, column[phrase]] = 1.0
    return chosen, incidence


def _branch(
    group: Sequence[int],
    phrases: Sequence[str],
    incidence: npt.NDArray[np.float32],
    alike: Array,
    *,
    divide: bool,
) -> Branch:
    members = np.asarray(group)
    said = incidence[:, members]
    centrality = alike[np.ix_(members, members)].sum(axis=1) * np.log1p(said.sum(axis=0))
    name = phrases[members[int(centrality.argmax())]]
    order = sorted(range(len(members)), key=lambda place: (-said[:, place].sum(), place))
    twigs: tuple[Branch, ...] = ()
    if divide and len(members) > TWIGS_MAX:
        inner = alike[np.ix_(members, members)]
        parts = cut(average_linkage(inner), len(members), TWIGS_MAX)
        found = [
            _branch(members[part].tolist(), phrases, incidence, alike, divide=False)
            for part in parts
        ]
        twigs = tuple(sorted(found, key=lambda twig: (-twig.n_docs, twig.name)))
    return Branch(
        name,
        tuple(phrases[members[place]] for place in order),
        int((said.max(axis=1) > 0).sum()),
        twigs,
    )
