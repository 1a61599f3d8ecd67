"""The product's own search as what the suites measure, in a temporary folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from broadsheet.evaluate.datasets import CorpusDocument
from broadsheet.index.changes import CorpusChanges
from broadsheet.index.embedding import embed_changes
from broadsheet.index.lexical import LexicalIndex
from broadsheet.model.sentence import SentenceModel
from broadsheet.rank.aspects import Aspect
from broadsheet.rank.fusion import best_first
from broadsheet.rank.passage import passage
from broadsheet.search.engine import rank
from broadsheet.search.meaning import MeaningSource, vector_index
from broadsheet.search.similar import rank_alike
from broadsheet.types import Author, Document, Mode

Progress = Callable[[int, int], None]


class OurSearch:
    """A library of a test collection. `folder` is empty at first and belongs to it alone.

    Without a sentence model there is only the lexical mode; `notice` says why.
    """

    def __init__(
        self,
        folder: Path,
        *,
        models_folder: Path,
        model: str,
        with_parts: bool = False,
        progress: Progress = lambda done, todo: None,
    ) -> None:
        self._lexical = LexicalIndex(folder / "lexical")
        self._source = MeaningSource(models_folder, model, folder / "vectors")
        self._with_parts = with_parts
        self._progress = progress
        self._documents: Sequence[CorpusDocument] = ()
        self._ids: list[str] = []
        self._doc_nos: Mapping[str, int] = {}
        self._meaning, self.notice = self._source.find()

    def modes(self) -> Sequence[Mode]:
        return ("hybrid", "lexical", "dense") if self._meaning else ("lexical",)

    def index(self, documents: Sequence[CorpusDocument]) -> None:
        """Take in a collection; one that begins with the documents that are here is added to."""
        self._documents = documents
        self._ids = [document.doc_id for document in documents]
        self._doc_nos = {doc_id: place for place, doc_id in enumerate(self._ids, 1)}
        log = CorpusChanges([_document(n, item) for n, item in enumerate(documents, 1)])
        self._lexical.rebuild(log)
        if self._meaning is None:
            return
        embed_changes(
            log,
            SentenceModel.load(self._source.folder),
            vector_index(self._source.vectors_folder, self._meaning.model),
            with_parts=self._with_parts,
            progress=lambda done: self._progress(done, len(documents)),
        )

    def search(self, query: str, k: int, mode: Mode) -> Sequence[str]:
        """`query` is plain words; the answer is what `broadsheet search` ranks."""
        doc_nos = rank(self._lexical, query, k=k, mode=mode, meaning=self._source)
        return [self._ids[doc_no - 1] for doc_no in doc_nos]

    def rank_pool(
        self, paper_id: str, pool: Sequence[str], aspect: str, sentences: Sequence[int] | None
    ) -> Sequence[str]:
        """The pool as `broadsheet similar` ranks it."""
        searcher = self._lexical.searcher()
        numbers = [self._doc_nos[doc_id] for doc_id in (paper_id, *pool)]
        at = searcher.find(numbers)
        this, *others = [searcher.shown(at[number]) for number in numbers]
        rows = None if sentences is None else self._rows(paper_id, sentences) or None
        known = Aspect(aspect) if aspect in set(Aspect) else Aspect.ALL
        scores = rank_alike(searcher, this, others, aspect=known, meaning=self._meaning, rows=rows)
        return [pool[row] for row in best_first(scores, [other.doc_no for other in others])]

    def _rows(self, paper_id: str, sentences: Sequence[int]) -> list[int]:
        """Our parts of the paper that stand in these sentences of the collection's own cutting,
        which is not always ours."""
        item = self._documents[self._doc_nos[paper_id] - 1]
        made = passage(item.title, item.text)
        cut = [str(text) for text in item.extra.get("sentences") or made.parts()[1:]]
        wanted, at = [], 0
        for place, text in enumerate(cut):
            start = item.text.find(text, at)
            start = at if start < 0 else start
            at = start + len(text)
            if place in sentences:
                wanted.append((start + made.abstract_start, at + made.abstract_start))
        return [
            row
            for row, (left, right) in enumerate(made.spans)
            if row > 0
            and any(
                min(right, end) - max(left, start) > (right - left) / 2 for start, end in wanted
            )
        ]


def _document(number: int, item: CorpusDocument) -> Document:
    doc_id = f"url:{number}"
    authors = tuple(Author(name) for name in item.authors)
    return Document(number, doc_id, item.title, (doc_id,), abstract=item.text, authors=authors)
