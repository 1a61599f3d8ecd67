"""What a person wrote about over the years."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from broadsheet.text.phrases import phrases_of
from broadsheet.types import Document
from broadsheet.web.plots import Plot, sparkline

SUBJECTS_MAX = 6
DOCUMENTS_MAX = 300


@dataclass(frozen=True, slots=True)
class Subject:
    phrase: str
    n_docs: int
    line: Plot


def compose_subjects(documents: Sequence[Document]) -> tuple[Subject, ...]:
    """The phrases of two or three words that most papers say, each with its papers by year.

    () where no phrase is said twice.
    """
    years: dict[str, Counter[int]] = defaultdict(Counter)
    for document in documents[:DOCUMENTS_MAX]:
        year = document.announced.year if document.announced else document.year
        for phrase in phrases_of(f"{document.title}. {document.abstract}"):
            if " " in phrase and year:
                years[phrase][year] += 1
    totals = {phrase: counts.total() for phrase, counts in years.items() if counts.total() > 1}
    chosen: list[str] = []
    for phrase in sorted(totals, key=lambda phrase: (-totals[phrase], -len(phrase), phrase)):
        if not any(phrase in other or other in phrase for other in chosen):
            chosen.append(phrase)
    known = sorted({year for counts in years.values() for year in counts})
    span = range(known[0], known[-1] + 1) if known else range(0)
    return tuple(
        Subject(phrase, totals[phrase], _line(phrase, years[phrase], span))
        for phrase in chosen[:SUBJECTS_MAX]
    )


def _line(phrase: str, counts: Counter[int], span: range) -> Plot:
    said = f"papers on {phrase} by year, {span[0]} to {span[-1]}: " + ", ".join(
        str(counts[year]) for year in span
    )
    return sparkline([float(counts[year]) for year in span], said)
