from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from broadsheet.index.changes import CorpusChanges
from broadsheet.index.lexical import LexicalIndex
from broadsheet.search.engine import SearchAnswer, rank, search
from broadsheet.search.meaning import MeaningSource
from broadsheet.types import Mode
from tests.search.meanings import meaning_of, towards, without_meaning
from tests.search.world import WORLD, build_world, document

#: Robots (1, 5) lean to a, transport (2) to b, attention (3) to c, reading (4) to d.
VECTORS = {
    1: towards(a=1),
    2: towards(b=1),
    3: towards(c=1),
    4: towards(c=0.3, d=1),
    5: towards(a=1, b=0.4),
}
TEXTS = {
    "machines that walk": towards(a=1),
    "machines that walk multi modal": towards(a=1),
    "moving earth": towards(b=1),
    "transformer": towards(c=1),
    "robots": towards(a=1),
    "attention": towards(d=1),
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    return build_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def meaning(tmp_path_factory: pytest.TempPathFactory) -> MeaningSource:
    return meaning_of(tmp_path_factory.mktemp("vectors"), WORLD, VECTORS, TEXTS)


def order(answer: SearchAnswer) -> list[int]:
    return [hit.doc_no for hit in answer.hits]


def test_meaning_finds_what_no_word_does(index: LexicalIndex, meaning: MeaningSource) -> None:
    answer = search(index, "machines that walk", mode="hybrid", meaning=meaning)
    assert answer.mode == "hybrid"
    assert order(answer) == [1, 5], "the others have nothing to do with it"
    (reason,) = answer.hits[0].reasons
    assert reason.startswith("is near in meaning (1.00): “")
    assert "Robots learn policies by imitation." in reason
    (start, end) = answer.hits[0].snippet_spans[0]
    assert answer.hits[0].snippet[start:end] == "Robots learn policies by imitation."


def test_words_and_meaning_add_up(index: LexicalIndex, meaning: MeaningSource) -> None:
    answer = search(index, "attention", mode="hybrid", meaning=meaning)
    assert set(order(answer)) == {3, 4}
    assert order(answer)[0] == 4, "it has the word too, and is nearer in meaning"
    assert [reason[:7] for reason in answer.hits[0].reasons] == ["matches", "is near"]
    assert np.diff([hit.score for hit in answer.hits]).max() <= 0


def test_by_meaning_alone_every_paper_has_its_place(
    index: LexicalIndex, meaning: MeaningSource
) -> None:
    answer = search(index, "transformer", mode="dense", meaning=meaning)
    assert (answer.mode, answer.total) == ("dense", 5)
    assert order(answer)[:2] == [3, 4]
    assert answer.hits[0].score == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("mode", ["hybrid", "dense"])
@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("machines that walk category:cs.LG", {1}),
        ("machines that walk -imitation", {5}),
        ("machines that walk announced:..2026-02-28", {5}),
        ("machines that walk year:1999", set()),
        ('machines that walk "multi modal"', {5}),
        ("machines that walk author:lecun", {1}),
        ("machines that walk -category:cs", set()),
    ],
)
def test_conditions_hold_in_every_mode(
    index: LexicalIndex, meaning: MeaningSource, mode: Mode, query: str, kept: set[int]
) -> None:
    answer = search(index, query, mode=mode, meaning=meaning, with_facets=True)
    near = {hit.doc_no for hit in answer.hits if hit.score > 0.5}
    assert near == kept
    assert not kept or answer.total >= len(kept)


def test_conditions_are_looked_up_again_when_the_index_has_moved(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path / "text")
    index.follow(CorpusChanges(WORLD[:1]))
    meaning = meaning_of(tmp_path / "vectors", WORLD, VECTORS, TEXTS)
    query = "machines that walk category:cs.RO"
    assert order(search(index, query, mode="hybrid", meaning=meaning)) == [1]
    index.follow(CorpusChanges(WORLD))
    assert order(search(index, query, mode="hybrid", meaning=meaning)) == [1, 5]


def test_like_is_by_meaning_too_and_leaves_the_paper_out(
    index: LexicalIndex, meaning: MeaningSource
) -> None:
    for mode in ("hybrid", "dense"):
        answer = search(index, "like:arxiv:2603.00001", mode=mode, meaning=meaning)
        assert order(answer)[0] == 5
        assert 1 not in order(answer)
    both = search(index, "like:arxiv:2603.00001 moving earth", mode="dense", meaning=meaning)
    assert set(order(both)[:2]) == {2, 5}, "half robots, half transport"


