"""Topics that trend: phrases whose share of this window's papers exceeds their baseline.

Documents are counted, never words. Each phrase is tested against chance (hypergeometric: the
window as a draw from all papers), false discovery is controlled over all phrases tested, and what
is left is ranked by its part in the Kullback-Leibler divergence of the window from the baseline.
Reasons and figures: docs/decisions/041-topics.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

DOCS_MIN = 8  # of window and baseline together; chosen by the sum, so that chance is not bent
SHARE_MAX, WORD_SHARE_MAX = 0.05, 0.02  # of all papers: what more of them say is no topic
RATE = 0.05  # of false discoveries
TOPICS_MAX = 30
HORIZONS_D = (7, 28)  # a week, and four for what grows slowly
BASELINE_D = 180
SAME_SHARE = 0.6  # two phrases are one topic where this share of the rarer's papers has both


@dataclass(frozen=True, slots=True)
class Topic:
    """A phrase that trends. `contribution` in nats; `p_value` one-sided; `docs` are places in the
    window's list that have it; `also` are phrases folded into it."""

    phrase: str
    contribution: float
    p_value: float
    n_window: int
    n_baseline: int
    docs: tuple[int, ...]
    also: tuple[str, ...] = ()


def trending_topics(
    window: Sequence[frozenset[str]],
    baseline: Sequence[frozenset[str]],
    *,
    rate: float = RATE,
    docs_min: int = DOCS_MIN,
    topics_max: int = TOPICS_MAX,
) -> list[Topic]:
    """Topics by falling contribution, ties by phrase; [] where either side is empty.

    `window`, `baseline`: the phrases of each document. If window and baseline are alike but for
    chance, the probability of any topic at all is at most `rate`.
    """
    if not window or not baseline:
        return []
    now = Counter(phrase for phrases in window for phrase in phrases)
    before = Counter(phrase for phrases in baseline for phrase in phrases)
    n_now, n_before = len(window), len(baseline)
    tested = sorted(
        phrase
        for phrase in now.keys() | before.keys()
        if docs_min <= now[phrase] + before[phrase] <= _docs_max(phrase, n_now + n_before)
    )
    if not tested:
        return []
    counts = np.array([now[phrase] for phrase in tested])
    sums = counts + np.array([before[phrase] for phrase in tested])
    p_values = upper_tail(counts, sums, n_now, n_now + n_before)
    found = np.flatnonzero(discoveries(p_values, rate))
    parts = contributions(counts[found], sums[found] - counts[found], n_now, n_before)
    order = sorted(range(len(found)), key=lambda place: (-parts[place], tested[found[place]]))
    having: dict[str, list[int]] = {tested[place]: [] for place in found}
    for number, phrases in enumerate(window):
        for phrase in phrases & having.keys():
            having[phrase].append(number)
    topics = [
        Topic(
            tested[found[place]],
            float(parts[place]),
            float(p_values[found[place]]),
            int(counts[found[place]]),
            int(sums[found[place]] - counts[found[place]]),
            tuple(having[tested[found[place]]]),
        )
        for place in order
    ]
    return folded(topics)[:topics_max]


def contributions(now: npt.ArrayLike, before: npt.ArrayLike, n_now: int, n_before: int) -> Array:
    """p ln(p / q), each phrase's part in KL(window || baseline), in nats.

    p = share of the window's papers; q = share of the baseline's with half a paper added to both
    counts, so that a phrase never seen before has a finite part.
    Source: Kullback and Leibler, Annals of Mathematical Statistics 22(1), 1951, equation 2.4.
    """
    p = np.asarray(now, dtype=np.float64) / n_now
    q = (np.asarray(before, dtype=np.float64) + 0.5) / (n_before + 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts: Array = np.where(p > 0, p * np.log(p / q), 0.0)
    return parts


def upper_tail(
    counts: npt.NDArray[np.int64], sums: npt.NDArray[np.int64], n_now: int, n_all: int
) -> Array:
    """P(X >= count) where `sums` marked papers lie among `n_all`, of which `n_now` are drawn.

    Source: Fisher, "The Design of Experiments", 1935, chapter 2 (hypergeometric distribution).
    """
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n_all + 1)))])

    def ways(n: npt.NDArray[np.int64] | int, k: npt.NDArray[np.int64]) -> Array:
        chosen: Array = logs[n] - logs[k] - logs[n - k]
        return chosen

    tail = np.zeros(len(counts))
    most = np.minimum(sums, n_now)
    whole = ways(n_all, np.full(len(counts), n_now))
    value = counts.copy()
    active = value <= most
    while active.any():
        k, marked = value[active], sums[active]
        rest = n_all - marked
        possible = n_now - k <= rest
        logp = np.full(len(k), -np.inf)
        logp[possible] = (
            ways(marked[possible], k[possible])
            + ways(rest[possible], n_now - k[possible])
            - whole[active][possible]
        )
        terms = np.exp(logp)
        tail[active] += terms
        value = value + 1
        expected = sums * (n_now / n_all)
        negligible = np.zeros(len(counts), dtype=bool)
        negligible[active] = (terms < tail[active] * 1e-12) & (k > expected[active])
        active = (value <= most) & active & ~negligible
    return np.minimum(tail, 1.0)


