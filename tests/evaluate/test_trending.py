"""The trending suite: its reading, its judging, and that a day's own votes are never seen."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from broadsheet.errors import ParseError
from broadsheet.evaluate import trending
from broadsheet.evaluate.trending import OURS, RANDOM, evaluate_trending, judge, read_days

Row = dict[str, Any]


def written(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def world(n_days: int, *, first: date = date(2026, 1, 1), seed: int = 3) -> list[Row]:
    """Twelve papers a day; code draws votes."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n_days * 12):
        day, has_code = first + timedelta(number // 12), bool(rng.random() < 0.4)
        row: Row = {"date": day.isoformat(), "arxiv_id": str(number), "title": f"t {number}"}
        row |= {"authors": [f"a{rng.integers(30)}"], "collected_lag_h": 8.0}
        row["upvotes"] = int(rng.integers(0, 4)) + 20 * has_code
        rows.append(row | ({"github_repo": f"https://github.com/o/{number}"} if has_code else {}))
    return rows


def test_learns_from_history_and_beats_chance(tmp_path: Path) -> None:
    written(tmp_path / "history.jsonl", world(20))
    written(tmp_path / "papers.jsonl", world(10, first=date(2026, 2, 1), seed=4))
    card = evaluate_trending(tmp_path)
    assert card.n == 10
    assert card.figures[OURS]["P@5"].value > card.figures[RANDOM]["P@5"].value + 0.2
    assert card.figures[OURS]["days"].value == 10
    assert trending.FROZEN in card.figures


def test_a_days_own_votes_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last day's votes, comments and stars are replaced: its ranking stays."""
    rankings: list[list[float]] = []

    def spied(scores: Any, upvotes: Any) -> tuple[float, float]:
        rankings.append(list(scores))
        return 0.0, 0.0

    monkeypatch.setattr(trending, "judge", spied)
    written(tmp_path / "history.jsonl", world(20))
    last = world(1, first=date(2026, 3, 1))
    written(tmp_path / "papers.jsonl", last)
    evaluate_trending(tmp_path)
    changed = [row | {"upvotes": 99, "num_comments": 7, "github_stars": 5} for row in last]
    written(tmp_path / "papers.jsonl", changed)
    evaluate_trending(tmp_path)
    half = len(rankings) // 2
    assert half >= 6
    assert rankings[:half] == rankings[half:]


def test_without_history_the_first_days_only_teach(tmp_path: Path) -> None:
    written(tmp_path / "papers.jsonl", world(20))
    assert evaluate_trending(tmp_path).n == 10, "half of a small file"
    assert evaluate_trending(tmp_path, since=date(2026, 1, 11)).n == 10


def test_late_snapshots_are_dropped(tmp_path: Path) -> None:
    rows = world(2)
    rows[0]["collected_lag_h"] = 20.5
    days = read_days(written(tmp_path / "papers.jsonl", rows))
    assert [len(day.papers) for day in days] == [11, 12]


def test_a_row_without_a_day_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "papers.jsonl", [{"title": "x", "date": "soon"}])
    with pytest.raises(ParseError, match="soon"):
        read_days(path)


def test_no_papers_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ParseError):
        evaluate_trending(tmp_path)


def test_judging_by_hand() -> None:
    votes = [9, 8, 7, 6, 5, 4, 3]
    assert judge([7, 6, 5, 4, 3, 2, 1], votes) == pytest.approx((1.0, 1.0))
    assert judge([1, 2, 3, 4, 5, 6, 7], votes)[0] == pytest.approx(0.6)


def test_a_tie_at_the_fifth_place_shares_it() -> None:
    votes = [9, 8, 7, 6, 1, 1, 1, 1]
    assert judge([8, 7, 6, 5, 4, 3, 2, 1], votes)[0] == pytest.approx((4 + 0.25) / 5)


def test_the_files_order_breaks_no_tie() -> None:
    """Files list the most voted first: an all-equal ranking must not profit from it."""
    shares = [judge([0.0] * n, list(range(n, 0, -1)))[0] for n in range(10, 60)]
    assert np.mean(shares) < 0.35


def test_a_day_in_both_files_is_not_learnt_before_it_is_ranked(tmp_path: Path) -> None:
    """Nor a later one: what the history knows of the days to rank would be the answer."""
    written(tmp_path / "papers.jsonl", ranked := world(10))
    earlier = world(10, first=date(2025, 12, 1), seed=5)
    written(tmp_path / "history.jsonl", earlier)
    alone = evaluate_trending(tmp_path, clock=lambda: 0.0)
    later = world(10, first=date(2026, 3, 1), seed=6)
    written(tmp_path / "history.jsonl", earlier + ranked + later)
    assert evaluate_trending(tmp_path, clock=lambda: 0.0) == alone


def test_fields_of_any_type_and_none_at_all(tmp_path: Path) -> None:
    rows = world(12)
    written(tmp_path / "papers.jsonl", rows)
    plain = evaluate_trending(tmp_path, clock=lambda: 0.0)
    as_text = [
        row
        | {"upvotes": str(row["upvotes"]), "collected_lag_h": "8.0", "date": row["date"] + "T00Z"}
        for row in rows
    ]
    written(tmp_path / "papers.jsonl", as_text)
    assert evaluate_trending(tmp_path, clock=lambda: 0.0) == plain
    odd: Row = {"authors": "Ada Lovelace", "github_repo": "http://[", "published_at": 5}
    written(tmp_path / "papers.jsonl", [row | odd | {"title": None} for row in rows])
    assert evaluate_trending(tmp_path).n == plain.n
    bare = [{"date": row["date"], "upvotes": row["upvotes"]} for row in rows]
    written(tmp_path / "papers.jsonl", bare)
    assert evaluate_trending(tmp_path).n == plain.n


@pytest.mark.parametrize("field", [{"upvotes": 0}, {"date": None}, {"collected_lag_h": 99}])
def test_what_cannot_be_measured_is_an_error(field: Row, tmp_path: Path) -> None:
    written(tmp_path / "papers.jsonl", [row | field for row in world(12)])
    with pytest.raises(ParseError):
        evaluate_trending(tmp_path)
