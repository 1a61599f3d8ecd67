import json
from collections.abc import Sequence
from itertools import count
from xml.etree import ElementTree as ET

import pytest

from broadsheet.evaluate.bootstrap import Figure
from broadsheet.evaluate.card import Card
from broadsheet.evaluate.datasets import Collection, CorpusDocument, Query, load_csfcube
from broadsheet.evaluate.grow import evaluate_growth, growth_lines, with_distractors
from broadsheet.evaluate.plot import svg_lines
from broadsheet.evaluate.retrieval import evaluate_retrieval
from broadsheet.evaluate.similar import evaluate_similar
from broadsheet.types import Mode
from tests.evaluate.data import data_folder

DOCUMENTS = tuple(CorpusDocument(str(n), f"title {n}", f"word{n} common") for n in range(5))
COLLECTION = Collection(
    "small", DOCUMENTS, (Query("q", "word3"),), {"q": {"3": 1}, "other": {"1": 1}}
)


class Overlap:
    """Ranks by the number of common words, then by id."""

    def __init__(self) -> None:
        self.documents: Sequence[CorpusDocument] = ()

    def modes(self) -> Sequence[Mode]:
        return ("lexical",)

    def index(self, documents: Sequence[CorpusDocument]) -> None:
        self.documents = documents

    def search(self, query: str, k: int, mode: Mode) -> Sequence[str]:
        wanted = set(query.split())
        scores = {item.doc_id: len(wanted & set(item.text.split())) for item in self.documents}
        return sorted(scores, key=lambda doc: (-scores[doc], doc))[:k]


def test_a_retrieval_card() -> None:
    ticks = count()
    card = evaluate_retrieval(COLLECTION, Overlap(), clock=lambda: float(next(ticks)))
    assert card.n == 1
    assert card.figures["lexical"]["nDCG@10"] == Figure(1.0, 1.0, 1.0)
    assert card.figures["lexical"]["queries/s"].value == 1.0
    printed = json.loads(json.dumps(card.as_json()))
    assert printed["figures"]["lexical"]["AP"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert "small: 1 queries" in card.as_table()


def test_a_figure_over_nothing_is_null_in_json_and_a_dash_in_the_table() -> None:
    nothing = Figure(float("nan"), float("nan"), float("nan"))
    card = Card("similar", "small", 0, 0.0, {"ours": {"method AP": nothing}})
    printed = json.dumps(card.as_json(), allow_nan=False)
    assert '"method AP": {"value": null, "low": null, "high": null}' in printed
    assert card.as_table().splitlines()[-1].split() == ["ours", "-"]


def test_growth_adds_documents_that_no_judgment_knows() -> None:
    others = [CorpusDocument("3", "another with a judged id", "word3 twice")]
    grown = with_distractors(COLLECTION, others, 1)
    assert len({item.doc_id for item in grown.documents}) == 6
    cards = evaluate_growth(COLLECTION, Overlap(), others, sizes=(0, 1, 2))
    assert list(cards) == [5, 6], "there are not two others"
    lines = growth_lines(cards, "RR")["lexical"]
    assert [size for size, _ in lines] == [5, 6]
    assert lines[0][1].value == 1.0


def test_a_plot_is_well_formed_and_shows_every_line() -> None:
    lines = {"hybrid": [(10, Figure(0.5, 0.4, 0.6)), (100, Figure(0.4, 0.3, 0.5))], "<b>": []}
    picture = svg_lines(lines, title='A & "B"', x_label="documents", y_label="nDCG@10")
    text = "".join(ET.fromstring(picture).itertext())
    assert "hybrid" in text
    assert "<b>" in text
    assert "100" in text
    assert ET.fromstring(svg_lines({}, title="", x_label="", y_label="")) is not None


class Shipped:
    """SPECTER's rankings as csfcube ships them."""

    def __init__(self) -> None:
        folder = data_folder("csfcube")
        self.rankings = {
            facet: json.loads((folder / f"specter_ranked_{facet}.json").read_text())
            for facet in ("background", "method", "result")
        }

    def index(self, documents: Sequence[CorpusDocument]) -> None:
        pass

    def rank_pool(
        self, paper_id: str, pool: Sequence[str], aspect: str, sentences: Sequence[int] | None
    ) -> Sequence[str]:
        return [doc for doc, _ in self.rankings[aspect][paper_id] if doc in set(pool)]


def test_csfcube_figures_of_specter_are_those_published() -> None:
    card = evaluate_similar(load_csfcube(data_folder("csfcube")), Shipped())
    figures = card.figures["ours"]
    assert 100 * figures["AP"].value == pytest.approx(34.18, abs=0.01)
    assert 100 * figures["nDCG%20"].value == pytest.approx(53.83, abs=0.01)
    assert 100 * figures["method nDCG%20"].value == pytest.approx(37.78, abs=0.01)