def discoveries(p_values: npt.ArrayLike, rate: float) -> npt.NDArray[np.bool_]:
    """Which hypotheses to reject so that at most `rate` of them are expected to be false.

    Source: Benjamini and Hochberg, JRSS B 57(1), 1995, procedure (1).
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    n = len(values)
    below = values[order] <= rate * np.arange(1, n + 1) / max(n, 1)
    chosen = np.zeros(n, dtype=bool)
    if below.any():
        chosen[order[: int(np.flatnonzero(below)[-1]) + 1]] = True
    return chosen


def folded(topics: Sequence[Topic]) -> list[Topic]:
    """One topic for phrases said by the same papers; the one that contributes more names it.

    A longer phrase takes the name over where nearly all papers say it ("world model" for "world").
    """
    kept: list[Topic] = []
    for topic in topics:
        docs = set(topic.docs)
        twin = next((place for place, other in enumerate(kept) if _same(docs, other.docs)), None)
        if twin is None:
            kept.append(topic)
            continue
        other = kept[twin]
        longer = f" {other.phrase} " in f" {topic.phrase} " and topic.n_window >= 0.8 * (
            other.n_window
        )
        lead, less = (topic, other) if longer else (other, topic)
        also = (*other.also, less.phrase)
        kept[twin] = Topic(
            lead.phrase,
            max(topic.contribution, other.contribution),
            lead.p_value,
            lead.n_window,
            lead.n_baseline,
            lead.docs,
            also,
        )
    return kept


def _docs_max(phrase: str, n_docs: int) -> float:
    return max(DOCS_MIN, (SHARE_MAX if " " in phrase else WORD_SHARE_MAX) * n_docs)


def _same(docs: set[int], others: Sequence[int]) -> bool:
    shared = len(docs.intersection(others))
    return shared >= SAME_SHARE * min(len(docs), len(others)) and shared > 0


def topics_on(
    phrases: Sequence[frozenset[str]],
    ages_d: npt.ArrayLike,
    *,
    horizons_d: Sequence[int] = HORIZONS_D,
    baseline_d: int = BASELINE_D,
    rate: float = RATE,
) -> list[tuple[int, Topic]]:
    """(horizon, topic) as of a day: `ages_d` are each document's days before it, 0 for its own.

    Each horizon is set against the `baseline_d` days before it, and has an equal part of `rate`;
    a topic of a shorter horizon is not told again by a longer one. `docs` are places in `phrases`.
    """
    ages = np.asarray(ages_d)
    found: list[tuple[int, Topic]] = []
    told: set[str] = set()
    for horizon in sorted(horizons_d):
        window = np.flatnonzero((ages >= 0) & (ages < horizon)).tolist()
        older = (ages >= horizon) & (ages < horizon + baseline_d)
        before = np.flatnonzero(older).tolist()
        topics = trending_topics(
            [phrases[place] for place in window],
            [phrases[place] for place in before],
            rate=rate / len(horizons_d),
        )
        for topic in topics:
            if told.isdisjoint({topic.phrase, *topic.also}):
                places = tuple(int(window[place]) for place in topic.docs)
                found.append((horizon, replace(topic, docs=places)))
                told.update({topic.phrase, *topic.also})
    return found


def weekly_shares(docs: Sequence[int], ages_d: npt.ArrayLike, *, n_weeks: int = 26) -> list[float]:
    """Share of each week's documents that are among `docs`, oldest week first; for sparklines."""
    weeks = np.asarray(ages_d) // 7
    marked = np.zeros(len(weeks), dtype=bool)
    marked[list(docs)] = True
    shares = []
    for week in range(n_weeks - 1, -1, -1):
        within = weeks == week
        total = int(within.sum())
        shares.append(float((within & marked).sum()) / total if total else 0.0)
    return shares
