"""Documents as a JSON Feed (version 1.1, jsonfeed.org)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from broadsheet.export.fields import address_of, noon, one_line, shown_days
from broadsheet.types import Document

VERSION = "https://jsonfeed.org/version/1.1"


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
    first, last = shown_days(document)
    item: dict[str, Any] = {
        "id": f"urn:broadsheet:{one_line(document.doc_id)}",
        "title": one_line(document.title),
        "content_text": one_line(document.abstract or document.title),
        "date_published": noon(first),
        "date_modified": noon(last),
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
