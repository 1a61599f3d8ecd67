"""1,000 interests x 500 new papers through the function that every channel asks: from the store to
slates with their reasons, and everything recorded as shown.

The library is that of `bench search`. Each interest likes 30 papers of one category or venue, has
two rules and follows an author. Vectors are drawn at random: time does not depend on what they
mean. Nothing is warm at first: the background is made and every paper read within the time.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from bench.search import bench_home, data_missing, open_library, peak_mb
from broadsheet.interests.corpus import Corpus
from broadsheet.interests.slates import publish_slate, slate_of
from broadsheet.jobs.embedding import meaning_source
from broadsheet.search.meaning import MeaningSource
from broadsheet.settings import load_settings
from broadsheet.store.accounts import make_reader
from broadsheet.store.database import Database, open_database
from broadsheet.store.documents import day_counts
from broadsheet.store.interests import (
    Choices,
    Rule,
    RuleKind,
    every_interest,
    make_interest,
    put_author,
    put_likes,
    put_rule,
)
from broadsheet.store.readers import Role

N_INTERESTS, N_LIKES, N_PAPERS = 1_000, 30, 500
N_LARGE_DAY = 5_000
BUDGET_S = 60.0
NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)


def main() -> None:
    if data_missing("interests"):
        return
    with bench_home() as folder, tempfile.TemporaryDirectory(prefix="broadsheet-bench-") as own:
        open_library(Path(folder))
        home = Path(own) / "home"
        shutil.copytree(folder, home)  # readers and what they were shown stay out of the kept one
        db = open_database(home)
        settings = load_settings(home=home)
        source = meaning_source(db, settings)
        if source.find()[0] is None:
            print(f"interests: words alone, {source.find()[1]}")
        else:
            fill_vectors(db, source)
        index = open_library(home)
        first, day, n_papers = _days(db, N_PAPERS)
        make_interests(db)
        corpus = Corpus(db, index, source)
        began, worked = perf_counter(), process_time()
        n_shown = 0
        for interest in every_interest(db):
            slate = slate_of(corpus, interest, first=first, day=day)
            with db.transaction() as transaction:
                publish_slate(transaction, slate, channel="mail", now=NOW)
            n_shown += len(slate.picks)
        seconds, worked = perf_counter() - began, process_time() - worked
        verdict = "kept" if seconds <= BUDGET_S else "BROKEN"
        print(
            f"\n{N_INTERESTS:,} interests of {N_LIKES} likes x {n_papers:,} papers: {seconds:.1f} s"
            f" (budget {BUDGET_S:.0f}, {verdict}), {worked:.1f} s of processor time;"
            f" {n_shown:,} papers shown, each with reasons"
        )
        _large_day(corpus)
        print(f"memory of this process: {peak_mb():.0f} MB at most")
        db.close()


def _large_day(corpus: Corpus) -> None:
    first, day, n_papers = _days(corpus.db, N_LARGE_DAY)
    interest = every_interest(corpus.db)[0]
    times = []
    for _ in range(2):
        began = perf_counter()
        slate_of(corpus, interest, first=first, day=day)
        times.append(perf_counter() - began)
    print(f"one slate of {n_papers:,} papers: {times[0]:.2f} s, then {times[1]:.2f} s")


def fill_vectors(db: Database, source: MeaningSource) -> None:
    """A vector for every document."""
    meaning, reason = source.find()
    if meaning is None:
        sys.exit(reason)
    rng = np.random.default_rng(0)
    doc_nos = np.array(
        [row[0] for row in db.read("SELECT doc_no FROM documents WHERE merged_into IS NULL")]
    )
    meaning.vectors.clear()
    for block in np.array_split(np.sort(doc_nos), max(1, len(doc_nos) // 4_096)):
        vectors = rng.standard_normal((len(block), meaning.model.dimension))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        meaning.vectors.add(block, vectors)


def _days(db: Database, n_papers: int) -> tuple[date, date, int]:
    """The first and last of days in a row that announced nearest to so many papers together, and
    how many; the newest of equals."""
    counts = day_counts(db, date(2000, 1, 1), date(2100, 1, 1))
    found = []
    for last in reversed(range(len(counts))):
        total = 0
        for first in reversed(range(last + 1)):
            total += counts[first].n_documents
            found.append((abs(total - n_papers), counts[first].day, counts[last].day, total))
            if total > n_papers:
                break
    _, first_day, last_day, total = min(found, key=lambda entry: entry[0])
    return first_day, last_day, total


def make_interests(db: Database) -> None:
    rng = np.random.default_rng(1)
    kinds: dict[str, list[int]] = defaultdict(list)
    for doc_no, categories in db.read(
        "SELECT doc_no, categories FROM documents WHERE merged_into IS NULL AND categories <> ''"
    ):
        kinds[categories.split("\n")[0]].append(doc_no)
    topics = [doc_nos for _, doc_nos in sorted(kinds.items()) if len(doc_nos) >= N_LIKES]
    authors = db.read("SELECT author_key, min(name) FROM mentions GROUP BY author_key LIMIT 5000")
    with db.transaction() as transaction:
        for number in range(N_INTERESTS):
            reader = make_reader(
                transaction, email=f"r{number}@example.org", name="R", role=Role.READER, now=NOW
            )
            interest_no = make_interest(
                transaction, reader.reader_no, Choices(f"Interest {number}"), now=NOW
            )
            topic = topics[int(rng.integers(len(topics)))]
            likes = [int(doc_no) for doc_no in rng.choice(topic, N_LIKES, replace=False)]
            put_likes(transaction, interest_no, likes, now=NOW)
            for rule in (Rule(RuleKind.NEVER, "survey"), Rule(RuleKind.NEVER, "title:benchmark")):
                put_rule(transaction, interest_no, rule, now=NOW)
            key, name = authors[int(rng.integers(len(authors)))]
            put_author(transaction, interest_no, key, name, now=NOW)
