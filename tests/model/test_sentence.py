import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from broadsheet.errors import ModelError
from broadsheet.model.convert import bert_graph, convert
from broadsheet.model.folder import GRAPH, TOKENIZER, ModelCard, write_card
from broadsheet.model.passages import embed_documents
from broadsheet.model.sentence import SentenceModel
from broadsheet.rank.passage import passage
from tests.model.tiny import CONFIG, HIDDEN, write_tiny_bert

TINY = ModelCard("tiny", HIDDEN, tokens_max=16)
TEXTS = ["a paper", "", "why the graph of a paper of the graph of a paper of the graph", "search"]


def model_folder(tmp_path: Path, card: ModelCard = TINY) -> Path:
    write_tiny_bert(tmp_path / "weights")
    folder = tmp_path / "model"
    folder.mkdir()
    convert(tmp_path / "weights", folder / GRAPH)
    shutil.copyfile(tmp_path / "weights" / TOKENIZER, folder / TOKENIZER)
    write_card(folder, card)
    return folder


@pytest.fixture
def model(tmp_path: Path) -> SentenceModel:
    return SentenceModel.load(model_folder(tmp_path))


def test_vectors_are_unit_and_do_not_depend_on_their_batch(model: SentenceModel) -> None:
    together = model.embed(TEXTS)
    assert together.shape == (4, HIDDEN)
    assert together.dtype == np.float32
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    for text, vector in zip(TEXTS, together, strict=True):
        assert model.embed([text])[0] == pytest.approx(vector, abs=1e-5)
    assert model.embed([]).shape == (0, HIDDEN)


def test_only_the_first_tokens_count(model: SentenceModel) -> None:
    long = "paper " * 14
    assert model.embed([long + "graph"])[0] == pytest.approx(model.embed([long + "why"])[0])
    assert model.embed(["x" * 100_000]).shape == (1, HIDDEN)


def test_a_part_is_the_mean_of_its_tokens_in_their_place(model: SentenceModel) -> None:
    text = "a paper the graph"
    [found] = model.embed_passages([text], [[(0, 7), (8, 17), (17, 17)]])
    assert found.whole == pytest.approx(model.embed([text])[0], abs=1e-5)
    assert np.linalg.norm(found.parts[:2], axis=1) == pytest.approx(np.ones(2), abs=1e-5)
    assert found.parts[2].tolist() == [0.0] * HIDDEN
    alone = model.embed(["a paper"])[0]
    assert not np.allclose(found.parts[0], alone, atol=1e-3), "it knows what stands around it"


def test_documents_have_a_part_for_title_and_each_sentence(model: SentenceModel) -> None:
    papers = [passage("A paper", "Why the graph of it. Search of the paper."), passage("", "")]
    vectors, parts = embed_documents(model, papers)
    assert vectors.shape == (2, HIDDEN)
    assert [len(item.vectors) for item in parts] == [3, 0]
    assert parts[0].shares[0].tolist() == [1.0, 1.0, 1.0]
    assert parts[0].shares[1:].sum(axis=1) == pytest.approx([1.0, 1.0])


def test_prompts_are_put_before_texts(tmp_path: Path) -> None:
    card = replace(TINY, query_prompt="search ", document_prompt="paper ")
    model = SentenceModel.load(model_folder(tmp_path, card))
    plain = SentenceModel.load(model_folder(tmp_path / "plain"))
    assert model.embed_queries(["why"]) == pytest.approx(plain.embed(["search why"]))
    assert model.embed(["why"]) == pytest.approx(plain.embed(["paper why"]))
    [found] = model.embed_passages(["a graph why"], [[(2, 7)]])
    [expected] = plain.embed_passages(["paper a graph why"], [[(8, 13)]])
    assert found.parts == pytest.approx(expected.parts, abs=1e-6)


def test_another_dimension_than_the_card_says_is_refused(tmp_path: Path) -> None:
    folder = model_folder(tmp_path, replace(TINY, dimension=16))
    with pytest.raises(ModelError, match="8 numbers a text, not 16"):
        SentenceModel.load(folder)


def test_a_graph_that_is_none_is_refused(tmp_path: Path) -> None:
    folder = model_folder(tmp_path)
    (folder / GRAPH).write_bytes(b"not a graph")
    write_card(folder, TINY)
    with pytest.raises(ModelError, match="cannot load"):
        SentenceModel.load(folder)


def test_weights_of_another_architecture_are_refused() -> None:
    with pytest.raises(ModelError, match="not of a BERT"):
        bert_graph({}, {"model_type": "gpt2"})
    with pytest.raises(ModelError, match="lack"):
        bert_graph({}, CONFIG)


def test_truncated_weights_are_refused(tmp_path: Path) -> None:
    write_tiny_bert(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match="cannot read"):
        convert(tmp_path, tmp_path / "out.onnx")
