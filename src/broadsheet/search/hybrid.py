"""Words and meaning together: the candidates of both, in one order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tantivy import Occur
from tantivy import Query as IndexQuery

from broadsheet.index.lexical import LexicalSearcher, doc_no_query
from broadsheet.index.vectors import Numbers, VectorIndex
from broadsheet.rank.fusion import Scores
from broadsheet.rank.hybrid import N_DENSE_CANDIDATES, N_LEXICAL_CANDIDATES, rank_hybrid
from broadsheet.search.compile import Compiled
from broadsheet.search.meaning import Meaning, Vector
from broadsheet.search.ranking import best_scores, score_documents

#: Below it a document without any of the words is not about the query: two abstracts taken at
#: random have a cosine of about .1.
MEANING_ONLY_COSINE_MIN = 0.2


@dataclass(frozen=True, slots=True)
class Candidates:
    """The best of both sides, best first: doc_nos, scores, cosines (nan without vector) and
    whether the words find the document. `n_by_words` counts all that the words find."""

    doc_nos: Numbers
    scores: Scores
    cosines: npt.NDArray[np.float64]
    by_words: npt.NDArray[np.bool_]
    n_by_words: int


@dataclass(frozen=True, slots=True)
class Rest:
    """What is found besides the candidates: all that `query` finds, `n_docs` of them, of which
    `among` are candidates (by position)."""

    query: IndexQuery
    n_docs: int
    among: npt.NDArray[np.bool_]


def query_vector(meaning: Meaning, compiled: Compiled) -> Vector | None:
    """What is looked for, as a unit vector: the text asked for and the documents of `like:`,
    each counted alike. None where the query says nothing but filters."""
    vectors = [meaning.embed_query(compiled.text)] if compiled.text else []
    if compiled.likes:
        liked = meaning.vectors.vectors(_liked(compiled))
        vectors += [row for row in liked if not np.isnan(row).any()]
    if not vectors:
        return None
    total = np.sum(vectors, axis=0)
    unit: Vector = (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32)
    return unit


def find_candidates(
    searcher: LexicalSearcher,
    vectors: VectorIndex,
    compiled: Compiled,
    query: Vector,
    allowed: Numbers | None,
) -> Candidates:
    """The best of the words and the best of the meaning, fused. `allowed` is what the query's
    conditions leave, ascending; None for everything."""
    some = compiled.relaxed or compiled.strict or IndexQuery.empty_query()
    best = best_scores(searcher, some, N_LEXICAL_CANDIDATES)
    near, cosines = vectors.search(query, N_DENSE_CANDIDATES, allowed=allowed)
    new = ~np.isin(near, best.doc_nos) & ~np.isin(near, _liked(compiled))
    near, cosines = near[new], cosines[new]
    known = score_documents(searcher, some, near.tolist())
    scores = np.array([known.get(doc_no, np.nan) for doc_no in near.tolist()], dtype=np.float64)
    kept = ~np.isnan(scores) | (cosines >= MEANING_ONLY_COSINE_MIN)
    doc_nos = np.concatenate([best.doc_nos, near[kept]])
    lexical = np.concatenate([best.scores, scores[kept]])
    by_words = ~np.isnan(lexical)
    ranking = rank_hybrid(doc_nos, np.nan_to_num(lexical), vectors.vectors(doc_nos), query)
    order = ranking.order
    return Candidates(
        doc_nos[order], ranking.scores[order], ranking.cosines[order], by_words[order], best.total
    )


def rest_of(
    searcher: LexicalSearcher, candidates: Candidates, query: IndexQuery, n_docs: int
) -> Rest:
    """The rest where it is less than all that the words find."""
    known = score_documents(searcher, query, candidates.doc_nos.tolist())
    among = np.array([doc_no in known for doc_no in candidates.doc_nos.tolist()], dtype=np.bool_)
    return Rest(query, n_docs, among)


def page_of(
    searcher: LexicalSearcher,
    candidates: Candidates,
    rest: Rest,
    *,
    k: int,
    offset: int,
) -> tuple[int, list[tuple[int, float]]]:
    """How many are found in all, and (doc_no, score) at `offset` to `offset + k`: the candidates,
    then the rest in its order, with no higher score."""
    n = len(candidates.doc_nos)
    n_beside = rest.n_docs - int(rest.among.sum())
    found = list(
        zip(
            candidates.doc_nos[offset : offset + k].tolist(),
            candidates.scores[offset : offset + k].tolist(),
            strict=True,
        )
    )
    if len(found) < k and n_beside > 0:
        best = best_scores(searcher, rest.query, offset + k)
        left = ~np.isin(best.doc_nos, candidates.doc_nos)
        first = max(0, offset - n)
        least = float(candidates.scores.min()) if n else 1.0
        scores = least - 1.0 + best.scores[left] / max(float(best.scores.max(initial=0.0)), 1e-9)
        found += list(zip(best.doc_nos[left].tolist(), scores.tolist(), strict=True))[
            first : first + k - len(found)
        ]
    return n_beside + n, found


def found_query(candidates: Candidates, rest: Rest, searcher: LexicalSearcher) -> IndexQuery:
    """A query for everything that is found, to count facets of it."""
    alone = candidates.doc_nos[~rest.among]
    if not len(alone):
        return rest.query
    return IndexQuery.boolean_query(
        [(Occur.Should, rest.query), (Occur.Should, doc_no_query(searcher.schema, alone.tolist()))]
    )


def _liked(compiled: Compiled) -> Numbers:
    return np.array([shown.doc_no for shown, _ in compiled.likes], dtype=np.int64)
