"""What the pages do about digests: reading signed links, keeping what readers and strangers ask
for, taking reports of what came back."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from broadsheet.deliver.digest import Digest
from broadsheet.deliver.kept import read_kept
from broadsheet.deliver.links import VALID_FOR, Act, Purpose, read_bounce_address, read_link
from broadsheet.deliver.mail import mailer_of
from broadsheet.deliver.reports import MailReport
from broadsheet.deliver.timetable import next_moment
from broadsheet.errors import NotFoundError, ParseError, UsageError
from broadsheet.harvest.post import check_hook
from broadsheet.keys import new_secret
from broadsheet.schedule import WEEKDAYS, Schedule, parse_schedule, parse_zone
from broadsheet.store.accounts import normalised_email
from broadsheet.store.deeds import Deed, Done, Verb, do
from broadsheet.store.documents import living_doc_no, load_documents
from broadsheet.store.follows import FollowKind, list_follows
from broadsheet.store.interests import list_interests
from broadsheet.store.mail_addresses import (
    AddressState,
    find_address,
    note_bounce,
    resume_address,
)
from broadsheet.store.outbox import Entry, get_entry, list_entries, page_of, with_pages
from broadsheet.store.readers import Reader, get_reader, library_secret
from broadsheet.store.subscriptions import (
    STRANGER,
    Channel,
    Subscription,
    Wish,
    confirm_subscription,
    count_strangers,
    end_subscription,
    find_wish,
    forget_unconfirmed,
    get_subscription,
    is_target,
    list_subscriptions,
    put_subscription,
)
from broadsheet.types import Document
from broadsheet.web.admission import Form
from broadsheet.web.site import Site

STRANGERS_MAX = 20_000
ENTRIES_SHOWN = 30
DAY_NAME = "The day’s papers"
_VERBS = {Purpose.SAVE: Verb.SAVE, Purpose.DISMISS: Verb.DISMISS}


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be brought; `code` is what the form sends for it."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A subscription as its reader sees it: when it comes next, and whether its address is
    paused."""

    subscription: Subscription
    schedule: Schedule
    next_at: datetime | None
    address: AddressState | None


@dataclass(frozen=True, slots=True)
class Deliveries:
    """`entries` with the names they are brought under; those that are `readable` are pages."""

    standing: tuple[Standing, ...]
    entries: tuple[tuple[Entry, str], ...]
    readable: frozenset[int]
    offers: tuple[Offer, ...]
    has_mail: bool


def compose_deliveries(site: Site, reader: Reader, *, query: str = "") -> Deliveries:
    """Everything this reader has brought, and what else there is. `query` is offered first."""
    found = list_subscriptions(site.db, reader.reader_no)
    names = {wanted.subscription_no: wanted.wish.name for wanted in found}
    entries = list_entries(site.db, list(names), limit=ENTRIES_SHOWN)
    return Deliveries(
        tuple(_standing(site, wanted) for wanted in found),
        tuple((entry, names[entry.subscription_no]) for entry in entries),
        frozenset(with_pages(site.db, [entry.digest_no for entry in entries])),
        tuple(_offers(site, reader, query)),
        mailer_of(site.settings) is not None,
    )


def _standing(site: Site, wanted: Subscription) -> Standing:
    schedule = parse_schedule(wanted.wish.schedule)
    at = next_moment(schedule, parse_zone(wanted.wish.time_zone), now=site.clock())
    known = find_address(site.db, wanted.wish.target)
    return Standing(wanted, schedule, at, known if known and known.paused_at else None)


def _offers(site: Site, reader: Reader, query: str) -> list[Offer]:
    searches = [entry for entry in list_follows(site.db, reader.reader_no)
                if entry.kind is FollowKind.SEARCH]  # fmt: skip
    asked = [Offer(f"search {query}", f"Search: {query}")] if query else []
    return [
        *asked,
        Offer("day", DAY_NAME),
        *(Offer(f"interest {found.interest_no}", f"Interest: {found.name}")
          for found in list_interests(site.db, reader.reader_no)),
        *(Offer(f"search {entry.value}", f"Search: {entry.name}")
          for entry in searches if entry.value != query),
    ]  # fmt: skip


