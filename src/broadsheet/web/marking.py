"""Texts with the places that matched, as segments a template can mark."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    text: str
    is_marked: bool


def mark(text: str, spans: Iterable[tuple[int, int]]) -> tuple[Segment, ...]:
    """`text` cut at its spans, in order; spans that overlap or lie outside are mended."""
    segments: list[Segment] = []
    end = 0
    for start, stop in sorted(spans):
        start, stop = max(start, end), min(stop, len(text))
        if start >= stop:
            continue
        if start > end:
            segments.append(Segment(text[end:start], False))
        segments.append(Segment(text[start:stop], True))
        end = stop
    if end < len(text):
        segments.append(Segment(text[end:], False))
    return tuple(segments)
