"""What attention a paper may expect before anybody has looked at it.

A straight line over what is known when a paper is listed, learnt from earlier days alone. The
measure of attention is y = ln(1 + upvotes) less the mean of its day, so that a busy day and a
slow one count alike. Weights, half-life and what was tried: docs/decisions/040-trending.md.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

HALF_LIFE_D = 250.0  # of what an author's earlier paper says about the next
RIDGE = 300.0  # in papers: how many it takes before a weight is believed by half
N_COLUMNS = 3_000  # hashed words of a text
N_RECENT = 3_000  # papers that a text is compared with
N_NEIGHBOURS = 20
LEARN_MIN = 50  # papers; fewer say nothing about a text

FEATURES = (
    "authors' record, best three",
    "authors' record, all",
    "authors' record, sum",
    "last author's record",
    "record as last author",
    "record as first author",
    "authors' earlier papers (ln)",
    "code",
    "project page",
    "picture or video",
    "organization",
    "organization's record",
    "code owner's record",
    "number of authors (ln)",
    "place in the day's list",
    "hour of listing",
    "listed the day before",
    "length of the title (ln)",
    "a benchmark",
    "title asks a question",
    "title with a colon",
    "age when listed (ln days)",
    "like recent papers that drew attention",
)
TIME_OF_LISTING = ("place in the day's list", "hour of listing", "listed the day before")

_WORD = re.compile(r"[a-z][a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Listed:
    """A paper as its day's list shows it. `authors` are ids or names, in order; `code_owner` and
    `organization` are "" where there is none; `listed_h` is hours after the day began (UTC),
    negative on the evening before; `age_d` days since it was first published."""

    key: str
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    organization: str = ""
    code_owner: str = ""
    has_page: bool = False
    has_media: bool = False
    listed_h: float | None = None
    age_d: float | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One day before its votes: `table` (papers, FEATURES), each column less its mean over the
    day; `words` are the papers' texts."""

    day: date
    papers: tuple[Listed, ...]
    words: tuple[Mapping[str, int], ...]
    table: Array


class DecayingMean:
    """Mean of what was seen under a name, older sights counting less; shrunk towards 0."""

    def __init__(self, half_life_d: float = HALF_LIFE_D) -> None:
        self._half_life_d = half_life_d
        self._seen: dict[str, tuple[float, float, int]] = {}

    def add(self, name: str, value: float, day: date) -> None:
        total, weight = self.total(name, day)
        self._seen[name] = (total + value, weight + 1.0, day.toordinal())

    def total(self, name: str, day: date) -> tuple[float, float]:
        """Sum and weight as of `day`; (0, 0) for a name never seen."""
        total, weight, when = self._seen.get(name, (0.0, 0.0, 0))
        kept = 0.5 ** (max(day.toordinal() - when, 0) / self._half_life_d)
        return total * kept, weight * kept

    def mean(self, name: str, day: date, *, shrink: float) -> float:
        """sum / (weight + shrink): as if `shrink` papers of ordinary attention were known."""
        total, weight = self.total(name, day)
        return total / (weight + shrink)


class History:
    """Earlier days, learnt one after another: records of names, texts, and the line's equations.

    Days come in order; a day is looked at before it is learnt.
    """

    def __init__(self) -> None:
        self._author, self._first, self._last = DecayingMean(), DecayingMean(), DecayingMean()
        self._organization, self._owner = DecayingMean(), DecayingMean()
        self._texts = _Texts()
        n = len(FEATURES)
        self._squares: Array = np.zeros((n, n))
        self._products: Array = np.zeros(n)
        self._n_papers = 0

    @property
    def n_papers(self) -> int:
        return self._n_papers

    def look(self, day: date, papers: Sequence[Listed]) -> Sheet:
        """What is known of a day's papers from the days learnt so far."""
        words = tuple(_words(paper) for paper in papers)
        if not papers:
            return Sheet(day, (), (), np.zeros((0, len(FEATURES))))
        hours = sorted(paper.listed_h for paper in papers if paper.listed_h is not None)
        rows = [
            [*self._people(day, paper), *_listing(paper, hours), float(near)]
            for paper, near in zip(papers, self._texts.expected(words), strict=True)
        ]
        table = np.asarray(rows, dtype=np.float64)
        return Sheet(day, tuple(papers), words, table - table.mean(axis=0))

    def learn(self, sheet: Sheet, attention: npt.ArrayLike) -> None:
        """Take in how a day turned out: `attention` is ln(1 + upvotes), one a paper."""
        observed = np.asarray(attention, dtype=np.float64)
        if observed.size < 2:
            return
        excess = observed - observed.mean()
        self._squares += sheet.table.T @ sheet.table
        self._products += sheet.table.T @ excess
        self._n_papers += len(sheet.papers)
        for paper, value in zip(sheet.papers, excess, strict=True):
            self._remember(sheet.day, paper, float(value))
        self._texts.learn(sheet.words, excess)

    def weights(self, *, without: Sequence[str] = (), ridge: float = RIDGE) -> Array:
        """Weights of FEATURES, per unit of each: ridge regression on all days learnt.

        Those named in `without` and those never seen to differ are 0. Source: Hoerl and Kennard,
        "Ridge Regression", Technometrics 12(1), 1970, on columns scaled to unit variance.
        """
        spread = np.sqrt(np.diag(self._squares) / max(self._n_papers, 1))
        used = np.array([name not in without for name in FEATURES]) & (spread > 1e-9)
        weights = np.zeros(len(FEATURES))
        if not used.any():
            return weights
        scale = spread[used]
        squares = self._squares[np.ix_(used, used)] / np.outer(scale, scale)
        solved = np.linalg.solve(squares + ridge * np.eye(len(scale)), self._products[used] / scale)
        weights[used] = solved / scale
        return weights

    def author_record(self, authors: Sequence[str], day: date) -> float:
        """The best of the authors' records, 0 for unknown ones: the plain author prior."""
        return max((self._author.mean(name, day, shrink=2.0) for name in authors), default=0.0)

    def _people(self, day: date, paper: Listed) -> list[float]:
        names = paper.authors
        means = sorted((self._author.mean(name, day, shrink=2.0) for name in names), reverse=True)
        sums = [self._author.total(name, day) for name in names]
        total, weight = sum(s for s, _ in sums), sum(w for _, w in sums)
        owner, organization = paper.code_owner, paper.organization
        return [
            sum(means[:3]) / 3.0,
            total / (weight + 3.0),
            sum(means),
            self._author.mean(names[-1], day, shrink=1.0) if names else 0.0,
            self._last.mean(names[-1], day, shrink=1.0) if names else 0.0,
            self._first.mean(names[0], day, shrink=1.0) if names else 0.0,
            math.log1p(weight),
            float(bool(owner)),
            float(paper.has_page),
            float(paper.has_media),
            float(bool(organization)),
            self._organization.mean(organization, day, shrink=2.0) if organization else 0.0,
            self._owner.mean(owner, day, shrink=1.0) if owner else 0.0,
        ]

    def _remember(self, day: date, paper: Listed, value: float) -> None:
        for name in paper.authors:
            self._author.add(name, value, day)
        if paper.authors:
            self._first.add(paper.authors[0], value, day)
            self._last.add(paper.authors[-1], value, day)
        if paper.organization:
            self._organization.add(paper.organization, value, day)
        if paper.code_owner:
            self._owner.add(paper.code_owner, value, day)


