import gzip
import json
import lzma
from collections.abc import Sequence
from pathlib import Path

import pytest

from broadsheet.errors import ParseError
from broadsheet.evaluate.datasets import load_collection, load_csfcube
from tests.evaluate.data import data_folder

CORPUS = [{"_id": "1", "title": "T", "text": "x"}, {"_id": "2", "text": "y", "authors": ["A"]}]
QUERIES = [{"_id": "q1", "text": "x?"}, {"_id": "q2", "text": "nobody judged this"}]
QRELS = "query-id\tcorpus-id\tscore\nq1\t1\t2\n"


def lines(rows: Sequence[object]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def test_a_collection_however_compressed(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl.gz").write_bytes(gzip.compress(lines(CORPUS)))
    (tmp_path / "queries.jsonl.xz").write_bytes(lzma.compress(lines(QUERIES)))
    (tmp_path / "qrels.tsv").write_text(QRELS)
    found = load_collection(tmp_path)
    assert [item.doc_id for item in found.documents] == ["1", "2"]
    assert found.documents[1].authors == ("A",)
    assert [query.query_id for query in found.queries] == ["q1"], "unjudged queries say nothing"
    assert found.qrels == {"q1": {"1": 2}}


def test_named_splits_and_the_folder_of_beir(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_bytes(lines(CORPUS))
    (tmp_path / "queries_train.jsonl").write_bytes(lines(QUERIES))
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text(QRELS)
    assert len(load_collection(tmp_path).queries) == 1


def test_a_missing_file_and_bad_lines_are_named(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=r"corpus\.jsonl"):
        load_collection(tmp_path)
    (tmp_path / "corpus.jsonl").write_text('{"_id": "1"}\n{broken\n')
    (tmp_path / "queries.jsonl").write_bytes(lines(QUERIES))
    (tmp_path / "qrels.tsv").write_text(QRELS)
    with pytest.raises(ParseError, match=r"corpus\.jsonl:2"):
        load_collection(tmp_path)
    (tmp_path / "corpus.jsonl").write_text('{"title": "no id"}\n')
    with pytest.raises(ParseError, match="without _id"):
        load_collection(tmp_path)
    (tmp_path / "corpus.jsonl").write_bytes(lines(CORPUS))
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\t1\n")
    with pytest.raises(ParseError, match=r"qrels\.tsv:2"):
        load_collection(tmp_path)


def put(
    folder: Path, *, corpus: object = CORPUS, queries: object = QUERIES, qrels: str = QRELS
) -> Path:
    assert isinstance(corpus, list)
    assert isinstance(queries, list)
    (folder / "corpus.jsonl").write_bytes(lines(corpus))
    (folder / "queries.jsonl").write_bytes(lines(queries))
    (folder / "qrels.tsv").write_text(qrels)
    return folder


def test_of_rows_with_one_id_the_last_counts(tmp_path: Path) -> None:
    """Counted twice, a document found twice would make nDCG larger than 1."""
    twice = [*CORPUS, {"_id": "1", "title": "T, mended", "text": "x"}]
    found = load_collection(put(tmp_path, corpus=twice, queries=QUERIES + QUERIES))
    assert [(item.doc_id, item.title) for item in found.documents] == [
        ("1", "T, mended"),
        ("2", ""),
    ]
    assert len(found.queries) == 1


def test_ids_may_be_numbers_and_texts_lists_or_abstracts(tmp_path: Path) -> None:
    corpus = [{"_id": 1, "title": None, "abstract": ["One.", "Two."]}, {"id": "02"}]
    found = load_collection(
        put(tmp_path, corpus=corpus, queries=[{"_id": 5, "text": "q"}], qrels="5\t1\t1\n5\t02\t1\n")
    )
    assert [(item.doc_id, item.text) for item in found.documents] == [
        ("1", "One. Two."),
        ("02", ""),
    ]
    assert found.qrels == {"5": {"1": 1, "02": 1}}


def test_judged_documents_that_are_not_there_are_said(tmp_path: Path) -> None:
    found = load_collection(put(tmp_path, qrels=QRELS + "q1\tnowhere\t1\n"))
    assert found.notices == ("1 judged document not in the corpus, which nothing can find",)
    assert found.qrels["q1"] == {"1": 2, "nowhere": 1}, "they count as missed"


@pytest.mark.parametrize(
    ("qrels", "reason"),
    [("", "none of 2 queries"), ("Q1\t1\t1\n", "none of 2"), ("q1\tD1\t1\n", "no document")],
)
def test_ids_that_do_not_meet_are_an_error(qrels: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=reason):
        load_collection(put(tmp_path, qrels=qrels))


def test_a_split_of_several(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "qrels.tsv").unlink()
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "train.tsv").write_text("q2\t2\t1\n")
    (tmp_path / "qrels" / "test.tsv").write_text(QRELS)
    found = load_collection(tmp_path)
    assert [query.query_id for query in found.queries] == ["q1"]
    assert found.notices == ("measured by the judgments of test.tsv",)
    assert [q.query_id for q in load_collection(tmp_path, split="train").queries] == ["q2"]


def test_csfcube_of_some_facets_and_other_pools(tmp_path: Path) -> None:
    queries = [
        {"_id": "1-method", "paper_id": 1, "facet": "method"},
        {"_id": "9-novelty", "paper_id": "9", "facet": "novelty", "title": "Nine", "text": "z"},
        {"_id": "2-result", "paper_id": "2", "facet": "result"},
    ]
    qrels = "1-method\t2\t3\n1-method\tnowhere\t3\n9-novelty\t1\t2\n"
    found = load_csfcube(put(tmp_path, queries=queries, qrels=qrels))
    assert [(query.query_id, query.pool) for query in found.queries] == [
        ("1-method", ("2",)),
        ("9-novelty", ("1",)),
    ]
    assert found.documents["9"].title == "Nine"
    assert len(found.notices) == 2


def test_csfcube_leaves_the_query_out_of_its_pool() -> None:
    found = load_csfcube(data_folder("csfcube"))
    assert len(found.queries) == 50
    assert all(query.paper_id not in query.pool for query in found.queries)
    assert sum(len(found.qrels[query.query_id]) for query in found.queries) >= 6_244
