"""The answer of arXiv's Atom API. Its error entries are Rejects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import Element

from broadsheet.harvest.parse.arxiv import arxiv_record
from broadsheet.harvest.parse.fields import FieldError, day_of, text_of
from broadsheet.harvest.parse.stream import reject
from broadsheet.harvest.parse.xml_stream import child, children, elements, text_in, texts_in
from broadsheet.text.names import parse_name
from broadsheet.types import Author, Record, Reject

SOURCE = "arxiv-atom"

_ENTRY = frozenset({"entry"})


def parse_arxiv_atom(stream: IO[bytes]) -> Iterator[Record | Reject]:
    for number, (entry, _) in enumerate(elements(stream, _ENTRY), 1):
        place = f"entry {number}"
        own_id = text_in(entry, "id")
        if "/api/errors" in own_id:
            yield reject(place, f"arXiv answers with an error: {text_in(entry, 'summary')}", own_id)
            continue
        try:
            yield _record(entry, own_id)
        except FieldError as error:
            yield reject(place, str(error), f"{own_id} {text_in(entry, 'title')}")


def _record(entry: Element, own_id: str) -> Record:
    primary = child(entry, "primary_category")
    terms = [element.get("term", "") for element in children(entry, "category")]
    first = [primary.get("term", "")] if primary is not None else []
    published, updated = text_in(entry, "published"), text_in(entry, "updated")
    return arxiv_record(
        source=SOURCE,
        arxiv_id=own_id,
        title=text_in(entry, "title"),
        abstract=text_in(entry, "summary"),
        authors=_authors(entry),
        categories=[*first, *terms],
        comment=text_in(entry, "comment"),
        journal_ref=text_in(entry, "journal_ref"),
        dois=texts_in(entry, "doi"),
        submitted=day_of(published),
        updated=day_of(updated),
        datestamp=updated[:40],
        extra={"submitted_at": published[:40] if day_of(published) else ""},
    )


def _authors(entry: Element) -> tuple[Author, ...]:
    authors = (
        Author(
            parse_name(text_in(author, "name")),
            affiliation=text_of(text_in(author, "affiliation"), 500) or None,
        )
        for author in children(entry, "author")
    )
    return tuple(author for author in authors if author.name)
