from __future__ import annotations

from pathlib import Path

import pytest

from broadsheet.index.analysis import telling_stems
from broadsheet.index.entry import Shown
from broadsheet.search.compile import like_query, sharing_query
from broadsheet.search.ranking import best_scores
from broadsheet.search.telling import InCommon, Told, telling_terms
from tests.search.world import build_world


def shown(title: str, abstract: str = "") -> Shown:
    return Shown(1, "url:1", title, abstract, (), (), "", None, None, None, "")


def test_stop_words_have_no_stem() -> None:
    assert telling_stems(["using", "the", "used", "graphs"]) == ["", "", "use", "graph"]


def test_what_a_paper_tells() -> None:
    told = Told.of(shown("The use of graphs", "Using a graph, we graph graphs."))
    assert told.title == ["use", "graph"]
    assert told.abstract == ["graph", "graph", "graph"]
    assert told.counts() == {"use": 3, "graph": 6}


def test_a_shared_word_is_told_as_the_other_first_writes_it() -> None:
    this = Told.of(shown("Diffusion", "We use graphs."))
    others = [
        Told.of(shown("A graph", "Using graphs, it diffuses; we used them.")),
        Told.of(shown("Rings")),
    ]
    common = InCommon({"diffus": 4.0, "graph": 2.0, "use": 0.5, "ring": 1.0}, this, others)
    assert common.shared(0) == ("diffuses", "graph", "used"), "never a stop word"
    assert common.shared(1) == ()
    first, second = common.scores()
    assert first > second
    assert common.pairs(["We use graphs."]).tolist() == pytest.approx([0.0, 0.0])


def test_sharing_some_words_is_less_than_sharing_many(tmp_path: Path) -> None:
    searcher = build_world(tmp_path).searcher()
    this = searcher.shown(searcher.find([1])[1])
    terms = telling_terms(searcher, Told.of(this))
    assert terms
    many = best_scores(searcher, like_query(searcher.schema, this, terms), 10)
    some = best_scores(searcher, sharing_query(searcher.schema, terms), 10)
    assert some.doc_nos[0] == 1, "it is most like itself"
    assert set(many.doc_nos) <= set(some.doc_nos) - {1}
    assert best_scores(searcher, like_query(searcher.schema, this, []), 10).total == 0
    assert best_scores(searcher, sharing_query(searcher.schema, []), 10).total == 0
