"""The outbox at work: what is due is composed, what is composed is sent, each a unit of its own.

Every step is written before the next begins. A process killed anywhere leaves one of: due (it is
composed again), composed or retry (it is sent), sending (nobody knows whether it arrived; it is
never sent a second time). One process at a time does this, by a lock that dies with it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlsplit

from broadsheet.addresses import digest_path
from broadsheet.deliver.digest import Digest, Topic
from broadsheet.deliver.hooks import to_body
from broadsheet.deliver.kept import to_kept
from broadsheet.deliver.links import VALID_FOR, Purpose, sign_link
from broadsheet.deliver.message import Letter, Sender, compose_letter
from broadsheet.deliver.outcome import State, decide_interrupted
from broadsheet.deliver.render import Links, Rendered, render
from broadsheet.deliver.timetable import due_day
from broadsheet.errors import BroadsheetError, NotFoundError, StoreError
from broadsheet.jobs.composing import compose_for, number_in
from broadsheet.jobs.indexing import follow_index
from broadsheet.jobs.lock import LockHeldError, held_lock
from broadsheet.jobs.press import NO_MAILER, Press, each
from broadsheet.jobs.sending import send_waiting
from broadsheet.schedule import parse_schedule, parse_zone
from broadsheet.store import outbox
from broadsheet.store.interests import get_interest
from broadsheet.store.mail_addresses import is_paused
from broadsheet.store.readers import library_secret
from broadsheet.store.subscriptions import (
    Channel,
    Subscription,
    change_subscription,
    end_subscription,
    get_subscription,
    live_subscriptions,
)

log = logging.getLogger(__name__)

LOCK_FILE = "delivery.lock"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What one round did; `notice` is for people where it did nothing."""

    n_due: int = 0
    n_composed: int = 0
    n_sent: int = 0
    n_failed: int = 0
    notice: str = ""


