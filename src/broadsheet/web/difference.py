"""What changed between two texts, word by word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

#: Beyond this the comparison, quadratic at worst, would keep a reader waiting.
WORDS_MAX = 1_500

_WORD = re.compile(r"\s*\S+")


class Fate(StrEnum):
    KEPT = "kept"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Piece:
    fate: Fate
    text: str


def compare(before: str, after: str) -> tuple[Piece, ...]:
    """Pieces that spell `before` without the new ones, and `after` without the gone ones.

    Texts too long or too different to compare are given whole, one after the other.
    """
    old, new = _WORD.findall(before), _WORD.findall(after)
    if len(old) > WORDS_MAX or len(new) > WORDS_MAX:
        return _pieces((Fate.GONE, before), (Fate.NEW, after))
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    pieces: list[Piece] = []
    for tag, old_start, old_stop, new_start, new_stop in matcher.get_opcodes():
        if tag == "equal":
            pieces += _pieces((Fate.KEPT, "".join(new[new_start:new_stop])))
        else:
            gone, added = "".join(old[old_start:old_stop]), "".join(new[new_start:new_stop])
            pieces += _pieces((Fate.GONE, gone), (Fate.NEW, added))
    return tuple(pieces)


def _pieces(*parts: tuple[Fate, str]) -> tuple[Piece, ...]:
    return tuple(Piece(fate, text) for fate, text in parts if text)
