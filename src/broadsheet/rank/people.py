"""Which mentions of a name are one person.

Within a block (mentions whose name is written alike) every two mentions are compared: strong
identifiers decide at once; otherwise shared co-authors, affiliation, subject and time are
weighed by a logistic regression, a rare name adds to the odds, and groups are joined from the
surest pair down.
Weights, threshold and what was tried: docs/decisions/042-people.md.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from broadsheet.rank.words import dot
from broadsheet.text.fold import fold

Array = npt.NDArray[np.float64]

EVIDENCE = (
    "a shared co-author",
    "two shared co-authors",
    "three shared co-authors",
    "length of the shorter list",
    "share of the shorter list",
    "the same affiliation",
    "affiliations partly the same",
    "different affiliations",
    "different affiliations within a year",
    "the same affiliation, same venue and year",
    "no affiliation, same venue and year",
    "likeness of subject",
    "subjects alike",
    "subjects much alike",
    "the same venue",
    "the same venue and year",
    "years between",
    "the same affiliation and subject",
    "a shared co-author and subject",
    "a shared co-author, different affiliations",
)
#: Fitted on all blocks of the suite's data; the last is the intercept. See the decision record.
WEIGHTS: tuple[float, ...] = (
    *(3.12, 0.26, 0.09, 0.0, -1.13, 2.32, 1.54, -0.03, -0.81, 0.93, 0.02),
    *(0.85, 0.79, -0.01, 0.99, 0.04, 0.01, 0.09, -1.52, 0.12, -1.69),
)
THRESHOLD = 0.0  # log-odds
RARE_WEIGHT, RARE_MAX = 1.3, 6.0  # what a rare name adds to the log-odds
SUREST_SHARE = 0.75  # of the surest pair against the average pair of two groups
SURE, NEVER = 12.0, -1e6
MENTIONS_MAX = 600  # of a block, compared pair by pair

_WORD = re.compile(r"[^\W_]+")
_PLACES = re.compile(r"[+;/|]| and ")
_PLACE_WORDS = frozenset(
    {
        "of", "the", "and", "for", "in", "at", "de", "la", "university", "universite", "institute",
        "college", "school", "lab", "laboratory", "research", "technology", "department", "dept",
        "inc", "ltd", "group", "center", "centre",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mention:
    """A name on a paper. `coauthors` are keys of the others; `words` a unit vector of subject;
    `ids` strong identifiers by kind (orcid, openreview, dblp, acl)."""

    doc: str
    name: str
    coauthors: frozenset[str] = frozenset()
    affiliation: str = ""
    words: Mapping[str, float] = field(default_factory=dict)
    venue: str = ""
    year: int | None = None
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """Places of mentions in the block. `confidence` in [0, 1]: the probability that the least sure
    join was right, 1 for one mention; `reason`: the evidence that spoke most for it."""

    mentions: tuple[int, ...]
    confidence: float
    reason: str


class Names:
    """How many people would have a name if first and last names were drawn apart."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._given: Counter[str] = Counter()
        self._family: Counter[str] = Counter()
        self._n_keys = 0
        for key in keys:
            parts = key.split("-")
            self._given[parts[0]] += 1
            self._family[parts[-1]] += 1
            self._n_keys += 1

    def expected(self, key: str) -> float:
        parts = key.split("-")
        return self._given[parts[0]] * self._family[parts[-1]] / max(self._n_keys, 1)

    def prior(self, key: str) -> float:
        """Log-odds for one person that a rare name adds: the fewer would share it, the more.

        0 where one or more namesakes are expected, as in the blocks that taught the weights.
        """
        rarity = -math.log(max(self.expected(key), 1e-6))
        return min(max(RARE_WEIGHT * rarity, 0.0), RARE_MAX)


