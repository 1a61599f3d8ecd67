"""A corpus whose authors are the readers: what they wrote is what they would have wanted to read.

An author's earlier papers are the library; their later ones are hidden in the stream of their
month (of their year, where no paper has a month). The author's own name is kept from every system;
co-authors are evidence like any other, so `ours` is also given by text alone. Names that the data
know to be several people are left out.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.errors import ParseError
from broadsheet.evaluate.bootstrap import Figure, bootstrap_ratio
from broadsheet.evaluate.card import SEED, exactly, figure_of
from broadsheet.evaluate.contenders import (
    DECAYED,
    OURS,
    SVM,
    Ranker,
    Rows,
    World,
    contenders,
    fit_all,
    make_world,
)
from broadsheet.evaluate.datasets import CorpusDocument, author_names
from broadsheet.evaluate.files import read_jsonl, text_of
from broadsheet.evaluate.paper_columns import Embed, paper_columns
from broadsheet.evaluate.promise import (
    Library,
    area_under_curve,
    cold_start_figures,
    dial_figures,
    seconds_for,
)
from broadsheet.rank.background import Floats
from broadsheet.text.names import author_key

N_STREAMS = 2
LIBRARY_MIN, LIBRARY_MAX = 5, 100
N_BACKGROUND = 4_000
N_COLD_READERS = 100
RECALL = 0.9
TO_READ = "papers to read at 90 % recall"
N_PAPERS = 500  # of the speed figure
N_OTHERS_SAMPLE = 2_000
DATE_FIELDS = ("first_listed", "announced", "date", "submitted")  # the first that a row has
_YEAR = re.compile(r"[12][0-9]{3}")


@dataclass(frozen=True, slots=True)
class Dated:
    """A document, the day it appeared, and the stream it appeared in (`2026-03` or `2025`)."""

    document: CorpusDocument
    appeared: date
    period: str
    categories: tuple[str, ...]
    people: tuple[str, ...]
    """Whatever identifies each author beyond the name; parallel to the authors, or empty."""


@dataclass(frozen=True, slots=True)
class Reader:
    """An author by key: rows of earlier papers, newest first, and of later ones by period.
    `ages_d` are those of the earlier ones on the day when the newest of these papers appeared."""

    name: str
    earlier: Rows
    ages_d: Floats
    later: Mapping[str, Rows]


def load_corpus(data: Path) -> list[Dated]:
    """Papers of every `papers.jsonl` or `corpus.jsonl` (perhaps `.gz`, `.xz`) in `data` or in its
    folders named `corpus_*`, oldest first; a title is taken once.

    Raises ParseError where there is none and for a bad line.
    """
    files = [data] if data.is_file() else _files(data)
    if not files:
        raise ParseError("no papers.jsonl whose authors could be readers", place=str(data))
    papers: dict[str, Dated] = {}
    for file in files:
        for row in read_jsonl(file):
            paper = _dated(row)
            if paper is not None:
                papers.setdefault(paper.document.title.casefold(), paper)
    return sorted(papers.values(), key=lambda paper: (paper.appeared, paper.document.doc_id))


def choose_readers(corpus: Sequence[Dated], *, n_readers: int, seed: int) -> list[Reader]:
    """Authors with `LIBRARY_MIN` to `LIBRARY_MAX` earlier papers and at least one in the last
    `N_STREAMS` periods, in random order."""
    periods = _periods(corpus)
    today = max((paper.appeared for paper in corpus if paper.period not in periods), default=None)
    by_name: dict[str, list[int]] = defaultdict(list)
    people: dict[str, set[str]] = defaultdict(set)
    for row, paper in enumerate(corpus):
        for place, name in enumerate(paper.document.authors):
            key = author_key(name)
            by_name[key].append(row)
            if paper.people and paper.people[place]:
                people[key].add(paper.people[place])
    readers = []
    for name in sorted(by_name):
        rows = np.unique(by_name[name])
        earlier = np.array([row for row in rows if corpus[row].period not in periods], np.int64)
        later = {
            period: np.array([row for row in rows if corpus[row].period == period], np.int64)
            for period in periods
        }
        alone = len(people[name]) <= 1
        enough = LIBRARY_MIN <= len(earlier) <= LIBRARY_MAX and len(earlier) < len(rows)
        if alone and enough:
            ages_d = np.array(
                [(today - corpus[row].appeared).days for row in earlier[::-1]], np.float64
            )
            later = {period: found for period, found in later.items() if len(found)}
            readers.append(Reader(name, earlier[::-1], ages_d, later))
    order = np.random.default_rng(seed).permutation(len(readers))[:n_readers]
    return [readers[place] for place in order]


def author_figures(
    corpus: Sequence[Dated],
    *,
    n_readers: int,
    seed: int,
    embed: Embed | None,
    n_interests: int,
    clock: Callable[[], float],
) -> tuple[int, dict[str, dict[str, Figure]]]:
    """The number of readers, and the figures."""
    readers = choose_readers(corpus, n_readers=n_readers, seed=seed)
    if not readers:
        reason = f"no author has both {LIBRARY_MIN} earlier papers and a later one"
        raise ParseError(reason)
    rng = np.random.default_rng(seed)
    periods = _periods(corpus)
    earlier = np.array([row for row, p in enumerate(corpus) if p.period not in periods], np.int64)
    background = rng.permutation(earlier)[:N_BACKGROUND]
    streamed = [row for row, paper in enumerate(corpus) if paper.period in periods]
    rows = np.unique(np.concatenate([background, streamed, *(r.earlier for r in readers)]))
    place = {int(row): number for number, row in enumerate(rows)}
    chosen = [corpus[row] for row in rows]
    columns = paper_columns(
        [paper.document for paper in chosen],
        np.array([place[int(row)] for row in background], np.int64),
        embed,
        [paper.categories for paper in chosen],
    )
    world = make_world(columns.papers, np.array([place[int(row)] for row in background], np.int64))
    streams = {
        period: np.array([n for n, p in enumerate(chosen) if p.period == period], np.int64)
        for period in periods
    }
    moved = [
        Reader(
            reader.name,
            np.array([place[int(row)] for row in reader.earlier], np.int64),
            reader.ages_d,
            {
                period: np.array([place[int(row)] for row in later], np.int64)
                for period, later in reader.later.items()
            },
        )
        for reader in readers
    ]
    own = [(columns.author_columns[reader.name],) for reader in readers]
    figures = _reading_figures(world, moved, own, streams)
    libraries = [
        _library(world, reader, names, streams, rng)
        for reader, names in zip(moved, own, strict=True)
    ]
    figures |= dial_figures(world, libraries, rng=rng)
    figures |= cold_start_figures(
        world, [x for x in libraries if len(x.likes) >= 10][:N_COLD_READERS], rng=rng
    )
    seconds = seconds_for(
        world, libraries, n_interests=n_interests, n_papers=N_PAPERS, clock=clock, rng=rng
    )
    figures["speed"] = {f"s for {n_interests} x {N_PAPERS}": exactly(seconds)}
    return len(readers), figures


def papers_to_read(scores: Floats, wanted: Rows, *, share: float = RECALL) -> int:
    """How many papers to read from the top until `share` of `wanted` (rows) have been met; of
    papers with equal scores the wanted ones come last."""
    ranks = np.sort([int((scores >= scores[row]).sum()) for row in wanted])
    return int(ranks[int(np.ceil(share * len(wanted))) - 1])


def _reading_figures(
    world: World,
    readers: Sequence[Reader],
    own: Sequence[tuple[int, ...]],
    streams: Mapping[str, Rows],
) -> dict[str, dict[str, Figure]]:
    parts = {period: world.stream(rows) for period, rows in streams.items()}
    systems = contenders(world, with_facts=True)
    depths: dict[str, list[float]] = {name: [] for name in systems}
    areas: dict[str, list[float]] = {name: [] for name in systems}
    for reader, names in zip(readers, own, strict=True):
        rankers: dict[str, Ranker] = fit_all(systems, reader.earlier, names)
        for name, rank in rankers.items():
            depth, area = [], []
            for period, later in reader.later.items():
                scores = rank(parts[period])
                wanted = np.searchsorted(streams[period], later)
                depth.append(papers_to_read(scores, wanted))
                area.append(area_under_curve(scores[wanted], np.delete(scores, wanted)))
            depths[name].append(float(np.mean(depth)))
            areas[name].append(float(np.mean(area)))
    figures = {
        name: {TO_READ: figure_of(depths[name]), "AUC": figure_of(areas[name])} for name in systems
    }
    for peer in (SVM, DECAYED):
        for name in systems:
            if peer in depths and name not in (SVM, DECAYED):
                rng = np.random.default_rng(SEED)
                saved = np.array(depths[peer]) - np.array(depths[name])
                figures[name][f"fewer than {peer}"] = bootstrap_ratio(saved, depths[peer], rng=rng)
    return {OURS: figures[OURS]} | figures


def _library(
    world: World,
    reader: Reader,
    own: tuple[int, ...],
    streams: Mapping[str, Rows],
    rng: np.random.Generator,
) -> Library:
    hidden = np.concatenate(list(reader.later.values()))
    stream = np.concatenate([streams[period] for period in reader.later])
    others = np.setdiff1d(stream, hidden)
    return Library(
        reader.earlier, hidden, rng.permutation(others)[:N_OTHERS_SAMPLE], own, reader.ages_d
    )


def _periods(corpus: Sequence[Dated]) -> set[str]:
    """The last streams: of months where there are months."""
    found = sorted({paper.period for paper in corpus})
    months = [period for period in found if len(period) > 4]
    return set((months if len(months) > N_STREAMS else found)[-N_STREAMS:])


def _files(folder: Path) -> list[Path]:
    patterns = (
        "papers.jsonl*",
        "corpus.jsonl*",
        "corpus_*/papers.jsonl*",
        "corpus_*/corpus.jsonl*",
    )
    return [path for pattern in patterns for path in sorted(folder.glob(pattern))]


def _dated(row: Mapping[str, Any]) -> Dated | None:
    """None where the row has no title, no author or no date."""
    title, names = text_of(row.get("title")).strip(), author_names(row)
    day = next((text_of(row[f]) for f in DATE_FIELDS if row.get(f)), "")
    period, appeared, year = day[:7], _day(day), text_of(row.get("year")).strip()
    if appeared is None and _YEAR.fullmatch(year):
        period, appeared = year, _day(f"{year}-07-01")
    if not title or not names or appeared is None:
        return None
    text = text_of(row.get("abstract") or row.get("text"))
    document = CorpusDocument(text_of(row.get("id") or row.get("_id") or title), title, text, names)
    listed = row.get("openreview_ids") or row.get("orcid")
    ids = listed if isinstance(listed, list) else []
    people = tuple(str(one or "") for one in ids) if len(ids) == len(names) else ()
    return Dated(document, appeared, period, _categories(row.get("categories")), people)


def _categories(value: object) -> tuple[str, ...]:
    """A list, or names between blanks as arXiv's own snapshot has them."""
    listed = value.split() if isinstance(value, str) else value
    return tuple(map(str, listed)) if isinstance(listed, list) else ()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
