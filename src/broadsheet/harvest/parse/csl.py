"""CSL-JSON, as Zotero and citation processors write it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from broadsheet.harvest.parse.bibliography import entry_record
from broadsheet.harvest.parse.fields import FieldError, check_n_authors, orcid_of, text_of
from broadsheet.harvest.parse.stream import json_objects, reject
from broadsheet.text.names import parse_name
from broadsheet.types import Author, Record, Reject

SOURCE = "csl"

_HEADING = re.compile(r"<jats:title>[^<]{0,40}</jats:title>", re.IGNORECASE)
_DATES = ("issued", "published", "published-online", "published-print")
_KEPT = ("type", "volume", "issue", "page", "publisher", "ISSN", "ISBN", "citation-key")


def parse_csl(stream: IO[bytes]) -> Iterator[Record | Reject]:
    for place, item in json_objects(stream, keys=("items", "references")):
        if isinstance(item, Reject):
            yield item
            continue
        for work in _works(item):
            try:
                yield _record(work)
            except FieldError as error:
                yield reject(place, str(error), work.get("id") or work.get("DOI") or "")


def _works(item: dict[str, Any]) -> list[dict[str, Any]]:
    """The works in an answer of Crossref's API, of one or of many; else the item itself."""
    message = item.get("message")
    if "title" in item or not isinstance(message, dict):
        return [item]
    works = message.get("items")
    return [w for w in works if isinstance(w, dict)] if isinstance(works, list) else [message]


def _record(item: Mapping[str, Any]) -> Record:
    def text(name: str) -> str:
        value = item.get(name)
        return text_of(value[:1] if isinstance(value, list) else value, 5_000)

    note, number, url, own = (text(name) for name in ("note", "number", "URL", "id"))
    doi = text("DOI")
    dates = (_date(item.get(name)) for name in _DATES)
    return entry_record(
        source=SOURCE,
        title=item.get("title"),
        authors=_authors(item.get("author")),
        abstract=_abstract(item.get("abstract")),
        venue=text("container-title") or text("event-title") or text("event"),
        date=next(filter(None, dates), ""),
        url=url,
        note=note,
        keywords=item.get("keyword") or item.get("keywords") or (),
        claims=[f"doi:{doi}" if doi and not doi.startswith("http") else doi, own, url],
        mentions=[number, note, text("archive_location"), text("archive")],
        extra={"csl_id": own[:200], **{name: item.get(name) for name in _KEPT}},
    )


def _abstract(value: object) -> str:
    """Without the heading that Crossref's abstracts begin with."""
    return text_of(_HEADING.sub("", value) if isinstance(value, str) else value, 200_000)


def _authors(value: object) -> tuple[Author, ...]:
    if not isinstance(value, list):
        return ()
    check_n_authors(len(value))
    authors = (
        Author(parse_name(_name(item)), orcid=orcid_of(item.get("ORCID")))
        for item in value
        if isinstance(item, dict)
    )
    return tuple(author for author in authors if author.name)


def _name(item: Mapping[str, Any]) -> str:
    if isinstance(literal := item.get("literal") or item.get("name"), str):
        return literal
    parts = ("given", "dropping-particle", "non-dropping-particle", "family", "suffix")
    return " ".join(value for part in parts if isinstance(value := item.get(part), str))


def _date(value: object) -> str:
    """The first date: ISO text where the day is known, else the year."""
    if not isinstance(value, dict):
        return text_of(value, 40)
    parts = value.get("date-parts")
    first = parts[0] if isinstance(parts, list) and parts else None
    if not isinstance(first, list) or not first:
        return text_of(value.get("raw") or value.get("literal"), 40)
    numbers = [str(part) for part in first[:3] if isinstance(part, int | str)]
    if len(numbers) == 3:
        return f"{numbers[0]}-{numbers[1]:0>2}-{numbers[2]:0>2}"
    return numbers[0] if numbers else ""