def subscribe_reader(site: Site, reader: Reader, form: Form) -> None:
    """Raises UsageError saying what cannot be."""
    topic, _, value = form.text("what").partition(" ")
    names = {offer.code: offer.name for offer in _offers(site, reader, "")}
    if topic == "day":
        value = form.text("category", chars_max=60)
        name = f"{DAY_NAME} in {value}" if value else DAY_NAME
    elif topic == "search" and value:
        name = value
    elif topic == "interest" and form.text("what") in names:
        name = names[form.text("what")].removeprefix("Interest: ")
    else:
        raise UsageError("there is no such thing to bring")
    channel = _channel(form)
    wish = Wish(
        topic, value, name, channel, _target(site, reader, channel, form),
        schedule_of(form), zone_of(form), bool(form.text("when_empty")),
    )  # fmt: skip
    with site.db.transaction() as transaction:
        put_subscription(
            transaction,
            reader.reader_no,
            wish,
            secret=new_secret() if channel is Channel.JSON else "",
            confirmed=True,
            now=site.clock(),
        )


def subscribe_stranger(site: Site, form: Form) -> tuple[str, int]:
    """(address, number of what waits to be confirmed). Raises UsageError."""
    email, query = normalised_email(form.text("email")), form.text("q", chars_max=500)
    category = form.text("category", chars_max=60)
    of_day = "day", category, f"{DAY_NAME} in {category}" if category else DAY_NAME
    topic, value, name = ("search", query, query) if query else of_day
    wish = Wish(topic, value, name, Channel.MAIL, email, schedule_of(form), zone_of(form))
    if count_strangers(site.db) >= STRANGERS_MAX:
        raise UsageError("there are too many subscribers already")
    standing = find_wish(site.db, STRANGER, wish)
    if standing is not None and standing.is_live:
        return email, standing.subscription_no  # only its own address could change it
    with site.db.transaction() as transaction:
        forget_unconfirmed(transaction, before=site.clock() - 2 * VALID_FOR[Purpose.CONFIRM])
        number = put_subscription(
            transaction, STRANGER, wish, secret="", confirmed=False, now=site.clock()
        )
    return email, number


def schedule_of(form: Form) -> str:
    """The schedule of a form's checkboxes and time. Raises UsageError."""
    days = [day for day in WEEKDAYS if form.text(day)]
    if not days:
        raise UsageError("choose at least one day of the week")
    return str(parse_schedule(f"{','.join(days)} {form.text('at') or '07:00'}"))


def zone_of(form: Form) -> str:
    return str(parse_zone(form.text("zone", chars_max=60) or "UTC"))


def _channel(form: Form) -> Channel:
    try:
        return Channel(form.text("channel") or "mail")
    except ValueError:
        raise UsageError("there is no such channel") from None


def _target(site: Site, reader: Reader, channel: Channel, form: Form) -> str:
    """An account's mail goes to its own address, which is known to be its reader's."""
    if channel.is_hook:
        url = form.text("url", chars_max=1_000)
        check_hook(url, site.settings.webhook_origins)
        return url
    return reader.email or normalised_email(form.text("address"))


def look_at(site: Site, link: str, *purposes: Purpose) -> Act | None:
    """What a link says, if it is ours, in time, and for one of these purposes."""
    act = read_link(library_secret(site.db), link, now=site.clock())
    return act if act is not None and act.purpose in purposes else None


def subscription_of(site: Site, link: str, purpose: Purpose) -> Subscription | None:
    act = look_at(site, link, purpose)
    try:
        return get_subscription(site.db, act.numbers[0]) if act and act.numbers else None
    except NotFoundError:
        return None


