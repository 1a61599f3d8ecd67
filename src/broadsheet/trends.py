"""Working out what trends: papers, topics, the topic tree; kept until the library changes."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from broadsheet.rank.prior import History, Listed, Sheet, explain
from broadsheet.rank.topic_tree import Branch, topic_tree
from broadsheet.rank.topics import BASELINE_D, HORIZONS_D, topics_on, weekly_shares
from broadsheet.rank.trending import USUAL_D, Counts, Trend, trend, usual
from broadsheet.store.computed import Computed, find_computed, put_computed
from broadsheet.store.database import Database
from broadsheet.store.documents import Reads, documents_announced, last_change_no, newest_day
from broadsheet.text.names import author_key
from broadsheet.text.phrases import common_phrases
from broadsheet.types import Document

log = logging.getLogger(__name__)

WINDOW_D = 7
WINDOW_D_MAX = 90
LEARN_D = 180  # days before the window from which expectations are learnt
PAPERS_MAX = 100
DOCUMENTS_MAX = 20_000  # newest first: a bound on the time a computation takes
PAPERS_OF_TOPIC_MAX = 12
TEXTS_MIN = 4  # neither topics nor the tree look at a phrase of fewer papers
TOPICS = "topics"

Made = dict[str, Any]


def trending_papers(db: Database, *, now: datetime, window_d: int = WINDOW_D) -> Made:
    """`{"date", "window_d", "usual", "papers": [...]}`, best first; as of the newest day."""
    return _kept(db, _papers_name(window_d), lambda: compute_papers(db, window_d), now)


def trending_topics(db: Database, *, now: datetime) -> Made:
    """`{"date", "topics": [...]}` and the topic tree under `"tree"`."""
    return _kept(db, TOPICS, lambda: compute_topics(db), now)


def refresh_trends(db: Database, *, now: datetime) -> None:
    """The worker's unit of work: have both ready before anybody asks."""
    trending_papers(db, now=now)
    trending_topics(db, now=now)


def find_papers(db: Reads) -> Made | None:
    """`trending_papers` of the usual window as last worked out, perhaps some changes old."""
    known = find_computed(db, _papers_name(WINDOW_D))
    return known.content if known else None


def find_topics(db: Reads) -> Made | None:
    """`trending_topics` as last worked out, perhaps some changes old."""
    known = find_computed(db, TOPICS)
    return known.content if known else None


def compute_papers(db: Reads, window_d: int = WINDOW_D) -> Made:
    day = newest_day(db)
    if day is None:
        return {"date": None, "window_d": window_d, "papers": []}
    first = day - timedelta(days=window_d - 1)
    documents = documents_announced(db, first - timedelta(days=LEARN_D), day, limit=DOCUMENTS_MAX)
    by_day: dict[date, list[Document]] = defaultdict(list)
    for document in documents:
        if document.announced:
            by_day[document.announced].append(document)
    expected = _expectations(by_day, first)
    ranked = []
    for shown in sorted(found for found in by_day if found >= first):
        ordinary, age_d = usual_before(by_day, shown), (day - shown).days
        for document in by_day[shown]:
            counts, prior = counts_of(document, day), expected[document.doc_no][0]
            ranked.append((document, trend(counts, usual=ordinary, expected=prior, age_d=age_d)))
    ranked.sort(key=lambda pair: (-pair[1].score, pair[0].doc_id))
    papers = [
        _paper_made(document, counts_of(document, day), found, expected[document.doc_no][1])
        for document, found in ranked[:PAPERS_MAX]
    ]
    return {"date": day.isoformat(), "window_d": window_d, "papers": papers}


def compute_topics(db: Reads) -> Made:
    day = newest_day(db)
    if day is None:
        return {"date": None, "topics": [], "tree": []}
    first = day - timedelta(days=BASELINE_D + max(HORIZONS_D))
    doc_ids: list[str] = []
    ages_d: list[int] = []

    def texts() -> Iterator[str]:
        for document in documents_announced(db, first, day, limit=DOCUMENTS_MAX):
            doc_ids.append(document.doc_id)
            ages_d.append((day - (document.announced or day)).days)
            yield f"{document.title}. {document.abstract}"

    phrases = common_phrases(texts(), texts_min=TEXTS_MIN)
    ages = np.array(ages_d)
    having: dict[str, list[int]] = defaultdict(list)
    for place, said in enumerate(phrases):
        for phrase in said:
            having[phrase].append(place)
    topics = [
        {
            "phrase": topic.phrase,
            "window_d": horizon,
            "contribution": round(topic.contribution, 6),
            "p_value": topic.p_value,
            "papers": topic.n_window,
            "papers_before": topic.n_baseline,
            "also": list(topic.also),
            "query": f'"{topic.phrase}"',
            "weeks": [round(share, 5) for share in weekly_shares(having[topic.phrase], ages)],
            "doc_ids": [doc_ids[place] for place in topic.docs[:PAPERS_OF_TOPIC_MAX]],
        }
        for horizon, topic in topics_on(phrases, ages)
    ]
    tree = [_branch_made(branch) for branch in topic_tree(phrases)]
    return {"date": day.isoformat(), "topics": topics, "tree": tree}


