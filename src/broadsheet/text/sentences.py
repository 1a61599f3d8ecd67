"""Where sentences begin and end in an abstract."""

from __future__ import annotations

import re
from bisect import bisect_right

from broadsheet.text.latex import find_mathematics

# A run of signs is read once, from its beginning: ten thousand dots are no work.
_END = re.compile(
    r"[.!?…](?<![.!?…]{2})[.!?…]*+[\"'”’)\]}]*+\s++(?=[\"'“‘(\[{\\$]*+[A-Z0-9À-ÖØ-Þ\u0370-\u03ff\u0400-\u042f])"
    r"|[。！？]+\s*"
)
_ABBREVIATIONS = re.compile(
    r"(?:\b(?:e\.\s?g|i\.\s?e|et\s+al|cf|vs|viz|resp|approx|incl|ca|w\.r\.t|s\.t|a\.k\.a|i\.i\.d"
    r"|Figs?|Eqs?|Eqns?|Secs?|Sects?|Refs?|Tabs?|Chs?|Apps?|Algs?|Thms?|Defs?|Props?|Lems?|Cors?"
    r"|Exs?|Nos?|Vols?|pp?|Eds?|Dr|Prof|Mrs?|Ms|St|Jr|Sr|Inc|Ltd|Co|Dept|Univ|Proc|Conf|Int|Intl"
    r"|J|Trans|Symp|U\.S|U\.K|Ph\.D)"
    r"|(?:^|[\s(\[{.])[A-Z](?:\.-?[A-Z])*)\.[\"'”’)\]}]*\s*$",
)
_LOOK_BACK = 24


def sentences(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence in order, without the space between; [] for blank text.

    Not fooled by `e.g.`, `et al.`, `Fig. 2`, decimals, initials and mathematics.
    """
    formulas = [match.span() for match in find_mathematics(text)] if "$" in text else []
    starts = [start for start, _ in formulas]
    cuts = [
        match.end()
        for match in _END.finditer(text)
        if not _is_within(match.start(), starts, formulas) and not _is_abbreviation(text, match)
    ]
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        piece = text[start:end]
        if stripped := piece.strip():
            begin = start + len(piece) - len(piece.lstrip())
            found.append((begin, begin + len(stripped)))
    return found


def _is_within(position: int, starts: list[int], spans: list[tuple[int, int]]) -> bool:
    place = bisect_right(starts, position) - 1
    return place >= 0 and position < spans[place][1]


def _is_abbreviation(text: str, match: re.Match[str]) -> bool:
    if not match[0].startswith("."):
        return False
    before = text[max(0, match.start() - _LOOK_BACK) : match.end()]
    return _ABBREVIATIONS.search(before) is not None
