"""Queries on a known library: who is found, in which order, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from broadsheet.errors import SearchIndexError
from broadsheet.index.changes import CorpusChanges
from broadsheet.index.lexical import LexicalIndex
from broadsheet.search.engine import SearchAnswer, find_all, rank, search
from broadsheet.search.query import And, bare_words, plain_query
from broadsheet.types import Author, Document
from tests.search.world import WORLD, build_world, document

NUMBER_OF = {doc.doc_id: doc.doc_no for doc in WORLD}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    return build_world(tmp_path_factory.mktemp("world"))


def found(answer: SearchAnswer) -> set[int]:
    return {hit.doc_no for hit in answer.hits}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("diffusion", {1, 5}),
        ("diffuse policy", {1, 5}),  # stems; too few have both words
        ("DIFFUSION", {1, 5}),
        ("schrodinger", {2}),
        ('Schr\\"odinger', {2}),
        ("muller", {2}),
        ("lecun", {1}),
        ("diffusion -imitation", {5}),
        ("-diffusion", {2, 3, 4}),
        ("-everything", {1, 2, 3, 4, 5}),
        ("bridge OR imitation", {1, 2}),
        ("(bridge OR imitation) category:cs.RO", {1}),
        ('"attention is all you need"', {3}),
        ('"all is well"', {4}),
        ('"diffusion model"', set()),
        ('"diffusion models"', {1}),
        ('"need attention"', {4}),
        ('"Policies"', {1}),
        ('"policy"', set()),
        ("transf*", {2, 3}),
        ("title:transf*", set()),
        ("multimodal", {4}),
        ("multi-modal", {4, 5}),
        ("title:robots", {1, 5}),  # robot, robotic: one stem
        ("abstract:robot", {1, 5}),
        ("title:imitation", set()),
        ("abstract:model", {1, 3}),
        ('author:"Yann LeCun"', {1}),
        ('author:"LeCun, Yann"', {1}),
        ("author:ashish", {3}),
        ('author:"Kaiming He"', {1}),
        ("author:lecun*", {1, 3}),
        ("category:cs.ro", {1, 5}),
        ("category:cs", {1, 5}),
        ("category:stat", {2}),
        ("-category:cs", {2, 3, 4}),
        ("venue:neurips", {3}),
        ("venue:(ACL OR NeurIPS)", {3, 4}),
        ("year:2017..2018", {3, 4}),
        ("year:2018..", {1, 2, 4, 5}),
        ("year:..2017", {3}),
        ("announced:2026-03", {1, 2}),
        ("announced:..2026-03-01", {2, 5}),
        ("has:code", {1, 3}),
        ("has:figures", {5}),
        ("has:venue", {3, 4}),
        ("-has:code", {2, 4, 5}),
        ("id:arxiv:2603.00001", {1}),
        ("id:2603.00001", {1}),
        ("2603.00001v3", {1}),
        ("https://arxiv.org/abs/2603.00002", {2}),
        ("id:P18-1234", {4}),
        ("扩散模型", {5}),
        ("模型", {5}),
        ("型模", set()),
        ("comprehension", {4}),
        ("neurips 2017", {3}),
        ("the of", {3, 4}),
        ("🙂", set()),
        ("l1", {2}),
    ],
)
def test_who_is_found(index: LexicalIndex, query: str, expected: set[int]) -> None:
    answer = search(index, query, k=10)
    assert found(answer) == expected
    assert answer.total == len(expected)
    assert set(find_all(index, query)) == expected


@pytest.mark.parametrize(
    "query",
    ['"', "(((", "a " * 5_000, "OR OR", "-", "'; DROP TABLE x; --", "<b>hi</b>", "$\\frac{1}{2}$",
     "year:0..99999", "announced:0001-01-01..9999-12-31", "like:nothing", "id:(", "title:", "\x00",
     "ab* " * 50, "\ud800", "ab\ud800c", "title:\udfff\"x",
     "-(-(-a))", "a" * 10_000, "like:arxiv:2603.00001 -diffusion"],
)  # fmt: skip
def test_no_query_fails(index: LexicalIndex, query: str) -> None:
    answer = search(index, query, with_facets=True)
    assert answer.total >= len(answer.hits)


def test_an_empty_query_gives_the_newest(index: LexicalIndex) -> None:
    answer = search(index, "  ")
    assert [hit.doc_no for hit in answer.hits] == [1, 2, 5, 4, 3]
    assert (answer.total, answer.notice) == (5, None)
    assert all(hit.score == 0 and hit.reasons == () for hit in answer.hits)


def test_nothing_to_search_for_is_said_and_finds_nothing(index: LexicalIndex) -> None:
    answer = search(index, "!!! ...")
    assert answer.total == 0
    assert answer.notice is not None
    assert "no word" in answer.notice


def test_a_filter_alone_sorts_by_date(index: LexicalIndex) -> None:
    assert [hit.doc_no for hit in search(index, "category:cs.RO").hits] == [1, 5]


def test_filters_do_not_change_scores(index: LexicalIndex) -> None:
    free = {hit.doc_no: hit.score for hit in search(index, "diffusion").hits}
    kept = search(index, "diffusion category:cs.RO year:2026 has:code -venue:ACL").hits
    assert [(hit.doc_no, hit.score) for hit in kept] == [(1, free[1])]


def test_title_words_weigh_more(index: LexicalIndex) -> None:
    assert search(index, "attention is all you need").hits[0].doc_no == 3


def test_newest_order_keeps_scores(index: LexicalIndex) -> None:
    best = {hit.doc_no: hit.score for hit in search(index, "diffusion").hits}
    newest = search(index, "diffusion", sort="newest").hits
    assert [hit.doc_no for hit in newest] == [1, 5]
    assert {hit.doc_no: hit.score for hit in newest} == pytest.approx(best)


def test_reasons_name_the_words_and_where(index: LexicalIndex) -> None:
    first = search(index, "diffusion imitation lecun").hits[0]
    assert first.reasons == (
        'matches "Diffusion" in title',
        'matches "imitation" in abstract',
        "author Yann LeCun",
    )
    assert first.matched == ("diffusion", "imitation", "lecun")


def test_spans_are_offsets_of_what_matched(index: LexicalIndex) -> None:
    hit = search(index, "policy diffusion").hits[0]
    assert [hit.title[start:end] for start, end in hit.title_spans] == ["Diffusion", "policies"]
    shown = [hit.snippet[start:end] for start, end in hit.snippet_spans]
    assert shown == ["diffusion", "policies"]


def test_keywords_and_comments_give_a_reason(index: LexicalIndex) -> None:
    (hit,) = search(index, "comprehension").hits
    assert hit.reasons == ('matches "comprehension" in keywords, comment or venue',)


def test_few_with_all_words_brings_those_with_some(index: LexicalIndex) -> None:
    answer = search(index, "imitation bridge")
    assert found(answer) == {1, 2}
    assert answer.notice == (
        "No document has all of these words; others that have some are shown too."
    )


def test_exclusions_and_fields_hold_when_words_are_relaxed(index: LexicalIndex) -> None:
    answer = search(index, "imitation bridge attention -recurrence year:2017..")
    assert found(answer) == {1, 2, 4}


@pytest.mark.parametrize(
    ("query", "suggestion"),
    [
        ("difusion", "diffusion"),
        ("idffusion", "diffusion"),
        ("atention year:2017", "attention year:2017"),
        ("xyzzyx", None),
        ("diffusion", None),
        ('"nowhere to be found"', None),
    ],
)
def test_did_you_mean(tmp_path: Path, query: str, suggestion: str | None) -> None:
    twins = [replace(doc, doc_no=doc.doc_no + 10, doc_id=f"x:{doc.doc_no}") for doc in WORLD]
    index = LexicalIndex(tmp_path)
    index.follow(CorpusChanges([*WORLD, *twins]))
    assert search(index, query).suggestion == suggestion


def test_like_finds_what_shares_telling_words(index: LexicalIndex) -> None:
    answer = search(index, "like:arxiv:2603.00001")
    assert answer.hits[0].doc_no == 5
    assert 1 not in found(answer)
    assert answer.hits[0].reasons[0].startswith("shares ")
    assert "with arxiv:2603.00001" in answer.hits[0].reasons[0]


def test_like_combines_with_words_and_filters(index: LexicalIndex) -> None:
    assert found(search(index, "like:2603.00001 moving")) == {5}
    assert found(search(index, "like:2603.00001 has:venue")) <= {3, 4}


def test_like_an_unknown_document_is_said(index: LexicalIndex) -> None:
    answer = search(index, "like:arxiv:9999.99999")
    assert answer.total == 0
    assert answer.notice is not None
    assert "no document arxiv:9999.99999" in answer.notice


def test_facets_count_all_that_is_found(index: LexicalIndex) -> None:
    facets = search(index, "", k=1, with_facets=True).facets
    assert facets is not None
    assert [(value.value, value.n_docs) for value in facets.years] == [
        ("2026", 3), ("2018", 1), ("2017", 1),
    ]  # fmt: skip
    assert [(value.value, value.n_docs) for value in facets.categories] == [
        ("cs.RO", 2), ("cs.LG", 1), ("stat.ML", 1),
    ]  # fmt: skip
    assert {value.value: value.n_docs for value in facets.has} == {
        "code": 2, "venue": 2, "figures": 1,
    }  # fmt: skip


def test_each_facet_narrows_to_its_count(index: LexicalIndex) -> None:
    facets = search(index, "", with_facets=True).facets
    assert facets is not None
    for value in (*facets.years, *facets.categories, *facets.venues, *facets.has):
        assert search(index, value.term).total == value.n_docs


def test_pages_never_overlap_and_ties_are_ordered(tmp_path: Path) -> None:
    same = [
        Document(
            doc_no=number, doc_id=f"x:{(number * 37) % 101:03d}", title="The same words",
            identifiers=(), announced=date(2026, 1, 1 + number % 2), authors=(Author("A B"),),
        )
        for number in range(1, 101)
    ]  # fmt: skip
    index = LexicalIndex(tmp_path)
    index.follow(CorpusChanges(same))
    by_day_and_id = sorted(
        same, key=lambda doc: (-(doc.announced or date.min).toordinal(), doc.doc_id)
    )
    expected = [doc.doc_no for doc in by_day_and_id]
    for query in ("words", "year:2026", ""):
        paged = [
            hit.doc_no
            for offset in range(0, 100, 7)
            for hit in search(index, query, k=7, offset=offset).hits
        ]
        assert paged == expected
        assert find_all(index, query) == expected


def test_beyond_the_last_page_there_is_nothing(index: LexicalIndex) -> None:
    answer = search(index, "diffusion", offset=50)
    assert (answer.total, answer.hits) == (2, ())


def test_no_index_is_an_error_and_no_empty_answer(tmp_path: Path) -> None:
    with pytest.raises(SearchIndexError):
        search(LexicalIndex(tmp_path), "anything")


def test_plain_words_take_the_meaning_off_operators(index: LexicalIndex) -> None:
    text = 'What of "diffusion" -robots (OR title:Brücke'
    read = plain_query(text).root
    assert isinstance(read, And)
    assert [word.text for word in bare_words(read)] == [
        "What", "of", "diffusion", "robots", "OR", "title:Brücke",
    ]  # fmt: skip
    assert set(rank(index, text, k=9)) == {1, 5}, "any of the words will do"


def test_a_mode_without_vectors_says_so(index: LexicalIndex) -> None:
    answer = search(index, "diffusion", mode="hybrid")
    assert answer.mode == "lexical"
    assert answer.notice is not None
    assert found(answer) == {1, 5}


def test_a_document_with_much_of_everything_is_indexed(tmp_path: Path) -> None:
    huge = document(
        1, "x:1", "Title " * 200_000, "abstract " * 300_000,
        authors=tuple(Author(f"Person{n} Name{n}") for n in range(3_000)),
    )  # fmt: skip
    index = LexicalIndex(tmp_path)
    index.follow(CorpusChanges([huge]))
    (hit,) = search(index, "author:person2999").hits
    assert hit.reasons == ("author Person2999 Name2999",)
