"""Test collections as they lie on disk: BEIR layout, and csfcube. Ids are text."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from broadsheet.errors import ParseError
from broadsheet.evaluate.files import (
    SPLITS,
    find_file,
    find_split,
    id_of,
    number_of,
    read_columns,
    read_jsonl,
    split_of,
    text_of,
)
from broadsheet.text.wording import counted

OBJECTIVE, BACKGROUND = "objective", "background"
#: Columns of judgments by what headers call them.
QRELS_COLUMNS = (
    ("query-id", "qid", "query"),
    ("corpus-id", "doc-id", "docid", "docno", "document-id"),
    ("score", "relevance", "rel", "grade", "label"),
)


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

    Queries without any judgment are left out: they can say nothing about a ranking. `notices`
    say what else of the files is not measured.
    """

    name: str
    documents: tuple[CorpusDocument, ...]
    queries: tuple[Query, ...]
    qrels: Mapping[str, Mapping[str, int]]
    notices: tuple[str, ...] = ()


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
    notices: tuple[str, ...] = ()


def load_collection(folder: Path, *, split: str = "") -> Collection:
    """A folder in BEIR layout: corpus.jsonl, queries.jsonl, qrels.tsv, each maybe packed.

    Where these names are absent, `queries_*.jsonl` and `qrels_*.tsv` or `qrels/*.tsv` will do:
    those of `split`, else the test split's, else the only ones. Of rows with one id the last
    counts. Raises ParseError for a missing file, for a bad line, and where no query is judged or
    no judged document is there.
    """
    documents = dict(_documents(find_file(folder, "corpus", "jsonl")))
    if split:
        qrels_file = find_split(folder, "qrels", "tsv", split)
    else:
        qrels_file = find_file(folder, "qrels", "tsv", splits=SPLITS)
    chosen = split_of(qrels_file, "qrels")
    queries = dict(_queries(find_file(folder, "queries", "jsonl", splits=(chosen,))))
    qrels = read_qrels(qrels_file)
    judged = tuple(query for name, query in queries.items() if name in qrels)
    wanted = {doc for query in judged for doc in qrels[query.query_id]}
    if not judged:
        asked = counted(len(queries), "query", "queries")
        reason = f"none of {asked} is judged in {qrels_file.name}"
        raise ParseError(f"{reason}: are the ids the same?", place=str(folder))
    if wanted.isdisjoint(documents):
        reason = f"no document that {qrels_file.name} judges is in the corpus"
        raise ParseError(f"{reason}: are the ids the same?", place=str(folder))
    notices = [f"measured by the judgments of {qrels_file.name}"] if chosen else []
    notices += _absent(wanted, documents)
    return Collection(folder.name, tuple(documents.values()), judged, qrels, tuple(notices))


def read_distractors(path: Path) -> Iterator[CorpusDocument]:
    """Documents of a JSON-lines file with `id` or `_id`, `title` and `text` or `abstract`."""
    for number, row in enumerate(read_jsonl(path), 1):
        doc_id = str(row.get("_id") or row.get("id") or number)
        yield CorpusDocument(doc_id, text_of(row.get("title")), _text(row))


def documents_of(path: Path) -> tuple[CorpusDocument, ...]:
    """The documents of a file; of two with one id the last counts. Raises ParseError."""
    return tuple(dict(_documents(path)).values())


def load_csfcube(folder: Path) -> PoolCollection:
    """The csfcube folder: pools are what was judged for a query, the query's paper left out.

    A query's paper that the corpus lacks is taken from the query's row. Judged papers that are not
    there are no part of a pool; queries without one are left out, with a notice. Raises ParseError
    for a missing file, a bad line, and where no query is left.
    """
    documents = dict(_documents(find_file(folder, "corpus", "jsonl")))
    qrels = read_qrels(find_file(folder, "qrels", "tsv", splits=SPLITS))
    path = find_file(folder, "queries", "jsonl", splits=SPLITS)
    queries: dict[str, PoolQuery] = {}
    for row in read_jsonl(path):
        query_id, paper_id = id_of(row, path, "_id", "id"), id_of(row, path, "paper_id")
        if paper_id not in documents:
            documents[paper_id] = _document(paper_id, row)
        judged = qrels.get(query_id, {})
        pool = tuple(doc for doc in judged if doc != paper_id and doc in documents)
        facet = text_of(row.get("facet")).lower()
        sentences = _sentences_of(facet, documents[paper_id])
        queries[query_id] = PoolQuery(query_id, paper_id, facet, pool, sentences)
    able = tuple(query for query in queries.values() if query.pool)
    if not able:
        reason = "no query has a pool of judged papers in the corpus: are the ids the same?"
        raise ParseError(reason, place=str(folder))
    notices = []
    if left_out := len(queries) - len(able):
        notices.append(f"{counted(left_out, 'query', 'queries')} left out: no judged papers")
    wanted = {doc for query in able for doc in qrels[query.query_id]}
    notices += _absent(wanted, documents)
    return PoolCollection(folder.name, documents, able, qrels, tuple(notices))


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Judgments, a line each: query, document, grade (a whole number), in the header's order;
    of two for one document the last counts. There need not be a header, and more columns may be.
    """
    qrels: dict[str, dict[str, int]] = {}
    for number, (query_id, doc_id, text) in read_columns(path, QRELS_COLUMNS):
        place = f"{path.name}:{number}"
        grade = number_of(text, place)
        if not grade.is_integer():
            raise ParseError(f"a grade that is no whole number: {text}", place=place)
        qrels.setdefault(query_id, {})[doc_id] = int(grade)
    return qrels


def author_names(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The authors of a row, each a name or an object with a name; blank ones left out."""
    listed = row.get("authors") or []
    if isinstance(listed, str):
        listed = [listed]
    names = [text_of(one.get("name") if isinstance(one, dict) else one).strip() for one in listed]
    return tuple(name for name in names if name)


def _sentences_of(facet: str, paper: CorpusDocument) -> tuple[int, ...]:
    labels = paper.extra.get("labels")
    return tuple(
        place
        for place, label in enumerate(labels if isinstance(labels, list) else ())
        if (BACKGROUND if label == OBJECTIVE else label) == facet
    )


def _absent(wanted: Iterable[str], documents: Mapping[str, CorpusDocument]) -> list[str]:
    n_absent = sum(doc not in documents for doc in wanted)
    if not n_absent:
        return []
    return [f"{counted(n_absent, 'judged document')} not in the corpus, which nothing can find"]


def _documents(path: Path) -> Iterator[tuple[str, CorpusDocument]]:
    for row in read_jsonl(path):
        doc_id = id_of(row, path, "_id", "id")
        yield doc_id, _document(doc_id, row)


def _queries(path: Path) -> Iterator[tuple[str, Query]]:
    for row in read_jsonl(path):
        query_id = id_of(row, path, "_id", "id")
        if "text" not in row:
            raise ParseError(f"query {query_id} has no text", place=path.name)
        yield query_id, Query(query_id, text_of(row["text"]), row)


def _document(doc_id: str, row: Mapping[str, Any]) -> CorpusDocument:
    return CorpusDocument(doc_id, text_of(row.get("title")), _text(row), author_names(row), row)


def _text(row: Mapping[str, Any]) -> str:
    return text_of(row.get("text") or row.get("abstract"))
