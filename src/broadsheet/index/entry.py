"""What the text index holds of a document: the schema, and a document as an entry of it.

| field | matched as | holds |
| --- | --- | --- |
| text | stems | title three times (so that its words weigh more), abstract, keywords |
| title | stems | title |
| title_x, abstract_x | words, with positions | for exact phrases and prefixes |
| authors, venue, notes | words, with positions | names; venue; keywords, comment, venue, year |
| identifier, category_key, venue_key, has | whole value | filters |
| category, venue_name, has, year | whole value, column | facets |
| newest | column | sorts by date, newest first, then doc_id |
| most_cited, most_attention | column | sort by citations or attention, then as newest |
| shown | stored | what an answer shows, as JSON |

One field of title and abstract together is BM25F in its simple form (Robertson,
Zaragoza & Taylor 2004: weigh term frequencies before saturation, not scores after);
it beat the sum of two fields' scores on scifact, cranfield and cacm alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Any

import orjson
from tantivy import Schema, SchemaBuilder

from broadsheet.index.analysis import foldable
from broadsheet.rank.attention import attention
from broadsheet.rank.words import TITLE_WEIGHT
from broadsheet.text.fold import fold
from broadsheet.types import Document

#: Raise it whenever an entry or the schema changes: older indexes are then built anew.
SCHEMA_VERSION = 3

TITLE_CHARS_MAX = 2_000
ABSTRACT_CHARS_MAX = 50_000
NOTES_CHARS_MAX = 10_000
AUTHORS_MAX = 5_000
AMOUNT_MAX = 9_999_999_999
LATEST_ORDINAL = date.max.toordinal()


@dataclass(frozen=True, slots=True)
class Shown:
    """What the index itself knows to show of a document; enough for an answer's lines."""

    doc_no: int
    doc_id: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    venue: str
    year: int | None
    announced: date | None
    dated: date | None
    notes: str


