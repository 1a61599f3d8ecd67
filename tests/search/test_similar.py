from __future__ import annotations

from pathlib import Path

import pytest

from broadsheet.errors import NotFoundError
from broadsheet.index.lexical import LexicalIndex
from broadsheet.search.similar import similar
from broadsheet.types import Aspect
from tests.search.meanings import meaning_of, without_meaning
from tests.search.test_hybrid import TEXTS, VECTORS
from tests.search.world import WORLD, build_world


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    return build_world(tmp_path_factory.mktemp("world"))


@pytest.mark.parametrize("aspect", list(Aspect))
def test_the_nearest_comes_first_and_says_why(
    index: LexicalIndex, tmp_path: Path, aspect: Aspect
) -> None:
    source = meaning_of(tmp_path, WORLD, VECTORS, TEXTS)
    answer = similar(index, "2603.00001", aspect=aspect, meaning=source)
    assert (answer.query, answer.mode, answer.notice) == ("arxiv:2603.00001", "hybrid", None)
    assert answer.total == len(answer.hits) == 4, "all but the paper itself"
    first = answer.hits[0]
    assert first.doc_no == 5
    assert set(first.shared) >= {"diffusion"}
    assert first.pair is not None
    assert first.pair.of_this in WORLD[0].abstract
    assert first.pair.of_other in WORLD[4].abstract
    assert [reason[:6] for reason in first.reasons] == ["shares", f"“{first.pair.of_other[:5]}"]


def test_of_many_candidates_the_nearest_are_compared_by_words_too(
    index: LexicalIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = meaning_of(tmp_path, WORLD, VECTORS, TEXTS)
    every = similar(index, "2603.00001", meaning=source)
    monkeypatch.setattr("broadsheet.search.similar.N_COMPARED", 1)
    few = similar(index, "2603.00001", k=1, meaning=source)
    assert [hit.doc_no for hit in few.hits] == [every.hits[0].doc_no]
    assert few.total == every.total == 4
    unembedded = {number: vector for number, vector in VECTORS.items() if number != 5}
    source = meaning_of(tmp_path / "some", WORLD, unembedded, TEXTS)
    by_words = similar(index, "2603.00001", k=2, meaning=source)
    assert 5 in [hit.doc_no for hit in by_words.hits], "only its words can tell"


def test_without_a_model_words_decide(index: LexicalIndex) -> None:
    answer = similar(index, "arxiv:2603.00001", meaning=without_meaning("none here"))
    assert answer.mode == "lexical"
    assert answer.notice == "Words alone decided: none here."
    assert answer.hits[0].doc_no == 5
    assert answer.hits[0].pair is None


def test_a_paper_without_a_vector_is_compared_by_words(index: LexicalIndex, tmp_path: Path) -> None:
    some = {number: VECTORS[number] for number in (1, 2, 3)}
    source = meaning_of(tmp_path, WORLD, some, TEXTS)
    known = similar(index, "arxiv:2603.00001", meaning=source)
    assert 5 in [hit.doc_no for hit in known.hits]
    unknown = similar(index, "arxiv:2602.00005", meaning=source)
    assert unknown.notice == "Words alone decided: this paper has no vector yet."
    assert unknown.hits[0].doc_no == 1


def test_an_unknown_paper_is_an_error(index: LexicalIndex) -> None:
    with pytest.raises(NotFoundError, match="broadsheet search"):
        similar(index, "arxiv:9999.00000")
