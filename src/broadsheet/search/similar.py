"""Papers like one paper, as a whole or in one aspect, and what shows it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from tantivy import Query as IndexQuery

from broadsheet.errors import NotFoundError, SearchIndexError
from broadsheet.index.analysis import STOP_WORDS, stem, words
from broadsheet.index.entry import Shown
from broadsheet.index.lexical import LexicalIndex, LexicalSearcher
from broadsheet.index.vectors import Numbers
from broadsheet.rank.aspects import Aspect
from broadsheet.rank.fusion import Scores, best_first, z_scores
from broadsheet.rank.passage import passage
from broadsheet.rank.similar import (
    WEIGHTS,
    Parts,
    Pool,
    closest_pair,
    part_weights,
    similarity,
)
from broadsheet.rank.words import (
    bm25f,
    counts_length,
    dot,
    pair_counts,
    pool_frequencies,
    shared_terms,
    tfidf_vector,
    weighted_counts,
)
from broadsheet.search.compile import compile_query, find_shown
from broadsheet.search.meaning import Meaning, MeaningSource
from broadsheet.search.query import Like
from broadsheet.search.ranking import best_scores
from broadsheet.types import Mode

#: How many candidates are compared sentence by sentence: the nearest of each side.
N_CANDIDATES = 100
#: How many of those, at least, are then compared word by word, which takes four times as long; a
#: method is known by its words, so there all are (docs/decisions/021-search-similar.md).
N_COMPARED = 24
N_SHARED_TERMS = 5
SENTENCE_CHARS_MAX = 240

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pair:
    """The two sentences that are most alike: one of the paper asked about, one of the other's
    abstract, with their places in the abstracts, and their cosine."""

    of_this: str
    of_other: str
    cosine: float
    this_span: Span | None
    other_span: Span | None


@dataclass(frozen=True, slots=True)
class SimilarPaper:
    """`shared` are telling words both have, as the other one writes them. `pair` is None where
    there are no vectors."""

    doc_no: int
    doc_id: str
    title: str
    score: float
    shared: tuple[str, ...]
    pair: Pair | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SimilarAnswer:
    """`query` is the doc_id asked about, `total` how many papers were compared with it. `mode`
    is hybrid, or lexical where words alone decided; the notice then says why."""

    query: str
    aspect: Aspect
    mode: Mode
    total: int
    hits: tuple[SimilarPaper, ...]
    notice: str | None = None


class _Words:
    """What one paper and others have in common, word by word."""

    def __init__(self, searcher: LexicalSearcher, this: Shown, others: Sequence[Shown]) -> None:
        self._idf = searcher.idf
        self._this = this
        self._others = others
        self._query = _counts(this)
        self._counts = [_counts(other) for other in others]
        self._vector = tfidf_vector(self._query, self._idf)
        self._vectors = [tfidf_vector(counts, self._idf) for counts in self._counts]

    def scores(self) -> Scores:
        """The sum of BM25F and the cosine of tf-idf vectors, each standardised over the pool."""
        mean_length = sum(map(counts_length, self._counts)) / max(1, len(self._counts))
        bm25 = bm25f(
            dict.fromkeys(self._query, 1.0), self._counts, idf=self._idf, mean_length=mean_length
        )
        return z_scores(bm25) + z_scores([dot(self._vector, other) for other in self._vectors])

    def pairs(self, sentences: Sequence[str]) -> list[float]:
        """For each of the others the tf-idf cosine of pairs of words with this paper's title and
        these of its sentences."""
        others = [
            pair_counts(_stems(other.title), [_stems(other.abstract)]) for other in self._others
        ]
        idf = pool_frequencies(others)
        query = pair_counts(_stems(self._this.title), [_stems(text) for text in sentences])
        vector = tfidf_vector({pair: n for pair, n in query.items() if pair in idf}, idf)
        return [dot(vector, tfidf_vector(counts, idf)) for counts in others]

    def shared(self, row: int) -> tuple[str, ...]:
        """The words that this paper and another share and that tell most, as the other writes
        them."""
        other = self._others[row]
        terms = shared_terms(self._vector, self._vectors[row], n_terms=N_SHARED_TERMS)
        written = {
            stem(word): word for word in reversed(words(f"{other.title} . {other.abstract}"))
        }
        return tuple(written.get(term, term) for term in terms)


def similar(
    index: LexicalIndex,
    name: str,
    *,
    k: int = 20,
    aspect: Aspect = Aspect.ALL,
    meaning: MeaningSource | None = None,
) -> SimilarAnswer:
    """The k papers most like `name`, which is not among them, most alike first.

    Raises NotFoundError for a name that the index does not know, SearchIndexError where there
    is no index.
    """
    searcher = index.searcher()
    this = find_shown(searcher, name)
    if this is None:
        raise NotFoundError(
            f"no document {name[:200]!r} is in the index; look for it with `broadsheet search`"
        )
    opened, notice = _open(meaning, this)
    candidates = _candidates(searcher, this, opened)
    doc_nos = _nearest(this, candidates, aspect, opened, n=max(N_COMPARED, k))
    at = searcher.find(doc_nos.tolist())
    others = [searcher.shown(at[doc_no]) for doc_no in doc_nos.tolist() if doc_no in at]
    by_words = _Words(searcher, this, others)
    scores, compared = _scores(by_words, this, others, aspect, opened)
    order = best_first(scores, [other.doc_no for other in others])[: max(0, k)]
    hits = tuple(
        _paper(this, others[row], float(scores[row]), aspect, compared, row, by_words.shared(row))
        for row in order.tolist()
    )
    mode: Mode = "hybrid" if opened else "lexical"
    return SimilarAnswer(this.doc_id, aspect, mode, len(candidates), hits, notice)


def rank_alike(
    searcher: LexicalSearcher,
    this: Shown,
    others: Sequence[Shown],
    *,
    aspect: Aspect,
    meaning: Meaning | None,
    rows: Sequence[int] | None = None,
) -> Scores:
    """How alike each of `others` is to `this` (n,), larger is more; comparable among them.

    `rows`, where a reader chose them, are the parts of `this` that are meant (0 is the title).
    """
    return _scores(_Words(searcher, this, others), this, others, aspect, meaning, rows)[0]


def _open(source: MeaningSource | None, this: Shown) -> tuple[Meaning | None, str | None]:
    if source is None:
        return None, "Words alone decided: no sentence model was opened."
    meaning, reason = source.find()
    if meaning is None:
        return None, f"Words alone decided: {reason}."
    try:
        (parts,) = meaning.vectors.parts(np.array([this.doc_no]))
    except SearchIndexError as error:
        return None, f"Words alone decided: {error}."
    if parts is None:
        return None, "Words alone decided: this paper has no vector yet."
    return meaning, None


def _candidates(searcher: LexicalSearcher, this: Shown, meaning: Meaning | None) -> Numbers:
    """Those nearest by words and those nearest in meaning; by words alone the best come first."""
    alike = compile_query(searcher, Like(this.doc_id)).strict or IndexQuery.empty_query()
    by_words = best_scores(searcher, alike, N_CANDIDATES).doc_nos
    if meaning is None:
        return by_words
    vector = meaning.vectors.vectors(np.array([this.doc_no]))[0]
    near, _ = meaning.vectors.search(vector, N_CANDIDATES + 1)
    doc_nos: Numbers = np.setdiff1d(np.union1d(by_words, near), [this.doc_no])
    return doc_nos


@dataclass(frozen=True)
class _Compared:
    """A paper's parts beside those of others; `known` are the rows of others that have any."""

    own: Parts
    parts: list[Parts | None]
    known: list[int]
    whole: Scores

    @classmethod
    def of(cls, meaning: Meaning, this: Shown, doc_nos: Numbers) -> _Compared | None:
        """None where there is nothing to compare."""
        own, *parts = meaning.vectors.parts(np.concatenate([[this.doc_no], doc_nos]))
        known = [row for row, found in enumerate(parts) if found is not None]
        if own is None or not known:
            return None
        vector = meaning.vectors.vectors(np.array([this.doc_no]))[0]
        whole = meaning.vectors.cosines(vector, doc_nos[known]).astype(np.float64)
        return cls(own, parts, known, whole)

    @cached_property
    def pool(self) -> Pool:
        return Pool.of([found for found in self.parts if found is not None])


