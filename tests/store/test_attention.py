"""Attention by day, read from what sources said then and say now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from broadsheet.jobs.ingest import ingest
from broadsheet.store.attention import attention_by_day
from tests.worlds import NOW, a_library, a_record


def test_each_change_of_a_count_is_a_day_of_its_course(tmp_path: Path) -> None:
    record = a_record(1, upvotes=3, datestamp="2026-03-01")
    db = a_library(tmp_path, record)
    for day, upvotes in ((2, 9), (3, 9), (5, 20)):
        later = replace(record, upvotes=upvotes, datestamp=f"2026-03-{day:02d}T01")
        ingest(db, [later], now=NOW + timedelta(days=day))
    course = attention_by_day(db, [1])[1]
    first = NOW.date()
    expected = [(first, 3), (first + timedelta(2), 9), (first + timedelta(5), 20)]
    assert [(seen.day, seen.upvotes) for seen in course] == expected


def test_of_two_sources_the_larger_count_is_believed(tmp_path: Path) -> None:
    one = a_record(1, upvotes=3)
    other = replace(one, source="hf-daily", upvotes=8)
    course = attention_by_day(a_library(tmp_path, one, other), [1])[1]
    assert [seen.upvotes for seen in course] == [8]


def test_without_counts_there_is_no_course(tmp_path: Path) -> None:
    assert attention_by_day(a_library(tmp_path, a_record(1)), [1]) == {}
    assert attention_by_day(a_library(tmp_path / "b"), []) == {}
