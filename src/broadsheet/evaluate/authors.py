"""The authors suite: mentions in name blocks grouped into people, measured by B-cubed."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from broadsheet.errors import ParseError
from broadsheet.evaluate.bootstrap import Figure
from broadsheet.evaluate.card import SEED, Card
from broadsheet.evaluate.files import id_of, read_jsonl, text_of
from broadsheet.rank.people import (
    NEVER,
    SURE,
    THRESHOLD,
    WEIGHTS,
    Mention,
    compare,
    fit,
    join,
    subject_vectors,
)
from broadsheet.text.names import author_key

FOLDS = 5
BLOCKS_MIN = 50  # to learn from; with fewer, the product's own weights and threshold
THRESHOLDS = tuple(step / 4 for step in range(-4, 9))
PRECISION_WANTED = 0.97
CAREFUL_THRESHOLD = 1.5  # where there is nothing to learn it from
N_RESAMPLES = 300
OURS, CAREFUL = "ours", "ours, careful"
SPELLING = "ours, spelling tells profiles apart"
NAME, COAUTHOR, EITHER = "name", "co-author", "co-author or affiliation"

Array = npt.NDArray[np.float64]
Labels = Sequence[int]


@dataclass(frozen=True, slots=True)
class Block:
    """Mentions of one name and the number of the person that each truly is."""

    mentions: tuple[Mention, ...]
    truth: tuple[int, ...]


def evaluate_authors(data: Path, *, clock: Callable[[], float] = time.perf_counter) -> Card:
    """Group each block by weights and a threshold learnt on the other four fifths of the blocks.

    `ours`: the threshold of best F1 there; `careful`: the lowest with precision ≥ .97 there;
    `spelling`: as `ours`, two spellings of a name (case included) being two people, which is how
    profiles are kept in these data, and wrong elsewhere. The profile id is never evidence; ORCID
    and DBLP ids are. Intervals: bootstrap over blocks. With fewer than `BLOCKS_MIN` blocks to learn
    from, the product's own weights and thresholds stand. Raises ParseError where there is no file
    of mentions, and for a bad line.
    """
    started = clock()
    blocks = read_blocks(data)
    pairs = _Pairs(blocks)
    fold = np.random.default_rng(SEED).permutation(len(blocks)) % FOLDS
    runs: dict[str, list[Labels]] = {
        NAME: [[0] * len(block.mentions) for block in blocks],
        COAUTHOR: [linked(block, with_affiliation=False) for block in blocks],
        EITHER: [linked(block, with_affiliation=True) for block in blocks],
    }
    for name, best, fixed, by_spelling in (
        (OURS, _best, THRESHOLD, False),
        (CAREFUL, _careful, CAREFUL_THRESHOLD, False),
        (SPELLING, _best, THRESHOLD, True),
    ):
        found: list[Labels] = [[]] * len(blocks)
        for number in range(FOLDS):
            inside, outside = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
            can_learn = len(outside) >= BLOCKS_MIN and pairs.has_both(outside)
            weights = pairs.fit(outside) if can_learn else np.array(WEIGHTS)
            odds = [
                _apart(blocks[k], pairs.odds(k, weights), by_spelling) for k in range(len(blocks))
            ]
            threshold = best(blocks, odds, outside) if can_learn else fixed
            for place in inside:
                found[place] = labels(odds[place], threshold)
        runs[name] = found
    figures = {name: b_cubed(blocks, run) for name, run in runs.items()}
    return Card("authors", data.name, len(blocks), clock() - started, figures)


def read_blocks(data: Path) -> list[Block]:
    """The blocks of a folder's mentions file."""
    paths = sorted(data.glob("*mentions*.jsonl*"))
    if len(paths) != 1:
        reason = "more than one file" if paths else "no file"
        wanted = "of mentions (*mentions*.jsonl, .gz or .xz)"
        raise ParseError(f"there is {reason} {wanted}", place=str(data))
    path = paths[0]
    rows = list(read_jsonl(path))
    if not rows:
        raise ParseError("there is no mention in it", place=path.name)
    texts = [f"{text_of(row.get('title'))} {text_of(row.get('keywords'))}" for row in rows]
    by_block: dict[str, list[tuple[str, Mention]]] = defaultdict(list)
    for row, words in zip(rows, subject_vectors(texts), strict=True):
        mention = _mention(row, words, path)
        block = text_of(row.get("block")) or author_key(mention.name)
        by_block[block].append((id_of(row, path, "author_id"), mention))
    blocks = []
    for members in by_block.values():
        people = {person: n for n, person in enumerate(dict.fromkeys(p for p, _ in members))}
        truth = tuple(people[person] for person, _ in members)
        blocks.append(Block(tuple(m for _, m in members), truth))
    return blocks


def linked(block: Block, *, with_affiliation: bool) -> list[int]:
    """The known baselines: mentions that share a co-author (or the affiliation as written) are one
    person, and so on from mention to mention."""
    found = list(range(len(block.mentions)))
    for one, first in enumerate(block.mentions):
        for other, second in enumerate(block.mentions[:one]):
            place = with_affiliation and first.affiliation == second.affiliation != ""
            if place or first.coauthors & second.coauthors:
                old, new = found[one], found[other]
                found = [new if label == old else label for label in found]
    return found


def labels(odds: Array, threshold: float) -> list[int]:
    found = [0] * len(odds)
    for number, (members, _) in enumerate(join(odds, threshold=threshold)):
        for member in members:
            found[member] = number
    return found


