"""Feeds: one function composes each, two formats print it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime, parsedate_to_datetime
from threading import Lock

from broadsheet.addresses import (
    author_path,
    collection_path,
    day_path,
    interest_path,
    paper_path,
    search_path,
)
from broadsheet.export.atom import to_atom
from broadsheet.export.jsonfeed import to_jsonfeed
from broadsheet.index.lexical import LexicalIndex
from broadsheet.search.engine import search
from broadsheet.store.authors import get_author
from broadsheet.store.collections import Collection, collected
from broadsheet.store.database import Database
from broadsheet.store.documents import (
    load_documents,
    neighbour_days,
    newest_day,
    stream_between,
)
from broadsheet.store.interests import Interest
from broadsheet.store.readers import Reader
from broadsheet.text.wording import long_day
from broadsheet.types import Document
from broadsheet.web.interests import press_of_day
from broadsheet.web.site import Site
from broadsheet.web.stacks import fetch_documents

ENTRIES_MAX = 100
#: Of an interest: a program that asks every other day misses nothing.
DAYS_OF_INTEREST = 3
FEEDS_REMEMBERED = 2_048
ATOM = "application/atom+xml; charset=utf-8"
JSON_FEED = "application/feed+json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Feed:
    """`path` is the page that shows the same."""

    title: str
    path: str
    documents: tuple[Document, ...]

    @property
    def updated(self) -> datetime:
        """The last day anything in it says of itself; 1970 for an empty feed."""
        days = [
            day for document in self.documents for day in (document.announced, document.updated)
        ]
        last = max((day for day in days if day), default=date(1970, 1, 1))
        return datetime.combine(last, time(12), UTC)


def day_feed(db: Database, day: date) -> Feed:
    """A day's papers, most attention first."""
    return Feed(f"Broadsheet: {long_day(day)}", day_path(day), _first_of_day(db, day))


def newest_feed(db: Database) -> Feed:
    """The newest day with papers: what the front page shows, day after day."""
    day = newest_day(db)
    return Feed("Broadsheet", "/", _first_of_day(db, day) if day else ())


def _first_of_day(db: Database, day: date) -> tuple[Document, ...]:
    return tuple(fetch_documents(db, stream_between(db, day, day)[:ENTRIES_MAX]))


def search_feed(db: Database, index: LexicalIndex, query: str) -> Feed:
    """What a search finds, newest first: a feed is for what is new."""
    answer = search(index, query, k=ENTRIES_MAX, sort="newest")
    found = load_documents(db, [hit.doc_no for hit in answer.hits])
    return Feed(f"Broadsheet: {query or 'all papers'}", search_path(query, "newest"), tuple(found))


def author_feed(db: Database, name: str) -> Feed:
    """A person's papers, newest first. Raises NotFoundError."""
    author = get_author(db, name)
    found = load_documents(db, author.doc_nos[:ENTRIES_MAX])
    return Feed(f"Broadsheet: {author.names[0]}", author_path(author.author_id), tuple(found))


def collection_feed(db: Database, collection: Collection) -> Feed:
    """A collection, last added first."""
    found = load_documents(db, collected(db, collection.collection_no)[:ENTRIES_MAX])
    return Feed(
        f"Broadsheet: {collection.name}", collection_path(collection.collection_no), tuple(found)
    )


def interest_feed(site: Site, reader: Reader, interest: Interest) -> Feed:
    """What an interest brought on the last days with papers, newest day first."""
    days = _latest_days(site.db)
    found: dict[int, Document] = {}
    for day in days:
        slates = press_of_day(site, reader, day).slates
        for slate in slates:
            if slate.interest_no == interest.interest_no:
                found |= {pick.document.doc_no: pick.document for pick in slate.picks}
    return Feed(
        f"Broadsheet: {interest.name}",
        interest_path(interest.interest_no),
        tuple(found.values())[:ENTRIES_MAX],
    )


def _latest_days(db: Database) -> list[date]:
    """The last days that announced anything, newest first."""
    days: list[date] = []
    day = newest_day(db)
    while day is not None and len(days) < DAYS_OF_INTEREST:
        days.append(day)
        day, _ = neighbour_days(db, day)
    return days


def print_atom(feed: Feed, origin: str, self_url: str) -> str:
    return "".join(
        to_atom(
            feed.documents,
            title=feed.title,
            feed_id=f"urn:broadsheet:feed:{feed.path}",
            updated=feed.updated,
            self_url=self_url,
            page_url=origin + feed.path,
            url_of=_page_of(origin),
        )
    )


def print_json(feed: Feed, origin: str, self_url: str) -> str:
    return "".join(
        to_jsonfeed(
            feed.documents,
            title=feed.title,
            page_url=origin + feed.path,
            self_url=self_url,
            url_of=_page_of(origin),
        )
    )


def _page_of(origin: str) -> Callable[[Document], str]:
    return lambda document: origin + paper_path(document.doc_id)


class Sightings:
    """When each feed was first seen to say what it says: its Last-Modified.

    Nothing in the library tells when a search began to find something else. The moment this
    process first printed the text is never too early, so no reader keeps an old copy.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, datetime]] = {}
        self._lock = Lock()

    def first_seen(self, address: str, text: str, now: datetime) -> datetime:
        with self._lock:
            standing = self._seen.pop(address, None)
            at = standing[1] if standing and standing[0] == text else now.replace(microsecond=0)
            self._seen[address] = (text, at)
            while len(self._seen) > FEEDS_REMEMBERED:
                del self._seen[next(iter(self._seen))]
        return at


def http_date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def is_unmodified(header: str, at: datetime) -> bool:
    """RFC 9110, 13.1.3; a date that cannot be read is none."""
    try:
        return at <= parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return False