def _nearest(
    this: Shown, doc_nos: Numbers, aspect: Aspect, meaning: Meaning | None, *, n: int
) -> Numbers:
    """The n nearest sentence by sentence and those without vectors, where words would hardly lift
    one from further down; else all. Without meaning the first n."""
    if len(doc_nos) <= n or aspect is Aspect.METHOD:
        return doc_nos
    if meaning is None:
        return doc_nos[:n]
    compared = _Compared.of(meaning, this, doc_nos)
    if compared is None:
        return doc_nos
    scores = similarity(
        compared.own,
        compared.pool,
        whole=compared.whole,
        words=np.zeros(len(compared.known)),
        aspect=aspect,
    )
    known = doc_nos[compared.known]
    unknown = np.setdiff1d(doc_nos, known)  # words alone can tell
    nearest: Numbers = np.union1d(known[best_first(scores, known)[:n]], unknown)
    return nearest


def _scores(
    words_of: _Words,
    this: Shown,
    others: Sequence[Shown],
    aspect: Aspect,
    meaning: Meaning | None,
    rows: Sequence[int] | None = None,
) -> tuple[Scores, _Compared | None]:
    """Scores of `others`, and their parts. Those without a vector are compared by words, as if
    the rest of their likeness were the mean."""
    by_words = words_of.scores()
    doc_nos = np.array([other.doc_no for other in others], dtype=np.int64)
    compared = _Compared.of(meaning, this, doc_nos) if meaning else None
    if compared is None:
        return by_words, None
    known, pairs = compared.known, None
    if WEIGHTS[aspect].pairs > 0.0:
        meant = np.flatnonzero(part_weights(compared.own, aspect, rows=rows)[1:]) + 1
        pairs = words_of.pairs([text for row in meant.tolist() if (text := _part(this, row))])
    scores = z_scores(by_words)
    scores[known] = similarity(
        compared.own,
        compared.pool,
        whole=compared.whole,
        words=by_words[known],
        pairs=None if pairs is None else np.asarray(pairs)[known],
        aspect=aspect,
        rows=rows,
    )
    return scores, compared


