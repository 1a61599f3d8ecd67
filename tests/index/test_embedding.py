from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from broadsheet.index.changes import CorpusChanges
from broadsheet.index.embedding import embed_changes
from broadsheet.index.vectors import VectorIndex
from broadsheet.model.sentence import SentenceModel
from broadsheet.store.documents import Change
from broadsheet.types import Document
from tests.model.test_sentence import model_folder


def paper(number: int, abstract: str = "Why the graph. Search of a paper.") -> Document:
    return Document(number, f"x:{number}", f"paper {number}", (), abstract=abstract)


class Log(CorpusChanges):
    """Changes given one by one."""

    def __init__(self, *changes: Change) -> None:
        super().__init__([])
        self._changes = changes

    def last_change_no(self) -> int:
        return max((change.change_no for change in self._changes), default=0)

    def changes(self, after: int, limit: int) -> list[Change]:
        return [change for change in self._changes if change.change_no > after][:limit]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SentenceModel:
    return SentenceModel.load(model_folder(tmp_path_factory.mktemp("tiny")))


@pytest.fixture
def vectors(tmp_path: Path, model: SentenceModel) -> VectorIndex:
    return VectorIndex(tmp_path, model_version=model.version, dimension=model.dimension)


def test_every_document_has_its_vector_and_its_sentences(
    model: SentenceModel, vectors: VectorIndex
) -> None:
    report = embed_changes(CorpusChanges([paper(n) for n in range(1, 301)]), model, vectors)
    assert (report.embedded, vectors.n_docs, vectors.position) == (300, 300, 300)
    (parts,) = vectors.parts(np.array([7]))
    assert parts is not None
    assert len(parts.vectors) == 3
    assert np.linalg.norm(parts.vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-4)


def test_only_new_texts_are_embedded(model: SentenceModel, vectors: VectorIndex) -> None:
    embed_changes(Log(Change(1, 1, paper(1)), Change(2, 2, paper(2))), model, vectors)
    voted, changed = replace(paper(1), upvotes=9), paper(2, "Another text of the paper.")
    log = Log(Change(3, 1, voted), Change(4, 2, changed), Change(5, 3, None))
    before = vectors.vectors(np.array([1, 2]))
    assert embed_changes(log, model, vectors).embedded == 1
    after = vectors.vectors(np.array([1, 2]))
    assert np.array_equal(after[0], before[0])
    assert not np.allclose(after[1], before[1])
    assert vectors.position == 5


def test_a_document_merged_away_is_forgotten(model: SentenceModel, vectors: VectorIndex) -> None:
    embed_changes(Log(Change(1, 1, paper(1)), Change(2, 2, paper(2))), model, vectors)
    report = embed_changes(Log(Change(3, 2, None)), model, vectors)
    assert (report.embedded, report.removed) == (0, 1)
    assert vectors.doc_nos().tolist() == [1]


def test_stopped_it_goes_on_where_it_was(model: SentenceModel, vectors: VectorIndex) -> None:
    log = CorpusChanges([paper(n) for n in range(1, 301)])
    stops = iter([False, True])
    first = embed_changes(log, model, vectors, should_stop=lambda: next(stops))
    assert 0 < first.embedded < 300
    second = embed_changes(log, model, vectors)
    assert first.embedded + second.embedded == 300
    assert vectors.n_docs == 300


def test_a_store_brought_back_from_a_backup_keeps_its_vectors(
    model: SentenceModel, vectors: VectorIndex
) -> None:
    embed_changes(CorpusChanges([paper(n) for n in range(1, 11)]), model, vectors)
    report = embed_changes(CorpusChanges([paper(n) for n in range(1, 6)]), model, vectors)
    assert report.embedded == 0
    assert vectors.position == 5