def test_what_words_find_is_found_and_pages_never_overlap(tmp_path: Path) -> None:
    many = [
        document(number, f"x:{number}", f"Common title {'word ' * (number % 7)}", "Text.")
        for number in range(1, 701)
    ]
    alone = [document(number, f"y:{number}", "Else", "Nothing.") for number in range(701, 721)]
    index = LexicalIndex(tmp_path / "text")
    index.follow(CorpusChanges([*many, *alone]))
    vectors = {n: towards(a=1, b=(n % 13) / 10) for n in range(1, 721, 2)}
    meaning = meaning_of(tmp_path / "v", [*many, *alone], vectors, {"common word": towards(a=1)})
    pages = [
        search(index, "common word", mode="hybrid", meaning=meaning, k=50, offset=offset)
        for offset in range(0, 750, 50)
    ]
    seen = [hit.doc_no for page in pages for hit in page.hits]
    assert len(seen) == len(set(seen)) == pages[0].total
    with_both = {n for n in range(1, 701) if n % 7}
    assert with_both <= set(seen)
    scores = [hit.score for page in pages for hit in page.hits]
    assert np.diff(scores).max() <= 1e-9
    assert rank(index, "common word", k=750, mode="hybrid", meaning=meaning) == seen
    facets = search(index, "common word", mode="hybrid", meaning=meaning, with_facets=True).facets
    assert facets is not None


def test_what_has_no_vector_yet_is_found_and_said(index: LexicalIndex, tmp_path: Path) -> None:
    some = {number: VECTORS[number] for number in (1, 2, 3)}
    answer = search(
        index, "robots", mode="hybrid", meaning=meaning_of(tmp_path, WORLD, some, TEXTS)
    )
    assert {1, 5} <= set(order(answer))
    assert answer.notice == "2 of 5 papers have no vector yet."


def test_without_a_model_words_decide_and_that_is_said(index: LexicalIndex) -> None:
    answer = search(index, "robots", mode="hybrid", meaning=without_meaning("no model is here"))
    assert (answer.mode, answer.notice) == ("lexical", "Words alone decided: no model is here.")
    assert set(order(answer)) == {1, 5}


def test_without_any_vector_words_decide(index: LexicalIndex, tmp_path: Path) -> None:
    answer = search(index, "robots", mode="dense", meaning=meaning_of(tmp_path, WORLD, {}, TEXTS))
    assert answer.mode == "lexical"
    assert "no paper has a vector yet" in (answer.notice or "")


def test_damaged_vectors_do_not_stop_search(index: LexicalIndex, tmp_path: Path) -> None:
    source = meaning_of(tmp_path, WORLD, VECTORS, TEXTS)
    for file in tmp_path.rglob("docs.f16"):
        file.unlink()  # another in its place: this one is mapped, and may not lose its pages
        file.write_bytes(b"short")
    for file in tmp_path.rglob("commit.json"):
        file.write_bytes(file.read_bytes() + b" ")  # seen as a new commit
    answer = search(index, "robots", mode="hybrid", meaning=source)
    assert answer.mode == "lexical"
    assert "index --rebuild" in (answer.notice or "")
    assert set(order(answer)) == {1, 5}


@pytest.mark.parametrize("mode", ["hybrid", "dense"])
@pytest.mark.parametrize(
    "query",
    [
        "", "   ", "x" * 10_000, "word " * 2_000, '"((([', "the of and", "OR AND NOT", "nofield:x",
        "🤖🦾", "扩散模型", "$\\ell_1$", "'; DROP TABLE documents; --", "<script>alert(1)</script>",
        "-everything", "year:0..999999999", "announced:0001-01-01..9999-12-31", "like:nobody",
        "like:nobody robots", "\x00\x1b[31m", "transf*", "-like:arxiv:2603.00001",
    ],
)  # fmt: skip
def test_no_query_breaks_any_mode(
    index: LexicalIndex, meaning: MeaningSource, mode: Mode, query: str
) -> None:
    answer = search(index, query, mode=mode, meaning=meaning, with_facets=True)
    assert len(answer.hits) <= answer.total
    assert all(hit.title for hit in answer.hits)


def test_only_conditions_are_ordered_by_words(index: LexicalIndex, meaning: MeaningSource) -> None:
    answer = search(index, '"attention"', mode="hybrid", meaning=meaning)
    assert answer.mode == "lexical"
    assert answer.notice is None


def test_newest_first_is_by_date(index: LexicalIndex, meaning: MeaningSource) -> None:
    answer = search(index, "robots", mode="hybrid", sort="newest", meaning=meaning)
    assert order(answer) == [1, 5]


def test_a_paper_gone_from_the_text_index_is_not_shown(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path / "text")
    index.follow(CorpusChanges(WORLD[1:]))
    meaning = meaning_of(tmp_path / "v", WORLD, VECTORS, TEXTS)
    answer = search(index, "machines that walk", mode="hybrid", meaning=meaning)
    assert order(answer) == [5]
    assert replace(answer.hits[0], score=0.0).doc_id == "arxiv:2602.00005"