def listed_of(document: Document) -> Listed:
    """A document as its day's list showed it, without what it drew since."""
    code = document.code_links[0].url if document.code_links else ""
    announced, submitted = document.announced, document.submitted
    return Listed(
        key=document.doc_id,
        title=document.title,
        abstract=document.abstract,
        authors=tuple(author_key(author.name) for author in document.authors),
        organization=str(document.extra.get("organization") or ""),
        code_owner=urlsplit(code).path.strip("/").partition("/")[0].lower(),
        has_page=bool(document.project_page),
        has_media=bool(document.extra.get("media_urls")),
        age_d=float((announced - submitted).days) if announced and submitted else None,
    )


def counts_of(document: Document, day: date) -> Counts:
    age_d = max((day - (document.announced or day)).days, 0)
    stars = document.github_stars
    return Counts(
        upvotes=document.upvotes,
        comments=document.num_comments,
        stars_per_day=None if stars is None else round(stars / (age_d + 1), 2),
        citations=document.gs_citations,
    )


def _expectations(
    by_day: Mapping[date, Sequence[Document]], first: date
) -> dict[int, tuple[float, list[tuple[str, float]]]]:
    """doc_no → (expected excess, what moved it) of the papers from `first` on.

    Learnt from the days before; days of the window teach the later ones.
    """
    history = History()
    found = {}
    for day in sorted(by_day):
        documents = by_day[day]
        sheet = history.look(day, [listed_of(document) for document in documents])
        if day >= first:
            weights = history.weights()
            scores = sheet.table @ weights
            for document, row, score in zip(documents, sheet.table, scores, strict=True):
                found[document.doc_no] = (float(score), explain(row, weights))
        _learn(history, sheet, documents)
    return found


def _learn(history: History, sheet: Sheet, documents: Sequence[Document]) -> None:
    """Only papers that somebody counted upvotes of can teach."""
    counted = [place for place, document in enumerate(documents) if document.upvotes is not None]
    votes = [documents[place].upvotes or 0 for place in counted]
    if len(counted) < len(documents):
        sheet = history.look(sheet.day, [sheet.papers[place] for place in counted])
    history.learn(sheet, np.log1p(np.asarray(votes, dtype=np.float64)))


def usual_before(by_day: Mapping[date, Sequence[Document]], day: date) -> float:
    """What papers of the `USUAL_D` days up to and with `day` drew on the mean."""
    since = day - timedelta(days=USUAL_D)
    return usual(
        [
            counts_of(document, day)
            for other, documents in by_day.items()
            if since < other <= day
            for document in documents
        ]
    )


def _paper_made(
    document: Document, counts: Counts, found: Trend, why: Sequence[tuple[str, float]]
) -> Made:
    given = {
        "upvotes": counts.upvotes,
        "num_comments": counts.comments,
        "stars_per_day": counts.stars_per_day,
        "gs_citations": counts.citations,
        "drawn": None if found.drawn is None else round(found.drawn, 3),
    }
    return {
        "doc_id": document.doc_id,
        "doc_no": document.doc_no,
        "title": document.title,
        "score": found.score,
        "announced": document.announced.isoformat() if document.announced else None,
        "inputs": {
            **{name: value for name, value in given.items() if value is not None},
            "usual": round(found.usual, 3),
            "expected": round(found.expected, 3),
            "age_d": found.age_d,
        },
        "expected_from": [[name, round(share, 3)] for name, share in why],
        "code_urls": [link.url for link in document.living_links],
    }


def _branch_made(branch: Branch) -> Made:
    return {
        "name": branch.name,
        "phrases": list(branch.phrases),
        "papers": branch.n_docs,
        "query": " OR ".join(f'"{phrase}"' for phrase in branch.phrases[:12]),
        "branches": [_branch_made(twig) for twig in branch.twigs],
    }


def _papers_name(window_d: int) -> str:
    return f"trending:{window_d}"


def _kept(db: Database, name: str, make: Callable[[], Made], now: datetime) -> Made:
    change_no = last_change_no(db)
    known = find_computed(db, name)
    if known is not None and known.change_no == change_no:
        return known.content
    content = make()
    with db.transaction() as transaction:
        put_computed(transaction, name, Computed(change_no, now, content))
    log.info("event=computed name=%s change_no=%d", name, change_no)
    return content
