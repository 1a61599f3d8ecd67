"""Search by meaning: the sentence model of a library and the vectors made with it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from broadsheet.errors import ModelError
from broadsheet.index.durable import file_stamp
from broadsheet.index.vectors import VectorIndex
from broadsheet.model.folder import CARD, GRAPH, TOKENIZER, ModelCard, folder_of
from broadsheet.model.sentence import SentenceModel
from broadsheet.search.conditions import Conditions

#: A query takes 1 to 2 ms on one thread; waking others on a busy machine takes longer.
QUERY_THREADS = 1

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Meaning:
    """A loaded model, and the vectors that were made with just this model."""

    model: SentenceModel
    vectors: VectorIndex
    conditions: Conditions

    def embed_query(self, text: str) -> Vector:
        vector: Vector = self.model.embed_queries([text])[0]
        return vector


class MeaningSource:
    """Opens the meaning of a library when it is first asked for, and again when the model
    is obtained, lost or exchanged. Safe to share between threads.

    `vectors_folder` is the library's own: vectors of two libraries never meet.
    """

    def __init__(self, models_folder: Path, name: str, vectors_folder: Path) -> None:
        self.folder = folder_of(models_folder, name)
        self.vectors_folder = vectors_folder
        self._lock = threading.Lock()
        self._stamp: object = None
        self._found: Meaning | None = None
        self._reason = ""

    def find(self) -> tuple[Meaning | None, str]:
        """The meaning, or None and why there is none, with what to do."""
        with self._lock:
            stamp = tuple(file_stamp(self.folder / name) for name in (CARD, GRAPH, TOKENIZER))
            if stamp != self._stamp:
                self._found, self._reason = self._open()
                self._stamp = stamp
            return self._found, self._reason

    def _open(self) -> tuple[Meaning | None, str]:
        try:
            model = SentenceModel.load(self.folder, n_threads=QUERY_THREADS)
        except ModelError as error:
            return None, str(error)
        return Meaning(model, vector_index(self.vectors_folder, model), Conditions()), ""


def vector_index(folder: Path, model: SentenceModel | ModelCard) -> VectorIndex:
    """The vectors in `folder` that were made with this very model."""
    return VectorIndex(folder, model_version=model.version, dimension=model.dimension)
