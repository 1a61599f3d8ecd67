"""What readers and strangers asked to have brought, when, and by which channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broadsheet.errors import NotFoundError, UsageError
from broadsheet.store.columns import moment_of, text_of
from broadsheet.store.database import Row, Transaction
from broadsheet.store.documents import Reads

SUBSCRIPTIONS_MAX = 100
VALUE_CHARS_MAX = 1_000
NAME_CHARS_MAX = 120
#: The reader_no of somebody who has no account here, only an address.
STRANGER = 0


class Channel(StrEnum):
    MAIL = "mail"
    JSON = "json"
    SLACK = "slack"
    DISCORD = "discord"
    MATTERMOST = "mattermost"

    @property
    def is_hook(self) -> bool:
        return self is not Channel.MAIL


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted. `topic` is day, search or interest; `value` what of it."""

    topic: str
    value: str
    name: str
    channel: Channel
    target: str
    schedule: str = "daily 07:00"
    time_zone: str = "UTC"
    when_empty: bool = False


@dataclass(frozen=True, slots=True)
class Subscription:
    """`reader_no` is STRANGER for an address alone. Wanted for sure since `confirmed_at`."""

    subscription_no: int
    reader_no: int
    wish: Wish
    secret: str
    created_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None

    @property
    def is_live(self) -> bool:
        return self.confirmed_at is not None and self.ended_at is None

    @property
    def person(self) -> tuple[int, str]:
        """Who it is that must not get a paper twice: a reader, or an address."""
        return self.reader_no, "" if self.reader_no else self.wish.target


_COLUMNS = (
    "subscription_no, reader_no, topic, value, name, channel, target, schedule, time_zone,"
    " when_empty, secret, created_at, confirmed_at, ended_at"
)


def put_subscription(
    transaction: Transaction,
    reader_no: int,
    wish: Wish,
    *,
    secret: str,
    confirmed: bool,
    now: datetime,
) -> int:
    """A new one, or the same that ended before; one that stands gets the new schedule and name.

    Raises UsageError where there are too many, or one of them is too long.
    """
    if len(wish.value) > VALUE_CHARS_MAX or not wish.name.strip():
        raise UsageError(f"a subscription has a name, and at most {VALUE_CHARS_MAX:,} characters")
    standing = find_wish(transaction, reader_no, wish)
    if standing is None:
        if reader_no and len(list_subscriptions(transaction, reader_no)) >= SUBSCRIPTIONS_MAX:
            raise UsageError(f"there are {SUBSCRIPTIONS_MAX} subscriptions; end one first")
        return transaction.run(
            "INSERT INTO subscriptions (reader_no, topic, value, name, channel, target, secret,"
            " schedule, time_zone, when_empty, created_at, confirmed_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                reader_no, wish.topic, wish.value, wish.name.strip()[:NAME_CHARS_MAX],
                wish.channel.value, wish.target, secret, wish.schedule, wish.time_zone,
                int(wish.when_empty), now.isoformat(), text_of(now if confirmed else None),
            ),
        )  # fmt: skip
    change_subscription(transaction, standing.subscription_no, wish)
    if not standing.is_live:
        transaction.run(
            "UPDATE subscriptions SET confirmed_at = ?, ended_at = NULL WHERE subscription_no = ?",
            (text_of(now if confirmed else None), standing.subscription_no),
        )
    return standing.subscription_no


def change_subscription(transaction: Transaction, number: int, wish: Wish) -> None:
    """Its name, schedule and manner; what it is of stays."""
    transaction.run(
        "UPDATE subscriptions SET name = ?, schedule = ?, time_zone = ?, when_empty = ?"
        " WHERE subscription_no = ?",
        (
            wish.name.strip()[:NAME_CHARS_MAX], wish.schedule, wish.time_zone,
            int(wish.when_empty), number,
        ),
    )  # fmt: skip


def confirm_subscription(transaction: Transaction, number: int, *, now: datetime) -> Subscription:
    """Wanted for sure from now on; one that was confirmed before stays as it is.

    Raises NotFoundError for one that has ended, or never was.
    """
    found = get_subscription(transaction, number)
    if found.ended_at is not None:
        raise NotFoundError("this subscription has ended")
    if found.confirmed_at is None:
        transaction.run(
            "UPDATE subscriptions SET confirmed_at = ? WHERE subscription_no = ?",
            (now.isoformat(), number),
        )
    return get_subscription(transaction, number)


