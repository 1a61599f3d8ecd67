"""Names of people: as shown, as key, as surname. No claim about who is who."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b

from broadsheet.text.clean import clean_text
from broadsheet.text.fold import fold

NAME_CHARS_MAX = 300
KEY_CHARS_MAX = 100
#: Names come again and again, within a batch and across it.
NAMES_CACHED = 50_000

_SUFFIX = re.compile(r"(?:jr|sr|i{2,3}|iv|v|ph\.?d|m\.?d|esq)\.?", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_SIMPLE_NAME = re.compile(r"[A-Z][A-Za-z'.]*(?:[ -][A-Za-z'.]+)*")
_APOSTROPHES = re.compile(r"['’ʼ`´]")


def parse_name(raw: str) -> str:
    """`Last, First` or `First Last` as `First Last`; "" where there is no name in `raw`."""
    if len(raw) <= NAME_CHARS_MAX and _SIMPLE_NAME.fullmatch(raw):
        return raw
    name = clean_text(raw, chars_max=NAME_CHARS_MAX)
    if "{" in name or "}" in name:
        name = " ".join(name.replace("{", "").replace("}", "").split())
    if "," in name:
        name = _given_name_first(name)
    return name if any(map(str.isalnum, name)) else ""


@lru_cache(maxsize=NAMES_CACHED)
def author_key(name: str) -> str:
    """The slug of a name for addresses and grouping, such as `kaiming-he`. Idempotent.

    Letters of any script are kept, so it is never empty; at most `KEY_CHARS_MAX`.
    """
    slug = "-".join(_words(_given_name_first(name) if "," in name else name))
    if not slug:
        return "x-" + _digest(name)
    if len(slug) > KEY_CHARS_MAX:
        slug = f"{slug[: KEY_CHARS_MAX - 9].rstrip('-')}-{_digest(slug)}"
    return slug


@lru_cache(maxsize=NAMES_CACHED)
def surname(name: str) -> str:
    """The folded last word of the name that is no suffix such as `Jr.`; "" if there is none."""
    words = _words(parse_name(name))
    while len(words) > 1 and _SUFFIX.fullmatch(words[-1]) and words[-1] != "v":
        words.pop()
    return words[-1] if words else ""


def _words(name: str) -> list[str]:
    return _WORD.findall(_APOSTROPHES.sub("", fold(name)))


def _given_name_first(name: str) -> str:
    """Unchanged in meaning where only a suffix follows the comma (`Martin King, Jr.`)."""
    parts = [part.strip() for part in name.split(",")]
    parts = [part for part in parts if part]
    if len(parts) == 2 and _SUFFIX.fullmatch(parts[1]):
        return " ".join(parts)
    if len(parts) == 3 and _SUFFIX.fullmatch(parts[2]):
        return " ".join((parts[1], parts[0], parts[2]))
    if len(parts) == 3 and _SUFFIX.fullmatch(parts[1]):
        return " ".join((parts[2], parts[0], parts[1]))
    return " ".join((*parts[1:], *parts[:1]))


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=4).hexdigest()