def b_cubed_sums(truth: Labels, found: Labels) -> tuple[float, float]:
    """Sums over mentions of B-cubed precision and recall.

    Source: Bagga and Baldwin, "Entity-based cross-document coreferencing", ACL 1998, section 4.
    """
    gold, ours = np.asarray(truth), np.asarray(found)
    same_gold, same_ours = gold[:, None] == gold, ours[:, None] == ours
    both = (same_gold & same_ours).sum(axis=1)
    return float((both / same_ours.sum(axis=1)).sum()), float((both / same_gold.sum(axis=1)).sum())


def b_cubed(blocks: Sequence[Block], run: Sequence[Labels]) -> dict[str, Figure]:
    """Precision, recall and F1 over all mentions, with 95 % intervals over blocks."""
    sums = np.array(
        [
            (*b_cubed_sums(block.truth, found), len(found))
            for block, found in zip(blocks, run, strict=True)
        ]
    )
    rng = np.random.default_rng(SEED)
    draws = np.array(
        [_measures(sums[rng.integers(0, len(sums), len(sums))]) for _ in range(N_RESAMPLES)]
    )
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    names = ("B3-P", "B3-R", "B3-F1")
    return {
        name: Figure(value, float(low[n]), float(high[n]))
        for n, (name, value) in enumerate(zip(names, _measures(sums), strict=True))
    }


def _measures(sums: Array) -> tuple[float, float, float]:
    precision, recall, n = sums.sum(axis=0)
    p, r = float(precision / n), float(recall / n)
    return p, r, 2 * p * r / (p + r) if p + r else 0.0


class _Pairs:
    """The evidence of every pair of every block, once."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._values: list[Array] = []
        self._same: list[Array] = []
        self._fixed: list[Array] = []
        for block in blocks:
            odds, table = compare(block.mentions)
            rows, columns = np.tril_indices(len(block.mentions), -1)
            pairs = list(zip(rows.tolist(), columns.tolist(), strict=True))
            values = [table[a][b] for a, b in pairs]
            self._values.append(np.array(values).reshape(len(pairs), len(WEIGHTS) - 1))
            truth = block.truth
            self._same.append(np.array([float(truth[a] == truth[b]) for a, b in pairs]))
            self._fixed.append(odds)

    def has_both(self, chosen: npt.NDArray[np.int64]) -> bool:
        """Whether there are pairs of one person and pairs of two to learn from."""
        return len(set(np.concatenate([self._same[place] for place in chosen]).tolist())) > 1

    def fit(self, chosen: npt.NDArray[np.int64]) -> Array:
        """Each block weighs as its mentions do, not as their square."""
        sizes = [len(self._fixed[place]) for place in chosen]
        weights = np.concatenate(
            [
                np.full(len(self._same[place]), 1.0 / max(n - 1, 1))
                for place, n in zip(chosen, sizes, strict=True)
            ]
        )
        values = np.vstack([self._values[place] for place in chosen])
        return fit(values, np.concatenate([self._same[place] for place in chosen]), weights)

    def odds(self, place: int, weights: Array) -> Array:
        """Log-odds by these weights; what identifiers decided stays decided."""
        fixed = self._fixed[place]
        n = len(fixed)
        learnt = np.full((n, n), NEVER)
        rows, columns = np.tril_indices(n, -1)
        learnt[rows, columns] = self._values[place] @ weights[:-1] + weights[-1]
        learnt[columns, rows] = learnt[rows, columns]
        decided = (fixed <= NEVER / 2) | (fixed >= SURE)
        return np.where(decided, fixed, learnt)


def _apart(block: Block, odds: Array, by_spelling: bool) -> Array:
    if not by_spelling:
        return odds
    names = np.array([mention.name for mention in block.mentions])
    return np.where(names[:, None] != names, NEVER, odds)


def _best(blocks: Sequence[Block], odds: Sequence[Array], chosen: npt.NDArray[np.int64]) -> float:
    return max(THRESHOLDS, key=lambda threshold: _score(blocks, odds, chosen, threshold)[2])


def _careful(
    blocks: Sequence[Block], odds: Sequence[Array], chosen: npt.NDArray[np.int64]
) -> float:
    for threshold in THRESHOLDS:
        if _score(blocks, odds, chosen, threshold)[0] >= PRECISION_WANTED:
            return threshold
    return THRESHOLDS[-1]


def _score(
    blocks: Sequence[Block],
    odds: Sequence[Array],
    chosen: npt.NDArray[np.int64],
    threshold: float,
) -> tuple[float, float, float]:
    sums = [
        (
            *b_cubed_sums(blocks[place].truth, labels(odds[place], threshold)),
            len(blocks[place].truth),
        )
        for place in chosen
    ]
    return _measures(np.array(sums))


def _mention(row: Mapping[str, Any], words: Mapping[str, float], path: Path) -> Mention:
    given = {kind: text_of(row.get(kind)) for kind in ("orcid", "dblp")}
    others = row.get("coauthors")
    names = [text_of(one) for one in others] if isinstance(others, list) else []
    year = text_of(row.get("year"))
    return Mention(
        doc=id_of(row, path, "paper_id"),
        name=id_of(row, path, "name"),
        coauthors=frozenset(author_key(name) for name in names),
        affiliation=text_of(row.get("affiliation")),
        words=words,
        venue=text_of(row.get("venue")),
        year=int(year) if year.isdecimal() else None,
        ids={kind: value for kind, value in given.items() if value},
    )
