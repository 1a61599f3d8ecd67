"""OpenReview: the notes of a venue, from API v1 and v2, page after page.

v2 lists in the order of ids and goes on `after` the last one, so that notes which come
and go meanwhile move nothing; v1 knows only `offset`. Which of the two answers is told
by its notes: v2 wraps each value of `content` in `{"value": …}`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2

from broadsheet.errors import HarvestError, ParseError
from broadsheet.harvest.fetch import PoliteClient, fetch_parsed
from broadsheet.harvest.page import HarvestPage, State
from broadsheet.harvest.parse.openreview import parse_openreview
from broadsheet.ledger import Happened, Outcome, happened_by, reason_with
from broadsheet.store.checkpoints import Checkpoint
from broadsheet.text.identifiers import canonical_identifier
from broadsheet.types import Announcement, Record, Reject

SOURCE = "openreview"
PAGE_NOTES = 1000
PAGES_MAX = 200
DUE_HOURS = 24
V1_HOST = "api.openreview.net"


@dataclass(frozen=True, slots=True)
class NotesPage:
    """One answer: its notes as records, their ids, and how many the venue has in all."""

    items: tuple[Record | Reject, ...]
    ids: tuple[str, ...]
    is_v2: bool
    count: int | None


def pages(
    client: PoliteClient,
    *,
    url: str,
    venue: str,
    state: State,
    now: datetime,
    page_notes: int = PAGE_NOTES,
) -> Iterator[HarvestPage]:
    """All notes of `venue` (such as `ICLR.cc/2026/Conference`), resumed where we stopped."""
    client.take_troubles()
    today = now.astimezone(UTC).date()
    place = _resumed(state)
    received, seen = int(place.get("received", 0)), set[str]()
    days: set[date] = {today}
    try:
        for _ in range(PAGES_MAX):
            page = _read(client, url, venue, place, page_notes)
            fresh = set(page.ids) - seen
            seen |= fresh
            received += len(fresh)
            days.update(day for item in page.items if (day := _day(item)))
            # A server may cap the limit we ask for: a short page alone does not end the list.
            is_last = not fresh or (page.count is not None and received >= page.count)
            if not is_last:
                place = _next_place(place, page, received)
                yield _page(venue, page, today, (), Checkpoint(SOURCE, venue, place))
                continue
            happened, reason = _end(received, page)
            reason = reason_with(reason, client.take_troubles())
            outcomes = tuple(Outcome(SOURCE, venue, day, happened, reason) for day in sorted(days))
            done = Checkpoint(SOURCE, venue, {"read_at": now.isoformat()})
            yield _page(venue, page, today, outcomes, done)
            return
        raise HarvestError(
            f"OpenReview's list of {venue} does not end after {PAGES_MAX} pages; the next harvest "
            "goes on from here"
        )
    except HarvestError as error:
        reason = reason_with(str(error), client.take_troubles())
        outcome = Outcome(SOURCE, venue, today, happened_by(error), reason)
        yield HarvestPage(outcomes=(outcome,), error=error)


def is_due(state: State, now: datetime) -> bool:
    """A venue is always read whole: once a day is enough, a broken-off reading goes on."""
    try:
        read_at = datetime.fromisoformat((state or {})["read_at"])
    except (KeyError, TypeError, ValueError):
        return True
    return now - read_at >= timedelta(hours=DUE_HOURS)


def _end(received: int, page: NotesPage) -> tuple[Happened, str]:
    """What the end of the list says of it."""
    if page.count is not None and received < page.count:
        return Happened.FAILED, f"OpenReview counts {page.count} notes and sent {received}"
    if not received:
        return Happened.QUIET, "OpenReview has no notes of this venue"
    return Happened.READ, f"a venue of {received} notes read"


def _read(
    client: PoliteClient, url: str, venue: str, place: Mapping[str, Any], page_notes: int
) -> NotesPage:
    # Both versions filter by content.venueid; v1's older venues are asked for by invitation.
    by = "invitation" if "/-/" in venue else "content.venueid"
    params = {by: venue, "limit": str(page_notes)}
    if httpx2.URL(url).host != V1_HOST:
        params["sort"] = "id"  # the order that `after` goes on in
    if after := place.get("after"):
        params["after"] = str(after)
    elif offset := place.get("offset"):
        params["offset"] = str(offset)
    answer, page = fetch_parsed(client, f"{url.rstrip('/')}/notes", params, parse_notes)
    if isinstance(page, ParseError):
        start = " ".join(answer.body[:60].decode("utf-8", "replace").split())
        raise HarvestError(
            f"OpenReview's list of {venue} cannot be read ({page.reason}; it begins with "
            f"{start!r}); the next harvest goes on from here"
        )
    return page


def parse_notes(body: bytes) -> NotesPage:
    """Raises ParseError for anything but a whole answer of the notes API."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"no whole JSON ({error})") from error
    notes = answer.get("notes") if isinstance(answer, dict) else None
    if not isinstance(notes, list):
        raise ParseError("no list of notes")
    ids = [str(note["id"]) for note in notes if isinstance(note, dict) and note.get("id")]
    count = answer.get("count")
    papers = [note for note in notes if not (isinstance(note, dict) and note.get("replyto"))]
    parsed = parse_openreview(io.BytesIO(json.dumps({"notes": papers}).encode()))
    items = tuple(parsed) if papers else ()
    return NotesPage(items, tuple(ids), _is_v2(notes), count if isinstance(count, int) else None)


def _is_v2(notes: list[Any]) -> bool:
    for note in notes:
        content = note.get("content") if isinstance(note, dict) else None
        if isinstance(content, dict) and content:
            return all(isinstance(value, dict) and "value" in value for value in content.values())
    return False


def _next_place(place: Mapping[str, Any], page: NotesPage, received: int) -> dict[str, Any]:
    if page.is_v2 and not place.get("offset"):
        return {"after": page.ids[-1], "received": received}
    return {"offset": int(place.get("offset", 0)) + len(page.ids), "received": received}


def _resumed(state: State) -> Mapping[str, Any]:
    if state is None:
        return {}
    is_sound = isinstance(state.get("received"), int) and (
        isinstance(state.get("after"), str) or isinstance(state.get("offset"), int)
    )
    return state if is_sound else {}


def _day(item: Record | Reject) -> date | None:
    return item.announced if isinstance(item, Record) else None


def _page(
    venue: str,
    page: NotesPage,
    today: date,
    outcomes: tuple[Outcome, ...],
    checkpoint: Checkpoint,
) -> HarvestPage:
    return HarvestPage(
        items=page.items,
        announcements=tuple(_announcements(venue, page, today)),
        outcomes=outcomes,
        checkpoints=(checkpoint,),
        expected=page.count,
    )


def _announcements(venue: str, page: NotesPage, today: date) -> Iterator[Announcement]:
    """A note that cannot be read is announced all the same, and so is missing."""
    for item in page.items:
        if isinstance(item, Record):
            if not item.deleted:
                day = item.announced or today
                yield Announcement(SOURCE, venue, day, item.identifiers[0])
        elif identifier := canonical_identifier(f"openreview:{item.text}"):
            yield Announcement(SOURCE, venue, today, identifier, "unreadable")
