"""Digests on their way: each is tried by mail or at a webhook, and what became of it is written
before the next is. From the claim on nobody knows whether it arrived."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from time import monotonic

from broadsheet.deliver.hooks import DELIVERY, SIGNATURE, sign_body
from broadsheet.deliver.links import bounce_address
from broadsheet.deliver.mail import Postman
from broadsheet.deliver.message import Letter, Sender
from broadsheet.deliver.outcome import Fate, Outcome, State, decide_next, may_go_now, of_http
from broadsheet.harvest.post import post
from broadsheet.harvest.verdict import retry_after_s
from broadsheet.jobs.press import NO_MAILER, Press, each
from broadsheet.store import outbox
from broadsheet.store.mail_addresses import is_paused, note_bounce
from broadsheet.store.readers import library_secret
from broadsheet.store.subscriptions import Subscription, get_subscription

log = logging.getLogger(__name__)

READY_MAX = 500
RATE_SPAN = timedelta(minutes=1)
#: An endpoint that takes longer than this keeps its reader's others back for a minute.
PATIENCE_S = 5.0


def send_waiting(
    press: Press, *, only: int | None = None, should_stop: Callable[[], bool] = lambda: False
) -> tuple[int, int]:
    """(how many went, how many never will). Mail goes before webhooks: it waits for one server
    that is ours, they for anybody's."""
    n_sent = n_failed = 0
    with ExitStack() as stack:
        postman = stack.enter_context(Postman(press.mailer)) if press.mailer else None
        slow: set[int] = set()
        for entry in _ready(press, only, should_stop):
            with each("send", entry.digest_no):
                state = _try(press, entry, postman, slow)
                n_sent += state is State.SENT
                n_failed += state in (State.FAILED, State.UNKNOWN)
    return n_sent, n_failed


def _ready(
    press: Press, only: int | None, should_stop: Callable[[], bool]
) -> Iterator[outbox.Entry]:
    """What may be tried, a batch read at a time. What was yielded stands differently afterwards;
    one that does not (its try broke) ends the round: it would come for ever."""
    seen: set[int] = set()
    for by_mail in (True, False):
        while batch := outbox.list_ready(
            press.db, now=press.clock(), limit=READY_MAX, by_mail=by_mail, only=only
        ):
            if should_stop() or seen >= {entry.digest_no for entry in batch}:
                break
            for entry in batch:
                if should_stop():
                    return
                if entry.digest_no not in seen:
                    seen.add(entry.digest_no)
                    yield entry


def _try(
    press: Press, entry: outbox.Entry, postman: Postman | None, slow: set[int]
) -> State | None:
    """One try, unless it must wait: for its host's rate, or because its reader's endpoints have
    kept everybody waiting in this round. Then it steps back, so that it is in nobody's way."""
    now = press.clock()
    wanted = get_subscription(press.db, entry.subscription_no)
    recent = outbox.sent_lately(press.db, now=now)
    may_go = may_go_now(entry.host, recent, per_minute=press.settings.mails_per_minute)
    if wanted.reader_no in slow or not may_go:
        with press.db.transaction() as transaction:
            outbox.postpone(transaction, entry.digest_no, now + RATE_SPAN)
        return None
    if not outbox.is_wanted(press.db, entry.digest_no):
        _drop(press, entry)
        return None
    began = monotonic()
    state = _send(press, entry, wanted, postman)
    if wanted.wish.channel.is_hook and monotonic() - began > PATIENCE_S:
        slow.add(wanted.reader_no)
    return state


def _drop(press: Press, entry: outbox.Entry) -> None:
    with press.db.transaction() as transaction:
        outbox.drop_unwanted(transaction, entry.digest_no, now=press.clock())


def _send(
    press: Press, entry: outbox.Entry, wanted: Subscription, postman: Postman | None
) -> State | None:
    """None where nothing was tried: it was unsubscribed from meanwhile."""
    content = outbox.content_of(press.db, entry.digest_no)
    try:
        if wanted.wish.channel.is_hook:
            outcome = _post(press, wanted, entry, content)
        else:
            outcome = _mail(press, wanted, entry, content, postman)
    except _WithdrawnError:
        _drop(press, entry)
        return None
    decided = decide_next(
        outcome,
        n_tries=entry.n_tries + 1,
        composed_at=entry.composed_at or entry.due_at,
        now=press.clock(),
    )
    with press.db.transaction() as transaction:
        outbox.put_fate(
            transaction, entry.digest_no, decided.state.value, decided.reason,
            next_at=decided.next_at, now=press.clock(),
        )  # fmt: skip
        if outcome.is_address:
            note_bounce(
                transaction, wanted.wish.target, outcome.reason, permanent=True, now=press.clock()
            )
    log.info(
        "event=digest_tried digest=%d channel=%s state=%s",
        entry.digest_no, wanted.wish.channel.value, decided.state.value,
    )  # fmt: skip
    return decided.state


class _WithdrawnError(Exception):
    """It is not wanted any more, or not there to be sent."""


def _claim(press: Press, digest_no: int) -> None:
    """The step between what can be tried again and what cannot. Raises _WithdrawnError."""
    with press.db.transaction() as transaction:
        if not outbox.claim(transaction, digest_no, now=press.clock()):
            raise _WithdrawnError


def _mail(
    press: Press,
    wanted: Subscription,
    entry: outbox.Entry,
    content: bytes,
    postman: Postman | None,
) -> Outcome:
    if press.mailer is None or postman is None:
        return Outcome(Fate.NOT_SENT, NO_MAILER)
    if is_paused(press.db, wanted.wish.target):
        return Outcome(Fate.REFUSED, f"mail to {wanted.wish.target} is paused")
    bounces = press.settings.bounce_address
    back = bounce_address(library_secret(press.db), bounces, entry.digest_no) if bounces else ""
    letter = Letter(wanted.wish.target, back or Sender(press.mailer.sender).plain, content)
    return postman.hand_over(letter, at_the_brink=lambda: _claim(press, entry.digest_no))


def _post(press: Press, wanted: Subscription, entry: outbox.Entry, content: bytes) -> Outcome:
    headers = {DELIVERY: str(entry.digest_no)}
    if wanted.secret:
        headers[SIGNATURE] = sign_body(wanted.secret, content, now=press.clock())
    _claim(press, entry.digest_no)
    posted = post(
        wanted.wish.target,
        content,
        headers,
        contact=press.settings.contact,
        origins=press.settings.webhook_origins,
        resolve=press.resolve,
    )
    if posted.status:
        wait_s = retry_after_s(posted.headers, press.clock())
        return of_http(posted.status, retry_after_s=wait_s)
    return Outcome(Fate.UNKNOWN if posted.may_have_arrived else Fate.NOT_SENT, posted.reason)
