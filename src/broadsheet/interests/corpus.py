"""The library's papers as columns, read once and kept: what all interests are measured with.

The background is a spread over the newest papers. It is made anew when the library has outgrown it
or more of it has vectors; it changes slowly, so an older one does no harm meanwhile.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy import sparse

from broadsheet.errors import SearchIndexError
from broadsheet.index.analysis import telling_stems, words
from broadsheet.index.lexical import LexicalIndex, LexicalSearcher
from broadsheet.rank.background import (
    Background,
    Evidence,
    Floats,
    Papers,
    fit_background,
    papers_of,
    weigh,
)
from broadsheet.rank.vocabulary import choose_terms, count_matrix, terms_of
from broadsheet.search.meaning import Meaning, MeaningSource
from broadsheet.store.database import Database
from broadsheet.store.documents import (
    change_numbers,
    count_documents,
    last_change_no,
    load_documents,
    newest_announced,
)
from broadsheet.store.followed import Person
from broadsheet.text.names import author_key
from broadsheet.types import Document

_K = TypeVar("_K")
_V = TypeVar("_V")

N_BACKGROUND = 4_000
#: The background is spread over so many of the newest papers.
N_SPREAD = 20_000
N_TERMS_MAX = 60_000
N_DOCS_WITH_MIN = 3
#: Some 7 kB each, most of it the document.
PAPERS_KEPT = 8_000
BATCHES_KEPT = 8
#: The background is made anew when the library grew by this share, and by so many papers.
GROWN_SHARE, GROWN_PAPERS = 0.2, 20
VECTORS_GROWN_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Paper:
    """A document as of `change_no`; its terms as columns of the backdrop and how often each
    stands there; its authors' keys."""

    change_no: int
    document: Document
    columns: npt.NDArray[np.int32]
    counts: npt.NDArray[np.float32]
    authors: tuple[str, ...]


@dataclass(frozen=True)
class AuthorColumns:
    """Authors as columns: names as keys, and followed people by the id they are followed as."""

    names: tuple[str, ...]
    people: tuple[Person, ...] = ()

    @cached_property
    def places(self) -> Mapping[str, int]:
        return {name: column for column, name in enumerate(self.names)}

    @cached_property
    def keys(self) -> frozenset[str]:
        """Names whose mentions can have a column."""
        return frozenset(self.names) | self.by_key.keys()

    @cached_property
    def by_key(self) -> Mapping[str, Sequence[Person]]:
        """Those who write under each name."""
        found: dict[str, list[Person]] = {}
        for person in self.people:
            for key in person.others:
                found.setdefault(key, []).append(person)
        return found

    def of(self, author_key: str, doc_no: int) -> list[str]:
        """The columns of a mention: of the followed people whose it is or may be, else its own."""
        found = [
            person.author_id
            for person in self.by_key.get(author_key, ())
            if person.wrote(author_key, doc_no)
        ]
        return found or [author_key]


@dataclass(frozen=True)
class Batch:
    """Papers as rows. Of `evidence` the author columns are left out: each interest has its own."""

    papers: tuple[Paper, ...]
    evidence: Evidence

    def __len__(self) -> int:
        return len(self.papers)

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        return tuple(paper.document for paper in self.papers)

    @cached_property
    def doc_nos(self) -> npt.NDArray[np.int64]:
        return np.array([paper.document.doc_no for paper in self.papers], dtype=np.int64)

    def rows(self, rows: npt.ArrayLike) -> Batch:
        chosen = np.asarray(rows, dtype=np.int64)
        return Batch(tuple(self.papers[row] for row in chosen), self.evidence.rows(chosen))

    def with_authors(self, columns: AuthorColumns) -> Evidence:
        """The evidence with these authors as columns."""
        marks = [
            {
                name: 1
                for key in paper.authors
                if key in columns.keys
                for name in columns.of(key, paper.document.doc_no)
                if name in columns.places
            }
            # Few papers are by any of them.
            if not columns.keys.isdisjoint(paper.authors)
            else {}
            for paper in self.papers
        ]
        authors = count_matrix(marks, columns.places)
        return replace(self.evidence, papers=replace(self.evidence.papers, authors=authors))


@dataclass(frozen=True)
class Backdrop:
    """The background and the names of its columns, with the papers that were laid out in them.
    `author_counts`: of the `n_authored` papers that have any, those by this author. `n_docs` is
    how large the library was, `n_vectors` how many of the background's papers had a vector of
    `model_version`."""

    terms: tuple[str, ...]
    categories: tuple[str, ...]
    background: Background
    author_counts: Mapping[str, int]
    n_authored: int
    doc_nos: npt.NDArray[np.int64]
    n_docs: int
    n_vectors: int
    model_version: str
    papers_kept: OrderedDict[int, Paper] = field(default_factory=OrderedDict, repr=False)
    batches_kept: OrderedDict[object, Batch] = field(default_factory=OrderedDict, repr=False)

    @cached_property
    def term_columns(self) -> Mapping[str, int]:
        return {term: column for column, term in enumerate(self.terms)}

    @cached_property
    def category_columns(self) -> Mapping[str, int]:
        return {name: column for column, name in enumerate(self.categories)}

    @cached_property
    def no_papers(self) -> Batch:
        return Batch((), self.background.sample.rows([]))

    def with_authors(self, columns: AuthorColumns) -> Background:
        """The background with these authors as columns."""
        own = {person.author_id: person.own for person in columns.people if person.own}
        counts = np.array(
            [
                np.isin(self.doc_nos, list(own[name])).sum()
                if name in own
                else self.author_counts.get(name, 0)
                for name in columns.names
            ],
            dtype=np.float64,
        )
        shares = (counts + 0.5) / (max(self.n_authored, 1) + 0.5)
        sample = self.background.sample
        nobody = sparse.csr_array((len(sample), len(columns.names)), dtype=np.float64)
        return replace(
            self.background,
            author_shares=shares,
            sample=replace(sample, papers=replace(sample.papers, authors=nobody)),
        )


