"""Test collections as they lie on disk: BEIR layout, and csfcube.

Files are JSON lines or tab-separated, plain or `.gz` or `.xz`; ids are text.
"""

import gzip
import json
import lzma
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from broadsheet.errors import ParseError, UsageError

SUFFIXES = ("", ".gz", ".xz")
OBJECTIVE, BACKGROUND = "objective", "background"


@dataclass(frozen=True, slots=True)
class CorpusDocument:
    """One document of a collection; `extra` is whatever else its line says."""

    doc_id: str
    title: str
    text: str
    authors: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Query:
    query_id: str
    text: str
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents, judged queries and their qrels (query id -> document id -> grade).

    Queries without any judgment are left out: they can say nothing about a ranking.
    """

    name: str
    documents: tuple[CorpusDocument, ...]
    queries: tuple[Query, ...]
    qrels: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class PoolQuery:
    """A csfcube query: rank `pool` by likeness to `paper_id` in one facet.

    `sentences` are the places, from 0, of the paper's sentences that speak of the facet, as the
    collection gives them; its annotators judged by these.
    """

    query_id: str
    paper_id: str
    facet: str
    pool: tuple[str, ...]
    sentences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PoolCollection:
    name: str
    documents: Mapping[str, CorpusDocument]
    queries: tuple[PoolQuery, ...]
    qrels: Mapping[str, Mapping[str, int]]


def load_collection(folder: Path) -> Collection:
    """A folder in BEIR layout: corpus.jsonl, queries.jsonl, qrels.tsv, each maybe compressed.

    Where these names are absent, `queries_*.jsonl` and `qrels_*.tsv` or `qrels/*.tsv` will do if
    there is one of each. Raises UsageError for a missing file, ParseError for a bad line.
    """
    documents = tuple(_documents(find_file(folder, "corpus", "jsonl")))
    queries = [_query(row) for row in read_jsonl(find_file(folder, "queries", "jsonl"))]
    qrels = read_qrels(find_file(folder, "qrels", "tsv"))
    judged = tuple(query for query in queries if qrels.get(query.query_id))
    return Collection(folder.name, documents, judged, qrels)


def read_distractors(path: Path) -> Iterator[CorpusDocument]:
    """Documents of a JSON-lines file with `id` or `_id`, `title` and `text` or `abstract`."""
    for number, row in enumerate(read_jsonl(path), 1):
        doc_id = str(row.get("_id") or row.get("id") or number)
        text = str(row.get("text") or row.get("abstract") or "")
        yield CorpusDocument(doc_id, str(row.get("title") or ""), text)


def load_csfcube(folder: Path) -> PoolCollection:
    """The csfcube folder: pools are what was judged for a query, the query's paper left out."""
    documents = {item.doc_id: item for item in _documents(find_file(folder, "corpus", "jsonl"))}
    qrels = read_qrels(find_file(folder, "qrels", "tsv"))
    queries = []
    for row in read_jsonl(find_file(folder, "queries", "jsonl")):
        query_id, paper_id, facet = str(row["_id"]), str(row["paper_id"]), str(row["facet"])
        judged = qrels.get(query_id, {})
        pool = tuple(doc for doc in judged if doc != paper_id and doc in documents)
        labels = documents[paper_id].extra.get("labels", [])
        rows = tuple(
            place
            for place, label in enumerate(labels)
            if (BACKGROUND if label == OBJECTIVE else label) == facet
        )
        queries.append(PoolQuery(query_id, paper_id, facet, pool, rows))
    return PoolCollection(folder.name, documents, tuple(queries), qrels)


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Objects of a JSON-lines file. Raises ParseError with the line that cannot be read."""
    with open_text(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise ParseError(str(error), place=f"{path.name}:{number}") from error
            if not isinstance(row, dict):
                raise ParseError("not an object", place=f"{path.name}:{number}")
            yield row


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Judgments from `query-id corpus-id score` lines under a header line; more columns may be."""
    qrels: dict[str, dict[str, int]] = {}
    with open_text(path) as file:
        for number, line in enumerate(file, 1):
            cells = line.rstrip("\r\n").split("\t")
            if number == 1 or cells == [""]:
                continue
            try:
                query_id, doc_id, grade = cells[0], cells[1], int(float(cells[2]))
            except (IndexError, ValueError) as error:
                raise ParseError("not a judgment", place=f"{path.name}:{number}") from error
            qrels.setdefault(query_id, {})[doc_id] = grade
    return qrels


def _documents(path: Path) -> Iterator[CorpusDocument]:
    for number, row in enumerate(read_jsonl(path), 1):
        if "_id" not in row:
            raise ParseError("a document without _id", place=f"{path.name}:{number}")
        names = row.get("authors") or []
        authors = tuple(str(name) for name in names) if isinstance(names, list) else ()
        title, text = str(row.get("title") or ""), str(row.get("text") or "")
        yield CorpusDocument(str(row["_id"]), title, text, authors, row)


def _query(row: Mapping[str, Any]) -> Query:
    return Query(str(row["_id"]), str(row.get("text") or ""), row)


def find_file(folder: Path, stem: str, kind: str) -> Path:
    """The file of that name, however compressed. Raises UsageError where it is not there."""
    for suffix in SUFFIXES:
        path = folder / f"{stem}.{kind}{suffix}"
        if path.is_file():
            return path
    like = [
        path
        for pattern in (f"{stem}_*.{kind}*", f"{stem}/*.{kind}*")
        for path in sorted(folder.glob(pattern))
    ]
    if len(like) == 1:
        return like[0]
    reason = "more than one file" if like else "no file"
    raise UsageError(f"{folder} has {reason} that could be {stem}.{kind} (or .gz, .xz)")


def open_text(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")
