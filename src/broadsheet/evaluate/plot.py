"""Lines with intervals as an SVG picture, for reports; no library, no script, no colour alone."""

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from broadsheet.evaluate.bootstrap import Figure

WIDTH, HEIGHT, MARGIN = 640, 360, 56
STROKES = (("#1b5e9b", ""), ("#b3541e", "7 4"), ("#3c7a3c", "2 4"), ("#6a4c93", "9 3 2 3"))

Lines = Mapping[str, Sequence[tuple[int, Figure]]]


def svg_lines(lines: Lines, *, title: str, x_label: str, y_label: str) -> str:
    """An SVG document: x logarithmic, y from 0 to a little over the highest interval.

    Empty `lines` give an empty frame.
    """
    points = [point for line in lines.values() for point in line]
    sizes = sorted({max(size, 1) for size, _ in points}) or [1]
    top = max((figure.high for _, figure in points), default=1.0) * 1.05 or 1.0
    x = _scale(math.log(sizes[0]), math.log(sizes[-1]), MARGIN, WIDTH - MARGIN)
    y = _scale(0.0, top, HEIGHT - MARGIN, MARGIN)
    parts = [_frame(title, x_label, y_label)]
    parts += [_x_tick(x(math.log(size)), f"{size:,}") for size in sizes]
    parts += [_y_tick(y(top * step / 4), f"{top * step / 4:.2f}") for step in range(5)]
    for place, (name, line) in enumerate(lines.items()):
        colour, dashes = STROKES[place % len(STROKES)]
        dots = [
            (x(math.log(max(size, 1))), y(figure.value), y(figure.low), y(figure.high))
            for size, figure in line
        ]
        parts.append(_line(dots, colour, dashes, name, place))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{escape(title, {chr(34): "&quot;"})}" font-family="sans-serif"'
        f' font-size="12">{"".join(parts)}</svg>\n'
    )


class _scale:  # noqa: N801  used as a function
    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.span, self.start = low, (high - low) or 1.0, start
        self.length = end - start

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / self.span * self.length


def _frame(title: str, x_label: str, y_label: str) -> str:
    bottom, right = HEIGHT - MARGIN, WIDTH - MARGIN
    return (
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f'<path d="M{MARGIN} {MARGIN}V{bottom}H{right}" fill="none" stroke="#444"/>'
        f'<text x="{MARGIN}" y="24" font-size="15">{escape(title)}</text>'
        f'<text x="{right}" y="{HEIGHT - 12}" text-anchor="end">{escape(x_label)}</text>'
        f'<text x="12" y="{MARGIN - 12}">{escape(y_label)}</text>'
    )


def _x_tick(x: float, label: str) -> str:
    bottom = HEIGHT - MARGIN
    return (
        f'<path d="M{x:.1f} {bottom}v5" stroke="#444"/>'
        f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{escape(label)}</text>'
    )


def _y_tick(y: float, label: str) -> str:
    return (
        f'<path d="M{MARGIN} {y:.1f}h-5" stroke="#444"/>'
        f'<text x="{MARGIN - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(label)}</text>'
    )


def _line(
    dots: Sequence[tuple[float, float, float, float]],
    colour: str,
    dashes: str,
    name: str,
    place: int,
) -> str:
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y, _, _ in dots) if dots else ""
    bars = "".join(f"M{x:.1f} {low:.1f}V{high:.1f}" for x, _, low, high in dots)
    left, row = WIDTH - MARGIN - 110, HEIGHT - MARGIN - 70 + 18 * place
    stroke = f'stroke="{colour}" fill="none" stroke-width="2"'
    return (
        f'<path d="{path}" {stroke} stroke-dasharray="{dashes}"/>'
        f'<path d="{bars}" {stroke} stroke-opacity=".5"/>'
        f'<path d="M{left} {row}h28" {stroke} stroke-dasharray="{dashes}"/>'
        f'<text x="{left + 36}" y="{row + 4}">{escape(name)}</text>'
    )
