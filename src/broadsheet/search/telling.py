"""The telling words of papers: those that say what one is about, and what papers share by them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from broadsheet.index.analysis import first_written, telling_stems, words
from broadsheet.index.entry import Shown
from broadsheet.index.lexical import LexicalSearcher
from broadsheet.rank.fusion import Scores, z_scores
from broadsheet.rank.words import (
    bm25f,
    counts_length,
    pair_counts,
    pool_frequencies,
    shared_terms,
    tfidf_cosines,
    tfidf_vector,
    weighted_counts,
)

TELLING_TERMS_MAX = 25
N_SHARED_TERMS = 5


@dataclass(frozen=True, slots=True)
class Told:
    """The words of a paper in order and what each is as a stem, nothing for a stop word; the first
    `n_title` are its title's."""

    words: list[str]
    stems: list[str]
    n_title: int

    @classmethod
    def of(cls, shown: Shown) -> Told:
        title = words(shown.title)
        found = title + words(shown.abstract)
        return cls(found, telling_stems(found), len(title))

    @property
    def title(self) -> list[str]:
        return list(filter(None, self.stems[: self.n_title]))

    @property
    def abstract(self) -> list[str]:
        return list(filter(None, self.stems[self.n_title :]))

    def counts(self) -> dict[str, int]:
        """How often it has each telling stem, as the index counts them."""
        return weighted_counts(self.title, self.abstract)

    def written(self, terms: Sequence[str]) -> tuple[str, ...]:
        """Each stem as it first stands in the text."""
        first = first_written(self.words, self.stems)
        return tuple(first[term] for term in terms)


def telling_terms(
    searcher: LexicalSearcher, told: Told, *, limit: int = TELLING_TERMS_MAX
) -> list[tuple[str, float]]:
    """The stems that best tell this document from others, by tf-idf; ties by stem.

    Weight is (1 + ln tf) * ln(N / df), tf counted as indexed. Stems that no other document has,
    or all have, are left out: they tell nothing.
    """
    weighed = []
    for term, n in told.counts().items():
        n_docs = searcher.n_docs_with(term)
        if 1 < n_docs < searcher.n_docs:
            weight = (1 + math.log(n)) * math.log(searcher.n_docs / n_docs)
            weighed.append((term, weight))
    return sorted(weighed, key=lambda pair: (-pair[1], pair[0]))[:limit]


class InCommon:
    """What one paper and others have in common, word by word."""

    def __init__(self, idf: Mapping[str, float], this: Told, others: Sequence[Told]) -> None:
        self._idf = idf
        self._this = this
        self._others = others
        self._query = tfidf_vector(this.counts(), idf)
        self._counts = [other.counts() for other in others]

    def scores(self) -> Scores:
        """The sum of BM25F and the cosine of tf-idf vectors, each standardised over the others."""
        mean_length = sum(map(counts_length, self._counts)) / max(1, len(self._counts))
        terms = dict.fromkeys(self._query, 1.0)
        bm25 = bm25f(terms, self._counts, idf=self._idf, mean_length=mean_length)
        return z_scores(bm25) + z_scores(tfidf_cosines(self._query, self._counts, self._idf))

    def pairs(self, sentences: Sequence[str]) -> Scores:
        """For each of the others the tf-idf cosine of pairs of words with this paper's title and
        these of its sentences."""
        others = [pair_counts(other.title, [other.abstract]) for other in self._others]
        idf = pool_frequencies(others)
        query = pair_counts(self._this.title, [_stems(text) for text in sentences])
        vector = tfidf_vector({pair: n for pair, n in query.items() if pair in idf}, idf)
        return tfidf_cosines(vector, others, idf)

    def shared(self, row: int) -> tuple[str, ...]:
        """The words that this paper and another share and that tell most, as the other writes
        them."""
        both = {term: n for term, n in self._counts[row].items() if term in self._query}
        theirs = tfidf_vector(both, self._idf)
        terms = shared_terms(self._query, theirs, n_terms=N_SHARED_TERMS)
        return self._others[row].written(terms)


def _stems(text: str) -> list[str]:
    return list(filter(None, telling_stems(words(text))))
