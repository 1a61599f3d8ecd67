"""ACL Anthology XML: a collection of volumes of papers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import IO
from xml.etree.ElementTree import Element

from broadsheet.harvest.parse.fields import (
    ABSTRACT_CHARS_MAX,
    FieldError,
    check_n_authors,
    day_of,
    orcid_of,
    text_of,
    title_of,
    token_of,
    url_of,
    year_of,
)
from broadsheet.harvest.parse.stream import reject
from broadsheet.harvest.parse.xml_stream import child, children, elements, local_name, text_in
from broadsheet.text.identifiers import canonical_identifier, identifier_url
from broadsheet.text.names import parse_name
from broadsheet.types import Author, Record, Reject

SOURCE = "acl"

_WANTED = frozenset({"meta", "paper"})
_OLD_COLLECTION = re.compile(r"[A-Z]\d{2}")
_SHORT_NAME = re.compile(r"\(([A-Z][A-Za-z*-]{1,15})(?:\s*['’]?\d{2,4})?\)")


def parse_acl_xml(stream: IO[bytes]) -> Iterator[Record | Reject]:
    """The papers of each volume, without its front matter."""
    number = 0
    volume: Element | None = None
    meta: dict[str, str] = {}
    for element, ancestors in elements(stream, _WANTED):
        if local_name(element) == "meta":
            volume = ancestors[-1] if ancestors else None
            meta = {local_name(field): text_in(field) for field in element}
            continue
        number += 1
        within = ancestors[-1] if ancestors else None
        try:
            yield _record(element, ancestors, meta if within is volume else {})
        except FieldError as error:
            place = f"paper {element.get('id', number)}"
            yield reject(place, str(error), text_in(element, "title"))


def _record(paper: Element, ancestors: tuple[Element, ...], meta: dict[str, str]) -> Record:
    anthology_id = _anthology_id(paper, ancestors)
    identifier = canonical_identifier(f"acl:{anthology_id}")
    if identifier is None:
        raise FieldError(
            f"{anthology_id!r} is no Anthology id: expected P18-1234 or 2020.acl-main.1"
        )
    key = identifier.removeprefix("acl:")
    doi = canonical_identifier(f"doi:{text_in(paper, 'doi')}")
    title = child(paper, "title")
    return Record(
        source=SOURCE,
        key=key,
        title=title_of(_marked_text(title) if title is not None else None),
        identifiers=(identifier, doi) if doi else (identifier,),
        abstract=_text(child(paper, "abstract"), ABSTRACT_CHARS_MAX),
        authors=_authors(paper),
        venue=venue_of(meta.get("booktitle", ""), ancestors),
        year=year_of(text_in(paper, "year") or meta.get("year") or ""),
        announced=_ingested(paper, ancestors),
        url=identifier_url(identifier),
        pdf=_pdf(paper, key),
        extra=_extra(paper, meta),
    )


def _anthology_id(paper: Element, ancestors: tuple[Element, ...]) -> str:
    """`2021.eacl-main.24`, or `P18-1024` (a W's volume has two digits, its papers two)."""
    url = text_in(paper, "url").removesuffix(".pdf").rstrip("/").rpartition("/")[2]
    if canonical_identifier(f"acl:{url}"):
        return url
    collection = ancestors[0].get("id", "") if ancestors else ""
    volume = ancestors[-1].get("id", "") if ancestors else ""
    number = paper.get("id", "")
    if not _OLD_COLLECTION.fullmatch(collection):
        return f"{collection}-{volume}.{number}"
    has_long_volumes = collection[0] == "W" or collection in ("C69", "D19")
    if has_long_volumes and len(volume) <= 2 and not (collection == "D19" and int_of(volume) < 5):
        return f"{collection}-{volume:0>2}{number:0>2}"
    return f"{collection}-{volume}{number:0>3}"


def int_of(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def venue_of(booktitle: str, ancestors: tuple[Element, ...]) -> str:
    """The short name: in brackets in the book's title, else from the collection's id."""
    if match := _SHORT_NAME.search(booktitle):
        return match[1]
    collection = ancestors[0].get("id", "") if ancestors else ""
    _, dot, name = collection.partition(".")
    return name.upper() if dot else text_of(booktitle, 300)


def _ingested(paper: Element, ancestors: tuple[Element, ...]) -> date | None:
    volume = ancestors[-1] if ancestors else paper
    return day_of(paper.get("ingest-date") or volume.get("ingest-date"))


def _authors(paper: Element) -> tuple[Author, ...]:
    found = list(children(paper, "author"))
    check_n_authors(len(found))
    authors = (
        Author(
            parse_name(f"{text_in(a, 'first')} {text_in(a, 'last')}"),
            orcid=orcid_of(a.get("orcid")),
            acl=token_of(a.get("id")),
            affiliation=text_of(text_in(a, "affiliation"), 500) or None,
        )
        for a in found
    )
    return tuple(author for author in authors if author.name)


def _pdf(paper: Element, key: str) -> str:
    stated = text_in(paper, "url")
    return url_of(stated) or (f"https://aclanthology.org/{key}.pdf" if stated else "")


def _extra(paper: Element, meta: dict[str, str]) -> dict[str, object]:
    values = {
        "booktitle": text_of(meta.get("booktitle"), 500),
        "publisher": text_of(meta.get("publisher"), 300),
        "pages": text_of(text_in(paper, "pages"), 40),
        "bibkey": text_of(text_in(paper, "bibkey"), 200),
        "award": "; ".join(text_in(award) for award in children(paper, "award"))[:300],
    }
    return {name: value for name, value in values.items() if value}


def _text(element: Element | None, chars_max: int) -> str:
    return text_of(_marked_text(element), chars_max) if element is not None else ""


def _marked_text(element: Element) -> str:
    """The text, with `<tex-math>` between dollars; `<fixed-case>` and the like leave only text."""
    parts = [element.text or ""]
    for part in element:
        inner = _marked_text(part)
        parts += (f"${inner}$" if local_name(part) == "tex-math" else inner, part.tail or "")
    return "".join(parts)
