"""What a suite gives: figures of systems, as a table and as JSON."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from broadsheet.evaluate.bootstrap import Figure, bootstrap_mean

SEED = 20_260_901  # the same data give the same interval


@dataclass(frozen=True, slots=True)
class Card:
    """The figures of one suite on one data set: system -> measure -> figure; `n` queries.
    `notices` say what of the data was not measured."""

    suite: str
    data: str
    n: int
    seconds: float
    figures: Mapping[str, Mapping[str, Figure]]
    notices: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As `broadsheet evaluate --json` prints it; null where nothing could be measured."""
        figures = {
            system: {
                measure: {
                    "value": _number(figure.value),
                    "low": _number(figure.low),
                    "high": _number(figure.high),
                }
                for measure, figure in measures.items()
            }
            for system, measures in self.figures.items()
        }
        return {
            "suite": self.suite,
            "data": self.data,
            "n": self.n,
            "seconds": round(self.seconds, 3),
            "figures": figures,
        }

    def as_table(self) -> str:
        """One line a system, each figure with its 95 % interval."""
        measures = list(dict.fromkeys(name for row in self.figures.values() for name in row))
        lines = [["system", *measures]]
        for system, row in self.figures.items():
            lines.append([system, *(_cell(row.get(name)) for name in measures)])
        widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
        head = f"{self.suite} on {self.data}: {self.n} queries, {self.seconds:.1f} s"
        body = ["  ".join(c.ljust(w) for c, w in zip(x, widths, strict=True)) for x in lines]
        return "\n".join([head, *(line.rstrip() for line in body)])


def figure_of(values: Sequence[float]) -> Figure:
    """The mean of one value a query, with its bootstrap interval."""
    return bootstrap_mean(values, rng=np.random.default_rng(SEED))


def exactly(value: float) -> Figure:
    """A figure that is not a mean over queries (queries a second): its interval is itself."""
    return Figure(value, value, value)


def _number(value: float) -> float | None:
    """JSON has no nan."""
    return value if math.isfinite(value) else None


def _cell(figure: Figure | None) -> str:
    if figure is None or math.isnan(figure.value):
        return "-"
    if figure.low == figure.high:
        return f"{figure.value:.1f}"
    return f"{figure.value:.4f} [{figure.low:.3f}, {figure.high:.3f}]"
