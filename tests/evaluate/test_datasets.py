import gzip
import json
import lzma
from collections.abc import Sequence
from pathlib import Path

import pytest

from broadsheet.errors import ParseError, UsageError
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
    with pytest.raises(UsageError, match=r"corpus\.jsonl"):
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


def test_csfcube_leaves_the_query_out_of_its_pool() -> None:
    found = load_csfcube(data_folder("csfcube"))
    assert len(found.queries) == 50
    assert all(query.paper_id not in query.pool for query in found.queries)
    assert sum(len(found.qrels[query.query_id]) for query in found.queries) >= 6_244
