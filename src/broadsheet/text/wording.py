"""How values are put into words: dates, counts, openings of texts. Pure; no markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from broadsheet.text.latex import find_mathematics

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]?\s")
# Controls, surrogates and characters that turn the direction of what follows: none of them
# is a letter, and each could make a page lie about what it says.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def visible(text: str) -> str:
    """`text` without control characters, direction overrides and lone surrogates."""
    return text if text.isascii() and text.isprintable() else _UNSEEN.sub("", text)


def long_day(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B} {day.year}"


def short_day(day: date) -> str:
    return f"{day.day} {day:%b} {day.year}"


def moment(at: datetime) -> str:
    return f"{short_day(at)}, {at:%H:%M} UTC"


def grouped(n: int) -> str:
    return f"{n:,}"


def counted(n: int, one: str, many: str = "") -> str:
    """`1 paper`, `2,000 papers`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def clip(text: str, chars_max: int) -> str:
    """At most `chars_max` characters, ending in … where something was cut."""
    return text if len(text) <= chars_max else text[: chars_max - 1].rstrip() + "…"


def clip_words(text: str, chars_max: int) -> str:
    """Whole words of at most `chars_max` characters, then … where something was cut."""
    if len(text) <= chars_max:
        return text
    words, _, _ = text[:chars_max].rpartition(" ")
    return (words or text[:chars_max]).rstrip() + "…"


def opening(text: str, chars_max: int) -> str:
    """The beginning of a text: whole sentences if they fill most of it, else whole words and …;
    no half formula."""
    if len(text) <= chars_max:
        return text
    cut = [
        found.start() for found in find_mathematics(text) if found.start() < chars_max < found.end()
    ]
    part = text[: min([chars_max, *cut])]
    ends = [match.end() for match in _SENTENCE_END.finditer(part)]
    if ends and ends[-1] >= 0.6 * chars_max:
        return part[: ends[-1]].rstrip()
    words, _, _ = part.rpartition(" ")
    return (words or part).rstrip(" ,;:–—-") + "…"


def sentence(said: object) -> str:
    """What an error says, as a sentence of a page."""
    text = str(said)
    return text[:1].upper() + text[1:].rstrip(".") + "."


def listed(names: Iterable[str]) -> str:
    """`a, b and c`."""
    *most, last = [*names] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def file_name(path: str) -> str:
    """The last part of a path: where a file lay on this machine is nobody else's business."""
    return re.split(r"[/\\\\]", path.rstrip("/\\"))[-1] or path


def reasons_in_words(reasons: Sequence[str]) -> str:
    """Reasons of a hit as one sentence's end: `matches "x" in title, is by Ada Lovelace`.

    The sentence nearest in meaning is left out: the page shows it above.
    """
    return "; ".join(
        "is by " + reason.removeprefix("author ")
        if reason.startswith("author ")
        else reason.partition(": “")[0]
        for reason in reasons
    )
