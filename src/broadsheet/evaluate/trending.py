"""The trending suite: each day's papers ranked blind to their own votes, comments and stars."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from broadsheet.errors import ParseError
from broadsheet.evaluate.card import SEED, Card, exactly, figure_of
from broadsheet.evaluate.datasets import author_names
from broadsheet.evaluate.files import find_file, has_file, read_jsonl, text_of
from broadsheet.evaluate.measures import dcg
from broadsheet.rank.prior import FEATURES, TIME_OF_LISTING, History, Listed, Sheet

LAG_H_MAX = 20.0  # later snapshots have seen the next day's votes
PAPERS_MIN = 10  # of a day, to be ranked
#: Learnt before the first day is measured where there is no history file: so many papers, or in a
#: smaller file so large a share of them.
WARM_UP_PAPERS, WARM_UP_SHARE = 2_000, 0.5
PLACES = 5
KNOWN = ("authors' record, best three", "code", "project page", "picture or video")
OURS, BLIND, FROZEN = "ours", "ours, hour of listing unknown", "ours, learnt from history alone"
RANDOM, CODE, AUTHORS = "random", "has code", "author prior"
PRIOR = "author prior, code, page, media"
DAYS = "days"

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RankedDay:
    """A day to rank: `upvotes` are for learning afterwards and for judging."""

    day: date
    papers: tuple[Listed, ...]
    upvotes: tuple[int, ...]


def evaluate_trending(
    data: Path,
    *,
    since: date | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Card:
    """Rank the days of `papers.jsonl` in order; a day's votes are learnt once it is ranked.

    With `history.jsonl` all days with ten papers are measured, else those after the first
    `WARM_UP_PAPERS` papers or `WARM_UP_SHARE` of them; `since` sets the first day measured instead.
    A day of the history that is not before the days ranked is learnt in its turn, or not at all if
    it is one of them. P@5: share of our five
    among the day's five with most upvotes, a tie at the fifth place sharing it. nDCG@5: gain
    ln(1 + upvotes). Raises ParseError where a file is missing, for a bad row, and where there is
    no day to measure.
    """
    started = clock()
    days = read_days(find_file(data, "papers", "jsonl"))
    if days and not any(any(day.upvotes) for day in days):
        raise ParseError("no paper has upvotes to judge a ranking by", place=str(data))
    ranked = {day.day for day in days}
    has_history = has_file(data, "history", "jsonl")
    history = read_days(find_file(data, "history", "jsonl")) if has_history else []
    to_learn = [day for day in history if day.day not in ranked]
    past, frozen = History(), None
    runs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    enough = min(WARM_UP_PAPERS, WARM_UP_SHARE * sum(len(day.papers) for day in days))
    for day in sorted([*days, *to_learn], key=lambda day: day.day):
        sheet = past.look(day.day, day.papers)
        if day.day in ranked:
            if has_history and frozen is None:
                frozen = past.weights()
            is_due = day.day >= since if since else has_history or past.n_papers >= enough
            if is_due and len(day.papers) >= PAPERS_MIN:
                for system, scores in _systems(past, sheet, frozen).items():
                    runs[system].append(judge(scores, day.upvotes))
        past.learn(sheet, np.log1p(day.upvotes))
    if not runs:
        reason = f"no day of {PAPERS_MIN} papers or more"
        raise ParseError(
            f"{reason} after those learnt from; earlier days belong in history.jsonl",
            place=str(data),
        )
    n = len(runs[OURS])
    figures = {
        system: {
            f"P@{PLACES}": figure_of([precision for precision, _ in values]),
            f"nDCG@{PLACES}": figure_of([gain for _, gain in values]),
            DAYS: exactly(float(n)),
        }
        for system, values in runs.items()
    }
    return Card("trending", data.name, n, clock() - started, figures)


def judge(scores: npt.ArrayLike, upvotes: Sequence[int]) -> tuple[float, float]:
    """(P@5, nDCG@5) of one day's order by falling score; equal scores in a fixed random order.

    The file's own order may follow its votes, so it never breaks a tie.
    """
    votes = np.asarray(upvotes, dtype=np.float64)
    chance = np.random.default_rng(SEED).permutation(len(votes))
    order = np.lexsort((chance, -np.asarray(scores, dtype=np.float64)))[:PLACES]
    fifth = np.sort(votes)[::-1][:PLACES][-1]
    above, tied = votes > fifth, votes == fifth
    credit = above + tied * (PLACES - above.sum()) / tied.sum()
    gains = np.log1p(votes)
    ideal = dcg(np.sort(gains)[::-1][:PLACES])
    share = dcg(gains[order]) / ideal if ideal > 0 else 0.0
    return float(credit[order].sum()) / PLACES, share


def read_days(path: Path) -> list[RankedDay]:
    """Days of a file in the hf_daily_papers layout, oldest first.

    Papers seen later than `LAG_H_MAX` hours into their day are dropped. Raises ParseError for a
    row without a date.
    """
    by_day: dict[date, list[Mapping[str, Any]]] = defaultdict(list)
    for row in read_jsonl(path):
        if _number(row.get("collected_lag_h")) <= LAG_H_MAX:
            by_day[_day_of(row, path)].append(row)
    return [
        RankedDay(
            day,
            tuple(listed_from(row, day) for row in rows),
            tuple(max(0, int(_number(row.get("upvotes")))) for row in rows),
        )
        for day, rows in sorted(by_day.items())
    ]


def listed_from(row: Mapping[str, Any], day: date) -> Listed:
    """A row without its votes, comments and stars, which nothing after this sees."""
    listed, published = _moment(row.get("submitted_on_daily_at")), _moment(row.get("published_at"))
    began = datetime(day.year, day.month, day.day, tzinfo=UTC)
    known_since = listed or began
    return Listed(
        key=str(row.get("arxiv_id") or row.get("id") or row.get("title")),
        title=text_of(row.get("title")),
        abstract=text_of(row.get("abstract")),
        authors=author_names(row),
        organization=text_of(row.get("organization")),
        code_owner=_code_owner(text_of(row.get("github_repo"))),
        has_page=bool(row.get("project_page")),
        has_media=bool(row.get("has_media")),
        listed_h=(listed - began).total_seconds() / 3_600 if listed else None,
        age_d=(known_since - published).total_seconds() / 86_400 if published else None,
    )


def _systems(past: History, sheet: Sheet, frozen: Array | None) -> dict[str, npt.ArrayLike]:
    table = sheet.table
    others = [name for name in FEATURES if name not in KNOWN]
    chance = np.random.default_rng([SEED, sheet.day.toordinal()])
    systems: dict[str, npt.ArrayLike] = {
        OURS: table @ past.weights(),
        BLIND: table @ past.weights(without=TIME_OF_LISTING),
        PRIOR: table @ past.weights(without=others),
        AUTHORS: [past.author_record(paper.authors, sheet.day) for paper in sheet.papers],
        CODE: [float(bool(paper.code_owner)) for paper in sheet.papers],
        RANDOM: chance.random(len(sheet.papers)),
    }
    return systems if frozen is None else systems | {FROZEN: table @ frozen}


def _day_of(row: Mapping[str, Any], path: Path) -> date:
    text = text_of(row.get("date"))
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise ParseError(f"no date: {text[:40]!r}", place=path.name) from error


def _code_owner(repository: str) -> str:
    try:
        return urlsplit(repository).path.strip("/").partition("/")[0].lower()
    except ValueError:
        return ""


def _number(value: object) -> float:
    """0 for what is none."""
    try:
        number = float(text_of(value) or 0.0)
    except ValueError:
        return 0.0
    return number if np.isfinite(number) else 0.0


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
