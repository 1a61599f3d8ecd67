"""A reader's interest as a small linear model over kinds of evidence, each of which can be read.

| kind | of a paper |
| --- | --- |
| words | tf-idf cosine with the mean of the likes |
| odds | log odds of its words under the likes' language against the background's |
| meaning | linear discriminant of sentence vectors: likes against the background |
| likeness | mean likeness to the `N_BEST` likes it resembles most |
| authors | log odds of its authors among the likes' and followed authors |
| categories | mean log odds of its categories under the likes' against the background's |

The first four are put on one scale by the background (zero: a usual paper; one: its spread there),
so that scores of different days can be compared; the last two are log odds as they are. All are
added with fixed weights: priors with which one like is already useful. Dislikes are subtracted
from words, odds and meaning.

Source: Rocchio, "Relevance feedback in information retrieval", 1971 (words); Zhai and Lafferty,
"A study of smoothing methods for language models", ACM TOIS 22(2), 2004, Dirichlet prior (odds);
`rank.background` (meaning). Weights and what else was tried: docs/decisions/030-interests.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from broadsheet.rank.background import Background, Evidence, Floats

KINDS = ("words", "odds", "meaning", "likeness", "authors", "categories")
N_SCALED = 4  # the first so many are put on the background's scale
WEIGHTS: Floats = np.array([0.5, 0.75, 2.0, 1.5, 0.5, 1.0])
N_BEST = 3
DISLIKE_WEIGHT = 0.5
#: Tokens of background that stand before the likes' own; likewise papers, for the other two.
PRIOR_TOKENS = 1_000.0
PRIOR_PAPERS_AUTHORS = 10.0
PRIOR_PAPERS_CATEGORIES = 5.0
#: A followed author counts as the author of so many likes more.
FOLLOWED_LIKES = 5.0
SPREAD_MIN = 1e-9


@dataclass(frozen=True, slots=True)
class Interest:
    """A fitted interest. `word_weights` (2, n_terms): words, odds; `vector_weights` (d,);
    `author_weights`, `category_weights`: log odds a column; `likes` with their `like_weights`
    (n_likes,) summing to 1; `zeros`, `units` and `weights` (6,) in the order of `KINDS`."""

    word_weights: Floats
    vector_weights: Floats
    author_weights: Floats
    category_weights: Floats
    likes: Evidence
    like_weights: Floats
    zeros: Floats
    units: Floats
    weights: Floats


def fit_interest(
    background: Background,
    likes: Evidence,
    *,
    like_weights: npt.ArrayLike | None = None,
    dislikes: Evidence | None = None,
    followed_authors: npt.ArrayLike = (),
    weights: npt.ArrayLike = WEIGHTS,
    usual_alike: Floats | None = None,
) -> Interest:
    """The interest of a reader.

    `like_weights` (n_likes,) >= 0 says how much each like counts (recent ones more), alike where
    not given; `followed_authors` are columns; `usual_alike` is the `resemblance` of the
    background's sample to the likes, where the caller has it already. Without any like every paper
    is usual but for dislikes, followed authors and categories.
    """
    shares = _shares(len(likes), like_weights)
    word_weights, vector_weights = directions(background, likes, shares)
    if dislikes is not None and len(dislikes):
        away = directions(background, dislikes)
        word_weights = word_weights - DISLIKE_WEIGHT * away[0]
        vector_weights = vector_weights - DISLIKE_WEIGHT * away[1]
    n_with = int(np.count_nonzero(np.diff(likes.papers.categories.indptr)))
    bare = Interest(
        word_weights=word_weights,
        vector_weights=vector_weights,
        author_weights=author_odds(
            background, _column_sums(likes.papers.authors), followed_authors
        ),
        category_weights=category_odds(background, _column_sums(likes.papers.categories), n_with),
        likes=likes,
        like_weights=shares,
        zeros=np.zeros(len(KINDS)),
        units=np.ones(len(KINDS)),
        weights=np.asarray(weights, dtype=np.float64),
    )
    zeros, units = spread(raw_kinds(bare, background.sample, usual_alike))
    return replace(bare, zeros=zeros, units=units)


def spread(usual: Floats) -> tuple[Floats, Floats]:
    """Zero and unit (..., 6) of each kind, from raw kinds (..., n, 6) of the background's sample;
    the first `N_SCALED` of them suffice."""
    scaled = usual[..., :N_SCALED]
    shape = (*usual.shape[:-2], len(KINDS))
    zeros, units = np.zeros(shape), np.ones(shape)
    zeros[..., :N_SCALED], spreads = scaled.mean(axis=-2), scaled.std(axis=-2)
    units[..., :N_SCALED] = np.where(spreads > SPREAD_MIN, spreads, np.inf)
    return zeros, units


def raw_kinds(interest: Interest, papers: Evidence, alike: Floats | None = None) -> Floats:
    """Each paper's evidence (n, 6) by kind, before it is put on one scale. `alike` is their
    `resemblance` to the likes, where the caller has it already."""
    authors = papers.papers.authors @ interest.author_weights
    has = papers.papers.categories
    n_has = np.maximum(np.diff(has.indptr), 1)
    return np.column_stack(
        [
            np.asarray(papers.words @ interest.word_weights.T),
            papers.meaning @ interest.vector_weights,
            best_mean(resemblance(interest.likes, papers) if alike is None else alike),
            authors,
            (has @ interest.category_weights) / n_has,
        ]
    )


def kinds(interest: Interest, papers: Evidence, alike: Floats | None = None) -> Floats:
    """Each paper's evidence (n, 6) by kind on one scale; times the weights it is `contributions`.

    `alike` as in `raw_kinds`.
    """
    scaled: Floats = (raw_kinds(interest, papers, alike) - interest.zeros) / interest.units
    return scaled


def contributions(interest: Interest, papers: Evidence) -> Floats:
    """What each kind adds to each paper's score, (n, 6); rows sum to `scores`."""
    added: Floats = kinds(interest, papers) * interest.weights
    return added


