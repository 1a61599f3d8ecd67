"""Commands for digests: what one would be, and sending what is due."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.opening import For, day_of, interest_of, now, opened, reader_no_of
from broadsheet.cli.output import Json, print_json, print_text, say
from broadsheet.errors import BroadsheetError, UsageError
from broadsheet.settings import Settings
from broadsheet.store.database import Database
from broadsheet.store.subscriptions import Channel, Subscription, Wish, list_subscriptions


class DigestAction(StrEnum):
    PREVIEW = "preview"
    SEND = "send"


def register(app: typer.Typer) -> None:
    app.command()(digest)


def digest(
    context: typer.Context,
    action: Annotated[DigestAction, typer.Argument(help="What to do.")],
    interest: Annotated[
        str, typer.Option(help="Of this interest (its name or number); else the day's papers.")
    ] = "",
    date_: Annotated[
        str, typer.Option("--date", help="As 2026-03-01; the newest if not given.")
    ] = "",
    email: For = "",
    output: Annotated[
        Path | None, typer.Option(help="preview: write it there, as .html or .txt.")
    ] = None,
    as_json: Json = False,
) -> None:
    """What a digest would be, without sending anything; or sending what is due, now.

    send without an interest sends everything that is due by now; with one, that interest's digest
    of the date, unless it went before.

    Example: broadsheet digest preview --date 2026-03-01 --output digest.html
    """
    with opened(context) as (settings, db):
        if action is DigestAction.SEND:
            _send(db, settings, email, interest, date_, as_json=as_json)
            return
        wanted, day = _pretended(db, email, interest, date_)
        _preview(db, settings, wanted, day, output, as_json=as_json)


def _preview(
    db: Database,
    settings: Settings,
    wanted: Subscription,
    day: date,
    output: Path | None,
    *,
    as_json: bool,
) -> None:
    from broadsheet.deliver.hooks import digest_shape
    from broadsheet.deliver.render import Links, render
    from broadsheet.jobs.composing import Sources, compose_for
    from broadsheet.jobs.indexing import follow_index
    from broadsheet.jobs.press import origin_of

    follow_index(settings.home, db)
    composed = compose_for(Sources(db, settings), wanted, day)
    origin = origin_of(settings)
    if as_json:
        print_json(digest_shape(composed.digest, origin))
        return
    printed = render(composed.digest, Links(origin, f"{origin}/deliveries"))
    if output is None:
        print_text(f"Subject: {printed.subject}\n\n{printed.text}")
        return
    try:
        output.write_text(printed.html if output.suffix == ".html" else printed.text, "utf-8")
    except OSError as error:
        raise BroadsheetError(f"cannot write {output} ({error.strerror})") from error
    say(f"{output}: {printed.subject}")


def _send(
    db: Database, settings: Settings, email: str, interest: str, day: str, *, as_json: bool
) -> None:
    from broadsheet.jobs.delivery import deliver_due
    from broadsheet.jobs.press import open_press
    from broadsheet.store.outbox import list_entries

    press = open_press(db, settings, clock=now)
    only = _subscribed(db, email, interest).subscription_no if interest else None
    report = deliver_due(press, only=only, day=day_of(db, day) if only else None)
    if report.notice:
        raise BroadsheetError(f"{report.notice}; wait for it, and try again")
    numbers = [entry.subscription_no for entry in list_subscriptions(db, reader_no_of(db, email))]
    entries = list_entries(db, numbers, limit=20)
    if as_json:
        print_json(
            {
                "due": report.n_due,
                "composed": report.n_composed,
                "sent": report.n_sent,
                "failed": report.n_failed,
                "digests": [
                    {"digest_no": entry.digest_no, "date": entry.day.isoformat(),
                     "state": entry.state, "subject": entry.subject, "papers": entry.n_shown,
                     "reason": entry.reason}
                    for entry in entries
                ],
            }
        )  # fmt: skip
        return
    say(f"{report.n_sent} sent, {report.n_failed} failed, {report.n_due} new")
    for entry in entries[:5]:
        print_text(f"{entry.day}  {entry.state:9} {entry.subject or entry.reason}")


def _pretended(db: Database, email: str, interest: str, day: str) -> tuple[Subscription, date]:
    """A subscription that nobody has made, for its digest alone."""
    reader_no, asked = reader_no_of(db, email), day_of(db, day)
    if interest:
        found = interest_of(db, email, interest)
        wish = Wish("interest", str(found.interest_no), found.name, Channel.MAIL, "")
    else:
        wish = Wish("day", "", "The day’s papers", Channel.MAIL, "")
    moment = datetime.combine(asked, time(), now().tzinfo) + timedelta(days=1)
    return Subscription(0, reader_no, wish, "", moment, moment, None), asked


def _subscribed(db: Database, email: str, interest: str) -> Subscription:
    wanted = interest_of(db, email, interest)
    for found in list_subscriptions(db, wanted.reader_no):
        if (found.wish.topic, found.wish.value) == ("interest", str(wanted.interest_no)):
            return found
    raise UsageError(
        f"{wanted.name!r} is not delivered anywhere; choose a channel at /deliveries, or look at it"
        " with `broadsheet digest preview`"
    )
