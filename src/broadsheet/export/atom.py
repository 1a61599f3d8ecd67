"""Documents as an Atom feed (RFC 4287)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from xml.sax.saxutils import XMLGenerator

from broadsheet.export.fields import address_of, day_of, one_line
from broadsheet.types import Document

NAMESPACE = "http://www.w3.org/2005/Atom"

_EPOCH = date(1970, 1, 1)


def to_atom(
    documents: Iterable[Document],
    *,
    title: str = "Broadsheet",
    feed_id: str = "urn:broadsheet:export",
    updated: datetime | None = None,
    self_url: str = "",
    page_url: str = "",
    url_of: Callable[[Document], str] = address_of,
) -> Iterator[str]:
    """A feed with one entry a document, in the given order.

    `url_of` says where an entry leads. `updated` is the feed's own; without it, 1970: this
    function knows no clock. A document without any date has that day, too, because the format
    requires one.
    """
    xml = _Xml()
    xml.start("feed", {"xmlns": NAMESPACE})
    xml.leaf("title", title)
    xml.leaf("id", feed_id)
    xml.leaf("updated", _moment(updated))
    xml.person("Broadsheet")
    if self_url:
        xml.leaf("link", attributes={"rel": "self", "href": self_url})
    if page_url:
        xml.leaf("link", attributes={"rel": "alternate", "type": "text/html", "href": page_url})
    for document in documents:
        _write_entry(xml, document, url_of(document))
        yield xml.taken()
    xml.end("feed")
    yield xml.taken()


def _write_entry(xml: _Xml, document: Document, url: str) -> None:
    first = document.announced or day_of(document) or _EPOCH
    last = max(document.updated or first, first)
    xml.start("entry")
    xml.leaf("title", document.title)
    xml.leaf("id", f"urn:broadsheet:{document.doc_id}")
    xml.leaf("published", _noon(first))
    xml.leaf("updated", _noon(last))
    for author in document.authors:
        xml.person(author.name)
    if url:
        xml.leaf("link", attributes={"rel": "alternate", "href": url})
    if (source := address_of(document)) and source != url:
        xml.leaf("link", attributes={"rel": "via", "href": source})
    if document.pdf:
        related = {"rel": "related", "type": "application/pdf", "href": document.pdf}
        xml.leaf("link", attributes=related)
    for link in document.code_links:
        xml.leaf("link", attributes={"rel": "related", "title": "code", "href": link.url})
    for category in document.categories:
        xml.leaf("category", attributes={"term": category})
    if document.abstract:
        xml.leaf("summary", document.abstract)
    xml.end("entry")


class _Xml:
    """Elements written into a buffer that is emptied by `taken`."""

    def __init__(self) -> None:
        self._buffer = io.StringIO()
        self._writer = XMLGenerator(self._buffer, "utf-8", short_empty_elements=True)
        self._writer.startDocument()

    def start(self, name: str, attributes: Mapping[str, str] | None = None) -> None:
        safe = {key: one_line(value) for key, value in (attributes or {}).items()}
        self._writer.startElement(name, safe)  # type: ignore[arg-type]

    def end(self, name: str) -> None:
        self._writer.endElement(name)
        self._writer.ignorableWhitespace("\n")

    def leaf(self, name: str, text: str = "", attributes: Mapping[str, str] | None = None) -> None:
        self.start(name, attributes)
        if text:
            self._writer.characters(one_line(text))
        self.end(name)

    def person(self, name: str) -> None:
        self.start("author")
        self.leaf("name", name)
        self.end("author")

    def taken(self) -> str:
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return text


def _noon(day: date) -> str:
    """Noon: the same day wherever the reader is."""
    return _moment(datetime.combine(day, time(12), UTC))


def _moment(moment: datetime | None) -> str:
    moment = moment or datetime.combine(_EPOCH, time(), UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
