"""Documents as an Atom feed (RFC 4287)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, time

from broadsheet.export.fields import EPOCH, address_of, noon, shown_days
from broadsheet.export.xml import Xml
from broadsheet.types import Document

NAMESPACE = "http://www.w3.org/2005/Atom"


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
    function knows no clock.
    """
    xml = Xml()
    xml.start("feed", {"xmlns": NAMESPACE})
    xml.leaf("title", title)
    xml.leaf("id", feed_id)
    xml.leaf("updated", _moment(updated))
    _person(xml, "Broadsheet")
    if self_url:
        xml.leaf("link", attributes={"rel": "self", "href": self_url})
    if page_url:
        xml.leaf("link", attributes={"rel": "alternate", "type": "text/html", "href": page_url})
    for document in documents:
        _write_entry(xml, document, url_of(document))
        yield xml.taken()
    xml.end("feed")
    yield xml.taken()


def _write_entry(xml: Xml, document: Document, url: str) -> None:
    first, last = shown_days(document)
    xml.start("entry")
    xml.leaf("title", document.title)
    xml.leaf("id", f"urn:broadsheet:{document.doc_id}")
    xml.leaf("published", noon(first))
    xml.leaf("updated", noon(last))
    for author in document.authors:
        _person(xml, author.name)
    if url:
        xml.leaf("link", attributes={"rel": "alternate", "href": url})
    if (source := address_of(document)) and source != url:
        xml.leaf("link", attributes={"rel": "via", "href": source})
    if document.pdf:
        related = {"rel": "related", "type": "application/pdf", "href": document.pdf}
        xml.leaf("link", attributes=related)
    for link in document.living_links:
        xml.leaf("link", attributes={"rel": "related", "title": "code", "href": link.url})
    for category in document.categories:
        xml.leaf("category", attributes={"term": category})
    if document.abstract:
        xml.leaf("summary", document.abstract)
    xml.end("entry")


def _person(xml: Xml, name: str) -> None:
    xml.start("author")
    xml.leaf("name", name)
    xml.end("author")


def _moment(moment: datetime | None) -> str:
    moment = moment or datetime.combine(EPOCH, time(), UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
