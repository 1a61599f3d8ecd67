"""Texts to unit vectors, with onnxruntime and tokenizers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import onnxruntime
import tokenizers

from broadsheet.errors import ModelError
from broadsheet.model.folder import GRAPH, TOKENIZER, ModelCard, check_folder

Vectors = npt.NDArray[np.float32]
Spans = Sequence[tuple[int, int]]

#: Eight save 50 MB. But activations of 8 bits are scaled by batch, so vectors depend a little on
#: their neighbours: the figures of docs/decisions are those of sixteen (021).
BATCH_TEXTS_MAX = 16
TEXT_CHARS_MAX = 20_000  # far beyond tokens_max; bounds the tokenizer's time on hostile input
_EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Passages:
    """Vectors of a text and of its parts: `whole` (d,), `parts` (n_spans, d), each of length 1.

    A part beyond the model's length, or without a token, has the zero vector.
    """

    whole: Vectors
    parts: Vectors


class SentenceModel:
    """A loaded model folder. Safe to call from several threads."""

    def __init__(
        self,
        card: ModelCard,
        session: onnxruntime.InferenceSession,
        tokenizer: tokenizers.Tokenizer,
    ) -> None:
        self.card = card
        self.name = card.name
        self.version = card.version
        self.dimension = card.dimension
        self._session = session
        self._tokenizer = tokenizer
        self._inputs = frozenset(item.name for item in session.get_inputs())
        outputs = [(item.name, len(item.shape)) for item in session.get_outputs()]
        self._pooled = next((name for name, rank in outputs if rank == 2), None)
        self._tokens = next((name for name, rank in outputs if rank == 3), None)

    @classmethod
    def load(cls, folder: Path, *, n_threads: int = 0) -> Self:
        """The model of a folder; `n_threads` 0 lets onnxruntime choose.

        Raises ModelError where the folder is missing, truncated, changed since it was obtained,
        or gives vectors of another dimension than its card says.
        """
        card = check_folder(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = n_threads
        options.log_severity_level = 3  # errors only: its warnings are about itself
        try:
            session = onnxruntime.InferenceSession(
                (folder / GRAPH).read_bytes(), options, providers=["CPUExecutionProvider"]
            )
            tokenizer = tokenizers.Tokenizer.from_file(str(folder / TOKENIZER))
        except Exception as error:
            raise ModelError(f"cannot load the sentence model in {folder}: {error}") from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(card.tokens_max)
        model = cls(card, session, tokenizer)
        found = model.embed(["a"]).shape[1]
        if found != card.dimension:
            raise ModelError(f"{folder} gives {found} numbers a text, not {card.dimension}")
        return model

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (n, d) of documents, in the order given; (0, d) for no texts.

        Only the first `card.tokens_max` tokens of a text count. An empty text has a vector too.
        """
        return self._embed([self.card.document_prompt + text for text in texts])

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """As `embed`, with the model's prompt for queries."""
        return self._embed([self.card.query_prompt + text for text in texts])

    def embed_passages(self, texts: Sequence[str], spans: Sequence[Spans]) -> list[Passages]:
        """Each text's vector and those of its parts, from one pass over the text.

        A part's vector is the mean of its tokens' states, so it knows what stands around it.
        Source: Günther et al., "Late Chunking" (arXiv:2409.04701), section 3.
        """
        if self._tokens is None:
            return [self._separate(text, parts) for text, parts in zip(texts, spans, strict=True)]
        prompt = self.card.document_prompt
        results: list[Passages | None] = [None] * len(texts)
        for rows, encoded in self._batches([prompt + text for text in texts]):
            states, whole = self._run(encoded, with_tokens=True)
            for place, row in enumerate(rows):
                parts = _part_vectors(
                    states[place], encoded[place].offsets, spans[row], shift=len(prompt)
                )
                results[row] = Passages(whole[place], parts)
        return [item for item in results if item is not None]

    def _separate(self, text: str, parts: Spans) -> Passages:
        vectors = self.embed([text, *(text[start:end] for start, end in parts)])
        return Passages(vectors[0], vectors[1:])

    def _embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for rows, encoded in self._batches(texts):
            _, pooled = self._run(encoded, with_tokens=False)
            if pooled.shape[1] != self.dimension:
                return pooled  # only `load` sees this, and refuses the model
            vectors[rows] = pooled
        return vectors

    def _batches(
        self, texts: Sequence[str]
    ) -> Iterator[tuple[npt.NDArray[np.int64], list[tokenizers.Encoding]]]:
        """Rows and encodings in order of length, so that little of a batch is padding."""
        encoded = self._tokenizer.encode_batch([text[:TEXT_CHARS_MAX] for text in texts])
        order = np.argsort([len(item.ids) for item in encoded], kind="stable")
        for start in range(0, len(order), BATCH_TEXTS_MAX):
            rows = order[start : start + BATCH_TEXTS_MAX]
            yield rows, [encoded[row] for row in rows]

    def _run(
        self, encoded: Sequence[tokenizers.Encoding], *, with_tokens: bool
    ) -> tuple[Vectors, Vectors]:
        """Token states (b, s, d; empty unless asked for) and pooled unit vectors (b, d)."""
        shape = (len(encoded), max(len(item.ids) for item in encoded))
        ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for row, item in enumerate(encoded):
            ids[row, : len(item.ids)] = item.ids
            mask[row, : len(item.ids)] = 1
        feed: dict[str, Any] = {"input_ids": ids, "attention_mask": mask}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros(shape, dtype=np.int64)
        wanted = [self._pooled] if self._pooled else []
        if with_tokens or not self._pooled:
            wanted.append(self._tokens)
        outputs = dict(zip(wanted, self._session.run(wanted, feed), strict=True))
        states = outputs.get(self._tokens, np.zeros((len(encoded), 0, 0), dtype=np.float32))
        pooled = outputs[self._pooled] if self._pooled else self._pool(states, mask)
        return states, _unit(pooled)

    def _pool(self, states: Vectors, mask: npt.NDArray[np.int64]) -> Vectors:
        if self.card.pooling == "cls":
            return states[:, 0]
        weights = mask[:, :, None].astype(np.float32)
        mean: Vectors = (states * weights).sum(axis=1) / weights.sum(axis=1)
        return mean


def _unit(vectors: Vectors) -> Vectors:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Vectors = (vectors / np.maximum(length, _EPSILON)).astype(np.float32)
    return unit


def _part_vectors(
    states: Vectors, offsets: Sequence[tuple[int, int]], spans: Spans, *, shift: int
) -> Vectors:
    bounds = np.asarray(offsets, dtype=np.int64).reshape(-1, 2) - shift
    real = bounds[:, 1] > bounds[:, 0]  # [CLS] and [SEP] are empty
    parts = np.zeros((len(spans), states.shape[1]), dtype=np.float32)
    for row, (start, end) in enumerate(spans):
        inside = real & (bounds[:, 0] >= start) & (bounds[:, 1] <= end)
        if inside.any():
            parts[row] = states[: len(bounds)][inside].mean(axis=0)
    return _unit(parts)