def end_subscription(transaction: Transaction, number: int, *, now: datetime) -> bool:
    """Whether it stood until now. What waits to be sent for it is dropped."""
    found = get_subscription(transaction, number)
    if found.ended_at is not None:
        return False
    transaction.run(
        "UPDATE subscriptions SET ended_at = ? WHERE subscription_no = ?",
        (now.isoformat(), number),
    )
    transaction.run(
        "UPDATE digests SET state = 'dropped', reason = 'it was unsubscribed from', next_at = NULL,"
        " content = NULL, ended_at = ?"
        " WHERE subscription_no = ? AND state IN ('due', 'composed', 'retry')",
        (now.isoformat(), number),
    )
    return True


def get_subscription(db: Reads, number: int) -> Subscription:
    """Raises NotFoundError."""
    rows = db.read(f"SELECT {_COLUMNS} FROM subscriptions WHERE subscription_no = ?", (number,))  # noqa: S608
    if not rows:
        raise NotFoundError(f"no subscription {number} here")
    return _subscription(rows[0])


def own_subscription(db: Reads, reader_no: int, number: int) -> Subscription:
    """A reader's own. Raises NotFoundError for any other."""
    found = get_subscription(db, number)
    if found.reader_no != reader_no or not reader_no:
        raise NotFoundError(f"no subscription {number} of yours")
    return found


def find_wish(db: Reads, reader_no: int, wish: Wish) -> Subscription | None:
    rows = db.read(
        f"SELECT {_COLUMNS} FROM subscriptions WHERE reader_no = ? AND topic = ? AND value = ?"  # noqa: S608
        " AND channel = ? AND target = ?",
        (reader_no, wish.topic, wish.value, wish.channel.value, wish.target),
    )
    return _subscription(rows[0]) if rows else None


def list_subscriptions(db: Reads, reader_no: int) -> list[Subscription]:
    """A reader's that have not ended, oldest first."""
    rows = db.read(
        f"SELECT {_COLUMNS} FROM subscriptions WHERE reader_no = ? AND ended_at IS NULL"  # noqa: S608
        " ORDER BY subscription_no",
        (reader_no,),
    )
    return [_subscription(row) for row in rows]


def live_subscriptions(db: Reads) -> list[Subscription]:
    """All that are wanted for sure, of readers who are not shut out, in order of age."""
    rows = db.read(
        f"SELECT {_COLUMNS} FROM subscriptions WHERE ended_at IS NULL"  # noqa: S608
        " AND confirmed_at IS NOT NULL AND (reader_no = 0 OR reader_no IN"
        " (SELECT reader_no FROM readers WHERE disabled_at IS NULL)) ORDER BY subscription_no"
    )
    return [_subscription(row) for row in rows]


def is_target(db: Reads, address: str) -> bool:
    """Whether any mail of ours goes, or went, to this address."""
    return bool(
        db.read(
            "SELECT 1 FROM subscriptions WHERE channel = 'mail' AND target = ? LIMIT 1",
            (address.lower(),),
        )
    )


def forget_unconfirmed(transaction: Transaction, *, before: datetime) -> None:
    """What nobody confirmed and nothing was ever sent for."""
    transaction.run(
        "DELETE FROM subscriptions WHERE confirmed_at IS NULL AND created_at < ?"
        " AND subscription_no NOT IN (SELECT subscription_no FROM digests)",
        (before.isoformat(),),
    )


def count_strangers(db: Reads) -> int:
    return int(
        db.read(
            "SELECT count(*) FROM subscriptions WHERE reader_no = 0 AND ended_at IS NULL"
            " AND confirmed_at IS NOT NULL"
        )[0][0]
    )


def _subscription(row: Row) -> Subscription:
    number, reader_no, topic, value, name, channel, target, schedule, zone, when_empty, *rest = row
    secret, created_at, confirmed_at, ended_at = rest
    wish = Wish(topic, value, name, Channel(channel), target, schedule, zone, bool(when_empty))
    return Subscription(
        number,
        reader_no,
        wish,
        secret,
        datetime.fromisoformat(created_at),
        moment_of(confirmed_at),
        moment_of(ended_at),
    )
