"""What is known of an interest, gathered from the store: its stream and its evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from scipy import sparse

from broadsheet.deliver.outcome import UNSENT
from broadsheet.index.entry import dated
from broadsheet.interests.choosing import Comparison, Known
from broadsheet.interests.corpus import AuthorColumns, Backdrop, Batch, Corpus, Paper
from broadsheet.rank.background import Evidence, Floats
from broadsheet.search.engine import find_meeting
from broadsheet.store.database import Database
from broadsheet.store.documents import Reads, last_change_no, stream_between
from broadsheet.store.followed import find_people
from broadsheet.store.interests import (
    Holdings,
    Interest,
    RuleKind,
    judged_in_any,
)
from broadsheet.store.marks import Mark, marks_of
from broadsheet.store.outbox import had_elsewhere
from broadsheet.store.shown import Place, Shown, list_shown, shown_to

#: A liked paper was chosen over at most so many of those that stood above it.
PASSED_MAX = 5
COMPARISONS_MAX = 50
#: What a reader has done to a paper that makes it no news to them.
KNOWING = frozenset(Mark)
#: Marks that say as much as a like that a shown paper was wanted.
WANTING = frozenset({Mark.LIKED, Mark.SAVED})


@dataclass(frozen=True)
class Stream:
    """The papers of the days that an interest ranks, most attention first, and what was left out.
    `n_waiting` are not in the text index yet, so that no rule could be looked up for them."""

    batch: Batch
    n_announced: int
    n_ruled_out: int
    n_known: int
    n_waiting: int


@dataclass(frozen=True)
class Material:
    """`authors` names the author columns of `known` and of every evidence beside it."""

    known: Known
    likes: Batch
    authors: AuthorColumns


def gather_stream(
    corpus: Corpus,
    backdrop: Backdrop,
    interest: Interest,
    holdings: Holdings,
    *,
    first: date,
    day: date,
    taken: Collection[int] = (),
    standing: Collection[int] = (),
    again: Collection[int] = (),
) -> Stream:
    """The stream of the days; `taken` stand in another slate of the reader's. What is `standing`
    in this very slate, which was shown before, is no longer part of the stream; what is to be
    looked at `again` is part of it although it was shown."""
    db = corpus.db
    whole = corpus.kept_batch(
        backdrop,
        (first, day, last_change_no(db), corpus.mark()),
        lambda: stream_between(db, first, day),
    )
    ruled, n_waiting = _meeting_rules(corpus, interest, holdings, whole, first, day)
    known = _known_doc_nos(db, interest, whole.doc_nos[ruled].tolist(), again) | set(taken)
    fresh = [
        row
        for row in ruled
        if (doc_no := int(whole.doc_nos[row])) not in known and doc_no not in standing
    ]
    n_standing = sum(1 for row in ruled if int(whole.doc_nos[row]) in standing)
    return Stream(
        batch=whole.rows(fresh),
        n_announced=len(whole),
        n_ruled_out=len(whole) - len(ruled),
        n_known=len(ruled) - n_standing - len(fresh),
        n_waiting=n_waiting,
    )


def contradictory_rules(holdings: Holdings) -> list[str]:
    """Queries that every paper must meet and none may."""
    asked = {
        kind: {rule.query for rule in holdings.rules if rule.kind is kind} for kind in RuleKind
    }
    return sorted(asked[RuleKind.MUST] & asked[RuleKind.NEVER])


def gather(
    corpus: Corpus, backdrop: Backdrop, interest: Interest, holdings: Holdings, *, day: date
) -> Material:
    """The evidence: likes, dislikes, description, authors, and what was chosen over what."""
    at = {entry.doc_no: entry.judged_at for entry in holdings.judged}

    def days_of(paper: Paper) -> tuple[date, date]:
        """When it was judged, and the day it says of itself."""
        return at[paper.document.doc_no].date(), dated(paper.document) or date.min

    papers = sorted(corpus.papers(backdrop, holdings.likes), key=days_of, reverse=True)
    likes = corpus.batch_of(backdrop, papers)
    shown = list_shown(corpus.db, interest.interest_no)
    passed_nos, comparisons = _comparisons(corpus.db, interest, holdings, likes, shown)
    passed = corpus.batch(backdrop, passed_nos)
    dislikes = corpus.batch(backdrop, holdings.dislikes)
    authors = _author_columns(corpus.db, likes, holdings)
    found_by = {entry.doc_no: entry for entry in shown if entry.place is Place.EXPLORES}
    evidence = likes.with_authors(authors)
    if interest.choices.description:
        words = corpus.described(backdrop, interest.choices.description)
        evidence = _with_description(evidence, words, len(authors.names))
    days = [days_of(paper) for paper in likes.papers]
    era_of = {day: era for era, day in enumerate(dict.fromkeys(days))}
    known = Known(
        background=backdrop.with_authors(authors),
        likes=evidence,
        n_liked=len(likes),
        ages_d=np.array(
            [max((day - at[paper.document.doc_no].date()).days, 0) for paper in likes.papers],
            dtype=np.float64,
        ),
        propensities=_propensities(likes, found_by),
        eras=np.array([era_of[day] for day in days], dtype=np.int64),
        dislikes=dislikes.with_authors(authors),
        followed=[authors.places[author_id] for author_id, _ in holdings.authors],
        passed=passed.with_authors(authors),
        comparisons=comparisons if len(passed) == len(passed_nos) else (),
    )
    return Material(known, likes, authors)


def _author_columns(db: Reads, likes: Batch, holdings: Holdings) -> AuthorColumns:
    """Everybody who wrote a like, and everybody who is followed."""
    followed = [author_id for author_id, _ in holdings.authors]
    people = AuthorColumns((), tuple(find_people(db, followed)))
    of_likes = {
        name
        for paper in likes.papers
        for key in paper.authors
        for name in people.of(key, paper.document.doc_no)
    }
    return AuthorColumns(tuple(sorted(of_likes | set(followed))), people.people)


def _meeting_rules(
    corpus: Corpus,
    interest: Interest,
    holdings: Holdings,
    whole: Batch,
    first: date,
    day: date,
) -> tuple[list[int], int]:
    """Rows of the categories that meet all rules; how many the text index does not know yet.

    Raises SearchIndexError where there are rules and no index to look them up in.
    """
    rows = [
        row
        for row, paper in enumerate(whole.papers)
        if _in_categories(paper.document.categories, interest.choices.categories)
    ]
    if not holdings.rules or not rows:
        return rows, 0
    allowed = set(corpus.indexed(whole))
    n_waiting = sum(int(whole.doc_nos[row]) not in allowed for row in rows)
    for rule in holdings.rules:
        meeting = find_meeting(corpus.index, rule.query, first, day)
        if meeting is None:
            continue
        if rule.kind is RuleKind.MUST:
            allowed &= set(meeting.tolist())
        else:
            allowed -= set(meeting.tolist())
    return [row for row in rows if int(whole.doc_nos[row]) in allowed], n_waiting


def _in_categories(names: Sequence[str], wanted: Sequence[str]) -> bool:
    """`cs` stands for all of its categories; case does not count."""
    if not wanted:
        return True
    asked = [name.lower() for name in wanted]
    return any(
        name.lower() == category or name.lower().startswith(category + ".")
        for name in names
        for category in asked
    )


def _known_doc_nos(
    db: Database, interest: Interest, doc_nos: Sequence[int], again: Collection[int]
) -> set[int]:
    """What the reader did something to, judged for any interest, was shown before, or was sent by
    a digest of anything else."""
    marked = marks_of(db, interest.reader_no, doc_nos)
    known = {doc_no for doc_no, marks in marked.items() if marks & KNOWING}
    known |= judged_in_any(db, interest.reader_no, doc_nos)
    known |= had_elsewhere(db, interest.reader_no, interest.interest_no, UNSENT)
    return known | (set(shown_to(db, interest.reader_no, doc_nos)) - set(again))


def _comparisons(
    db: Database,
    interest: Interest,
    holdings: Holdings,
    likes: Batch,
    shown: Sequence[Shown],
) -> tuple[list[int], list[Comparison]]:
    """The papers passed over, and for each like that was found in a slate those of them that stood
    above it: nearest first, without what was judged or wanted too."""
    row_of = {int(doc_no): row for row, doc_no in enumerate(likes.doc_nos)}
    if not any(entry.doc_no in row_of for entry in shown):
        return [], []
    marked = marks_of(db, interest.reader_no, [entry.doc_no for entry in shown])
    told = {entry.doc_no for entry in holdings.judged}
    told |= {doc_no for doc_no, marks in marked.items() if marks & WANTING}
    place_of: dict[int, int] = {}
    comparisons: list[Comparison] = []
    slates: dict[date, list[Shown]] = {}
    for entry in shown:
        if entry.place is not Place.MORE:
            slates.setdefault(entry.shown_on, []).append(entry)
    for entries in slates.values():
        for place, entry in enumerate(entries):
            over = [other.doc_no for other in entries[:place] if other.doc_no not in told]
            if entry.doc_no in row_of and over and len(comparisons) < COMPARISONS_MAX:
                rows = [place_of.setdefault(no, len(place_of)) for no in over[-PASSED_MAX:]]
                comparisons.append(Comparison(row_of[entry.doc_no], np.array(rows)))
    return list(place_of), comparisons


def _propensities(likes: Batch, found_by: Mapping[int, Shown]) -> Floats:
    return np.array(
        [
            found_by[int(doc_no)].propensity if int(doc_no) in found_by else 1.0
            for doc_no in likes.doc_nos
        ]
    )


def _with_description(likes: Evidence, words: Evidence, n_authors: int) -> Evidence:
    nobody = sparse.csr_array((1, n_authors), dtype=np.float64)
    row = replace(words, papers=replace(words.papers, authors=nobody))
    return Evidence(
        replace(
            likes.papers,
            counts=sparse.vstack([likes.papers.counts, row.papers.counts], format="csr"),
            vectors=np.vstack([likes.papers.vectors, row.papers.vectors]),
            authors=sparse.vstack([likes.papers.authors, row.papers.authors], format="csr"),
            categories=sparse.vstack(
                [likes.papers.categories, row.papers.categories], format="csr"
            ),
        ),
        sparse.csr_array(sparse.vstack([likes.words, row.words], format="csr")),
        np.vstack([likes.meaning, row.meaning]),
    )