def scores(interest: Interest, papers: Evidence) -> Floats:
    """(n,) larger is better; 0 is a usual paper of the background."""
    total: Floats = contributions(interest, papers).sum(axis=1)
    return total


def telling_words(
    interest: Interest, papers: Evidence, row: int, terms: Sequence[str], *, n_terms: int = 5
) -> list[tuple[str, float]]:
    """The terms that carried paper `row`, with what they added to its score, heaviest first.

    `terms` (n_terms,) names the columns. Only what speaks for the paper; ties by name.
    """
    span = slice(papers.words.indptr[row], papers.words.indptr[row + 1])
    columns = papers.words.indices[span]
    scale = interest.weights[:2] / interest.units[:2]
    added = papers.words.data[span] * (scale @ interest.word_weights[:, columns])
    if added.size > n_terms:
        heaviest = added >= np.partition(added, -n_terms)[-n_terms]
        columns, added = columns[heaviest], added[heaviest]
    named = [
        (terms[column], value)
        for column, value in zip(columns.tolist(), added.tolist(), strict=True)
        if value > 0
    ]
    return sorted(named, key=lambda item: (-item[1], item[0]))[:n_terms]


def best_likes(likeness: Floats, *, n_likes: int = N_BEST) -> list[tuple[int, float]]:
    """The likes that a paper resembles most, from its row of `resemblance` (n_likes,): (row among
    the likes, likeness), best first."""
    order = np.lexsort((np.arange(likeness.size), -likeness))[:n_likes]
    return [(int(place), float(likeness[place])) for place in order if likeness[place] > 0]


