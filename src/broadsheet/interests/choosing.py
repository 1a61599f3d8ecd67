"""From what is known of an interest to the places of its slate: the fit, the line of the dial, the
choice. Pure: arrays in, arrays out; chance is an argument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from broadsheet.rank.background import Background, Evidence, Floats, likeness_of
from broadsheet.rank.dial import (
    ALPHAS,
    Dial,
    exposure_weights,
    folds,
    forward_folds,
    set_dial,
)
from broadsheet.rank.interest import (
    WEIGHTS,
    Interest,
    fit_interest,
    kinds,
    recency_weights,
    resemblance,
)
from broadsheet.rank.preference import Choice, fit_preferences
from broadsheet.rank.refits import Refits
from broadsheet.rank.slate import choose_slate

Rows = npt.NDArray[np.int64]

#: Papers among which likeness is weighed; the rest stand too far down to get a place.
N_CANDIDATES = 100
#: Of the dial's evidence: a like of a year ago counts half as much above the floor.
HALF_LIFE_D, RECENCY_FLOOR = 365.0, 0.75
#: Titles shown beneath a slate: above the line without a place, and the first ones below it.
N_MORE, N_BELOW = 200, 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """The liked paper `like` (row of the likes) was chosen over those of `Known.passed` in `rows`,
    which stood above it."""

    like: int
    rows: Rows


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an interest, in columns of `background`.

    `likes` are `n_liked` papers, newest first, then perhaps a description. `ages_d` and
    `propensities` (n_liked,): how long ago each was liked, and the chance with which it was shown
    if that was at an exploration place, 1 else. `eras` (n_liked,) number their days, 0 the newest:
    all 0 where nothing tells which came first.
    `followed` are columns of authors.
    """

    background: Background
    likes: Evidence
    n_liked: int
    ages_d: Floats
    propensities: Floats
    eras: Rows
    dislikes: Evidence
    followed: Sequence[int]
    passed: Evidence
    comparisons: Sequence[Comparison]

    @property
    def says_nothing(self) -> bool:
        """Whether nothing here could tell one paper from another."""
        return not (len(self.likes) or len(self.dislikes) or self.followed)


@dataclass(frozen=True, slots=True)
class Fitted:
    """`held_out` (n,) are scores of likes under models that had not seen them, `evidence` (n,)
    what each counts."""

    interest: Interest
    held_out: Floats
    evidence: Floats


@dataclass(frozen=True, slots=True)
class Ranked:
    """A stream under an interest. `kinds` (n, 6) times the interest's weights, and what fellows'
    saves add, are the `scores` (n,); `alike` (n, n_likes) is the resemblance to each like."""

    alike: Floats
    kinds: Floats
    scores: Floats


@dataclass(frozen=True, slots=True)
class Places:
    """Rows of the stream: `chosen` and then explored ones with their chances, `more` above the
    line, `below` it; `n_above` counts all above."""

    rows: Rows
    explores: npt.NDArray[np.bool_]
    propensities: Floats
    more: Rows
    below: Rows
    n_above: int


def fit(known: Known) -> Fitted:
    """The interest, its kinds of evidence weighed by what the reader chose over what."""
    parts = list(forward_folds(known.eras) if known.eras.any() else folds(known.n_liked))
    weights, usual_alike = WEIGHTS, None
    held, places = np.zeros((0, WEIGHTS.size)), np.zeros(0, np.int64)
    if parts:
        refits = Refits.of(
            known.background,
            known.likes,
            dislikes=known.dislikes,
            followed_authors=known.followed,
            others=known.passed,
        )
        usual_alike = refits.alike[: refits.n_sample]
        held, places, choices = _cross_fitted(known, refits, parts)
        if choices:
            # No kind may count against what it is evidence for.
            weights = np.maximum(fit_preferences(choices, WEIGHTS), 0.0)
    interest = fit_interest(
        known.background,
        known.likes,
        dislikes=known.dislikes,
        followed_authors=known.followed,
        weights=weights,
        usual_alike=usual_alike,
    )
    counts = evidence_of_age(known.ages_d) * exposure_weights(known.propensities)
    return Fitted(interest, held @ weights, counts[places])