def evidence(one: Mention, other: Mention) -> list[float]:
    """The values of EVIDENCE for two mentions of one name."""
    shared = one.coauthors & other.coauthors
    n = len(shared)
    shorter = min(len(one.coauthors), len(other.coauthors))
    place = _likeness_of_places(one.affiliation, other.affiliation)
    same = place is not None and place >= 1.0
    differ = place == 0.0
    subject = dot(one.words, other.words)
    years = abs(one.year - other.year) if one.year and other.year else 2
    event = one.venue == other.venue and one.year == other.year and bool(one.venue)
    return [
        float(n >= 1),
        float(n >= 2),
        float(n >= 3),
        shorter / 5.0,
        n / max(shorter, 1),
        float(same),
        float(place is not None and 0.3 < place < 1.0),
        float(differ),
        float(place is not None and not same and years <= 1),
        float(same and event),
        float(place is None and event),
        subject,
        float(subject > 0.15),
        float(subject > 0.3),
        float(one.venue == other.venue and bool(one.venue)),
        float(event),
        float(years),
        float(same) * subject,
        float(n >= 1) * subject,
        float(n >= 1 and differ),
    ]


def compare(
    mentions: Sequence[Mention],
    *,
    weights: Sequence[float] = WEIGHTS,
    prior: float = 0.0,
) -> tuple[Array, list[list[list[float]]]]:
    """Log-odds that each two mentions are one person, (n, n), and the evidence of each pair.

    `prior` is added to all. Two mentions on one paper are never one person, nor two with
    different identifiers of one kind; with the same identifier they surely are.
    """
    n = len(mentions)
    odds = np.full((n, n), NEVER)
    table: list[list[list[float]]] = [[[] for _ in range(n)] for _ in range(n)]
    vector = np.asarray(weights)
    for one in range(n):
        for other in range(one):
            values = evidence(mentions[one], mentions[other])
            learnt = float(np.dot(vector[:-1], values) + vector[-1])
            decided = _decided(mentions[one], mentions[other])
            value = learnt + prior if decided is None else decided
            odds[one, other] = odds[other, one] = value
            table[one][other] = table[other][one] = values
    return odds, table


def join(odds: Array, *, threshold: float = THRESHOLD) -> list[tuple[list[int], float]]:
    """(members, log-odds of the least sure join) of each group, by first member.

    Two groups are as near as the mean of their surest pair and their average pair; a pair that
    can never be one person keeps its groups apart for ever. Ties go to the lowest numbers.
    """
    n = len(odds)
    mean, best = np.clip(odds, -SURE, SURE), np.clip(odds, -SURE, SURE)
    never = odds <= NEVER / 2
    np.fill_diagonal(never, True)
    size = np.ones(n)
    groups: dict[int, list[int]] = {place: [place] for place in range(n)}
    least = dict.fromkeys(range(n), SURE)
    while len(groups) > 1:
        near = np.where(never, -np.inf, SUREST_SHARE * best + (1.0 - SUREST_SHARE) * mean)
        one, other = sorted(divmod(int(near.argmax()), n))
        if near[one, other] < threshold:
            break
        least[one] = min(least[one], least.pop(other), float(near[one, other]))
        row = (size[one] * mean[one] + size[other] * mean[other]) / (size[one] + size[other])
        mean[one], mean[:, one] = row, row
        row = np.maximum(best[one], best[other])
        best[one], best[:, one] = row, row
        row = never[one] | never[other]
        never[one], never[:, one] = row, row
        never[other], never[:, other] = True, True
        size[one] += size[other]
        groups[one] += groups.pop(other)
    return [(sorted(members), least[place]) for place, members in sorted(groups.items())]


def group_mentions(
    mentions: Sequence[Mention],
    *,
    same: Iterable[tuple[int, int]] = (),
    apart: Iterable[tuple[int, int]] = (),
    prior: float = 0.0,
) -> list[Group]:
    """The people behind these mentions, the largest group first, ties by first mention.

    What a person has said (`same`, `apart`: pairs of places) stands above all evidence; where two
    said things contradict each other, apart wins.
    """
    if len(mentions) == 1:
        return [Group((0,), 1.0, "the only paper under this name")]
    odds, table = compare(mentions, prior=prior)
    for one, other in same:
        odds[one, other] = odds[other, one] = SURE
    for one, other in apart:
        odds[one, other] = odds[other, one] = NEVER
    groups = [
        Group(tuple(members), round(_probability(least), 3), _reason(members, odds, table))
        for members, least in join(odds)
    ]
    return sorted(groups, key=lambda group: (-len(group.mentions), group.mentions))


