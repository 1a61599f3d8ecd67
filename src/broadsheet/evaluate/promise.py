"""Whether the recall dial keeps its promise, how fast an interest warms up, how fast it is fitted.

Each takes readers' libraries as rows of a world's papers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from broadsheet.evaluate.bootstrap import Figure
from broadsheet.evaluate.card import figure_of
from broadsheet.evaluate.contenders import Rows, World, ours
from broadsheet.interests.choosing import evidence_of_age
from broadsheet.rank.background import Floats, likeness_of
from broadsheet.rank.coldstart import next_to_judge
from broadsheet.rank.dial import ALPHAS, folds, forward_folds, set_dial
from broadsheet.rank.interest import fit_interest, scores
from broadsheet.rank.slate import choose_slate

Policy = Literal["most telling first", "random", "newest first"]
POLICIES: tuple[Policy, ...] = ("most telling first", "random", "newest first")
N_JUDGMENTS = (5, 10)
N_SLATE, N_EXPLORATION = 20, 2
THIRDS = ("small", "middle", "large")


@dataclass(frozen=True, slots=True)
class Library:
    """A reader's likes, newest first (rows), what is hidden of them, and the papers that stand
    for what they would not like. `own`: columns of authors to leave out. `ages_d`: the likes' ages
    in days, where they are known."""

    likes: Rows
    hidden: Rows
    others: Rows
    own: tuple[int, ...] = ()
    ages_d: Floats | None = None


def dial_figures(
    world: World,
    libraries: Sequence[Library],
    *,
    rng: np.random.Generator,
) -> dict[str, dict[str, Figure]]:
    """For each alpha: the realised miss rate over readers with enough likes for a promise, over
    all and per third of them by library size; the share of the stream shown; the share of readers
    who can be promised anything."""
    rows: dict[str, dict[str, Figure]] = {}
    held = [cross_fitted(world, library) for library in libraries]
    scored = [_hidden_and_others(world, library) for library in libraries]
    for alpha in ALPHAS:
        missed: list[float] = []
        shown: list[float] = []
        sizes: list[int] = []
        for library, (out_scores, evidence), (hidden, others) in zip(
            libraries, held, scored, strict=True
        ):
            dial = set_dial(out_scores, alpha, weights=evidence, draw=float(rng.random()))
            if not dial.promised:
                continue
            missed.append(float((hidden < dial.threshold).mean()))
            shown.append(float((others >= dial.threshold).mean()))
            sizes.append(len(library.likes))
        row = {"miss": figure_of(missed)}
        order = np.argsort(sizes, kind="stable")
        for name, third in zip(THIRDS, np.array_split(order, len(THIRDS)), strict=True):
            row[f"miss, {name} libraries"] = figure_of([missed[place] for place in third])
        row["shown"] = figure_of(shown)
        row["promised"] = figure_of([1.0] * len(missed) + [0.0] * (len(libraries) - len(missed)))
        rows[f"dial {alpha:.2f}"] = row
    return rows


def _hidden_and_others(world: World, library: Library) -> tuple[Floats, Floats]:
    rank = ours(world, library.likes, library.own)
    return rank(world.stream(library.hidden)), rank(world.stream(library.others))


def cross_fitted(world: World, library: Library) -> tuple[Floats, Floats]:
    """Scores of likes, newest first, each under an interest that had not seen it, nor anything of
    its day or later where the likes have dates, and what each counts as evidence."""
    likes, ages = library.likes, library.ages_d
    parts = folds(len(likes)) if ages is None else forward_folds(ages)
    held = {
        int(place): score
        for fit, out in parts
        for place, score in zip(
            out, ours(world, likes[fit], library.own)(world.stream(likes[out])), strict=True
        )
    }
    places = sorted(held)
    scores = np.array([held[place] for place in places], dtype=np.float64)
    return scores, np.ones(len(places)) if ages is None else evidence_of_age(ages[places])


def cold_start_figures(
    world: World, libraries: Sequence[Library], *, rng: np.random.Generator, pool_size: int = 200
) -> dict[str, dict[str, Figure]]:
    """AUC (hidden likes against `others`) after 5 and 10 judgments of papers from a pool in which
    every tenth is liked, asked in three orders. Rows with larger numbers count as newer."""
    values: dict[str, dict[str, list[float]]] = {
        policy: {f"AUC@{n}": [] for n in N_JUDGMENTS} for policy in POLICIES
    }
    for library in libraries:
        liked = rng.permutation(library.likes)[: pool_size // 10]
        others = np.setdiff1d(world.negatives, np.concatenate([library.likes, library.hidden]))
        unliked = rng.permutation(others)[: 9 * len(liked)]
        pool = rng.permutation(np.concatenate([liked, unliked]))
        is_liked = np.isin(pool, liked)
        for policy in POLICIES:
            asked = judged_in_turn(world, pool, is_liked, policy)
            for n in N_JUDGMENTS:
                auc = _auc_after(world, library, pool[asked[:n]], is_liked[asked[:n]])
                values[policy][f"AUC@{n}"].append(auc)
    return {
        policy: {name: figure_of(found) for name, found in row.items()}
        for policy, row in values.items()
    }


def judged_in_turn(
    world: World, pool: Rows, is_liked: np.ndarray[tuple[int], np.dtype[np.bool_]], policy: Policy
) -> list[int]:
    """Places of the pool in the order they are asked about; the pool is in random order."""
    n_asked = min(max(N_JUDGMENTS), len(pool))
    if policy == "random":
        return list(range(n_asked))
    if policy == "newest first":
        return [int(place) for place in np.argsort(-pool, kind="stable")[:n_asked]]
    likeness = likeness_of(world.papers.evidence.rows(pool))
    asked: list[int] = []
    for _ in range(n_asked):
        asked.append(next_to_judge(likeness, asked, [bool(is_liked[place]) for place in asked]))
    return asked


def seconds_for(
    world: World,
    libraries: Sequence[Library],
    *,
    n_interests: int,
    n_papers: int,
    clock: Callable[[], float],
    rng: np.random.Generator,
) -> float:
    """Seconds to fit `n_interests` (libraries in turn) and choose each a slate of `n_papers`."""
    started = clock()
    stream = world.stream(np.resize(libraries[0].others, n_papers))
    likeness = likeness_of(stream.evidence)
    for number in range(n_interests):
        library = libraries[number % len(libraries)]
        values = ours(world, library.likes, library.own)(stream)
        choose_slate(
            values,
            likeness,
            threshold=0.0,
            n_places=N_SLATE,
            n_exploration=N_EXPLORATION,
            rng=rng,
        )
    return clock() - started


def area_under_curve(liked: Floats, others: Floats) -> float:
    """The chance that a liked paper scores above another, ties half.

    Source: Hanley and McNeil, Radiology 143, 1982.
    """
    if liked.size == 0 or others.size == 0:
        return float("nan")
    ordered = np.sort(others)
    below = np.searchsorted(ordered, liked, side="left")
    upto = np.searchsorted(ordered, liked, side="right")
    return float((below + upto).mean() / (2.0 * others.size))


def _auc_after(
    world: World,
    library: Library,
    judged: Rows,
    is_liked: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> float:
    evidence = world.papers.evidence
    interest = fit_interest(
        world.background,
        evidence.rows(judged[is_liked]),
        dislikes=evidence.rows(judged[~is_liked]),
    )
    interest.author_weights[list(library.own)] = 0.0
    return area_under_curve(
        scores(interest, evidence.rows(library.hidden)),
        scores(interest, evidence.rows(library.others)),
    )
