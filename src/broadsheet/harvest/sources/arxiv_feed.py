"""arXiv's announcement feed: today's mailing of one category, as arXiv itself lists it.

Its ids are the ledger's truth for that day. The feed shows one day only: the one asked
for is always today, and a feed that still shows an earlier day is stale, not empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from broadsheet.errors import HarvestError, ParseError
from broadsheet.harvest.fetch import PoliteClient, fetch_parsed
from broadsheet.harvest.page import HarvestPage
from broadsheet.harvest.parse.arxiv_feed import Feed, FeedEntry, read_arxiv_feed
from broadsheet.harvest.schedule import eastern, is_listing_day
from broadsheet.ledger import Happened, Outcome, happened_by, reason_with
from broadsheet.text.identifiers import canonical_identifier
from broadsheet.types import Announcement, Reject

SOURCE = "arxiv-feed"
UNREADABLE = "unreadable"


def pages(client: PoliteClient, *, url: str, category: str, now: datetime) -> Iterator[HarvestPage]:
    """One page: everything in the feed of `category`, and what that says of today."""
    client.take_troubles()
    today = eastern(now).date()
    try:
        feed = _read(client, url, category)
    except HarvestError as error:
        reason = reason_with(str(error), client.take_troubles())
        outcome = Outcome(SOURCE, category, today, happened_by(error), reason)
        yield HarvestPage(outcomes=(outcome,), error=error)
        return
    troubles = client.take_troubles()
    shown = shown_day(feed)
    yield HarvestPage(
        items=tuple(
            entry.record if isinstance(entry, FeedEntry) else entry for entry in feed.entries
        ),
        announcements=tuple(_announcements(feed, category, shown or today)),
        outcomes=tuple(_outcomes(feed, category, shown, today, troubles)),
    )


def shown_day(feed: Feed) -> date | None:
    """The mailing's own day: its entries', else the feed's."""
    days = [entry.day for entry in feed.entries if isinstance(entry, FeedEntry) and entry.day]
    return max(days, default=feed.day)


def _read(client: PoliteClient, url: str, category: str) -> Feed:
    answer, feed = fetch_parsed(client, f"{url.rstrip('/')}/{category}", None, read_arxiv_feed)
    if isinstance(feed, ParseError):
        start = " ".join(answer.body[:60].decode("utf-8", "replace").split())
        raise HarvestError(
            f"arXiv's feed of {category} cannot be read ({feed.reason}; it begins with "
            f"{start!r}); the next harvest asks again"
        )
    return feed


def _announcements(feed: Feed, category: str, day: date) -> Iterator[Announcement]:
    """Entries that cannot be read are announced all the same, by the id they begin with."""
    for entry in feed.entries:
        if isinstance(entry, FeedEntry):
            name = entry.record.identifiers[0]
            yield Announcement(SOURCE, category, entry.day or day, name, entry.kind)
        elif identifier := _identifier(entry):
            yield Announcement(SOURCE, category, day, identifier, UNREADABLE)


def _identifier(entry: Reject) -> str | None:
    first, *_ = [*entry.text.split(), ""]
    return canonical_identifier(first)


def _outcomes(
    feed: Feed, category: str, shown: date | None, today: date, troubles: tuple[str, ...]
) -> Iterator[Outcome]:
    def outcome(day: date, happened: Happened, reason: str) -> Outcome:
        return Outcome(SOURCE, category, day, happened, reason_with(reason, troubles))

    if feed.entries and shown is not None:
        done = f"a feed of {len(feed.entries)} entries read"
        nameless = [e for e in feed.entries if isinstance(e, Reject) and not _identifier(e)]
        if nameless:
            done += f", {len(nameless)} of them unreadable ({nameless[0].reason})"
        yield outcome(shown, Happened.FAILED if nameless else Happened.READ, done)
    if shown is not None and shown >= today:
        if not feed.entries:
            yield outcome(today, Happened.QUIET, "arXiv's feed of today is empty")
    elif not is_listing_day(today):
        yield outcome(today, Happened.QUIET, f"arXiv announces nothing on a {today:%A}")
    else:
        what = f"still shows {shown}" if shown else "carries no date"
        yield outcome(today, Happened.STALE, f"asked for {today}, arXiv's feed {what}")
