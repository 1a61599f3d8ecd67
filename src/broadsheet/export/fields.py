"""What the reference formats have in common: kind of work, dates, the address to cite."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import date
from typing import Any

from broadsheet.text.identifiers import identifier_url
from broadsheet.text.names import surname
from broadsheet.types import Author, Document

_AUTHOR_FIELDS = tuple(item.name for item in fields(Author))

#: The day of what has none.
EPOCH = date(1970, 1, 1)

_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_PARTICLES = frozenset(
    re.findall(r"\w+", "van von der den de del della di da dos du la le ter ten zu zur bin ibn")
)
_JOURNAL = re.compile(
    r"\b(?:journal|transactions|letters|review|annals|magazine|nature|science|tmlr|jmlr|tacl"
    r"|j\.|trans\.|rev\.|phys\.|neurocomputing)\b|(?:^|\s)J\.",
    re.IGNORECASE,
)
# XML 1.0 knows no other characters; the rest would make a file unreadable as a whole.
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]"
)


def printable(text: str) -> str:
    """`text` without control characters and lone surrogates."""
    return text if text.isascii() and text.isprintable() else _UNPRINTABLE.sub("", text)


def one_line(text: str) -> str:
    return " ".join(printable(text).split())


def plain_fields(document: Document) -> dict[str, Any]:
    """What documents and import rows say alike, by the same names, as JSON values. The names are
    a contract: none is changed."""
    return {
        "title": document.title,
        "abstract": document.abstract,
        "categories": list(document.categories),
        "comment": document.comment,
        "venue": document.venue,
        "year": document.year,
        "announced": day_text(document.announced),
        "submitted": day_text(document.submitted),
        "updated": day_text(document.updated),
        "url": document.url,
        "pdf": document.pdf,
        "keywords": list(document.keywords),
        "project_page": document.project_page,
        "upvotes": document.upvotes,
        "num_comments": document.num_comments,
        "github_stars": document.github_stars,
        "gs_citations": document.gs_citations,
        "ratings": list(document.ratings),
    }


def author_fields(author: Author) -> dict[str, str]:
    """The name, and what else is known."""
    known = {name: value for name in _AUTHOR_FIELDS if (value := getattr(author, name))}
    return {"name": author.name, **known}


def day_text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def is_journal(document: Document) -> bool:
    return bool(_JOURNAL.search(document.venue))


def identifier_of(document: Document, scheme: str) -> str:
    """The value of the document's first identifier of this scheme, else ""."""
    prefix = f"{scheme}:"
    found = (name for name in (document.doc_id, *document.identifiers) if name.startswith(prefix))
    return next(found, "").removeprefix(prefix)


def year_of(document: Document) -> int | None:
    day = day_of(document)
    return document.year or (day.year if day else None)


def day_of(document: Document) -> date | None:
    return document.submitted or document.announced or document.updated


def shown_days(document: Document) -> tuple[date, date]:
    """When it came and when it changed last, as feeds date it; 1970 for one without any date,
    because both formats require one."""
    first = document.announced or day_of(document) or EPOCH
    return first, max(document.updated or first, first)


def noon(day: date) -> str:
    """Noon: the same day wherever the reader is."""
    return f"{day.isoformat()}T12:00:00Z"


def address_of(document: Document) -> str:
    """Where a reader finds the work: its own page, else what its identifier leads to."""
    return document.url or identifier_url(document.doc_id)


def name_parts(name: str) -> tuple[str, str, str]:
    """(family, given, suffix) of `First von Last Jr.`; one word is a family name."""
    words = one_line(name).split(" ")
    suffix = words.pop() if len(words) > 2 and _SUFFIX.fullmatch(words[-1]) else ""
    start = len(words) - 1
    while start > 1 and words[start - 1].lower() in _PARTICLES:
        start -= 1
    return " ".join(words[start:]), " ".join(words[:start]), suffix


def citation_base(document: Document) -> str:
    """`lovelace2025notes`: surname, year and the title's first telling word, in ASCII."""
    first = surname(document.authors[0].name) if document.authors else ""
    words = re.findall(r"[a-z0-9]{3,}", document.title.lower())
    telling = next((word for word in words if word not in _SMALL_WORDS), "")
    base = re.sub(r"[^a-z0-9]", "", f"{first}{year_of(document) or ''}{telling}")
    return base or "paper"


_SMALL_WORDS = frozenset(
    re.findall(r"\w+", "the and for with from into towards toward via are can does how what")
)
