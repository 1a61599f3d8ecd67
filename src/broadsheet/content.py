"""Records as JSON, the form in which the store keeps them. Empty fields are left out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

import orjson

from broadsheet.errors import ParseError
from broadsheet.types import Author, Record, RecordVersion

DIGEST_BYTES = 16

_PLAIN = (
    "title",
    "abstract",
    "comment",
    "venue",
    "year",
    "url",
    "pdf",
    "github_repo",
    "project_page",
    "upvotes",
    "num_comments",
    "github_stars",
    "gs_citations",
    "datestamp",
    "deleted",
)
_LISTS = ("identifiers", "categories", "code_urls", "keywords", "ratings")
_DATES = ("announced", "submitted", "updated")
_AUTHOR_FIELDS = tuple(item.name for item in fields(Author))


def dump_record(record: Record) -> str:
    """The record without source and key, which the store keeps in columns."""
    content: dict[str, Any] = {}
    for name in _PLAIN:
        value = getattr(record, name)
        if value is not None and value != "" and value is not False:
            content[name] = value
    for name in _LISTS:
        if value := getattr(record, name):
            content[name] = value
    for name in _DATES:
        if value := getattr(record, name):
            content[name] = value.isoformat()
    if record.authors:
        content["authors"] = [_dump_author(author) for author in record.authors]
    if record.versions:
        content["versions"] = [
            [version.number, version.submitted and version.submitted.isoformat(), version.size]
            for version in record.versions
        ]
    if record.extra:
        content["extra"] = dict(record.extra)
    return orjson.dumps(content).decode()


def load_record(source: str, key: str, content: str) -> Record:
    """The inverse of `dump_record`. Raises ParseError for what it has not made."""
    try:
        return _load(source, key, content)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ParseError(f"record {key} of {source} is not kept whole ({error})") from error


def _load(source: str, key: str, content: str) -> Record:
    values: dict[str, Any] = orjson.loads(content)
    for name in _LISTS:
        if name in values:
            values[name] = tuple(values[name])
    for name in _DATES:
        if name in values:
            values[name] = date.fromisoformat(values[name])
    if "authors" in values:
        values["authors"] = tuple(
            Author(entry) if isinstance(entry, str) else Author(**entry)
            for entry in values["authors"]
        )
    if "versions" in values:
        values["versions"] = tuple(
            RecordVersion(number, date.fromisoformat(day) if day else None, size)
            for number, day, size in values["versions"]
        )
    values.setdefault("title", "")
    values.setdefault("identifiers", ())
    return Record(source=source, key=key, **values)


def digest(content: str) -> bytes:
    """16 bytes that two contents share only when they are the same."""
    return hashlib.blake2b(
        content.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES
    ).digest()


def _dump_author(author: Author) -> str | Mapping[str, str]:
    known = {name: value for name in _AUTHOR_FIELDS if (value := getattr(author, name))}
    return {"name": author.name, **known} if known.keys() - {"name"} else author.name
