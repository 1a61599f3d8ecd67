"""ACL Anthology: one XML file a collection, fetched only when it has changed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

from broadsheet.errors import HarvestError, ParseError
from broadsheet.harvest.fetch import Answer, PoliteClient, fetch_parsed
from broadsheet.harvest.page import HarvestPage, State
from broadsheet.harvest.parse.acl_xml import parse_acl_xml
from broadsheet.ledger import Happened, Outcome, happened_by, reason_with
from broadsheet.store.checkpoints import Checkpoint
from broadsheet.types import Announcement, Record, Reject

SOURCE = "acl"
PAGE_PAPERS = 500

_COLLECTION = re.compile(r"[A-Za-z0-9]+(?:\.[A-Za-z0-9_]+)?")


def pages(
    client: PoliteClient,
    *,
    url: str,
    collection: str,
    state: State,
    is_complete: bool = True,
    now: datetime,
) -> Iterator[HarvestPage]:
    """All papers of a collection such as `2026.acl`; nothing where the file is unchanged.

    `is_complete`: nothing announced by this collection is missing here; otherwise the
    file is read again whether it has changed or not.
    """
    client.take_troubles()
    today = now.astimezone(UTC).date()
    try:
        answer, items = _read(client, url, collection, state if is_complete else None)
    except HarvestError as error:
        outcome = Outcome(
            SOURCE, collection, today, happened_by(error),
            reason_with(str(error), client.take_troubles()),
        )  # fmt: skip
        yield HarvestPage(outcomes=(outcome,), error=error)
        return
    if items is None:
        reason = reason_with("the collection has not changed", client.take_troubles())
        yield HarvestPage(outcomes=(Outcome(SOURCE, collection, today, Happened.QUIET, reason),))
        return
    yield from _collection_pages(client, collection, answer, items, today)


def _read(
    client: PoliteClient, url: str, collection: str, state: State
) -> tuple[Answer, list[Record | Reject] | None]:
    if not _COLLECTION.fullmatch(collection):
        raise HarvestError(
            f"{collection!r} is no ACL Anthology collection; write them like 2026.acl",
            permanent=True,
        )
    headers = {}
    if state and isinstance(etag := state.get("etag"), str) and etag:
        headers["If-None-Match"] = etag
    answer, items = fetch_parsed(
        client, f"{url.rstrip('/')}/{collection}.xml", None, _parse,
        accepted=(200, 304), headers=headers,
    )  # fmt: skip
    if answer.status == 304:
        return answer, None
    if isinstance(items, ParseError):
        raise HarvestError(
            f"the ACL collection {collection} cannot be read ({items.reason}); the next harvest "
            "asks again"
        )
    return answer, items


def _parse(body: bytes) -> list[Record | Reject]:
    if b"<collection" not in body[:10_000]:
        raise ParseError("no <collection> of the ACL Anthology")
    return list(parse_acl_xml(io.BytesIO(body)))


def _collection_pages(
    client: PoliteClient,
    collection: str,
    answer: Answer,
    items: list[Record | Reject],
    today: date,
) -> Iterator[HarvestPage]:
    """Several pages, with the checkpoint in the last: killed between them, we read all again."""
    dated = [_dated(item, today) for item in items]
    found = {item.announced for item in dated if isinstance(item, Record) and item.announced}
    days = sorted(found | {today})
    n_unread = sum(isinstance(item, Reject) for item in items)
    reason = f"a collection of {len(items)} papers read"
    if n_unread:
        reason += f", {n_unread} of them unreadable"
    reason = reason_with(reason, client.take_troubles())
    happened = Happened.FAILED if n_unread else Happened.READ
    for start in range(0, max(len(dated), 1), PAGE_PAPERS):
        part = tuple(dated[start : start + PAGE_PAPERS])
        is_last = start + PAGE_PAPERS >= len(dated)
        yield HarvestPage(
            items=part,
            announcements=tuple(
                Announcement(SOURCE, collection, item.announced, item.identifiers[0])
                for item in part
                if isinstance(item, Record) and item.announced and not item.deleted
            ),
            outcomes=tuple(
                Outcome(SOURCE, collection, day, happened, reason) for day in days if is_last
            ),
            checkpoints=(
                (Checkpoint(SOURCE, collection, {"etag": answer.headers.get("etag", "")}),)
                if is_last and not n_unread
                else ()
            ),
            expected=len(dated),
        )


def _dated(item: Record | Reject, today: date) -> Record | Reject:
    if isinstance(item, Record) and item.announced is None and item.submitted is not None:
        return replace(item, announced=item.submitted)
    return item
