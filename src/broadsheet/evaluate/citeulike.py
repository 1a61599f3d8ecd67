"""Readers' libraries in citeulike's layout: `users.dat`, `mult.dat`, perhaps `vocabulary.dat`.

A line of `users.dat` is a reader: the number of saves, then papers by number. A line of
`mult.dat` is a paper: the number of words, then `word:count`, words by number.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from broadsheet.errors import ParseError
from broadsheet.evaluate.bootstrap import Figure
from broadsheet.evaluate.card import exactly, figure_of
from broadsheet.evaluate.contenders import (
    OURS,
    Contender,
    Ranker,
    Rows,
    World,
    contenders,
    make_world,
)
from broadsheet.evaluate.files import find_file, has_file, read_lines
from broadsheet.evaluate.library_peers import tfidf_rows
from broadsheet.evaluate.paper_columns import Embed
from broadsheet.evaluate.promise import (
    Library,
    area_under_curve,
    cold_start_figures,
    dial_figures,
    seconds_for,
)
from broadsheet.rank.background import Floats, papers_of
from broadsheet.rank.collaborative import collaborative_scores, item_factors, lift
from broadsheet.rank.latent import latent_vectors

N_KEPT = 10
N_SEEN = 100
ITEM_CF, WITH_OTHERS = "item-CF", "ours + other readers' saves"
#: A group: so many readers, those with most of the known saves in common or drawn by chance.
N_FELLOWS = 10
WITH_FELLOWS = f"ours + {N_FELLOWS} like-minded readers' saves"
WITH_STRANGERS = f"ours + {N_FELLOWS} strangers' saves"
LATENT_SHARE = 0.5
N_OTHERS_SAMPLE = 2_000
DIAL_KEPT_SHARE = 0.8
DIAL_LIBRARY_MIN = 25
N_DIAL_READERS = 200
N_COLD_READERS = 100
N_PAPERS = 500  # of the speed figure
_NUMBER = re.compile(r"[0-9]{1,9}")
_WORD_COUNT = re.compile(r"[0-9]{1,9}:[0-9]{1,9}(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Libraries:
    """`counts` (n_docs, n_terms); `saved[i]` the papers of reader i, ascending."""

    name: str
    counts: sparse.csr_array
    saved: tuple[Rows, ...]
    terms: tuple[str, ...]


def load_libraries(folder: Path) -> Libraries:
    """Raises ParseError for a missing file and for a line that is no such list."""
    indices: list[int] = []
    data: list[float] = []
    starts = [0]
    for number, cells in _lists(folder, "mult"):
        if not all(_WORD_COUNT.fullmatch(cell) for cell in cells):
            raise ParseError("not word:count", place=f"mult.dat:{number}")
        pairs = [cell.split(":") for cell in cells]
        indices += [int(word) for word, _ in pairs]
        data += [float(count) for _, count in pairs]
        starts.append(len(indices))
    n_docs = len(starts) - 1
    if n_docs == 0:
        raise ParseError("there is no paper in it", place="mult.dat")
    saved = []
    for number, cells in _lists(folder, "users"):
        if not all(_NUMBER.fullmatch(cell) and int(cell) < n_docs for cell in cells):
            raise ParseError("not a list of papers of mult.dat", place=f"users.dat:{number}")
        saved.append(np.unique(np.array([int(cell) for cell in cells], dtype=np.int64)))
    terms = tuple(line.strip() for line in _vocabulary(folder))
    n_terms = max(max(indices, default=-1) + 1, len(terms))
    counts = sparse.csr_array(
        (np.array(data), np.array(indices, np.int64), starts), shape=(n_docs, n_terms)
    )
    counts.sum_duplicates()
    return Libraries(folder.name, counts, tuple(saved), terms)


def word_texts(libraries: Libraries) -> list[str]:
    """Each paper's words as a text, the most frequent first: all a sentence model can be given."""
    counts, terms = libraries.counts, libraries.terms
    texts = []
    for row in range(int(counts.shape[0])):
        span = slice(counts.indptr[row], counts.indptr[row + 1])
        columns, values = counts.indices[span], counts.data[span]
        order = np.lexsort((columns, -values))
        texts.append(" ".join(terms[column] for column in columns[order]))
    return texts


def citeulike_world(libraries: Libraries, embed: Embed | None) -> World:
    """Vectors are latent ones of the words, beside the sentence model's of the same words where
    there is a model."""
    n_docs = int(libraries.counts.shape[0])
    everything = np.arange(n_docs, dtype=np.int64)
    n_with = np.bincount(libraries.counts.indices, minlength=libraries.counts.shape[1])
    idf = np.log((n_docs + 1.0) / np.maximum(n_with, 1.0))
    latent = latent_vectors(tfidf_rows(libraries.counts, idf))
    if embed is not None and libraries.terms:
        vectors = np.hstack([np.asarray(embed(word_texts(libraries))), LATENT_SHARE * latent])
    else:
        vectors = latent
    rng = np.random.default_rng(0)
    return make_world(papers_of(libraries.counts, vectors), rng.permutation(everything))


