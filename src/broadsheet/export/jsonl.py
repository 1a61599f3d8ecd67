"""Documents as our own import rows: what is exported here can be imported again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from broadsheet.types import Author, Document, LinkStatus


def to_jsonl(documents: Iterable[Document]) -> Iterator[str]:
    for document in documents:
        yield json.dumps(import_row(document), ensure_ascii=False) + "\n"


def import_row(document: Document) -> dict[str, Any]:
    """The import row of a document: fields without value are left out."""
    row: dict[str, Any] = {
        "id": document.doc_id,
        "identifiers": [name for name in document.identifiers if name != document.doc_id],
        "title": document.title,
        "abstract": document.abstract,
        "summary_by": document.abstract_by,
        "authors": [_author(author) for author in document.authors],
        "categories": list(document.categories),
        "comment": document.comment,
        "venue": document.venue,
        "year": document.year,
        "announced": _day(document.announced),
        "submitted": _day(document.submitted),
        "updated": _day(document.updated),
        "url": document.url,
        "pdf": document.pdf,
        "code_urls": [link.url for link in document.living_links],
        "project_page": document.project_page,
        "keywords": list(document.keywords),
        "upvotes": document.upvotes,
        "num_comments": document.num_comments,
        "github_stars": document.github_stars,
        "gs_citations": document.gs_citations,
        "ratings": list(document.ratings),
        "versions": [
            {"number": version.number, "dated": _day(version.dated)}
            for version in document.versions
        ],
    }
    row = {name: value for name, value in row.items() if value not in (None, "", [])}
    extra = {**document.extra, **_stated(document)}
    extra.pop("summary_by", None)
    return row | ({"extra": extra} if extra else {})


def _stated(document: Document) -> dict[str, list[str]]:
    """What other rows said of the code links, and their texts do not say."""
    statuses = {"official": LinkStatus.OFFICIAL, "mentioned_in_paper": LinkStatus.AUTHOR_CLAIMED}
    stated = {
        name: [
            link.url
            for link in document.code_links
            if link.status is status
            and not any(evidence.place in ("abstract", "comment") for evidence in link.evidence)
        ]
        for name, status in statuses.items()
    }
    return {name: urls for name, urls in stated.items() if urls}


def _author(author: Author) -> str | dict[str, str]:
    names = ("orcid", "openreview", "dblp", "acl", "affiliation")
    known = {name: value for name in names if (value := getattr(author, name))}
    return {"name": author.name, **known} if known else author.name


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
