"""Documents as a JSON Feed (version 1.1, jsonfeed.org)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any

from broadsheet.export.fields import address_of, day_of, one_line
from broadsheet.types import Document

VERSION = "https://jsonfeed.org/version/1.1"

_EPOCH = date(1970, 1, 1)


def to_jsonfeed(
    documents: Iterable[Document],
    *,
    title: str = "Broadsheet",
    page_url: str = "",
    self_url: str = "",
    url_of: Callable[[Document], str] = address_of,
) -> Iterator[str]:
    """A feed with one item a document, in the given order."""
    feed: dict[str, Any] = {"version": VERSION, "title": one_line(title)}
    if page_url:
        feed["home_page_url"] = page_url
    if self_url:
        feed["feed_url"] = self_url
    feed["items"] = [_item(document, url_of) for document in documents]
    yield json.dumps(feed, ensure_ascii=False)


def _item(document: Document, url_of: Callable[[Document], str]) -> dict[str, Any]:
    first = document.announced or day_of(document) or _EPOCH
    last = max(document.updated or first, first)
    item: dict[str, Any] = {
        "id": f"urn:broadsheet:{one_line(document.doc_id)}",
        "title": one_line(document.title),
        "content_text": one_line(document.abstract or document.title),
        "date_published": _noon(first),
        "date_modified": _noon(last),
        "authors": [{"name": one_line(author.name)} for author in document.authors],
        "tags": [one_line(category) for category in document.categories],
    }
    if url := url_of(document):
        item["url"] = url
    if (source := address_of(document)) and source != url:
        item["external_url"] = source
    if document.pdf:
        item["attachments"] = [{"url": document.pdf, "mime_type": "application/pdf"}]
    return item


def _noon(day: date) -> str:
    """Noon: the same day wherever the reader is."""
    return datetime.combine(day, time(12), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
