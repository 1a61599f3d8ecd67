"""Lexical search on 90,000 documents: import, latency and memory, beside SQLite FTS5.

`BROADSHEET_DATA` names the folder that holds `corpus_arxiv` and `corpus_venues` (default
`../shared/data` beside the repository). `BROADSHEET_BENCH_HOME` keeps the library for the
next run. FTS5 gets the same documents (title, abstract, authors; Porter stemming, accents
folded, BM25), the same words with the same AND and OR, and is asked for the best 20 and the
count; ours is the whole of `search`: snippets, highlights, reasons. `+ facets` is what the
search page asks for.
"""

from __future__ import annotations

import os
import random
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import quantiles
from time import perf_counter, process_time

from broadsheet.index.analysis import STOP_WORDS, words
from broadsheet.index.changes import StoreChanges
from broadsheet.index.lexical import LexicalIndex
from broadsheet.jobs.imports import import_and_index
from broadsheet.jobs.indexing import lexical_index
from broadsheet.search.engine import search
from broadsheet.store.database import CACHE_MIB_IMPORT, open_database
from broadsheet.store.documents import iterate_documents
from broadsheet.text.names import surname
from broadsheet.types import Document

FILES = ("corpus_arxiv/papers.jsonl.xz", "corpus_venues/papers.jsonl.xz")
N_QUERIES = 200
N_WARM = 20
BUDGET_P50_MS, BUDGET_P99_MS = 5.0, 25.0
BUDGET_IMPORT_PER_S = 2_000
BUDGET_MEMORY_MB = 600


@dataclass(frozen=True)
class Query:
    """One need in both languages; `day`s limit FTS5 through its table of dates."""

    ours: str
    fts: str
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Latency:
    p50_ms: float
    p99_ms: float


def main() -> None:
    if data_missing("search"):
        return
    with bench_home() as home:
        _bench(Path(home), open_library(Path(home), rebuild=True))


def data_missing(bench: str) -> bool:
    """Whether the papers to import are not here; says so."""
    missing = [name for name in FILES if not (_data() / name).is_file()]
    if missing:
        print(f"{bench}: skipped, {_data()} has no {', '.join(missing)}; set BROADSHEET_DATA")
    return bool(missing)


def _data() -> Path:
    root = Path(__file__).resolve().parents[1]
    return Path(os.environ.get("BROADSHEET_DATA") or root.parent / "shared" / "data")


def bench_home() -> tempfile.TemporaryDirectory[str] | _Kept:
    kept = os.environ.get("BROADSHEET_BENCH_HOME")
    return _Kept(kept) if kept else tempfile.TemporaryDirectory(prefix="broadsheet-bench-")


@dataclass(frozen=True)
class _Kept:
    path: str

    def __enter__(self) -> str:
        Path(self.path).mkdir(parents=True, exist_ok=True)
        return self.path

    def __exit__(self, *_: object) -> None:
        return


def open_library(home: Path, *, rebuild: bool = False) -> LexicalIndex:
    """The library in `home`, imported unless it is there already."""
    files = [str(_data() / name) for name in FILES]
    db = open_database(home, cache_mib=CACHE_MIB_IMPORT)  # as `broadsheet import` does
    began = perf_counter()
    report, _ = import_and_index(db, files, home=home, clock=lambda: datetime.now(UTC))
    seconds = perf_counter() - began
    counts = report.counts
    if counts.added:
        per_s = counts.read / seconds
        print(
            f"import + index: {counts.read:,} rows in {seconds:.1f} s = {per_s:,.0f}/s"
            f" (budget ≥ {BUDGET_IMPORT_PER_S:,}/s); memory {peak_mb():.0f} MB"
            f" (budget ≤ {BUDGET_MEMORY_MB})"
        )
    index = lexical_index(home, db)
    if not rebuild:
        db.close()
        return index
    before = process_time()
    began = perf_counter()
    index.rebuild(StoreChanges(db))
    print(
        f"index --rebuild: {index.searcher().n_docs:,} documents in {perf_counter() - began:.1f} s,"
        f" {process_time() - before:.1f} s of CPU, {_folder_mb(index.folder):.0f} MB on disk"
    )
    db.close()
    return index


def _bench(home: Path, index: LexicalIndex) -> None:
    db = open_database(home)
    rng = random.Random(20261121)
    documents = list(sample(iterate_documents(db), rng, n=3_000))
    peer = _fts(home / "bench-fts.sqlite", iterate_documents(db))
    n_docs = index.searcher().n_docs
    db.close()
    print(f"\nlexical search, {n_docs:,} documents, {N_QUERIES} queries each, ms")
    print(
        f"{'query':24}{'p50':>7}{'p99':>7}   {'FTS5 p50':>9}{'p99':>8}{'ratio p50':>11}{'p99':>7}"
    )
    for name, queries in make_queries(documents, rng).items():
        # In turn, so that whatever else the machine does weighs on all alike.
        ours, facets, theirs = measure(
            queries,
            lambda query: search(index, query.ours),
            lambda query: search(index, query.ours, with_facets=True),
            lambda query: _ask_fts(peer, query),
        )
        print(
            f"{name:24}{ours.p50_ms:7.2f}{ours.p99_ms:7.2f}   {theirs.p50_ms:9.2f}"
            f"{theirs.p99_ms:8.2f}{theirs.p50_ms / ours.p50_ms:10.1f}x"
            f"{theirs.p99_ms / ours.p99_ms:6.1f}x"
        )
        print(f"{'  + facets':24}{facets.p50_ms:7.2f}{facets.p99_ms:7.2f}")
    print(f"{'budget':24}{BUDGET_P50_MS:7.0f}{BUDGET_P99_MS:7.0f}")
    print(f"memory of this process: {peak_mb():.0f} MB at most (budget ≤ {BUDGET_MEMORY_MB})")