def _counts(shown: Shown) -> dict[str, int]:
    return weighted_counts(_stems(shown.title), _stems(shown.abstract))


def _stems(text: str) -> list[str]:
    return [stem(word) for word in words(text) if word not in STOP_WORDS]


def _paper(
    this: Shown,
    other: Shown,
    score: float,
    aspect: Aspect,
    compared: _Compared | None,
    row: int,
    shared: tuple[str, ...],
) -> SimilarPaper:
    theirs = compared.parts[row] if compared else None
    pair = _pair(this, other, compared.own, theirs, aspect) if compared and theirs else None
    reasons = []
    if shared:
        reasons.append("shares " + ", ".join(f'"{word}"' for word in shared))
    if pair:
        reasons.append(f"“{_short(pair.of_other)}” is near “{_short(pair.of_this)}”")
    return SimilarPaper(
        other.doc_no, other.doc_id, other.title, score, shared, pair, tuple(reasons)
    )


def _pair(this: Shown, other: Shown, own: Parts, theirs: Parts, aspect: Aspect) -> Pair | None:
    row, column, cosine = closest_pair(own, theirs, aspect)
    of_this, of_other = _part(this, row), _part(other, column)
    if not of_this or not of_other or math.isnan(cosine):
        return None
    return Pair(
        of_this, of_other, cosine, _span(this.abstract, of_this), _span(other.abstract, of_other)
    )


def _part(shown: Shown, row: int) -> str:
    """The text of a part; nothing where the paper's text is no longer the one that was embedded."""
    made = passage(shown.title, shown.abstract).parts()
    return made[row] if row < len(made) else ""


def _span(abstract: str, sentence: str) -> Span | None:
    at = abstract.find(sentence)
    return (at, at + len(sentence)) if at >= 0 else None


def _short(sentence: str) -> str:
    if len(sentence) <= SENTENCE_CHARS_MAX:
        return sentence
    return sentence[: sentence.rfind(" ", 0, SENTENCE_CHARS_MAX) + 1].rstrip() + "…"