def build_schema() -> Schema:
    builder = SchemaBuilder()
    builder.add_integer_field("doc_no", stored=True, indexed=True, fast=True)
    for name in ("text", "title"):
        builder.add_text_field(name, tokenizer_name="stem", index_option="freq")
    for name in ("title_x", "abstract_x", "authors", "venue", "notes"):
        builder.add_text_field(name, tokenizer_name="plain", index_option="position")
    for name in ("identifier", "category_key", "venue_key"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("category", "venue_name", "has", "newest", "most_cited", "most_attention"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in ("year", "announced"):
        builder.add_integer_field(name, indexed=True, fast=True)
    builder.add_bytes_field("shown", stored=True)
    builder.add_bytes_field("digest", stored=True)
    return builder.build()


def entry(document: Document) -> dict[str, Any]:
    """Field values of a document; lists for fields with any number of values."""
    title = foldable(document.title[:TITLE_CHARS_MAX])
    abstract = foldable(document.abstract[:ABSTRACT_CHARS_MAX])
    authors = [author.name for author in document.authors[:AUTHORS_MAX]]
    keywords = foldable(" . ".join(document.keywords)[:NOTES_CHARS_MAX])
    year = document.year or _year(document)
    notes = notes_of(document, year)
    newest = newest_key(document)
    fields: dict[str, Any] = {
        "doc_no": document.doc_no,
        "text": " . ".join([*[title] * TITLE_WEIGHT, abstract, keywords]),
        "title": title,
        "title_x": title,
        "abstract_x": abstract,
        "authors": [foldable(name) for name in authors],
        "venue": foldable(document.venue),
        "notes": foldable(notes),
        "identifier": identifier_keys(document),
        "category": list(document.categories),
        "category_key": category_keys(document.categories),
        "has": flags_of(document),
        "newest": newest,
        "most_cited": f"{_most_first(document.gs_citations or 0)} {newest}",
        "most_attention": f"{_most_first(round(attention(document) * 100))} {newest}",
        "shown": _shown(document, authors, year, notes),
    }
    if document.venue:
        fields["venue_name"] = document.venue
        fields["venue_key"] = venue_key(document.venue)
    if year is not None:
        fields["year"] = year
    if document.announced is not None:
        fields["announced"] = document.announced.toordinal()
    fields["digest"] = _digest(fields, document)
    return fields


def read_shown(doc_no: int, stored: bytes) -> Shown:
    values = orjson.loads(stored)
    return Shown(
        doc_no=doc_no,
        doc_id=values["doc_id"],
        title=values["title"],
        abstract=values["abstract"],
        authors=tuple(values["authors"]),
        categories=tuple(values["categories"]),
        venue=values["venue"],
        year=values["year"],
        announced=_read_day(values["announced"]),
        dated=_read_day(values["dated"]),
        notes=values["notes"],
    )


def _read_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def dated(document: Document) -> date | None:
    """The day a document is sorted by: announced, else submitted, updated, its year."""
    day = document.announced or document.submitted or document.updated
    if day is None and document.year and 1 <= document.year <= date.max.year:
        return date(document.year, 1, 1)
    return day


def newest_key(document: Document) -> str:
    """Text whose ascending order is: latest day first, undated last, then doc_id."""
    day = dated(document)
    return f"{LATEST_ORDINAL - (day.toordinal() if day else 0):07d} {document.doc_id}"


def _most_first(amount: int) -> str:
    """Text whose ascending order is: largest first."""
    return f"{AMOUNT_MAX - max(0, min(amount, AMOUNT_MAX)):010d}"


def identifier_keys(document: Document) -> list[str]:
    """All identifiers in lower case, each with and without its scheme."""
    names = [name.lower() for name in (document.doc_id, *document.identifiers)]
    return list(dict.fromkeys([*names, *(name.partition(":")[2] or name for name in names)]))


def category_keys(categories: tuple[str, ...]) -> list[str]:
    """Categories and their archives in lower case: cs.CL gives cs.cl and cs."""
    names = [name.lower() for name in categories]
    return list(dict.fromkeys([*names, *(name.partition(".")[0] for name in names)]))


def venue_key(venue: str) -> str:
    return " ".join(fold(venue).split())


def flags_of(document: Document) -> list[str]:
    """What a document has, as `has:` asks for it: code, figures, venue."""
    code = bool(document.living_links)
    given = {"code": code, "figures": document.extra.get("figures"), "venue": document.venue}
    return [flag for flag, present in given.items() if present]


def notes_of(document: Document, year: int | None) -> str:
    """What else a bare word may match: keywords, comment, venue, year."""
    parts = (*document.keywords, document.comment, document.venue, str(year or ""))
    return " · ".join(part for part in parts if part)[:NOTES_CHARS_MAX]


def _year(document: Document) -> int | None:
    day = dated(document)
    return day.year if day else None


def _shown(document: Document, authors: list[str], year: int | None, notes: str) -> bytes:
    values = {
        "doc_id": document.doc_id,
        "title": document.title[:TITLE_CHARS_MAX],
        "abstract": document.abstract[:ABSTRACT_CHARS_MAX],
        "authors": authors,
        "categories": document.categories,
        "venue": document.venue,
        "year": year,
        "announced": document.announced.isoformat() if document.announced else None,
        "dated": day.isoformat() if (day := dated(document)) else None,
        "notes": notes,
    }
    return orjson.dumps(values)


def _digest(fields: dict[str, Any], document: Document) -> bytes:
    """Of everything the other fields are made from."""
    columns = (fields["newest"], fields["most_cited"], fields["most_attention"], fields["has"])
    others = (document.doc_no, document.doc_id, columns, document.keywords)
    digest = blake2b(fields["shown"], digest_size=16)
    digest.update(repr((others, fields["identifier"])).encode("utf-8", "replace"))
    return digest.digest()