def deliver_due(
    press: Press,
    *,
    only: int | None = None,
    day: date | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> DeliveryReport:
    """One round: settle what a killed process left, see what is due, compose it, send it.

    With `only`, a subscription's digest of `day` is made now, whatever its schedule says.
    """
    try:
        with held_lock(press.settings.home / LOCK_FILE):
            settle_interrupted(press)
            follow_interests(press)
            forget_pages(press)
            n_due = note_due(press) if only is None or day is None else note_one(press, only, day)
            n_composed = compose_waiting(press, only=only, should_stop=should_stop)
            n_sent, n_failed = send_waiting(press, only=only, should_stop=should_stop)
    except LockHeldError as error:
        return DeliveryReport(notice=f"process {error.holder} is sending digests already")
    if n_due or n_composed or n_sent or n_failed:
        log.info(
            "event=delivered due=%d composed=%d sent=%d failed=%d",
            n_due, n_composed, n_sent, n_failed,
        )  # fmt: skip
    return DeliveryReport(n_due, n_composed, n_sent, n_failed)


def settle_interrupted(press: Press) -> None:
    if not outbox.count_states(press.db).get(State.SENDING.value):
        return
    decided = decide_interrupted()
    with press.db.transaction() as transaction:
        n_found = outbox.settle_interrupted(
            transaction, decided.state.value, decided.reason, now=press.clock()
        )
    log.warning("event=interrupted_sending n=%d", n_found)


def follow_interests(press: Press) -> None:
    """What is brought of an interest is called as it is, and ends with it. A paused one keeps its
    subscription, and has nothing to bring."""
    for wanted in live_subscriptions(press.db):
        if wanted.wish.topic == Topic.INTEREST:
            with each("follow", wanted.subscription_no):
                _follow_interest(press, wanted)


def forget_pages(press: Press) -> None:
    """No link to them is good any longer."""
    before = press.clock() - VALID_FOR[Purpose.READ]
    if outbox.has_pages_of(press.db, before):
        with press.db.transaction() as transaction:
            outbox.forget_pages(transaction, before=before)


def _follow_interest(press: Press, wanted: Subscription) -> None:
    try:
        interest = get_interest(press.db, wanted.reader_no, number_in(wanted.wish.value))
    except NotFoundError:
        with press.db.transaction() as transaction:
            end_subscription(transaction, wanted.subscription_no, now=press.clock())
        return
    if interest.name != wanted.wish.name:
        with press.db.transaction() as transaction:
            wish = replace(wanted.wish, name=interest.name)
            change_subscription(transaction, wanted.subscription_no, wish)


def note_due(press: Press) -> int:
    """A row for every digest whose time has come; one subscription that is broken stops none."""
    n_due, tomorrow = 0, press.clock().date() + timedelta(days=1)  # it is that day in the east
    for wanted in live_subscriptions(press.db):
        with each("due", wanted.subscription_no):
            schedule = parse_schedule(wanted.wish.schedule)
            day = due_day(
                schedule,
                parse_zone(wanted.wish.time_zone),
                since=wanted.confirmed_at or wanted.created_at,
                last=outbox.last_day(press.db, wanted.subscription_no, until=tomorrow),
                now=press.clock(),
            )
            if day is not None:
                n_due += note_one(press, wanted.subscription_no, day)
    return n_due


def note_one(press: Press, subscription_no: int, day: date) -> int:
    """The row of one digest, unless there is one: what earlier ones could not bring, it will."""
    with press.db.transaction() as transaction:
        digest_no = outbox.put_due(transaction, subscription_no, day, now=press.clock())
        if digest_no is None:
            return 0
        outbox.cover_waiting(transaction, subscription_no, digest_no, day, now=press.clock())
    return 1


def compose_waiting(
    press: Press, *, only: int | None = None, should_stop: Callable[[], bool] = lambda: False
) -> int:
    entries = [e for e in outbox.list_due(press.db) if only in (None, e.subscription_no)]
    if entries:
        follow_index(press.settings.home, press.db)
    n_composed = 0
    for entry in entries:
        if should_stop():
            break
        with each("compose", entry.digest_no):
            try:
                n_composed += _compose(press, entry)
            except StoreError:
                raise  # it stays due
            except Exception:
                _unsent(press, entry, State.FAILED, "it could not be made; the log says more")
                raise
    return n_composed


def _compose(press: Press, entry: outbox.Entry) -> int:
    """A due digest into the outbox; or why there is none."""
    wanted = get_subscription(press.db, entry.subscription_no)
    if wanted.wish.channel is Channel.MAIL and is_paused(press.db, wanted.wish.target):
        reason = f"mail to {wanted.wish.target} is paused: it came back, or was complained of"
        return _unsent(press, entry, State.FAILED, reason)
    if wanted.wish.channel is Channel.MAIL and press.mailer is None:
        with press.db.transaction() as transaction:
            outbox.note_reason(transaction, entry.digest_no, NO_MAILER)
        return 0
    try:
        composed = compose_for(press.sources, wanted, entry.day)
    except NotFoundError as error:
        return _unsent(press, entry, State.DROPPED, str(error))
    except BroadsheetError as error:
        log.warning("event=compose_failed digest=%d reason=%s", entry.digest_no, error)
        return _unsent(press, entry, State.FAILED, str(error))
    if not composed.digest.items and not wanted.wish.when_empty:
        why = composed.digest.nothing_because
        return _unsent(press, entry, State.EMPTY, why, until_no=composed.until_no)
    subject, content = print_digest(press, wanted, entry.digest_no, composed.digest)
    with press.db.transaction() as transaction:
        done = outbox.put_composed(
            transaction,
            entry.digest_no,
            subject=subject,
            papers=composed.papers,
            until_no=composed.until_no,
            host=host_of(wanted),
            content=content,
            page=to_kept(composed.digest),
            now=press.clock(),
        )
        if not done:
            outbox.put_unsent(
                transaction, entry.digest_no, State.DROPPED.value,
                "it was ended while it was composed", now=press.clock(),
            )  # fmt: skip
    return int(done)


def _unsent(
    press: Press, entry: outbox.Entry, state: State, reason: str, *, until_no: int = 0
) -> int:
    with press.db.transaction() as transaction:
        outbox.put_unsent(
            transaction, entry.digest_no, state.value, reason, until_no=until_no, now=press.clock()
        )
    return 0


def print_digest(
    press: Press, wanted: Subscription, digest_no: int, digest: Digest
) -> tuple[str, bytes]:
    """(subject, what is sent): the mail's bytes, or the webhook's body. It leads to the page of
    this very digest."""
    link = sign_link(library_secret(press.db), Purpose.READ, digest_no, now=press.clock())
    digest = replace(digest, path=digest_path(link))
    if wanted.wish.channel.is_hook:
        body = to_body(
            wanted.wish.channel.value, digest, origin=press.origin, delivery=str(digest_no)
        )
        return digest.name, body
    links = links_for(press, wanted)
    printed = render(digest, links)
    return printed.subject, _letter(press, wanted, digest_no, printed, links).raw


def links_for(press: Press, wanted: Subscription) -> Links:
    """What the links of a subscription's mail do, signed; strangers keep nothing here."""
    key, now, origin = library_secret(press.db), press.clock(), press.origin
    number, reader_no = wanted.subscription_no, wanted.reader_no
    purposes = {"save": Purpose.SAVE, "dismiss": Purpose.DISMISS}

    def act(verb: str, doc_no: int) -> str:
        return f"{origin}/mail/{sign_link(key, purposes[verb], reader_no, doc_no, now=now)}"

    return Links(
        origin,
        f"{origin}/unsubscribe/{sign_link(key, Purpose.UNSUBSCRIBE, number, now=now)}",
        f"{origin}/deliveries" if reader_no else "",
        act if reader_no else None,
    )


def _letter(
    press: Press, wanted: Subscription, digest_no: int, printed: Rendered, links: Links
) -> Letter:
    assert press.mailer is not None
    mailer, store = press.mailer, press.db.store_id
    return compose_letter(
        sender=Sender(
            mailer.sender,
            list_name=wanted.wish.name,
            list_id=f"{wanted.subscription_no}.{store}",
            number=f"{digest_no}.{store}",
        ),
        to=wanted.wish.target,
        return_path="",
        subject=printed.subject,
        text=printed.text,
        html=printed.html,
        unsubscribe=links.unsubscribe,
        now=press.clock(),
        key=mailer.key,
    )


def host_of(wanted: Subscription) -> str:
    """Where its digests go, as far as the rate is concerned."""
    if wanted.wish.channel.is_hook:
        return urlsplit(wanted.wish.target).hostname or ""
    return wanted.wish.target.rpartition("@")[2].lower()