def recency_weights(ages_days: npt.ArrayLike, *, half_life_days: float, floor: float) -> Floats:
    """floor + (1 - floor) * 2^(-age / half life): recent likes count more, old ones still count."""
    ages = np.maximum(np.asarray(ages_days, dtype=np.float64), 0.0)
    weights: Floats = floor + (1.0 - floor) * np.exp2(-ages / half_life_days)
    return weights


def _shares(n_papers: int, weights: npt.ArrayLike | None) -> Floats:
    given = np.ones(n_papers) if weights is None else np.asarray(weights, dtype=np.float64)
    total = float(given.sum())
    shares: Floats = given / total if total > 0 else np.full(n_papers, 1.0 / max(n_papers, 1))
    return shares


def directions(
    background: Background, judged: Evidence, shares: Floats | None = None
) -> tuple[Floats, Floats]:
    """Where judged papers lie from the background: in words (2, n_terms), in meaning (d,).
    `shares` (n,) sum to 1; alike where not given."""
    shares = _shares(len(judged), None) if shares is None else shares
    centroid = np.asarray(judged.words.T @ shares, dtype=np.float64).ravel()
    odds = _log_odds(background, judged, shares)
    return np.stack([centroid, odds]), background.precision @ (shares @ judged.meaning)


def _log_odds(background: Background, judged: Evidence, shares: Floats) -> Floats:
    """ln of the papers' share of each term, smoothed by the background's, over the background's."""
    counts = judged.papers.counts
    tokens = np.asarray(counts.T @ (shares * len(judged)), dtype=np.float64).ravel()
    smoothed = (tokens + PRIOR_TOKENS * background.shares) / (tokens.sum() + PRIOR_TOKENS)
    odds: Floats = np.log(smoothed / background.shares)
    return odds


def author_odds(background: Background, n_likes: Floats, followed: npt.ArrayLike) -> Floats:
    """ln(1 + n / (prior * share)) >= 0, of authors with `n_likes` (..., n_authors) likes each: one
    whom the likes do not have says nothing."""
    n_papers = n_likes.copy()
    n_papers[..., np.asarray(followed, dtype=np.int64)] += FOLLOWED_LIKES
    odds: Floats = np.log1p(n_papers / (PRIOR_PAPERS_AUTHORS * background.author_shares))
    return odds


def category_odds(background: Background, n_likes: Floats, n_with: npt.ArrayLike) -> Floats:
    """ln of the share of likes in each category, smoothed by the background's, over its share.

    `n_likes` (..., n_categories) of the `n_with` (...) likes that have any category; the rest (from
    another source) are left out.
    """
    prior, shares = PRIOR_PAPERS_CATEGORIES, background.category_shares
    n_papers = np.asarray(n_with, dtype=np.float64)[..., np.newaxis] + prior
    odds: Floats = np.log((n_likes + prior * shares) / (n_papers * shares))
    return odds


def _column_sums(columns: sparse.csr_array) -> Floats:
    sums: Floats = np.asarray(columns.sum(axis=0), dtype=np.float64).ravel()
    return sums


def best_mean(likeness: Floats) -> Floats:
    """(n,) mean over the `N_BEST` likes that each paper resembles most; 0 without likes."""
    if likeness.shape[1] == 0:
        return np.zeros(len(likeness))
    n_best = min(N_BEST, likeness.shape[1])
    best = np.partition(likeness, -n_best, axis=1)[:, -n_best:]
    mean: Floats = best.mean(axis=1)
    return mean


def resemblance(likes: Evidence, papers: Evidence) -> Floats:
    """(n_papers, n_likes): product of words plus cosine of centred vectors."""
    words = np.asarray((papers.words @ likes.words.T).toarray(), dtype=np.float64)
    return words + cosines(papers.meaning, likes.meaning)


def cosines(papers: Floats, likes: Floats) -> Floats:
    """(n_papers, n_likes) of centred vectors; 0 where there is none."""
    found: Floats = _unit(papers) @ _unit(likes).T
    return found


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Floats = vectors / np.where(lengths > 0, lengths, 1.0)
    return units
