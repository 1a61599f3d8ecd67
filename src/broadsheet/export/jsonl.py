"""Documents as our own import rows: what is exported here can be imported again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from broadsheet.export.fields import author_fields, day_text, plain_fields
from broadsheet.types import Author, Document, LinkStatus


def to_jsonl(documents: Iterable[Document]) -> Iterator[str]:
    for document in documents:
        yield json.dumps(import_row(document), ensure_ascii=False) + "\n"


def import_row(document: Document) -> dict[str, Any]:
    """The import row of a document: fields without value are left out."""
    row: dict[str, Any] = {
        "id": document.doc_id,
        "identifiers": [name for name in document.identifiers if name != document.doc_id],
        **plain_fields(document),
        "summary_by": document.abstract_by,
        "authors": [_author(author) for author in document.authors],
        "code_urls": [link.url for link in document.living_links],
        "versions": [
            {"number": version.number, "dated": day_text(version.dated)}
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
    known = author_fields(author)
    return known if len(known) > 1 else author.name
