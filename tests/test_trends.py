"""What trends in a library: learnt, kept, and made again when it changes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from broadsheet.cli.trending import parse_window
from broadsheet.errors import UsageError
from broadsheet.store.computed import find_computed
from broadsheet.store.database import Database
from broadsheet.trends import find_papers, refresh_trends, trending_papers, trending_topics
from broadsheet.types import Author
from tests.worlds import NOW, a_library, a_record, take_in

LAST = date(2026, 3, 1)


def an_eager_world(folder: Path) -> Database:
    """Ten papers a day for twelve days; those of Ada Star draw votes. The last day has none."""
    records = []
    for number in range(120):
        day, is_loved = LAST - timedelta(days=11 - number // 10), number % 10 == 0
        names = ("Ada Star" if is_loved else f"Bo Other{number}", f"Cy Plain{number}")
        votes = None if day == LAST else 50 if is_loved else 2
        records.append(
            a_record(
                number,
                announced=day,
                authors=tuple(Author(name) for name in names),
                upvotes=votes,
            )
        )
    return a_library(folder, *records)


def found(db: Database) -> dict[str, Any]:
    made = find_papers(db)
    assert made is not None
    return made


def test_an_unseen_paper_of_a_loved_author_leads_its_day(tmp_path: Path) -> None:
    made = trending_papers(an_eager_world(tmp_path), now=NOW, window_d=1)
    assert made["date"] == LAST.isoformat()
    assert len(made["papers"]) == 10
    best = made["papers"][0]
    assert best["doc_id"] == "arxiv:2603.00110"
    assert best["inputs"]["expected"] > 0
    assert "drawn" not in best["inputs"]
    assert any("authors" in name for name, _ in best["expected_from"])


def test_the_contract_of_json(tmp_path: Path) -> None:
    made = trending_papers(an_eager_world(tmp_path), now=NOW)
    assert made.keys() >= {"date", "papers"}
    for paper in made["papers"]:
        assert paper.keys() >= {"doc_id", "title", "score", "inputs", "code_urls"}
    scores = [paper["score"] for paper in made["papers"]]
    assert scores == sorted(scores, reverse=True)


def test_it_is_worked_out_once_a_change(tmp_path: Path) -> None:
    db = an_eager_world(tmp_path)
    refresh_trends(db, now=NOW)
    first = find_computed(db, "trending:7")
    refresh_trends(db, now=NOW + timedelta(hours=1))
    assert find_computed(db, "trending:7") == first
    take_in(db, a_record(500, announced=LAST, upvotes=400))
    assert found(db)["papers"][0]["doc_id"] != "arxiv:2603.00500"
    refresh_trends(db, now=NOW + timedelta(hours=2))
    assert found(db)["papers"][0]["doc_id"] == "arxiv:2603.00500"


def test_a_phrase_of_this_week_is_a_topic(tmp_path: Path) -> None:
    old = [
        a_record(number, announced=LAST - timedelta(days=40 + number % 60)) for number in range(300)
    ]
    new = [
        a_record(number, announced=LAST, title=f"Quokka transformers of kind {'abcdefgh'[n]}")
        for n, number in enumerate(range(400, 408))
    ]
    made = trending_topics(a_library(tmp_path, *old, *new), now=NOW)
    assert "quokka transformer" in {
        phrase for topic in made["topics"] for phrase in (topic["phrase"], *topic["also"])
    }
    assert len(made["topics"][0]["weeks"]) == 26


def test_an_empty_library_trends_nothing(tmp_path: Path) -> None:
    db = a_library(tmp_path)
    assert trending_papers(db, now=NOW)["papers"] == []
    assert trending_topics(db, now=NOW) == {"date": None, "topics": [], "tree": []}


def test_windows_are_written_in_days() -> None:
    assert (parse_window("7d"), parse_window("30")) == (7, 30)
    for bad in ("", "0d", "91d", "7w", "-1", "1e3", "١d"):
        with pytest.raises(UsageError):
            parse_window(bad)
