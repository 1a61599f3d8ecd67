"""Hugging Face daily papers, day by day; the last days again, for their upvotes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from broadsheet.errors import HarvestError, ParseError, ThrottledError
from broadsheet.harvest.fetch import PoliteClient, fetch_parsed
from broadsheet.harvest.page import ALL_DAYS, HarvestPage, State, Window
from broadsheet.harvest.parse.hf_daily import parse_hf_daily
from broadsheet.ledger import Happened, Outcome, happened_by, reason_with
from broadsheet.store.checkpoints import Checkpoint
from broadsheet.text.identifiers import canonical_identifier
from broadsheet.types import Announcement, Record, Reject

SOURCE = "hf-daily"
SCOPE = "days"

FIRST_DAYS = 7
REREAD_DAYS = 3
RETRY_DAYS_MAX = 14
PAGE_PAPERS = 100
PAGES_MAX = 10


@dataclass(frozen=True, slots=True)
class _DayRead:
    """What one day's list held; `stale_day` is the day it is really of, where another.

    `identifiers` are those of all its entries, also of those that cannot be read.
    """

    items: tuple[Record | Reject, ...]
    identifiers: tuple[str, ...] = ()
    stale_day: date | None = None


def checkpoint_scope(window: Window) -> str:
    return f"{SCOPE} {window.from_ or ''}..{window.until or ''}" if window else SCOPE


def pages(
    client: PoliteClient,
    *,
    url: str,
    state: State,
    window: Window = ALL_DAYS,
    now: datetime,
) -> Iterator[HarvestPage]:
    """One page a day, oldest first; days (UTC) that failed lately are asked for again.

    A day that cannot be read does not stop the next, unless the source told us to wait.
    """
    today = now.astimezone(UTC).date()
    next_day, failed = _resumed(state, window, today)
    scope = checkpoint_scope(window)
    last = min(window.until, today) if window.until else today
    first = next_day if window else min(next_day, today + timedelta(days=1)) - _REREAD
    again = [day for day in failed if day < first]
    span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    still_failed: set[date] = set()
    for day in [*again, *span]:
        client.take_troubles()
        read: _DayRead | HarvestError
        try:
            read = _read_day(client, url, day)
        except HarvestError as error:
            read = error
            still_failed.add(day)
        if day >= first:
            next_day = max(next_day, day + timedelta(days=1))
        is_throttled = isinstance(read, ThrottledError)
        if is_throttled:
            next_day = min(next_day, max(day, first))
        state_now = _dump(next_day, still_failed | {one for one in failed if one > day}, today)
        is_last = day == last and bool(window) and not still_failed
        checkpoint = Checkpoint(SOURCE, scope, None if is_last else state_now)
        yield _page(client, day, read, checkpoint, today)
        if is_throttled:
            return


_REREAD = timedelta(days=REREAD_DAYS)


def _read_day(client: PoliteClient, url: str, day: date) -> _DayRead:
    items: list[Record | Reject] = []
    identifiers: list[str] = []
    stamps: list[date] = []
    for number in range(PAGES_MAX):
        params = {"date": day.isoformat(), "limit": str(PAGE_PAPERS)}
        if number:
            params["p"] = str(number)
        address = url.rstrip("/") + "/api/daily_papers"
        answer, parsed = fetch_parsed(client, address, params, partial(_parse, day=day))
        if isinstance(parsed, ParseError):
            start = " ".join(answer.body[:60].decode("utf-8", "replace").split())
            raise HarvestError(
                f"Hugging Face's list of {day} cannot be read ({parsed.reason}; it begins with "
                f"{start!r}); the next harvest asks again"
            )
        page, names, days = parsed
        items += page
        identifiers += names
        stamps += days
        if len(page) < PAGE_PAPERS:
            break
    if stamps and len(stamps) == len(items) and max(stamps) < day:
        return _DayRead((), stale_day=max(stamps))
    return _DayRead(tuple(items), tuple(dict.fromkeys(identifiers)))


def _parse(body: bytes, *, day: date) -> tuple[list[Record | Reject], list[str], list[date]]:
    """The items of a list, their identifiers, and the days they were put there, if given."""
    try:
        entries = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"no whole JSON ({error})") from error
    if not isinstance(entries, list):
        raise ParseError("a JSON object where a list of papers was expected")
    days = [listed for entry in entries if (listed := _listed_day(entry)) is not None]
    names = [name for entry in entries if (name := _identifier(entry)) is not None]
    return list(parse_hf_daily(io.BytesIO(body), day=day)), names, days


def _identifier(entry: Any) -> str | None:
    paper = entry.get("paper", entry) if isinstance(entry, dict) else None
    value = paper.get("id") if isinstance(paper, dict) else None
    return canonical_identifier(value) if isinstance(value, str) else None


def _listed_day(entry: Any) -> date | None:
    paper = entry.get("paper") if isinstance(entry, dict) else None
    value = paper.get("submittedOnDailyAt") if isinstance(paper, dict) else None
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _page(
    client: PoliteClient,
    day: date,
    read: _DayRead | HarvestError,
    checkpoint: Checkpoint,
    today: date,
) -> HarvestPage:
    troubles = client.take_troubles()
    if isinstance(read, HarvestError):
        outcome = Outcome(SOURCE, "", day, happened_by(read), reason_with(str(read), troubles))
        return HarvestPage(outcomes=(outcome,), checkpoints=(checkpoint,), error=read)
    if read.stale_day is not None:
        reason = f"asked for {day}, Hugging Face still shows its list of {read.stale_day}"
        outcome = Outcome(SOURCE, "", day, Happened.STALE, reason_with(reason, troubles))
        return HarvestPage(outcomes=(outcome,), checkpoints=(checkpoint,))
    if not read.items:
        reason = (
            "the list is still empty today" if day == today else "the list of this day is empty"
        )
        outcome = Outcome(SOURCE, "", day, Happened.QUIET, reason_with(reason, troubles))
        return HarvestPage(outcomes=(outcome,), checkpoints=(checkpoint,))
    named = {item.identifiers[0] for item in read.items if isinstance(item, Record)}
    n_unread = sum(isinstance(item, Reject) for item in read.items)
    n_nameless = n_unread - len(set(read.identifiers) - named)
    reason = f"a list of {len(read.items)} papers read"
    if n_unread:
        reason += f", {n_unread} of them unreadable"
    happened = Happened.FAILED if n_nameless > 0 else Happened.READ
    return HarvestPage(
        items=read.items,
        announcements=tuple(
            Announcement(SOURCE, "", day, name) for name in sorted(named | set(read.identifiers))
        ),
        outcomes=(Outcome(SOURCE, "", day, happened, reason_with(reason, troubles)),),
        checkpoints=(checkpoint,),
    )


def _resumed(state: State, window: Window, today: date) -> tuple[date, list[date]]:
    """The first day not read yet, and earlier ones that failed."""
    default = window.from_ or today - timedelta(days=FIRST_DAYS) + _REREAD
    try:
        if state is None:
            return default, []
        failed = [date.fromisoformat(day) for day in state.get("failed", ())]
        return date.fromisoformat(state["next"]), sorted(failed)
    except (KeyError, TypeError, ValueError):
        return default, []


def _dump(next_day: date, failed: Sequence[date] | set[date], today: date) -> dict[str, Any]:
    oldest = today - timedelta(days=RETRY_DAYS_MAX)
    return {
        "next": next_day.isoformat(),
        "failed": [day.isoformat() for day in sorted(failed) if day >= oldest],
    }
