"""Fields of records: one value from outside, repaired with sense or dropped, always bounded."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from typing import Any

from broadsheet.text.clean import clean_text
from broadsheet.text.fold import fold
from broadsheet.text.identifiers import (
    canonical_identifier,
    own_identifier,
    url_identifier,
)
from broadsheet.text.names import parse_name, surname
from broadsheet.types import Author

TITLE_CHARS_MAX = 2_000
ABSTRACT_CHARS_MAX = 100_000
COMMENT_CHARS_MAX = 10_000
AUTHORS_MAX = 10_000
LIST_ITEMS_MAX = 1_000
URL_CHARS_MAX = 2_000
YEAR_MIN, YEAR_MAX = 1800, 2200
COUNT_MAX = 10**12

_EXTRA_CHARS_MAX = 20_000
_EXTRA_DEPTH_MAX = 6
_URL = re.compile(r"https?://[^\s<>\"{}|\\^`\x00-\x20\x7f-\xa0\ud800-\udfff]{3,}", re.IGNORECASE)
# A run of separators is read once, from its beginning, whatever follows it.
_BETWEEN_URLS = re.compile(r"(?<![\s,;])[\s,;]++(?=https?:)|\s++")
_REPOSITORY = re.compile(
    r"(?:(?:https?://)?(?:www\.)?github\.com/|git@github\.com:)?"
    r"([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))/([A-Za-z0-9._-]{1,100})(?:[/?#].*)?",
    re.IGNORECASE,
)
_ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dXx])/?")
_CLASS = re.compile(r"\d\d[A-Z-](?:\d\d|xx|XX)\b.*|[A-K]\.\d(?:\.\d|\.m)*\b.*")
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_AUTHORS_STRING = re.compile(r"\s*;\s*|\s+and\s+|\s*&\s+")


class FieldError(ValueError):
    """A field that makes its record unusable; `str(error)` says what is expected."""


def title_of(value: object) -> str:
    """Raises: FieldError where there is no title or it is over `TITLE_CHARS_MAX`."""
    if isinstance(value, list) and value and isinstance(value[0], str):
        value = value[0]
    if not isinstance(value, str):
        reason = "no title" if value is None else f"title is a {type(value).__name__}"
        raise FieldError(f"{reason}: expected a text")
    title = clean_text(value, chars_max=TITLE_CHARS_MAX + 1)
    if not title:
        raise FieldError("the title is empty: expected a text")
    if len(title) > TITLE_CHARS_MAX:
        raise FieldError(f"the title has over {TITLE_CHARS_MAX} characters: is this the paper?")
    return title


def text_of(value: object, chars_max: int) -> str:
    """Cleaned text; a list of paragraphs is joined, None and other kinds are ""."""
    if isinstance(value, str):
        return clean_text(value, chars_max=chars_max)
    if isinstance(value, list):
        parts = (part for part in value[:LIST_ITEMS_MAX] if isinstance(part, str))
        return clean_text(" ".join(parts), chars_max=chars_max)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return ""


def strings_of(value: object, *, separators: str = ",;", chars_max: int = 300) -> tuple[str, ...]:
    """The texts of a list, or of one string split at `separators`; cleaned, without repeats."""
    if isinstance(value, str):
        value = re.split(f"[{re.escape(separators)}]", value) if separators else [value]
    if not isinstance(value, list | tuple):
        return ()
    texts = (clean_text(v, chars_max=chars_max) for v in value[:LIST_ITEMS_MAX] if _is_text(v))
    return tuple(dict.fromkeys(filter(None, texts)))


def day_of(value: object) -> date | None:
    """The calendar day of an ISO or RFC 2822 date, or of milliseconds since 1970; else None."""
    if isinstance(value, str):
        return _day_of_text(value.strip())
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**10:
        try:
            return _possible(datetime.fromtimestamp(value / 1000, UTC).date())
        except (ValueError, OverflowError, OSError):
            return None
    return None


def year_of(value: object) -> int | None:
    """A year from 1800 to 2200, also at the start of a date text; else None."""
    if isinstance(value, str) and (match := re.match(r"\s*(\d{4})(?!\d)", value)):
        value = int(match[1])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if YEAR_MIN <= value <= YEAR_MAX else None


def count_of(value: object) -> int | None:
    """A whole number from 0, also spelt as text or float; else None."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = float(value) if len(value) < 20 else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value) or value != int(value) or not 0 <= value <= COUNT_MAX:
        return None
    return int(value)


def ratings_of(value: object) -> tuple[float, ...]:
    if not isinstance(value, list):
        return ()
    numbers = (v for v in value[:LIST_ITEMS_MAX] if isinstance(v, int | float))
    return tuple(
        float(v) for v in numbers if not isinstance(v, bool) and abs(v) < 1e6 and math.isfinite(v)
    )


def url_of(value: object) -> str:
    """An http(s) address without space or control characters, else ""."""
    if not isinstance(value, str):
        return ""
    url = value.strip()
    return url if len(url) <= URL_CHARS_MAX and _URL.fullmatch(url) else ""


def urls_of(value: object) -> tuple[str, ...]:
    """The http(s) addresses of a list, or of one text with spaces or commas between."""
    if isinstance(value, str):
        value = _BETWEEN_URLS.split(value)
    if not isinstance(value, list | tuple):
        return ()
    return tuple(dict.fromkeys(filter(None, map(url_of, value[:LIST_ITEMS_MAX]))))


def github_repository(value: object) -> str:
    """`https://github.com/owner/name` for any spelling of a repository, else ""."""
    match = _REPOSITORY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return ""
    name = match[2].removesuffix(".git").rstrip(".")
    return f"https://github.com/{match[1]}/{name}" if name else ""


