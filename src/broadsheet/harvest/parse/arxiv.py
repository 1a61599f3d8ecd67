"""What arXiv's formats have in common: one record from its metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from broadsheet.harvest.parse.fields import (
    ABSTRACT_CHARS_MAX,
    COMMENT_CHARS_MAX,
    FieldError,
    categories_of,
    check_n_authors,
    day_of,
    text_of,
    title_of,
)
from broadsheet.text.identifiers import canonical_identifier
from broadsheet.text.names import parse_name
from broadsheet.types import Author, Record, RecordVersion

_IN_BRACKETS = re.compile(r"\([^()]*\)")
_BETWEEN_NAMES = re.compile(r"\s*[,;]\s*(?:and\s+|&\s*)?|\s+(?:and|&)\s+")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_VENUE = re.compile(r"([^\d,(;:]{3,120}?)[\s,.]*(?:\d|,|\(|;|:|$)")
_UNFINISHED = re.compile(
    r".*\b(?:of|the|on|in|for|and|vol|no|part|proc|proceedings)\.?", re.IGNORECASE
)


def arxiv_record(
    *,
    source: str,
    arxiv_id: str,
    title: str,
    abstract: str,
    authors: tuple[Author, ...],
    categories: Iterable[str],
    comment: str = "",
    journal_ref: str = "",
    dois: Sequence[str] = (),
    announced: date | None = None,
    submitted: date | None = None,
    updated: date | None = None,
    versions: tuple[RecordVersion, ...] = (),
    datestamp: str = "",
    extra: dict[str, Any] | None = None,
) -> Record:
    """Raises: FieldError where the id is none of arXiv's, or there is no title."""
    identifier = arxiv_identifier(arxiv_id)
    key = identifier.removeprefix("arxiv:")
    claims = (canonical_identifier(f"doi:{doi.strip()}") for doi in " ".join(dois).split())
    wanted, classes = categories_of(" ".join(category.split()) for category in categories)
    journal_ref = text_of(journal_ref, 500)
    kept = {"journal_ref": journal_ref, "classes": list(classes), **(extra or {})}
    check_n_authors(len(authors))
    return Record(
        source=source,
        key=key,
        title=title_of(title),
        identifiers=tuple(dict.fromkeys((identifier, *filter(None, claims)))),
        abstract=text_of(abstract, ABSTRACT_CHARS_MAX),
        authors=authors,
        categories=tuple(filter(None, wanted)),
        comment=text_of(comment, COMMENT_CHARS_MAX),
        venue=venue_of(journal_ref),
        announced=announced,
        submitted=submitted,
        updated=updated,
        url=f"https://arxiv.org/abs/{key}",
        pdf=f"https://arxiv.org/pdf/{key}",
        versions=versions,
        datestamp=datestamp,
        extra={name: value for name, value in kept.items() if value},
    )


def arxiv_identifier(raw: str) -> str:
    identifier = canonical_identifier(raw)
    if identifier is None or not identifier.startswith("arxiv:"):
        raise FieldError(f"{raw[:60]!r} is no arXiv id: expected one such as 2509.01234")
    return identifier


def venue_of(journal_ref: str) -> str:
    """The journal's name before volume and pages; the whole reference where that is unclear."""
    match = _VENUE.match(journal_ref)
    name = match[1].strip(" .,@-") if match else ""
    return name if len(name) >= 3 and not _UNFINISHED.fullmatch(name) else journal_ref


def arxiv_authors(text: str) -> tuple[Author, ...]:
    """The names of arXiv's one-line author list (`A B (1), C D and E F ((1) Place)`)."""
    for _ in range(4):
        shorter = _IN_BRACKETS.sub(" ", text)
        if shorter == text:
            break
        text = shorter
    names: list[str] = []
    for part in _BETWEEN_NAMES.split(" ".join(text.split())):
        if names and _SUFFIX.fullmatch(part):
            names[-1] = f"{names[-1]} {part}"
        else:
            names.append(part)
    return tuple(Author(name) for part in names if (name := parse_name(part)))


def versions_of(dated: Iterable[tuple[str, str, str]]) -> tuple[RecordVersion, ...]:
    """Versions from (`v2`, RFC 2822 date, size)."""
    return tuple(
        RecordVersion(int(number), day_of(moment), size[:20])
        for name, moment, size in dated
        if (number := name.strip().lstrip("v")).isascii() and number.isdigit() and len(number) < 5
    )