def fit(values: Array, is_same: Array, weights: Array, *, ridge: float = 1.0) -> Array:
    """Weights of EVIDENCE and, last, the intercept: logistic regression by Newton's method.

    `values` (pairs, EVIDENCE), `is_same` 0 or 1, `weights` of the pairs. The intercept is free.
    Source: Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 4.4.1.
    """
    table = np.column_stack([values, np.ones(len(values))])
    held = np.full(table.shape[1], ridge)
    held[-1] = 1e-6
    found = np.zeros(table.shape[1])
    for _ in range(40):
        p = 1.0 / (1.0 + np.exp(-np.clip(table @ found, -30, 30)))
        slope = table.T @ (weights * (is_same - p)) - held * found
        curve = (table * (weights * p * (1.0 - p))[:, None]).T @ table + np.diag(held)
        step = np.linalg.solve(curve, slope)
        found += step
        if float(np.abs(step).max()) < 1e-7:
            break
    return found


@dataclass(frozen=True, slots=True)
class Everyday:
    """How many of `n_texts` other papers say each word: what is said everywhere tells nobody
    apart."""

    n_texts: int = 0
    n_with: Mapping[str, int] = field(default_factory=dict)


def everyday(texts: Sequence[str]) -> Everyday:
    said = Counter(word for text in texts for word in set(_WORD.findall(fold(text))))
    return Everyday(len(texts), said)


def subject_vectors(texts: Sequence[str], others: Everyday | None = None) -> list[dict[str, float]]:
    """Unit tf-idf vectors of the texts; idf over these and the `others`."""
    counts = [Counter(_WORD.findall(fold(text))) for text in texts]
    n_with = Counter(word for words in counts for word in words)
    n_texts = len(texts)
    if others is not None:
        n_texts += others.n_texts
        for word in n_with:
            n_with[word] += others.n_with.get(word, 0)
    vectors = []
    for words in counts:
        vector = {
            word: (1.0 + math.log(n)) * math.log(1.0 + n_texts / n_with[word])
            for word, n in words.items()
            if n_with[word] <= max(0.1 * n_texts, 3) and len(word) > 2
        }
        length = math.sqrt(sum(value * value for value in vector.values())) or 1.0
        vectors.append({word: value / length for word, value in vector.items()})
    return vectors


def _decided(one: Mention, other: Mention) -> float | None:
    if one.doc == other.doc:
        return NEVER
    kinds = one.ids.keys() & other.ids.keys()
    if any(one.ids[kind] == other.ids[kind] for kind in kinds):
        return SURE
    return NEVER if kinds else None


def _likeness_of_places(one: str, other: str) -> float | None:
    """1 where a place is named by both, else the share of words in common; None if unknown."""
    first, second = _places(one), _places(other)
    if not first or not second:
        return None
    if set(first) & set(second):
        return 1.0
    shares = [
        len(a & b) / len(a | b)
        for a in (set(place.split()) - _PLACE_WORDS for place in first)
        for b in (set(place.split()) - _PLACE_WORDS for place in second)
        if a | b
    ]
    return 0.9 * max(shares, default=0.0)


def _places(text: str) -> list[str]:
    parts = (" ".join(_WORD.findall(fold(part))) for part in _PLACES.split(text))
    return [part for part in parts if part]


def _probability(odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-odds))


def _reason(members: Sequence[int], odds: Array, table: list[list[list[float]]]) -> str:
    """What speaks most for the group: the evidence of its members' surest pairs."""
    if len(members) == 1:
        return "nothing links this paper to others of the name"
    weights = np.asarray(WEIGHTS[:-1])
    total = np.zeros(len(EVIDENCE))
    for one in members:
        other = max((place for place in members if place != one), key=lambda p: odds[one, p])
        if odds[one, other] >= SURE:
            return "the same identifier, or a reader's word"
        total += weights * np.asarray(table[one][other])
    order = np.argsort(-total, kind="stable")[:2]
    names = [EVIDENCE[place] for place in order if total[place] > 0]
    return " and ".join(names) or "the name is rare"