def orcid_of(value: object) -> str | None:
    match = _ORCID.fullmatch(value.strip()) if isinstance(value, str) else None
    return match[1].upper() if match else None


def check_n_authors(n_authors: int) -> None:
    """Raises FieldError for more than a paper can have."""
    if n_authors > AUTHORS_MAX:
        raise FieldError(f"{n_authors} authors: at most {AUTHORS_MAX} can be one paper's")


def authors_of(value: object) -> tuple[Author, ...]:
    """Authors from names, from objects with a `name`, or from one text of names; nulls left out.

    Raises: FieldError for other kinds, and over `AUTHORS_MAX` names.
    """
    if value is None:
        return ()
    if isinstance(value, str):
        value = names_of_text(value)
    if not isinstance(value, list | tuple):
        raise FieldError(f"authors is a {type(value).__name__}: expected an array of names")
    check_n_authors(len(value))
    named = ((number, item) for number, item in enumerate(value, 1) if item is not None)
    authors = (_author_of(number, item) for number, item in named)
    return tuple(author for author in authors if author.name)


def names_of_text(text: str) -> list[str]:
    """`A B; C D`, `B, A and D, C` or `A B, C D` as one name each, as they stand."""
    text = " ".join(text.split())
    parts = [part for part in _AUTHORS_STRING.split(text) if part.strip()]
    if len(parts) == 1 and text.count(",") > 1:
        parts = text.split(",")
    elif len(parts) == 2 and ";" not in text and text.count(",") >= 1 and " " in parts[0].strip():
        first = parts[0].split(",")
        if all(" " in name.strip() for name in first):
            parts = [*first, parts[1]]
    return [part.strip() for part in parts if part.strip().lower() not in ("others", "et al.", "")]


def categories_of(values: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(categories, subject classes): MSC and ACM classes, which arXiv mixes in, apart."""
    categories: list[str] = []
    classes: list[str] = []
    for value in values:
        (classes if _CLASS.fullmatch(value) else categories).append(value)
    return tuple(dict.fromkeys(categories)), tuple(dict.fromkeys(classes))


def identifiers_of(
    claims: Iterable[object],
    *,
    own: str = "",
    url: str = "",
    title: str = "",
    authors: tuple[Author, ...] = (),
) -> tuple[str, ...]:
    """The record's identifiers: its own first, then aliases.

    Its own is the first strong one among `claims` and `url`, else the row's `own` id,
    else the hash of `url`, else the hash of title and first author.
    """
    spelled = [claim for claim in claims if isinstance(claim, str) and claim]
    found = [canonical_identifier(claim) for claim in (*spelled, url)]
    strong = [identifier for identifier in found if identifier]
    if own and canonical_identifier(own) is None and (kept := own_identifier(own)):
        strong.append(kept)
    if not strong:
        strong.append(url_identifier(url) if url else title_identifier(title, authors))
    return tuple(dict.fromkeys(strong))


def title_identifier(title: str, authors: tuple[Author, ...]) -> str:
    """`title:` and 16 hex digits of the folded title's letters and the first author's surname."""
    words = "".join(re.findall(r"[^\W_]+", fold(title)))
    name = surname(authors[0].name) if authors else ""
    return (
        "title:" + blake2b(f"{words} {name}".encode("utf-8", "replace"), digest_size=8).hexdigest()
    )


def kept(value: Any, depth: int = 0) -> Any:
    """`value` fit to be stored as JSON: bounded text without control characters, no NaN."""
    if isinstance(value, str):
        return _UNSAFE.sub("", value[:_EXTRA_CHARS_MAX])
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value if abs(value) < 2**63 else str(value)
    if depth >= _EXTRA_DEPTH_MAX:
        return None
    if isinstance(value, list | tuple):
        return [kept(item, depth + 1) for item in value[:LIST_ITEMS_MAX]]
    if isinstance(value, Mapping):
        items = list(value.items())[:LIST_ITEMS_MAX]
        return {_UNSAFE.sub("", str(k)[:300]): kept(v, depth + 1) for k, v in items}
    return None


def is_empty(value: object) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _author_of(number: int, item: object) -> Author:
    if isinstance(item, str):
        return Author(parse_name(item))
    if not isinstance(item, dict):
        kind = type(item).__name__
        raise FieldError(f"author {number} is a {kind}: expected a name or an object with a name")
    first = item.get("first") or item.get("given") or ""
    last = item.get("last") or item.get("family") or ""
    name = item.get("name") or item.get("fullname") or f"{first} {last}"
    if not isinstance(name, str):
        raise FieldError(f"the name of author {number} is a {type(name).__name__}: expected a text")
    return Author(
        parse_name(name),
        orcid=orcid_of(item.get("orcid")),
        openreview=token_of(item.get("openreview")),
        dblp=token_of(item.get("dblp")),
        acl=token_of(item.get("acl")),
        affiliation=text_of(item.get("affiliation"), 500) or None,
    )


def token_of(value: object) -> str | None:
    """A short id without spaces, else None."""
    return (
        value if isinstance(value, str) and re.fullmatch(r"[^\s\x00-\x20]{1,200}", value) else None
    )


def _day_of_text(text: str) -> date | None:
    if len(text) >= 10 and text[4] == "-" and text[7] == "-":
        try:
            return _possible(date.fromisoformat(text[:10]))
        except ValueError:
            return None
    if len(text) < 12 or not text.isascii() or len(text) > 60:
        return None
    try:
        return _possible(parsedate_to_datetime(text).date())
    except (ValueError, IndexError, TypeError, OverflowError):
        return None


def _possible(day: date) -> date | None:
    return day if YEAR_MIN <= day.year <= YEAR_MAX else None
