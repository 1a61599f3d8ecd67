"""Vectors that follow a change log: slow work in small steps, each kept, and only for texts
that are really new (most changes of a document, such as upvotes, leave its text as it was)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from broadsheet.index.changes import ChangeLog
from broadsheet.index.entry import ABSTRACT_CHARS_MAX, TITLE_CHARS_MAX
from broadsheet.index.vectors import Numbers, VectorIndex
from broadsheet.model.passages import embed_documents, embed_wholes
from broadsheet.model.sentence import SentenceModel
from broadsheet.rank.passage import Passage, passage
from broadsheet.store.documents import Change
from broadsheet.types import Document

#: Changes looked at in one step; most are of texts that have their vector already.
STEP_CHANGES = 512
#: Texts embedded between two commits: a few seconds of work.
STEP_TEXTS = 128


@dataclass(frozen=True, slots=True)
class EmbedReport:
    """`embedded` texts, `removed` documents; `notice` says why there was nothing to do."""

    embedded: int = 0
    removed: int = 0
    notice: str = ""


def embed_changes(
    log: ChangeLog,
    model: SentenceModel,
    vectors: VectorIndex,
    *,
    with_parts: bool = True,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda n_embedded: None,
) -> EmbedReport:
    """Bring `vectors` to where the log is now. Stopped anywhere, the next call goes on.

    The caller holds the right to write in the vectors' folder. Without parts (sentences) it is
    half the work; search by meaning needs none, its reasons and `similar` do.
    """
    embedded = removed = 0
    # Ahead of a store that was brought back from a backup: look at everything again; texts
    # that are the same keep their vectors.
    at = vectors.position if vectors.position <= log.last_change_no() else 0
    while step := log.changes(at, STEP_CHANGES):
        for batch in _batches(_fresh(step, vectors)):
            if should_stop():
                return EmbedReport(embedded, removed)
            _embed(model, vectors, batch, with_parts)
            embedded += len(batch)
            progress(embedded)
        gone = [change.doc_no for change in step if change.document is None]
        at = step[-1].change_no
        vectors.remove(np.array(gone, dtype=np.int64), position=at)
        removed += len(gone)
    return EmbedReport(embedded, removed)


@dataclass(frozen=True, slots=True)
class _Text:
    doc_no: int
    passage: Passage
    digest: int


def _fresh(step: Sequence[Change], vectors: VectorIndex) -> list[_Text]:
    """Documents whose text is not the one their vector was made from."""
    texts = [_text_of(change.document) for change in step if change.document is not None]
    known = vectors.texts(np.array([text.doc_no for text in texts], dtype=np.int64))
    return [text for text, digest in zip(texts, known, strict=True) if text.digest != digest]


def _text_of(document: Document) -> _Text:
    made = passage(document.title[:TITLE_CHARS_MAX], document.abstract[:ABSTRACT_CHARS_MAX])
    digest = blake2b(made.text.encode("utf-8", "replace"), digest_size=8).digest()
    return _Text(document.doc_no, made, int.from_bytes(digest, "little", signed=True))


def _embed(
    model: SentenceModel, vectors: VectorIndex, batch: Sequence[_Text], with_parts: bool
) -> None:
    passages = [text.passage for text in batch]
    if with_parts:
        rows, parts = embed_documents(model, passages)
    else:
        rows, parts = embed_wholes(model, passages), None
    vectors.add(_numbers(batch, "doc_no"), rows, parts, texts=_numbers(batch, "digest"))


def _numbers(batch: Sequence[_Text], name: str) -> Numbers:
    return np.array([getattr(text, name) for text in batch], dtype=np.int64)


def _batches(texts: Sequence[_Text]) -> Iterator[Sequence[_Text]]:
    for start in range(0, len(texts), STEP_TEXTS):
        yield texts[start : start + STEP_TEXTS]
