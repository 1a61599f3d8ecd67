"""An interest fitted again and again without some of its likes, for little more than one fit costs.

All but the log odds of words are means over likes, so products of papers and likes are taken once;
and the log odds of a term that no like has is the same for all such terms. The numbers are those of
`fit_interest` and `kinds` on the likes that are left in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from broadsheet.rank.background import Background, Evidence, Floats
from broadsheet.rank.interest import (
    DISLIKE_WEIGHT,
    PRIOR_TOKENS,
    author_odds,
    best_mean,
    category_odds,
    cosines,
    directions,
    spread,
)

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Refits:
    """Rows of all matrices are the background's sample (the first `n_sample`), the likes, then
    others. `words`, `meaning`, `alike` (n, n_likes): products with each like; `away` (n, 3): what
    dislikes take from words, odds and meaning; `terms` (n, n_own) the tf-idf of the likes' own
    terms, `totals` (n,) of all terms; `counts` (n_likes, n_own), `shares` (n_own,). `authors` and
    `categories` are those of the likes and others."""

    background: Background
    n_likes: int
    n_sample: int
    followed: tuple[int, ...]
    words: Floats
    meaning: Floats
    alike: Floats
    away: Floats
    terms: sparse.csr_array
    totals: Floats
    counts: sparse.csc_array
    shares: Floats
    authors: sparse.csr_array
    categories: sparse.csr_array

    @classmethod
    def of(
        cls,
        background: Background,
        likes: Evidence,
        *,
        dislikes: Evidence,
        followed_authors: npt.ArrayLike,
        others: Evidence,
    ) -> Self:
        parts = (background.sample, likes, others)
        words = _stacked([part.words for part in parts])
        meaning = np.vstack([part.meaning for part in parts])
        products = np.asarray((words @ likes.words.T).toarray(), dtype=np.float64)
        own = np.unique(likes.papers.counts.indices)
        return cls(
            background=background,
            n_likes=len(likes),
            n_sample=len(background.sample),
            followed=tuple(np.asarray(followed_authors, dtype=np.int64).tolist()),
            words=products,
            meaning=meaning @ (background.precision @ likes.meaning.T),
            alike=products + cosines(meaning, likes.meaning),
            away=_away(background, dislikes, words, meaning),
            terms=words[:, own],
            totals=np.asarray(words.sum(axis=1), dtype=np.float64).ravel(),
            counts=sparse.csc_array(likes.papers.counts[:, own]),
            shares=background.shares[own],
            authors=_stacked([part.papers.authors for part in parts[1:]]),
            categories=_stacked([part.papers.categories for part in parts[1:]]),
        )

    def kinds(self, parts: Sequence[tuple[Rows, Rows, Rows]]) -> list[tuple[Floats, Floats]]:
        """For each part (fit, out, others): kinds (n, 6) of the likes `out` and of the `others`,
        under the interest of the likes `fit` alone. All refits are products of one matrix, a
        column each."""
        left_in = np.zeros((self.n_likes, len(parts)))
        for column, (fit, _, _) in enumerate(parts):
            left_in[fit, column] = 1.0
        shares = left_in / np.maximum(left_in.sum(axis=0), 1.0)
        added = np.stack(
            [self.words @ shares, self._odds(left_in), self.meaning @ shares], axis=-1
        ) - self.away[:, np.newaxis]  # fmt: skip
        facts = self._facts(left_in.T)
        n = self.n_sample
        near = [best_mean(self.alike[:n, fit]) for fit, _, _ in parts]
        usual = np.concatenate([added[:n], np.stack(near, axis=-1)[..., np.newaxis]], axis=-1)
        zeros, units = spread(usual.swapaxes(0, 1))
        found = []
        for column, (fit, out, others) in enumerate(parts):
            wanted = np.concatenate([out, self.n_likes + others]).astype(np.int64)
            near_wanted = best_mean(self.alike[np.ix_(n + wanted, fit)])
            raw = np.column_stack([added[n + wanted, column], near_wanted, facts[column, wanted]])
            scaled = (raw - zeros[column]) / units[column]
            found.append((scaled[: len(out)], scaled[len(out) :]))
        return found

    def _odds(self, left_in: Floats) -> Floats:
        """(n, n_parts)."""
        tokens = self.counts.T @ left_in
        n_tokens = tokens.sum(axis=0) + PRIOR_TOKENS
        shares = self.shares[:, np.newaxis]
        odds = np.log((tokens + PRIOR_TOKENS * shares) / n_tokens / shares)
        without = np.log(PRIOR_TOKENS / n_tokens)
        added: Floats = np.outer(self.totals, without) + self.terms @ (odds - without)
        return added

    def _facts(self, left_in: Floats) -> Floats:
        """Authors and categories of likes and others (n_parts, n, 2)."""
        mask = np.zeros((len(left_in), int(self.authors.shape[0])))
        mask[:, : self.n_likes] = left_in
        n_tags = np.diff(self.categories.indptr)
        authors = author_odds(self.background, mask @ self.authors, self.followed)
        n_with = np.count_nonzero(mask * n_tags, axis=1)
        categories = category_odds(self.background, mask @ self.categories, n_with)
        by_category = (self.categories @ categories.T).T / np.maximum(n_tags, 1)
        return np.stack([(self.authors @ authors.T).T, by_category], axis=-1)


def _away(
    background: Background, dislikes: Evidence, words: sparse.csr_array, meaning: Floats
) -> Floats:
    if len(dislikes) == 0:
        return np.zeros((int(words.shape[0]), 3))
    word_weights, vector_weights = directions(background, dislikes)
    away: Floats = DISLIKE_WEIGHT * np.column_stack(
        [np.asarray(words @ word_weights.T), meaning @ vector_weights]
    )
    return away


def _stacked(parts: list[sparse.csr_array]) -> sparse.csr_array:
    return sparse.csr_array(sparse.vstack(parts, format="csr"))
