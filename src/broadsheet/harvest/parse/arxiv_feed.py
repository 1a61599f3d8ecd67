"""arXiv's announcement feed of one category or archive and day, as RSS 2.0 or Atom."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import IO
from xml.etree.ElementTree import Element

from broadsheet.errors import ParseError
from broadsheet.harvest.parse.arxiv import arxiv_authors, arxiv_record
from broadsheet.harvest.parse.fields import FieldError, day_of
from broadsheet.harvest.parse.stream import reject
from broadsheet.harvest.parse.xml_stream import children, elements, text_in, texts_in
from broadsheet.text.names import parse_name
from broadsheet.types import Author, Record, Reject

SOURCE = "arxiv-feed"
KINDS = ("new", "cross", "replace", "replace-cross")

_ENTRY_NAMES = frozenset({"entry", "item"})
_HEAD_NAMES = frozenset({"title", "updated", "pubDate", "lastBuildDate"})
_ANNOUNCED = re.compile(r"\s*arXiv:\S+\s+Announce Type:\s*([a-z-]+)\s*", re.IGNORECASE)
_ABSTRACT = re.compile(r"\s*Abstract:\s*", re.IGNORECASE)
_TITLE_TAIL = re.compile(r"\s*\(arXiv:\S+\s*\[[^\]]*\](?:\s*UPDATED)?\)\s*$")
_CATEGORY = re.compile(r"([a-z-]+(?:\.[A-Za-z-]+)?)\s+updates\b")


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A record and its announcement: `kind` is one of `KINDS`, `category` the paper's primary
    one, `day` the mailing's. `record.announced` is None where the paper was only replaced."""

    record: Record
    kind: str
    category: str
    day: date | None


@dataclass(frozen=True, slots=True)
class Feed:
    """A whole feed: `day` is the mailing it shows, `category` what it is of ("" if unsaid)."""

    category: str
    day: date | None
    updated: str
    entries: tuple[FeedEntry | Reject, ...]


def parse_arxiv_feed(stream: IO[bytes]) -> Iterator[FeedEntry | Reject]:
    for item in _items(stream):
        if isinstance(item, FeedEntry | Reject):
            yield item


def read_arxiv_feed(body: bytes) -> Feed:
    """Raises: ParseError where `body` is no feed, or breaks off."""
    head: dict[str, str] = {}
    entries: list[FeedEntry | Reject] = []
    for item in _items(io.BytesIO(body)):
        if isinstance(item, tuple):
            head.setdefault(*item)
        else:
            entries.append(item)
    if not head and not entries:
        raise ParseError("no RSS or Atom feed")
    updated = head.get("pubDate") or head.get("updated") or head.get("lastBuildDate") or ""
    category = _CATEGORY.match(head.get("title", ""))
    return Feed(category[1] if category else "", day_of(updated), updated[:60], tuple(entries))


def _items(stream: IO[bytes]) -> Iterator[FeedEntry | Reject | tuple[str, str]]:
    number = 0
    for element, ancestors in elements(stream, _ENTRY_NAMES | _HEAD_NAMES):
        name = element.tag.rpartition("}")[2]
        if name in _HEAD_NAMES:
            if len(ancestors) <= 2:
                yield name, text_in(element)
            continue
        number += 1
        try:
            yield _entry(element)
        except FieldError as error:
            text = f"{text_in(element, 'id')} {text_in(element, 'title')}"
            yield reject(f"entry {number}", str(error), text)


def _entry(element: Element) -> FeedEntry:
    summary = text_in(element, "summary") or text_in(element, "description")
    announced = _ANNOUNCED.match(summary)
    kind = (text_in(element, "announce_type") or (announced[1] if announced else "new")).lower()
    if kind not in KINDS:
        raise FieldError(f"announcement type {kind!r}: expected one of {', '.join(KINDS)}")
    day = day_of(text_in(element, "published") or text_in(element, "pubDate"))
    categories = [c.get("term") or text_in(c) for c in children(element, "category")]
    raw_id = text_in(element, "id") or text_in(element, "guid") or text_in(element, "link")
    record = arxiv_record(
        source=SOURCE,
        arxiv_id=raw_id,
        title=_TITLE_TAIL.sub("", text_in(element, "title")),
        abstract=_ABSTRACT.sub("", summary[announced.end() :] if announced else summary, count=1),
        authors=_authors(element),
        categories=categories,
        journal_ref=text_in(element, "journal_reference"),
        dois=texts_in(element, "DOI"),
        announced=None if kind.startswith("replace") else day,
        datestamp=day.isoformat() if day else "",
    )
    return FeedEntry(record, kind, record.categories[0] if record.categories else "", day)


def _authors(element: Element) -> tuple[Author, ...]:
    creators = texts_in(element, "creator")
    if len(creators) > 1:
        return tuple(Author(name) for text in creators if (name := parse_name(text)))
    return arxiv_authors(creators[0] if creators else "")
