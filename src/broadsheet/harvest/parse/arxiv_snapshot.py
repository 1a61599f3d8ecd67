"""arXiv's metadata snapshot: one JSON object a line (`id`, `authors_parsed`, `versions`, …)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import IO, Any

from broadsheet.harvest.parse.arxiv import arxiv_authors, arxiv_record, versions_of
from broadsheet.harvest.parse.fields import FieldError, day_of, text_of
from broadsheet.harvest.parse.stream import json_objects, reject
from broadsheet.text.names import parse_name
from broadsheet.types import Author, Record, Reject

SOURCE = "arxiv-snapshot"


def parse_arxiv_snapshot(stream: IO[bytes]) -> Iterator[Record | Reject]:
    for place, row in json_objects(stream):
        if isinstance(row, Reject):
            yield row
            continue
        try:
            yield _record(row)
        except FieldError as error:
            yield reject(place, str(error), row.get("id", row))


def _record(row: Mapping[str, Any]) -> Record:
    versions = versions_of(_versions(row.get("versions")))
    number = row.get("id")
    if isinstance(number, float):
        raise FieldError("id is a number with a fraction: expected a text in quotes")
    moments = [moment for _, moment, _ in _versions(row.get("versions"))]
    categories = row.get("categories")
    return arxiv_record(
        source=SOURCE,
        arxiv_id=str(number or ""),
        title=row["title"] if isinstance(row.get("title"), str) else "",
        abstract=text_of(row.get("abstract"), 200_000),
        authors=_authors(row),
        categories=_categories(categories),
        comment=text_of(row.get("comments"), 20_000),
        journal_ref=text_of(row.get("journal-ref"), 500),
        dois=[row["doi"]] if isinstance(row.get("doi"), str) else [],
        submitted=versions[0].submitted if versions else None,
        updated=versions[-1].submitted if versions else day_of(row.get("update_date")),
        versions=versions,
        datestamp=text_of(row.get("update_date"), 40),
        extra={
            "submitter": text_of(row.get("submitter"), 300),
            "report_no": text_of(row.get("report-no"), 300),
            "license": text_of(row.get("license"), 300),
            "submitted_at": moment_of(moments[0]) if moments else "",
        },
    )


def moment_of(text: str) -> str:
    """An RFC 2822 moment as ISO 8601, else ""."""
    try:
        return parsedate_to_datetime(text).isoformat()
    except (ValueError, IndexError, TypeError, OverflowError):
        return ""


def _authors(row: Mapping[str, Any]) -> tuple[Author, ...]:
    parsed = row.get("authors_parsed")
    if not isinstance(parsed, list) or not parsed:
        return arxiv_authors(text_of(row.get("authors"), 200_000))
    names = []
    for parts in parsed:
        if isinstance(parts, list) and parts:
            last, first, suffix = (text_of(part, 200) for part in (*parts, "", "")[:3])
            names.append((f"{first} {last} {suffix}", text_of(parts[3:4], 500) or None))
    authors = (Author(parse_name(name), affiliation=place) for name, place in names)
    return tuple(author for author in authors if author.name)


def _versions(value: object) -> list[tuple[str, str, str]]:
    items = value if isinstance(value, list) else []
    return [
        (text_of(item.get("version"), 10), text_of(item.get("created"), 60), "")
        for item in items
        if isinstance(item, dict)
    ]


def _categories(value: object) -> list[str]:
    """`["cs.LG stat.ML"]`, as in the first snapshots, or `"cs.LG stat.ML"`."""
    return text_of(value, 500).split()
