"""Lines with intervals as an SVG picture, for reports; no library, no script, no colour alone."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from broadsheet.evaluate.bootstrap import Figure

WIDTH, HEIGHT, MARGIN = 640, 360, 56
LEFT, RIGHT, TOP, BOTTOM = MARGIN, WIDTH - MARGIN, MARGIN, HEIGHT - MARGIN
N_Y_TICKS = 5
STROKES = (("#1b5e9b", ""), ("#b3541e", "7 4"), ("#3c7a3c", "2 4"), ("#6a4c93", "9 3 2 3"))

Points = Sequence[tuple[int, Figure]]
Place = Callable[[float], float]


def svg_lines(lines: Mapping[str, Points], *, title: str, x_label: str, y_label: str) -> str:
    """An SVG document: x logarithmic, y from 0 to a little over the highest interval.

    Empty `lines` give an empty frame.
    """
    points = [point for line in lines.values() for point in line]
    sizes = sorted({max(size, 1) for size, _ in points}) or [1]
    most = max((figure.high for _, figure in points), default=1.0) * 1.05 or 1.0
    x = _between(math.log(sizes[0]), math.log(sizes[-1]), LEFT, RIGHT)
    y = _between(0.0, most, BOTTOM, TOP)
    marks = [most * step / (N_Y_TICKS - 1) for step in range(N_Y_TICKS)]
    loader = PackageLoader("broadsheet.evaluate", "")
    templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    return templates.get_template("lines.svg.j2").render(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=RIGHT,
        top=TOP,
        bottom=BOTTOM,
        title=title,
        x_label=x_label,
        y_label=y_label,
        x_ticks=[{"at": x(math.log(size)), "label": f"{size:,}"} for size in sizes],
        y_ticks=[{"at": y(mark), "label": f"{mark:.2f}"} for mark in marks],
        lines=[_drawn(n, name, line, x, y) for n, (name, line) in enumerate(lines.items())],
    )


def _between(low: float, high: float, start: float, end: float) -> Place:
    """The map from [low, high] to [start, end]; from a single value, to `start`."""
    span = (high - low) or 1.0
    return lambda value: round(start + (value - low) / span * (end - start), 1)


def _drawn(number: int, name: str, line: Points, x: Place, y: Place) -> dict[str, Any]:
    colour, dashes = STROKES[number % len(STROKES)]
    at = [(x(math.log(max(size, 1))), figure) for size, figure in line]
    return {
        "name": name,
        "colour": colour,
        "dashes": dashes,
        "path": " ".join(
            f"{'L' if step else 'M'}{place} {y(figure.value)}"
            for step, (place, figure) in enumerate(at)
        ),
        "bars": " ".join(f"M{place} {y(figure.low)}V{y(figure.high)}" for place, figure in at),
        "legend_y": BOTTOM - 70 + 18 * number,
    }