def confirm_by_link(site: Site, link: str) -> Subscription | None:
    """The subscription, wanted for sure now; None where the link is none or it has ended."""
    found = subscription_of(site, link, Purpose.CONFIRM)
    if found is None or found.ended_at is not None:
        return None
    with site.db.transaction() as transaction:
        resume_address(transaction, found.wish.target)  # our mail was read there a moment ago
        return confirm_subscription(transaction, found.subscription_no, now=site.clock())


def unsubscribe_by_link(site: Site, link: str) -> Subscription | None:
    """Ended; as often as it is asked for."""
    found = subscription_of(site, link, Purpose.UNSUBSCRIBE)
    if found is not None:
        with site.db.transaction() as transaction:
            end_subscription(transaction, found.subscription_no, now=site.clock())
    return found


def paper_of_link(site: Site, link: str) -> tuple[Reader, Verb, Document] | None:
    """Who would do what to which paper."""
    act = look_at(site, link, Purpose.SAVE, Purpose.DISMISS)
    if act is None or len(act.numbers) != 2:
        return None
    try:
        reader = get_reader(site.db, act.numbers[0])
    except NotFoundError:
        return None
    documents = load_documents(site.db, [living_doc_no(site.db, act.numbers[1])])
    if reader.disabled_at or not documents:
        return None
    return reader, _VERBS[act.purpose], documents[0]


def act_by_link(site: Site, link: str) -> tuple[Verb, Document, Done] | None:
    """Done, or done before; None where the link is none."""
    found = paper_of_link(site, link)
    if found is None:
        return None
    reader, verb, document = found
    with site.db.transaction() as transaction:
        done = do(transaction, reader.reader_no, Deed(verb, document.doc_no), now=site.clock())
    return verb, document, done


@dataclass(frozen=True, slots=True)
class DigestPage:
    """A digest as it was brought; `doc_nos` are its papers as they are numbered now."""

    digest: Digest
    doc_nos: Mapping[int, int]


def digest_by_link(site: Site, link: str) -> DigestPage | None:
    """For whoever holds the link, as long as its reader is let in."""
    act = look_at(site, link, Purpose.READ)
    return _digest_page(site, act.numbers[0]) if act and len(act.numbers) == 1 else None


def own_digest(site: Site, digest_no: int, reader: Reader) -> DigestPage | None:
    return _digest_page(site, digest_no, reader)


def _digest_page(site: Site, digest_no: int, only: Reader | None = None) -> DigestPage | None:
    try:
        entry = get_entry(site.db, digest_no)
        wanted = get_subscription(site.db, entry.subscription_no)
        digest = read_kept(page_of(site.db, digest_no))
        is_shut_out = wanted.reader_no and get_reader(site.db, wanted.reader_no).disabled_at
    except (NotFoundError, ParseError):
        return None
    if is_shut_out or (only is not None and only.reader_no != wanted.reader_no):
        return None
    doc_nos = {item.doc_no: living_doc_no(site.db, item.doc_no) for item in digest.items}
    return DigestPage(digest, doc_nos)


def may_report(site: Site, authorization: str) -> bool:
    """Whether this comes from whoever holds bounce_secret; never where none is set."""
    secret = site.settings.bounce_secret
    given = authorization.removeprefix("Bearer ").strip()
    return bool(secret) and hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def take_in_report(site: Site, report: MailReport) -> str:
    """The address that it is about, counted or paused now. Raises NotFoundError where no mail of
    ours went there, or nothing shows that it did: whoever can write to our bounce address can
    pause nobody else's."""
    key = library_secret(site.db)
    numbers = [read_bounce_address(key, address) for address in report.came_to]
    digest_no = next((number for number in numbers if number is not None), None)
    if digest_no is not None:
        entry = get_entry(site.db, digest_no)
        address = get_subscription(site.db, entry.subscription_no).wish.target
    elif report.is_vouched and report.address and is_target(site.db, report.address):
        address = report.address
    else:
        raise NotFoundError("nothing in it shows that a mail of ours went there")
    with site.db.transaction() as transaction:
        note_bounce(
            transaction, address, report.reason, permanent=report.permanent, now=site.clock()
        )
    return address