def evidence_of_age(ages_d: npt.ArrayLike) -> Floats:
    """What likes of these ages (n,) in days count as evidence for the dial."""
    return recency_weights(ages_d, half_life_days=HALF_LIFE_D, floor=RECENCY_FLOOR)


def rank_stream(fitted: Fitted, stream: Evidence, lifts: Floats | None = None) -> Ranked:
    """`lifts` (n,) >= 0 is what fellows' saves add. The line of the dial is drawn without them, so
    they can bring a paper over it, never push one under: what is promised still holds."""
    alike = resemblance(fitted.interest.likes, stream)
    found = kinds(fitted.interest, stream, alike)
    scores = found @ fitted.interest.weights
    return Ranked(alike, found, scores if lifts is None else scores + lifts)


def settings(fitted: Fitted, alpha: float, *, draw: float) -> dict[float, Dial]:
    """The dial at the usual settings and at `alpha`, by alpha; one draw keeps them in order."""
    return {
        setting: set_dial(fitted.held_out, setting, weights=fitted.evidence, draw=draw)
        for setting in sorted({*ALPHAS, alpha})
    }


def fill_places(
    stream: Evidence,
    scores: Floats,
    dial: Dial,
    *,
    n_places: int,
    exploration: float,
    rng: np.random.Generator,
) -> Places:
    """Up to `n_places`, of which the share `exploration` explores; ties by row.

    Above the line nothing is lost: what gets no place stands in `more` (of a stream so large that
    even this is bounded, the best). Without a promise there is no line; what scores less than a
    usual paper is not chosen then either.
    """
    n_exploration = min(round(exploration * n_places), n_places)
    best = np.lexsort((np.arange(scores.size), -scores))
    able = best if dial.promised else best[scores[best] >= 0.0]
    candidates = np.sort(able[:N_CANDIDATES])
    slate = choose_slate(
        scores,
        likeness_of(stream.rows(candidates)),
        threshold=dial.threshold,
        n_places=n_places - n_exploration,
        n_exploration=n_exploration,
        rng=rng,
        candidates=candidates,
    )
    left = best[~np.isin(best, slate.rows)]
    is_above = scores[left] >= dial.threshold if dial.promised else np.zeros(left.size, bool)
    above = left[is_above]
    return Places(
        slate.rows,
        slate.explores,
        slate.propensities,
        above[:N_MORE],
        left[~is_above][:N_BELOW],
        int(np.count_nonzero(~slate.explores)) + above.size,
    )


def _cross_fitted(
    known: Known, refits: Refits, parts: Sequence[tuple[Rows, Rows]]
) -> tuple[Floats, Rows, list[Choice]]:
    """Kinds (n, 6) of likes under interests that had not seen them, the likes' rows (n,), and the
    comparisons as those interests saw them. `parts` are likes to fit on and likes held out."""
    described = np.arange(known.n_liked, len(known.likes))
    compared = [[entry for entry in known.comparisons if entry.like in out] for _, out in parts]
    found = refits.kinds(
        [
            (np.concatenate([rows, described]), out, _joined([entry.rows for entry in entries]))
            for (rows, out), entries in zip(parts, compared, strict=True)
        ]
    )
    choices: list[Choice] = []
    for (_, out), entries, (held, above) in zip(parts, compared, found, strict=True):
        ends = np.cumsum([len(entry.rows) for entry in entries])[:-1]
        for entry, beaten in zip(entries, np.split(above, ends) if entries else [], strict=True):
            choices.append(Choice(np.vstack([held[out == entry.like], beaten]), 0))
    held_out = np.vstack([held for held, _ in found])
    return held_out, _joined([out for _, out in parts]), choices


def _joined(rows: Sequence[Rows]) -> Rows:
    return np.concatenate([np.zeros(0, np.int64), *rows])
