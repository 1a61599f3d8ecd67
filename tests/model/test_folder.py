from pathlib import Path

import pytest

from broadsheet.errors import ModelError
from broadsheet.model.folder import CARD, GRAPH, ModelCard, check_folder, write_card

CARD_OF_NOTHING = ModelCard("nothing", dimension=8, tokens_max=16)


def folder_of(tmp_path: Path) -> Path:
    (tmp_path / GRAPH).write_bytes(b"graph")
    (tmp_path / "tokenizer.json").write_bytes(b"{}")
    write_card(tmp_path, CARD_OF_NOTHING)
    return tmp_path


def test_a_whole_folder_gives_its_card(tmp_path: Path) -> None:
    card = check_folder(folder_of(tmp_path))
    assert card.name == "nothing"
    assert set(card.sha256) == {GRAPH, "tokenizer.json"}


def test_the_version_follows_whatever_changes_vectors(tmp_path: Path) -> None:
    card = check_folder(folder_of(tmp_path))
    (tmp_path / GRAPH).write_bytes(b"another graph")
    assert write_card(tmp_path, CARD_OF_NOTHING).version != card.version
    assert ModelCard("a", 8, 16).version != ModelCard("a", 8, 16, query_prompt="q: ").version
    assert ModelCard("a", 8, 16).version == ModelCard("a", 8, 16, source="elsewhere").version


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        (CARD, None, "no sentence model"),
        (CARD, b"{", "cannot read"),
        (CARD, b"[]", "not a model's card"),
        (CARD, b'{"name": "x", "dimension": 0, "tokens_max": 9}', "not a model's card"),
        (GRAPH, None, "lacks model.onnx"),
        (GRAPH, b"grap", "truncated or was changed"),
        ("tokenizer.json", b"[]", "truncated or was changed"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(
    tmp_path: Path, name: str, content: bytes | None, told: str
) -> None:
    folder = folder_of(tmp_path)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=told) as caught:
        check_folder(folder)
    assert "broadsheet model get" in str(caught.value)