def make_queries(documents: Sequence[Document], rng: random.Random) -> dict[str, list[Query]]:
    """Words from titles and abstracts of random documents, so every query finds something."""
    dated = [document for document in documents if document.announced and document.authors]
    made: dict[str, Callable[[], Query]] = {
        "1 term": lambda: _terms(rng.choice(documents), 1, rng),
        "3 terms": lambda: _terms(rng.choice(documents), 3, rng),
        "8 terms": lambda: _terms(rng.choice(documents), 8, rng),
        "phrase": lambda: _phrase(rng.choice(documents), rng),
        "boolean + date + author": lambda: _boolean(rng.choice(dated), rng),
    }
    return {name: [make() for _ in range(N_QUERIES)] for name, make in made.items()}


def _terms(document: Document, n: int, rng: random.Random) -> Query:
    """Up to four words must all be there, more need not: as `search` reads them."""
    chosen = rng.sample(_telling(document, at_least=n), n)
    joint = " " if n <= 4 else " OR "
    return Query(" ".join(chosen), joint.join(f'"{word}"' for word in chosen))


def _phrase(document: Document, rng: random.Random) -> Query:
    found = words(document.title)
    size = min(len(found), rng.choice((2, 3, 4)))
    at = rng.randrange(len(found) - size + 1)
    phrase = " ".join(found[at : at + size])
    return Query(f'"{phrase}"', f'"{phrase}"')


def _boolean(document: Document, rng: random.Random) -> Query:
    assert document.announced is not None
    first, second = rng.sample(_telling(document, at_least=2), 2)
    name = surname(document.authors[0].name)
    start = document.announced.replace(day=1)
    end = document.announced
    return Query(
        f"({first} OR {second}) -survey author:{name or 'x'} announced:{start}..{end}",
        f'({{title abstract}}: ("{first}" OR "{second}") AND authors: "{name or "x"}")'
        ' NOT "survey"',
        start,
        end,
    )


def _telling(document: Document, *, at_least: int) -> list[str]:
    found = dict.fromkeys(words(f"{document.title} {document.abstract}"))
    telling = [word for word in found if word not in STOP_WORDS and re.fullmatch("[a-z]{3,}", word)]
    return (
        telling
        + ["model", "data", "learning", "network", "method", "task", "image", "text"][
            : max(0, at_least - len(telling))
        ]
    )


def measure(queries: Iterable[Query], *ways: Callable[[Query], object]) -> list[Latency]:
    took: list[list[float]] = [[] for _ in ways]
    for place, query in enumerate(queries):
        for ask, times in zip(ways, took, strict=True):
            began = perf_counter()
            ask(query)
            if place >= N_WARM:
                times.append((perf_counter() - began) * 1000)
    cuts = [quantiles(times, n=100) for times in took]
    return [Latency(cut[49], cut[98]) for cut in cuts]


def _fts(path: Path, documents: Iterator[Document]) -> sqlite3.Connection:
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;"
        "CREATE VIRTUAL TABLE f USING fts5(title, abstract, authors,"
        " tokenize = 'porter unicode61 remove_diacritics 2');"
        "CREATE TABLE days (doc_no INTEGER PRIMARY KEY, announced TEXT);"
    )
    for document in documents:
        names = " . ".join(author.name for author in document.authors)
        connection.execute(
            "INSERT INTO f (rowid, title, abstract, authors) VALUES (?, ?, ?, ?)",
            (document.doc_no, document.title, document.abstract, names),
        )
        day = document.announced.isoformat() if document.announced else None
        connection.execute("INSERT INTO days VALUES (?, ?)", (document.doc_no, day))
    connection.execute("INSERT INTO f (f) VALUES ('optimize')")
    connection.commit()
    return connection


def _ask_fts(connection: sqlite3.Connection, query: Query) -> tuple[list[object], int]:
    """The best 20 and how many there are."""
    where, values = "f MATCH ?", [query.fts]
    source = "f"
    if query.first and query.last:
        source = "f JOIN days ON days.doc_no = f.rowid"
        where += " AND days.announced BETWEEN ? AND ?"
        values += [query.first.isoformat(), query.last.isoformat()]
    best = connection.execute(
        f"SELECT f.rowid, f.title, bm25(f, 2.0, 1.0, 0.4) AS score FROM {source}"
        f" WHERE {where} ORDER BY score LIMIT 20",
        values,
    ).fetchall()
    (total,) = connection.execute(f"SELECT count(*) FROM {source} WHERE {where}", values).fetchone()
    return best, int(total)


def sample(documents: Iterator[Document], rng: random.Random, *, n: int) -> list[Document]:
    """`n` of the documents, each as likely as any other (reservoir sampling)."""
    kept: list[Document] = []
    for place, document in enumerate(documents):
        if len(kept) < n:
            kept.append(document)
        elif (at := rng.randrange(place + 1)) < n:
            kept[at] = document
    return kept


def peak_mb() -> float:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1_000_000 if sys.platform == "darwin" else 1_000)


def _folder_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1_000_000


if __name__ == "__main__":
    main()
