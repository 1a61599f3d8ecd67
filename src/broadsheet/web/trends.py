"""The pages of attention, made ready for their templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from broadsheet.store.attention import Observation, attention_by_day
from broadsheet.store.database import Database
from broadsheet.store.documents import last_change_no
from broadsheet.trends import Made, compute_papers, compute_topics, find_papers, find_topics
from broadsheet.types import Document
from broadsheet.web.plots import Gauge, Plot, gauge, sparkline
from broadsheet.web.reckoning import Reckoning
from broadsheet.web.stacks import fetch_documents

PAPERS_SHOWN = 30
TOPICS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class TrendingPaper:
    """`course` is there where attention was seen on more than one day."""

    document: Document
    score: float
    inputs: Mapping[str, Any]
    why: Sequence[tuple[str, float]]
    meter: Gauge
    course: Plot | None


@dataclass(frozen=True, slots=True)
class TrendingTopic:
    phrase: str
    query: str
    papers: int
    papers_before: int
    window_d: int
    contribution: float
    also: tuple[str, ...]
    line: Plot


@dataclass(frozen=True, slots=True)
class Trends:
    day: date | None
    window_d: int
    papers: tuple[TrendingPaper, ...]
    topics: tuple[TrendingTopic, ...]


@dataclass(frozen=True, slots=True)
class TopicTree:
    day: date | None
    topics: tuple[TrendingTopic, ...]
    branches: Sequence[Mapping[str, Any]]


def compose_trends(db: Database, reckoning: Reckoning) -> Trends | None:
    """None while it is being worked out for the first time."""
    made = find_papers(db) or reckoning.find(
        "trending", last_change_no(db), lambda: compute_papers(db)
    )
    topics = _topics_at_hand(db, reckoning)
    if made is None or topics is None:
        return None
    rows = made["papers"][:PAPERS_SHOWN]
    numbers = [row["doc_no"] for row in rows]
    documents = {document.doc_no: document for document in fetch_documents(db, numbers)}
    seen = attention_by_day(db, numbers)
    most = max((row["inputs"].get("drawn", 0.0) for row in rows), default=0.0)
    papers = tuple(
        _paper(documents[row["doc_no"]], row, most, seen.get(row["doc_no"], ()))
        for row in rows
        if row["doc_no"] in documents
    )
    return Trends(_day(made["date"]), made["window_d"], papers, _topics(topics))


def compose_topic_tree(db: Database, reckoning: Reckoning) -> TopicTree | None:
    """None while it is being worked out for the first time."""
    made = _topics_at_hand(db, reckoning)
    if made is None:
        return None
    return TopicTree(_day(made["date"]), _topics(made), made["tree"])


def _topics_at_hand(db: Database, reckoning: Reckoning) -> Made | None:
    found: Made | None = find_topics(db) or reckoning.find(
        "topics", last_change_no(db), lambda: compute_topics(db)
    )
    return found


def _paper(
    document: Document, row: Mapping[str, Any], most: float, seen: Sequence[Observation]
) -> TrendingPaper:
    inputs = row["inputs"]
    value = inputs.get("drawn", 0.0)
    said = f"attention {value:.1f}, usual {inputs['usual']:.1f}"
    votes = [float(observation.upvotes or 0) for observation in seen]
    course = None
    if len(votes) > 1:
        course = sparkline(votes, f"upvotes from {votes[0]:.0f} to {votes[-1]:.0f}")
    return TrendingPaper(
        document,
        row["score"],
        inputs,
        [(name, share) for name, share in row["expected_from"]],
        gauge(value, inputs["usual"], max(most, inputs["usual"]), said),
        course,
    )


def _topics(made: Mapping[str, Any]) -> tuple[TrendingTopic, ...]:
    return tuple(
        TrendingTopic(
            row["phrase"],
            row["query"],
            row["papers"],
            row["papers_before"],
            row["window_d"],
            row["contribution"],
            tuple(row["also"]),
            sparkline(row["weeks"], f"share of papers by week, now {row['weeks'][-1]:.1%}"),
        )
        for row in made["topics"][:TOPICS_SHOWN]
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