class Corpus:
    """A library's papers as columns. Safe to share between threads.

    Without `meaning`, or before vectors are there, words, authors and categories decide alone.
    """

    def __init__(self, db: Database, index: LexicalIndex, meaning: MeaningSource | None) -> None:
        self.db = db
        self.index = index
        self._source = meaning
        self._lock = threading.RLock()
        self._backdrop: Backdrop | None = None
        self._seen: object = None
        self._indexed: tuple[LexicalSearcher, Batch, frozenset[int]] | None = None

    def backdrop(self) -> Backdrop | None:
        """None in an empty library."""
        seen = (last_change_no(self.db), self.mark())
        with self._lock:
            if seen != self._seen:
                if self._backdrop is None or self._is_outgrown(self._backdrop):
                    self._backdrop = self._make_backdrop()
                self._seen = seen
            return self._backdrop

    def mark(self) -> tuple[str, int]:
        """Differs when more vectors have come, or those of another model."""
        meaning = self._meaning()
        try:
            return (meaning.model.version, meaning.vectors.position) if meaning else ("", 0)
        except SearchIndexError:
            return ("", 0)

    def papers(self, backdrop: Backdrop, doc_nos: Sequence[int]) -> list[Paper]:
        """These documents as they are now; merged and unknown ones are left out."""
        standing, kept = change_numbers(self.db, doc_nos), backdrop.papers_kept
        with self._lock:
            found = {
                doc_no: kept[doc_no]
                for doc_no, change_no in standing.items()
                if doc_no in kept and kept[doc_no].change_no == change_no
            }
        missing = [doc_no for doc_no in standing if doc_no not in found]
        for document in load_documents(self.db, missing):
            found[document.doc_no] = _paper(document, standing[document.doc_no], backdrop)
        with self._lock:
            _keep(kept, found, PAPERS_KEPT)
        return [found[doc_no] for doc_no in doc_nos if doc_no in found]

    def batch(self, backdrop: Backdrop, doc_nos: Sequence[int]) -> Batch:
        """These documents as rows, in this order; merged and unknown ones are left out."""
        if not doc_nos:
            return backdrop.no_papers
        return self.batch_of(backdrop, self.papers(backdrop, doc_nos))

    def kept_batch(self, backdrop: Backdrop, key: object, find: Callable[[], list[int]]) -> Batch:
        """The batch of what `find` lists, kept under `key` while it stands: a day's papers are
        asked for by every interest."""
        with self._lock:
            batch = backdrop.batches_kept.get(key)
        if batch is None:
            batch = self.batch(backdrop, find())
            with self._lock:
                _keep(backdrop.batches_kept, {key: batch}, BATCHES_KEPT)
        return batch

    def indexed(self, batch: Batch) -> frozenset[int]:
        """Those of the batch's documents that the text index knows; the last answer is kept, as
        every interest asks it of the same stream. Raises SearchIndexError where there is no index.
        """
        searcher, last = self.index.searcher(), self._indexed
        if last is None or last[0] is not searcher or last[1] is not batch:
            known = frozenset(searcher.find(batch.doc_nos.tolist()))
            last = self._indexed = (searcher, batch, known)
        return last[2]

    def described(self, backdrop: Backdrop, text: str) -> Evidence:
        """A description in words as one row of evidence."""
        counts = count_matrix([paper_terms(text, "")], backdrop.term_columns)
        meaning = self._meaning()
        n_dims = backdrop.background.mean.size
        vectors = np.full((1, n_dims), np.nan)
        if meaning is not None and meaning.model.dimension == n_dims:
            vectors = np.asarray(meaning.model.embed([text]), dtype=np.float64)
        nothing = count_matrix([{}], backdrop.category_columns)
        return weigh(backdrop.background, papers_of(counts, vectors, None, nothing))

    def batch_of(self, backdrop: Backdrop, papers: Sequence[Paper]) -> Batch:
        """Papers laid out in the columns of this backdrop, as rows."""
        doc_nos = np.array([paper.document.doc_no for paper in papers], dtype=np.int64)
        counts = _counts(papers, len(backdrop.terms))
        tags = [dict.fromkeys(paper.document.categories, 1) for paper in papers]
        categories = count_matrix(tags, backdrop.category_columns)
        vectors = self._vectors(doc_nos, backdrop.background.mean.size)
        made: Papers = papers_of(counts, vectors, None, categories)
        return Batch(tuple(papers), weigh(backdrop.background, made))

    def _vectors(self, doc_nos: npt.NDArray[np.int64], n_dims: int) -> Floats:
        """Rows of nan where there is no vector; all of them where the model was exchanged."""
        meaning = self._meaning()
        if meaning is None or meaning.model.dimension != n_dims:
            return np.full((len(doc_nos), n_dims), np.nan)
        try:
            return np.asarray(meaning.vectors.vectors(doc_nos), dtype=np.float64)
        except SearchIndexError:
            return np.full((len(doc_nos), n_dims), np.nan)

    def _meaning(self) -> Meaning | None:
        return self._source.find()[0] if self._source else None

    def _is_outgrown(self, backdrop: Backdrop) -> bool:
        n_docs = count_documents(self.db)
        if n_docs - backdrop.n_docs > GROWN_PAPERS + GROWN_SHARE * backdrop.n_docs:
            return True
        version, n_vectors = self._coverage(backdrop.doc_nos)
        grown = n_vectors - backdrop.n_vectors > VECTORS_GROWN_SHARE * len(backdrop.doc_nos)
        return grown or version != backdrop.model_version

    def _coverage(self, doc_nos: npt.NDArray[np.int64]) -> tuple[str, int]:
        """The model's version, "" where no vector can be used, and how many have a vector."""
        meaning = self._meaning()
        try:
            n_vectors = meaning.vectors.count(np.sort(doc_nos)) if meaning else 0
        except SearchIndexError:
            n_vectors = 0
        return (meaning.model.version, n_vectors) if meaning and n_vectors else ("", 0)

    def _make_backdrop(self) -> Backdrop | None:
        newest = newest_announced(self.db, N_SPREAD)
        if not newest:
            return None
        rows = np.unique(np.linspace(0, len(newest) - 1, N_BACKGROUND).astype(np.int64))
        documents = load_documents(self.db, [newest[row] for row in rows])
        doc_nos = np.array([document.doc_no for document in documents], dtype=np.int64)
        counts = [paper_terms(document.title, document.abstract) for document in documents]
        terms = choose_terms(
            counts,
            n_docs_with_min=min(N_DOCS_WITH_MIN, 1 + len(documents) // 100),
            n_terms_max=N_TERMS_MAX,
        )
        tags = [dict.fromkeys(document.categories, 1) for document in documents]
        authors = [_author_keys(document) for document in documents]
        categories = tuple(sorted({name for row in tags for name in row}))
        version, n_vectors = self._coverage(doc_nos)
        meaning = self._meaning() if version else None
        columns = papers_of(
            count_matrix(counts, {term: n for n, term in enumerate(terms)}),
            self._vectors(doc_nos, meaning.model.dimension if meaning else 0),
            None,
            count_matrix(tags, {name: n for n, name in enumerate(categories)}),
        )
        return Backdrop(
            terms=terms,
            categories=categories,
            background=fit_background(columns),
            author_counts=Counter(key for keys in authors for key in keys),
            n_authored=sum(1 for keys in authors if keys),
            doc_nos=doc_nos,
            n_docs=count_documents(self.db),
            n_vectors=n_vectors,
            model_version=version,
        )


def paper_terms(title: str, abstract: str) -> Counter[str]:
    """Words and phrases of title and abstract, as `rank.vocabulary` counts them."""
    counts = terms_of(_stems(abstract))
    counts.update(terms_of(_stems(title)))
    return counts


def _paper(document: Document, change_no: int, backdrop: Backdrop) -> Paper:
    known = sorted(
        (backdrop.term_columns[term], n)
        for term, n in paper_terms(document.title, document.abstract).items()
        if term in backdrop.term_columns
    )
    return Paper(
        change_no,
        document,
        np.array([column for column, _ in known], dtype=np.int32),
        np.array([n for _, n in known], dtype=np.float32),
        _author_keys(document),
    )


def _keep(kept: OrderedDict[_K, _V], news: Mapping[_K, _V], n_max: int) -> None:
    """Newest last; the oldest make room."""
    for key, value in news.items():
        kept[key] = value
        kept.move_to_end(key)
    while len(kept) > n_max:
        kept.popitem(last=False)


def _author_keys(document: Document) -> tuple[str, ...]:
    return tuple(sorted({author_key(author.name) for author in document.authors}))


def _counts(papers: Sequence[Paper], n_terms: int) -> sparse.csr_array:
    starts = np.concatenate([[0], np.cumsum([len(paper.columns) for paper in papers])])
    columns = [paper.columns for paper in papers] or [np.zeros(0, np.int32)]
    data = [paper.counts for paper in papers] or [np.zeros(0, np.float32)]
    return sparse.csr_array(
        (np.concatenate(data).astype(np.float64), np.concatenate(columns), starts.astype(np.int64)),
        shape=(len(papers), n_terms),
    )


def _stems(text: str) -> list[str]:
    return telling_stems(words(text))
