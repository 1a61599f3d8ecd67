"""Papers like one paper, as a whole or in one aspect, and what shows it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from broadsheet.errors import NotFoundError, SearchIndexError
from broadsheet.index.entry import Shown
from broadsheet.index.lexical import LexicalIndex, LexicalSearcher
from broadsheet.index.vectors import Numbers, VectorIndex, Vectors
from broadsheet.rank.aspects import Aspect
from broadsheet.rank.fusion import Scores, best_first, z_scores
from broadsheet.rank.passage import passage
from broadsheet.rank.similar import (
    WEIGHTS,
    Likeness,
    Parts,
    Pool,
    closest_pair,
    likeness,
    part_weights,
    weighed,
)
from broadsheet.search.compile import find_shown, like_query, sharing_query
from broadsheet.search.meaning import Meaning, MeaningSource
from broadsheet.search.ranking import best_scores
from broadsheet.search.telling import InCommon, Told, telling_terms
from broadsheet.text.wording import clip_words
from broadsheet.types import Mode

#: How many candidates are compared sentence by sentence: the nearest of each side.
N_CANDIDATES = 100
#: How many of those, at least, are then compared word by word, which takes four times as long; a
#: method is known by its words, so there all are (docs/decisions/021-search-similar.md).
N_COMPARED = 16
#: How many where words alone decide: the first.
N_BY_WORDS = 24
SENTENCE_CHARS_MAX = 240


@dataclass(frozen=True, slots=True)
class Pair:
    """The two sentences that are most alike, one of the paper asked about and one of the other,
    and their cosine."""

    of_this: str
    of_other: str
    cosine: float


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
    place, notice = _place(meaning, this)
    told = Told.of(this)
    candidates = _candidates(searcher, this, told, place)
    compared = _Compared.of(place, candidates, aspect) if place else None
    doc_nos = candidates.tolist()
    if compared and aspect is not Aspect.METHOD:
        doc_nos = _nearest(candidates, compared, aspect, n=max(N_COMPARED, k)).tolist()
    elif place is None and aspect is not Aspect.METHOD:
        doc_nos = doc_nos[: max(N_BY_WORDS, k)]
    at = searcher.find(doc_nos)
    others = [searcher.shown(at[doc_no]) for doc_no in doc_nos if doc_no in at]
    common = InCommon(searcher.idf, told, [Told.of(other) for other in others])
    scores = _scores(common, this, others, aspect, compared)
    order = best_first(scores, [other.doc_no for other in others])[: max(0, k)]
    sentences = _parts_of(this)
    hits = tuple(
        _paper(
            others[row],
            float(scores[row]),
            common.shared(row),
            _pair(this, sentences, others[row], compared, aspect) if compared else None,
        )
        for row in order.tolist()
    )
    mode: Mode = "hybrid" if place else "lexical"
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
    place = _Place.of(meaning.vectors, this) if meaning else None
    doc_nos = np.array([other.doc_no for other in others], dtype=np.int64)
    compared = _Compared.of(place, doc_nos, aspect, rows) if place else None
    common = InCommon(searcher.idf, Told.of(this), [Told.of(other) for other in others])
    return _scores(common, this, others, aspect, compared)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a paper stands among the vectors: its own, as a whole (d,) and part by part."""

    vectors: VectorIndex
    whole: Vectors
    parts: Parts

    @classmethod
    def of(cls, vectors: VectorIndex, this: Shown) -> _Place | None:
        """None where it has no vector."""
        doc_no = np.array([this.doc_no])
        (parts,) = vectors.parts(doc_no)
        return None if parts is None else cls(vectors, vectors.vectors(doc_no)[0], parts)


def _place(source: MeaningSource | None, this: Shown) -> tuple[_Place | None, str | None]:
    """None where words must decide alone, and why."""
    if source is None:
        return None, "Words alone decided: no sentence model was opened."
    meaning, reason = source.find()
    if meaning is None:
        return None, f"Words alone decided: {reason}."
    try:
        place = _Place.of(meaning.vectors, this)
    except SearchIndexError as error:
        return None, f"Words alone decided: {error}."
    if place is None:
        return None, "Words alone decided: this paper has no vector yet."
    return place, None


