"""OAI-PMH answers with records in arXiv's own two formats or in Dublin Core.

Source: Open Archives Initiative Protocol for Metadata Harvesting 2.0, sections 2.5 (records
and headers), 3.5 (resumption) and 3.6 (errors).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from xml.etree.ElementTree import Element

from broadsheet.errors import ParseError
from broadsheet.harvest.parse.arxiv import (
    arxiv_authors,
    arxiv_record,
    versions_of,
)
from broadsheet.harvest.parse.arxiv_snapshot import moment_of
from broadsheet.harvest.parse.fields import (
    ABSTRACT_CHARS_MAX,
    COMMENT_CHARS_MAX,
    FieldError,
    authors_of,
    day_of,
    identifiers_of,
    strings_of,
    text_of,
    title_of,
    url_of,
    year_of,
)
from broadsheet.harvest.parse.stream import reject
from broadsheet.harvest.parse.xml_stream import (
    child,
    children,
    elements,
    local_name,
    text_in,
    texts_in,
)
from broadsheet.text.identifiers import canonical_identifier, own_identifier
from broadsheet.text.names import parse_name
from broadsheet.types import Author, Record, Reject

SOURCE = "arxiv-oai"

_WANTED = frozenset({"record", "header", "resumptionToken", "error", "responseDate"})
_COMMENT = re.compile(r"\s*Comments?:\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OaiHeader:
    """`identifier` as the repository spells it; `datestamp` a day or a UTC moment."""

    identifier: str
    datestamp: str = ""
    sets: tuple[str, ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class OaiPage:
    """One answer. "" stands for no token, no error, no date; None for a count not given.

    `headers` are those of all records too, also of records that could not be read.
    """

    records: tuple[Record | Reject, ...] = ()
    headers: tuple[OaiHeader, ...] = ()
    resumption_token: str = ""
    complete_list_size: int | None = None
    cursor: int | None = None
    response_date: str = ""
    error_code: str = ""
    error_message: str = ""

    @property
    def identifiers(self) -> tuple[str, ...]:
        return tuple(header.identifier for header in self.headers)

    @property
    def deleted(self) -> tuple[str, ...]:
        return tuple(header.identifier for header in self.headers if header.deleted)


def parse_oai(body: bytes) -> OaiPage:
    """Raises: ParseError where `body` is no whole OAI-PMH answer."""
    records: list[Record | Reject] = []
    headers: list[OaiHeader] = []
    found: dict[str, Element] = {}
    token = error = response_date = code = ""
    size = cursor = None
    for element, ancestors in elements(io.BytesIO(body), _WANTED):
        name = local_name(element)
        found.setdefault(name, element)
        if name == "record":
            item, header = _read(element, f"record {len(records) + 1}")
            records.append(item)
            headers.append(header)
        elif name == "header":
            headers.append(_header(element))
        elif name == "resumptionToken":
            token = text_in(element)
            size, cursor = _count(element, "completeListSize"), _count(element, "cursor")
        elif name == "error" and not code:
            code, error = element.get("code", "unknown"), text_in(element)
        elif name == "responseDate" and len(ancestors) == 1:
            response_date = text_in(element)
    if not found:
        raise ParseError("no OAI-PMH answer")
    return OaiPage(
        tuple(records),
        tuple(headers),
        token,
        size,
        cursor,
        response_date[:40],
        code[:60],
        " ".join(error.split())[:500],
    )


def parse_oai_file(stream: IO[bytes]) -> Iterator[Record | Reject]:
    """The records of an answer, or of many put one after another under one root."""
    for number, (element, _) in enumerate(elements(stream, frozenset({"record"})), 1):
        yield _read(element, f"record {number}")[0]


def _read(element: Element, place: str) -> tuple[Record | Reject, OaiHeader]:
    found = child(element, "header")
    header = _header(found) if found is not None else OaiHeader("")
    try:
        return _record(element, header), header
    except FieldError as error:
        return reject(place, str(error), header.identifier or text_in(element)), header


def _header(element: Element) -> OaiHeader:
    return OaiHeader(
        text_in(element, "identifier"),
        text_in(element, "datestamp")[:40],
        tuple(texts_in(element, "setSpec")),
        element.get("status") == "deleted",
    )


def _count(element: Element, name: str) -> int | None:
    value = element.get(name, "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 15 else None


def _record(element: Element, header: OaiHeader) -> Record:
    if header.deleted:
        return _deleted(header)
    metadata = child(element, "metadata")
    content = next(iter(metadata), None) if metadata is not None else None
    if content is None:
        raise FieldError("a record without metadata: expected arXiv, arXivRaw or oai_dc")
    match local_name(content):
        case "arXiv":
            return _arxiv(content, header)
        case "arXivRaw":
            return _arxiv_raw(content, header)
        case "dc":
            return _dublin_core(content, header)
        case name:
            raise FieldError(f"metadata in {name}: expected arXiv, arXivRaw or oai_dc")


def _deleted(header: OaiHeader) -> Record:
    identifier = canonical_identifier(header.identifier) or own_identifier(header.identifier)
    if identifier is None:
        raise FieldError("a deleted record without identifier")
    return Record(
        source=SOURCE,
        key=identifier.removeprefix("arxiv:"),
        title="",
        identifiers=(identifier,),
        datestamp=header.datestamp,
        deleted=True,
    )


def _arxiv(content: Element, header: OaiHeader) -> Record:
    found = child(content, "authors")
    authors = tuple(
        Author(
            parse_name(" ".join(text_in(a, part) for part in ("forenames", "keyname", "suffix"))),
            affiliation=text_of("; ".join(texts_in(a, "affiliation")), 500) or None,
        )
        for a in (children(found, "author") if found is not None else ())
    )
    return _of_arxiv(
        content,
        header,
        authors=tuple(author for author in authors if author.name),
        submitted=text_in(content, "created"),
        updated=text_in(content, "updated") or text_in(content, "created"),
    )


def _arxiv_raw(content: Element, header: OaiHeader) -> Record:
    dated = [
        (version.get("version", ""), text_in(version, "date"), text_in(version, "size"))
        for version in children(content, "version")
    ]
    return _of_arxiv(
        content,
        header,
        authors=arxiv_authors(text_in(content, "authors")),
        submitted=dated[0][1] if dated else "",
        updated=dated[-1][1] if dated else "",
        dated=dated,
    )


def _of_arxiv(
    content: Element,
    header: OaiHeader,
    *,
    authors: tuple[Author, ...],
    submitted: str,
    updated: str,
    dated: list[tuple[str, str, str]] | None = None,
) -> Record:
    return arxiv_record(
        source=SOURCE,
        arxiv_id=text_in(content, "id") or header.identifier,
        title=text_in(content, "title"),
        abstract=text_in(content, "abstract"),
        authors=authors,
        categories=text_in(content, "categories").split(),
        comment=text_in(content, "comments"),
        journal_ref=text_in(content, "journal-ref"),
        dois=texts_in(content, "doi"),
        submitted=day_of(submitted),
        updated=day_of(updated),
        versions=versions_of(dated or []),
        datestamp=header.datestamp,
        extra={
            "submitter": text_of(text_in(content, "submitter"), 300),
            "report_no": text_of(text_in(content, "report-no"), 300),
            "license": text_of(text_in(content, "license"), 300),
            "classes": _classes(content),
            "submitted_at": moment_of(submitted) if dated else "",
        },
    )


def _classes(content: Element) -> list[str]:
    """MSC and ACM classes, which arXiv's formats separate with commas or semicolons."""
    texts = (text_in(content, name) for name in ("msc-class", "acm-class"))
    return [part for text in texts for part in strings_of(text)]


