"""What search reaches on public collections, pinned: a change that costs quality shows here.

Figures are those of docs/decisions/020-search-hybrid-ranking.md. Whoever raises one pins it anew.
"""

from pathlib import Path

import pytest

from broadsheet.errors import ModelError
from broadsheet.evaluate.datasets import load_collection
from broadsheet.evaluate.ours import OurSearch
from broadsheet.evaluate.retrieval import evaluate_retrieval
from broadsheet.model.folder import folder_of
from broadsheet.model.sentence import SentenceModel
from broadsheet.settings import load_settings
from tests.evaluate.data import data_folder

#: Where this machine keeps its models, looked up before the tests are given a home of their own.
MODELS = load_settings().models_folder
#: Well inside each interval (about .03 either way), well above what another processor changes.
TOLERANCE = 0.01


def measured(name: str, folder: Path, *, model: str) -> dict[str, dict[str, float]]:
    ours = OurSearch(folder, models_folder=MODELS, model=model)
    card = evaluate_retrieval(load_collection(data_folder(name)), ours)
    return {
        system: {measure: figure.value for measure, figure in figures.items()}
        for system, figures in card.figures.items()
    }


@pytest.mark.parametrize(
    ("name", "measure", "figure"),
    [
        ("scifact", "nDCG@10", 0.7071),
        ("cranfield", "AP", 0.3190),
        ("cacm", "AP", 0.3502),
        ("limit_small", "R@2", 0.9900),
    ],
)
def test_by_words(name: str, measure: str, figure: float, tmp_path: Path) -> None:
    found = measured(name, tmp_path, model="none")
    assert found["lexical"][measure] == pytest.approx(figure, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("name", "pinned"),
    [("cranfield", {"AP": 0.3883}), ("limit_small", {"R@2": 0.9805, "R@10": 1.0})],
)
def test_by_words_and_meaning(name: str, pinned: dict[str, float], tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    try:
        SentenceModel.load(folder_of(MODELS, settings.model))
    except ModelError as error:
        pytest.skip(f"no sentence model: {error}")
    found = measured(name, tmp_path, model=settings.model)
    for measure, figure in pinned.items():
        assert found["hybrid"][measure] == pytest.approx(figure, abs=TOLERANCE)
        assert found["hybrid"][measure] > found["dense"][measure]