def explain(row: npt.ArrayLike, weights: Array, *, n: int = 4) -> list[tuple[str, float]]:
    """What moved one paper's expectation most: (feature, weight * value), strongest first.

    Shares under 0.01 are left out; all shares together sum to the expectation.
    """
    parts = np.asarray(row, dtype=np.float64) * weights
    order = np.argsort(-np.abs(parts), kind="stable")[:n]
    return [(FEATURES[place], float(parts[place])) for place in order if abs(parts[place]) >= 0.01]


def _listing(paper: Listed, hours: Sequence[float]) -> list[float]:
    """What the list itself says. A paper without an hour is taken for the middle of the day's."""
    title, hour = paper.title, paper.listed_h
    if hour is None:
        hour = hours[len(hours) // 2] if hours else 0.0
    before = sum(other < hour for other in hours)
    return [
        math.log(max(len(paper.authors), 1)),
        before / max(len(hours) - 1, 1),
        hour,
        float(hour < 0),
        math.log(max(len(title.split()), 1)),
        float("bench" in title.lower()),
        float("?" in title),
        float(":" in title),
        math.log1p(max(paper.age_d or 0.0, 0.0)),
    ]


class _Texts:
    """Recent papers' words with the attention they drew; a new text is compared with them."""

    def __init__(self) -> None:
        self._rows: npt.NDArray[np.float32] = np.zeros((N_RECENT, N_COLUMNS), dtype=np.float32)
        self._values: Array = np.zeros(N_RECENT)
        self._n_docs = 0
        self._n_docs_with: defaultdict[str, int] = defaultdict(int)

    def expected(self, texts: Sequence[Mapping[str, int]]) -> Array:
        """Mean attention of the nearest texts, by cosine, shrunk towards 0; (n,)."""
        if self._n_docs < LEARN_MIN:
            return np.zeros(len(texts))
        kept = min(self._n_docs, N_RECENT)
        cosines = np.vstack([self._vector(text) for text in texts]) @ self._rows[:kept].T
        found = np.zeros(len(texts))
        for place, row in enumerate(cosines):
            near = np.argpartition(-row, N_NEIGHBOURS)[:N_NEIGHBOURS]
            found[place] = float(row[near] @ self._values[near]) / (float(row[near].sum()) + 1.0)
        return found

    def learn(self, texts: Sequence[Mapping[str, int]], values: Array) -> None:
        """Newest texts take the places of the oldest."""
        for text, value in zip(texts, values, strict=True):
            place = self._n_docs % N_RECENT
            self._rows[place], self._values[place] = self._vector(text), value
            self._n_docs += 1
        for word in chain.from_iterable(texts):
            self._n_docs_with[word] += 1

    def _vector(self, text: Mapping[str, int]) -> npt.NDArray[np.float32]:
        """Unit vector of (1 + ln tf) * idf in hashed columns; words seen once do not count.

        Source: Weinberger et al., "Feature Hashing" (arXiv:0902.2206), with its sign.
        """
        vector = np.zeros(N_COLUMNS, dtype=np.float32)
        for word, n in text.items():
            n_with = self._n_docs_with.get(word, 0)
            if n_with < 2:
                continue
            place = crc32(word.encode())
            sign = 1.0 if place >> 20 & 1 else -1.0
            idf = math.log(1.0 + (self._n_docs + 1) / (n_with + 0.5))
            vector[place % N_COLUMNS] += sign * (1.0 + math.log(n)) * idf
        length = float(np.linalg.norm(vector))
        return vector / length if length > 0 else vector


def _words(paper: Listed) -> Counter[str]:
    """Words of the abstract; words of the title and its pairs apart from them."""
    title = _WORD.findall(paper.title.lower())
    counts = Counter(_WORD.findall(paper.abstract.lower()))
    counts.update(f"t:{word}" for word in title)
    counts.update(f"t:{one} {two}" for one, two in pairwise(title))
    return counts