def _dublin_core(content: Element, header: OaiHeader) -> Record:
    names = texts_in(content, "identifier")
    if arxiv := canonical_identifier(header.identifier):
        return _dublin_core_of_arxiv(content, header, arxiv, names)
    title = title_of(text_in(content, "title") or None)
    authors = authors_of(texts_in(content, "creator"))
    url = next(filter(None, map(url_of, names)), "")
    identifiers = identifiers_of(
        names, own=header.identifier, url=url, title=title, authors=authors
    )
    day = next(filter(None, texts_in(content, "date")), "")
    return Record(
        source=SOURCE,
        key=header.identifier or identifiers[0],
        title=title,
        identifiers=identifiers,
        abstract=text_of(next(iter(texts_in(content, "description")), ""), ABSTRACT_CHARS_MAX),
        authors=authors,
        year=year_of(day),
        submitted=day_of(day),
        url=url,
        keywords=strings_of(texts_in(content, "subject")),
        datestamp=header.datestamp,
    )


def _dublin_core_of_arxiv(
    content: Element, header: OaiHeader, arxiv: str, names: list[str]
) -> Record:
    """arXiv's Dublin Core: names of its categories in words, the comment as a description."""
    descriptions = texts_in(content, "description")
    comments = [text for text in descriptions if _COMMENT.match(text)]
    days = sorted(day for text in texts_in(content, "date") if (day := day_of(text)))
    subjects = [" ".join(text.split()) for text in texts_in(content, "subject")]
    return arxiv_record(
        source=SOURCE,
        arxiv_id=arxiv,
        title=text_in(content, "title"),
        abstract=next((text for text in descriptions if text not in comments), ""),
        authors=authors_of(texts_in(content, "creator")),
        categories=[subject for subject in subjects if " " not in subject],
        comment=_COMMENT.sub("", comments[0], count=1)[:COMMENT_CHARS_MAX] if comments else "",
        journal_ref=next((n for n in names if not n.startswith(("http", "doi:"))), ""),
        dois=[name.removeprefix("doi:") for name in names if name.startswith("doi:")],
        submitted=days[0] if days else None,
        updated=days[-1] if days else None,
        datestamp=header.datestamp,
        extra={"subjects": [subject for subject in subjects if " " in subject]},
    )
