"""What a model folder holds, and whether it is still what was put there.

model.onnx         graph from (input_ids, attention_mask[, token_type_ids]) to vectors
tokenizer.json     Hugging Face tokenizers file
broadsheet.json    `ModelCard`: pooling, prompts, length, and the sha256 of the two others
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from broadsheet.errors import ModelError

GRAPH, TOKENIZER, CARD = "model.onnx", "tokenizer.json", "broadsheet.json"
POOLINGS = ("mean", "cls")
VERSION_CHARS = 16
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelCard:
    """How to run the model of a folder. Prompts are put before each text as they stand."""

    name: str
    dimension: int
    tokens_max: int
    pooling: str = "mean"
    query_prompt: str = ""
    document_prompt: str = ""
    source: str = ""
    sha256: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Changes whenever a text could get another vector; indexes are kept per version."""
        settings = asdict(self) | {"source": ""}
        text = json.dumps(settings, sort_keys=True, default=dict)
        return hashlib.sha256(text.encode()).hexdigest()[:VERSION_CHARS]


def folder_of(models_folder: Path, name: str) -> Path:
    """Where the model of that name is kept; ORGANISATION/MODEL is one folder too."""
    return models_folder / name.replace("/", "--").replace("..", "--")


def sha256_of(path: Path) -> str:
    """Hexadecimal digest of a file. Raises ModelError where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}; {_ADVICE}") from error
    return digest.hexdigest()


def write_card(folder: Path, card: ModelCard) -> ModelCard:
    """Write the card, with the digests of the files as they are now; last, so that a folder
    without a card is known to be unfinished."""
    digests = {name: sha256_of(folder / name) for name in (GRAPH, TOKENIZER)}
    values = asdict(card) | {"sha256": digests}
    (folder / CARD).write_text(json.dumps(values, indent=1, sort_keys=True), encoding="utf-8")
    return ModelCard(**values)


def read_card(folder: Path) -> ModelCard:
    """The card of a model folder. Raises ModelError where it is missing or makes no sense."""
    path = folder / CARD
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"there is no sentence model in {folder}; {_ADVICE}") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {path}: {error}; {_ADVICE}") from error
    known = {item.name for item in fields(ModelCard)}
    try:
        card = ModelCard(**{key: value for key, value in values.items() if key in known})
        sensible = card.dimension > 0 and card.tokens_max > 2 and card.pooling in POOLINGS
    except (TypeError, AttributeError) as error:
        raise ModelError(f"{path} is not a model's card ({error}); {_ADVICE}") from error
    if not sensible or not isinstance(card.sha256, dict):
        raise ModelError(f"{path} is not a model's card; {_ADVICE}")
    return card


def check_folder(folder: Path) -> ModelCard:
    """The card, after reading every file and comparing its digest (90 MB/s or better).

    Raises ModelError for a missing, truncated or changed file: vectors of another model must
    never be compared with those in the index.
    """
    card = read_card(folder)
    for name in (GRAPH, TOKENIZER):
        if not (folder / name).is_file():
            raise ModelError(f"{folder} lacks {name}; {_ADVICE}")
        if sha256_of(folder / name) != card.sha256.get(name):
            raise ModelError(
                f"{folder / name} is truncated or was changed since it was obtained; {_ADVICE}"
            )
    return card


_ADVICE = "run `broadsheet model get`"