def citeulike_figures(
    libraries: Libraries,
    *,
    n_readers: int,
    seed: int,
    embed: Embed | None,
    n_interests: int,
    clock: Callable[[], float],
) -> tuple[int, dict[str, dict[str, Figure]]]:
    """The number of readers measured, and the figures: `N_KEPT` saves known, the rest hidden
    among all other papers."""
    rng = np.random.default_rng(seed)
    world = citeulike_world(libraries, embed)
    n_docs = int(libraries.counts.shape[0])
    able = [reader for reader, saved in enumerate(libraries.saved) if N_KEPT < len(saved) < n_docs]
    if not able:
        raise ParseError(
            f"no reader has more than {N_KEPT} of the papers, and not all", place=libraries.name
        )
    readers = [int(reader) for reader in rng.permutation(able)[:n_readers]]
    splits = {reader: _split(libraries.saved[reader], N_KEPT, rng) for reader in readers}
    figures = _ranking_figures(libraries, world, splits, np.random.default_rng(seed))
    large = [reader for reader in readers if len(libraries.saved[reader]) >= DIAL_LIBRARY_MIN]
    kept = [_library(libraries, world, reader, rng) for reader in large[:N_DIAL_READERS]]
    if kept:
        figures |= dial_figures(world, kept, rng=rng)
        figures |= cold_start_figures(world, kept[:N_COLD_READERS], rng=rng)
        seconds = seconds_for(
            world, kept, n_interests=n_interests, n_papers=N_PAPERS, clock=clock, rng=rng
        )
        figures["speed"] = {f"s for {n_interests} x {N_PAPERS}": exactly(seconds)}
    return len(readers), figures


def _ranking_figures(
    libraries: Libraries,
    world: World,
    splits: dict[int, tuple[Rows, Rows]],
    rng: np.random.Generator,
) -> dict[str, dict[str, Figure]]:
    chosen = contenders(world, with_facts=False)
    saves = _known_saves(libraries, splits)
    factors = item_factors(saves)
    values: dict[str, dict[str, list[float]]] = {}
    for reader, (kept, hidden) in splits.items():
        alone = factors.copy()
        alone.data[alone.indptr[reader] : alone.indptr[reader + 1]] = 0.0
        by_system = _scored(chosen, world, kept)
        by_system[ITEM_CF] = collaborative_scores(alone, kept)
        by_system[WITH_OTHERS] = by_system[OURS] + lift(alone, kept)
        near, far = _groups(saves, reader, kept, rng)
        by_system[WITH_FELLOWS] = by_system[OURS] + lift(item_factors(saves[near]), kept)
        by_system[WITH_STRANGERS] = by_system[OURS] + lift(item_factors(saves[far]), kept)
        for system, scores in by_system.items():
            row = values.setdefault(system, {f"R@{N_SEEN}": [], "AUC": []})
            row[f"R@{N_SEEN}"].append(_recall(scores, kept, hidden))
            rest = np.delete(scores, np.concatenate([kept, hidden]))
            row["AUC"].append(area_under_curve(scores[hidden], rest))
    return {
        system: {name: figure_of(found) for name, found in row.items()}
        for system, row in values.items()
    }


def _groups(
    saves: sparse.csr_array, reader: int, kept: Rows, rng: np.random.Generator
) -> tuple[Rows, Rows]:
    """Rows of two groups that the reader could be in; ties by chance."""
    others = rng.permutation(int(saves.shape[0]))
    others = others[others != reader]
    n_common = np.asarray(saves[:, kept].sum(axis=1)).ravel()[others]
    near = others[np.argsort(-n_common, kind="stable")[:N_FELLOWS]]
    return np.sort(near), np.sort(others[:N_FELLOWS])


def _scored(chosen: dict[str, Contender], world: World, kept: Rows) -> dict[str, Floats]:
    rankers: dict[str, Ranker] = {name: fit(kept, ()) for name, fit in chosen.items()}
    return {name: rank(world.papers) for name, rank in rankers.items()}


def _recall(scores: Floats, kept: Rows, hidden: Rows) -> float:
    left = scores.copy()
    left[kept] = -np.inf
    first = np.lexsort((np.arange(left.size), -left))[:N_SEEN]
    return float(np.isin(hidden, first).mean())


def _known_saves(libraries: Libraries, splits: dict[int, tuple[Rows, Rows]]) -> sparse.csr_array:
    """All saves but what is hidden of the readers who are measured."""
    lists = [
        splits[reader][0] if reader in splits else saved
        for reader, saved in enumerate(libraries.saved)
    ]
    starts = np.concatenate([[0], np.cumsum([len(saved) for saved in lists])])
    columns = np.concatenate(lists)
    shape = (len(lists), int(libraries.counts.shape[0]))
    return sparse.csr_array((np.ones(len(columns)), columns, starts), shape=shape)


def _library(libraries: Libraries, world: World, reader: int, rng: np.random.Generator) -> Library:
    saved = libraries.saved[reader]
    kept, hidden = _split(saved, int(DIAL_KEPT_SHARE * len(saved)), rng)
    others = np.setdiff1d(world.negatives, saved)
    return Library(kept, hidden, rng.permutation(others)[:N_OTHERS_SAMPLE])


def _split(saved: Rows, n_kept: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
    mixed = rng.permutation(saved)
    return mixed[:n_kept], mixed[n_kept:]


def _lists(folder: Path, stem: str) -> list[tuple[int, list[str]]]:
    """Line numbers and the cells of lists that begin with their length; an empty line is an empty
    list, except at the end of the file."""
    lines = [(number, line.split()) for number, line in read_lines(find_file(folder, stem, "dat"))]
    while lines and not lines[-1][1]:
        lines.pop()
    for number, cells in lines:
        if cells and cells[0] != str(len(cells) - 1):
            reason = f"{len(cells) - 1} entries where the line begins with {cells[0][:20]}"
            raise ParseError(reason, place=f"{stem}.dat:{number}")
    return [(number, cells[1:]) for number, cells in lines]


def _vocabulary(folder: Path) -> list[str]:
    if not has_file(folder, "vocabulary", "dat"):
        return []
    return [line for _, line in read_lines(find_file(folder, "vocabulary", "dat"))]