def _candidates(
    searcher: LexicalSearcher, this: Shown, told: Told, place: _Place | None
) -> Numbers:
    """Those nearest by words and those nearest in meaning; by words alone the best come first."""
    terms = telling_terms(searcher, told)
    if place is None:
        return best_scores(searcher, like_query(searcher.schema, this, terms), N_CANDIDATES).doc_nos
    sharing = sharing_query(searcher.schema, terms)
    by_words = best_scores(searcher, sharing, N_CANDIDATES + 1).doc_nos
    near, _ = place.vectors.search(place.whole, N_CANDIDATES + 1)
    doc_nos: Numbers = np.setdiff1d(np.union1d(by_words, near), [this.doc_no])
    return doc_nos


@dataclass(frozen=True, slots=True)
class _Compared:
    """A paper beside others, sentence by sentence. `meant` weighs its own parts; `rows` tells where
    in the pool each of the others is that has any parts."""

    own: Parts
    meant: Scores
    pool: Pool
    rows: dict[int, int]
    alike: Likeness

    @classmethod
    def of(
        cls,
        this: _Place,
        doc_nos: Numbers,
        aspect: Aspect,
        rows: Sequence[int] | None = None,
    ) -> _Compared | None:
        """None where there is nothing to compare."""
        pool, known = this.vectors.pool(doc_nos)
        if not len(known):
            return None
        whole = this.vectors.cosines(this.whole, doc_nos[known])
        alike = likeness(this.parts, pool, whole=whole, aspect=aspect, rows=rows)
        meant = part_weights(this.parts, aspect, rows=rows)
        of_doc = {doc_no: row for row, doc_no in enumerate(doc_nos[known].tolist())}
        return cls(this.parts, meant, pool, of_doc, alike)


def _nearest(doc_nos: Numbers, compared: _Compared, aspect: Aspect, *, n: int) -> Numbers:
    """The n nearest sentence by sentence, from further down than which words would hardly lift
    one, and those without vectors."""
    scores = weighed(compared.alike, words=np.zeros(len(compared.rows)), aspect=aspect)
    known = np.array(list(compared.rows))
    unknown = np.setdiff1d(doc_nos, known)  # words alone can tell
    nearest: Numbers = np.union1d(known[best_first(scores, known)[:n]], unknown)
    return nearest


def _scores(
    common: InCommon,
    this: Shown,
    others: Sequence[Shown],
    aspect: Aspect,
    compared: _Compared | None,
) -> Scores:
    """Scores of `others`. Those without a vector are compared by words, as if the rest of their
    likeness were the mean."""
    by_words = common.scores()
    known = [row for row, other in enumerate(others) if compared and other.doc_no in compared.rows]
    if compared is None or not known:
        return by_words
    pairs = None
    if WEIGHTS[aspect].pairs > 0.0:
        parts = zip(_parts_of(this)[1:], compared.meant[1:], strict=False)
        pairs = common.pairs([text for text, weight in parts if weight > 0.0])[known]
    scores = z_scores(by_words)
    scores[known] = weighed(
        compared.alike.at([compared.rows[others[row].doc_no] for row in known]),
        words=by_words[known],
        pairs=pairs,
        aspect=aspect,
    )
    return scores


def _parts_of(shown: Shown) -> list[str]:
    """The texts of title and sentences."""
    return passage(shown.title, shown.abstract).parts()


def _paper(other: Shown, score: float, shared: tuple[str, ...], pair: Pair | None) -> SimilarPaper:
    reasons = []
    if shared:
        reasons.append("shares " + ", ".join(f'"{word}"' for word in shared))
    if pair:
        there, here = (clip_words(s, SENTENCE_CHARS_MAX) for s in (pair.of_other, pair.of_this))
        reasons.append(f"“{there}” is near “{here}”")
    return SimilarPaper(
        other.doc_no, other.doc_id, other.title, score, shared, pair, tuple(reasons)
    )


def _pair(
    this: Shown, sentences: Sequence[str], other: Shown, compared: _Compared, aspect: Aspect
) -> Pair | None:
    """None too where a paper's text is no longer the one that was embedded."""
    if other.doc_no not in compared.rows:
        return None
    theirs = compared.pool.paper(compared.rows[other.doc_no])
    row, column, cosine = closest_pair(compared.own, theirs, aspect)
    of_this, of_other = _at(sentences, row), _at(_parts_of(other), column)
    if not of_this or not of_other or math.isnan(cosine):
        return None
    return Pair(of_this, of_other, cosine)


def _at(parts: Sequence[str], row: int) -> str:
    return parts[row] if row < len(parts) else ""
