"""A reader's interests, made ready for their pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from broadsheet.errors import NotFoundError, SearchIndexError
from broadsheet.interests.beginnings import N_TO_JUDGE, to_judge
from broadsheet.interests.slates import publish_slate, slate_of, slates_of
from broadsheet.slate import Channel, Slate
from broadsheet.store.documents import load_documents, newest_day
from broadsheet.store.followed import Person, find_people
from broadsheet.store.interests import (
    Holdings,
    Interest,
    State,
    holdings_of,
    list_interests,
)
from broadsheet.store.readers import Reader
from broadsheet.store.shown import slate_shown
from broadsheet.types import Document
from broadsheet.web.desk import Desk, lay_desk
from broadsheet.web.parameters import day_of
from broadsheet.web.site import Site

#: Papers listed by title on an interest's page; the rest are counted.
JUDGED_SHOWN = 60


@dataclass(frozen=True)
class Press:
    """The slates of one page, made when the page is: a page that is kept needs none.

    `failure` says why there are none where the index cannot be read.
    """

    site: Site
    reader: Reader
    day: date | None
    find: Callable[[], list[Slate]]

    @cached_property
    def _made(self) -> tuple[list[Slate], str]:
        try:
            return (self.find() if self.day else []), ""
        except SearchIndexError as error:
            return [], str(error)

    @property
    def slates(self) -> list[Slate]:
        return self._made[0]

    @property
    def failure(self) -> str:
        return self._made[1]

    def desk(self) -> Desk:
        doc_nos = [pick.document.doc_no for slate in self.slates for pick in slate.picks]
        return lay_desk(self.site.db, self.reader, doc_nos)


@dataclass(frozen=True, slots=True)
class Summary:
    """An interest in the list of them."""

    interest: Interest
    holdings: Holdings


@dataclass(frozen=True, slots=True)
class InterestPage:
    """`liked` and `disliked` are the last `JUDGED_SHOWN`, newest first; `authors` are whom it
    follows, with the name they had then."""

    interest: Interest
    holdings: Holdings
    authors: tuple[tuple[Person, str], ...]
    liked: tuple[Document, ...]
    disliked: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A paper to judge; None where there is none left. `n_judged` of `n_wanted` are."""

    interest: Interest
    document: Document | None
    n_judged: int
    n_wanted: int = N_TO_JUDGE


def press_of_day(site: Site, reader: Reader, day: date) -> Press:
    """All slates of the reader's for a day."""
    return Press(
        site,
        reader,
        day,
        lambda: slates_of(site.corpus, reader.reader_no, first=day, day=day),
    )


def press_of_interest(site: Site, reader: Reader, interest: Interest) -> Press:
    """The newest day's slate of one interest, less what older interests show that day."""
    day = newest_day(site.db)

    def find() -> list[Slate]:
        assert day is not None
        if interest.choices.state is State.PAUSED:
            return [slate_of(site.corpus, interest, first=day, day=day)]
        slates = slates_of(site.corpus, reader.reader_no, first=day, day=day)
        return [slate for slate in slates if slate.interest_no == interest.interest_no]

    return Press(site, reader, day, find)


def compose_summaries(site: Site, reader: Reader) -> list[Summary]:
    found = list_interests(site.db, reader.reader_no)
    return [Summary(entry, holdings_of(site.db, entry.interest_no)) for entry in found]


def compose_interest(site: Site, interest: Interest) -> InterestPage:
    with site.db.snapshot():
        holdings = holdings_of(site.db, interest.interest_no)
        people = find_people(site.db, [author_id for author_id, _ in holdings.authors])
        return InterestPage(
            interest,
            holdings,
            tuple(zip(people, (name for _, name in holdings.authors), strict=True)),
            tuple(load_documents(site.db, holdings.likes[:JUDGED_SHOWN])),
            tuple(load_documents(site.db, holdings.dislikes[:JUDGED_SHOWN])),
        )


def compose_question(site: Site, interest: Interest) -> Question:
    """The paper whose judgment would tell most."""
    found = to_judge(site.corpus, interest, now=site.clock())
    documents = load_documents(site.db, found)
    holdings = holdings_of(site.db, interest.interest_no)
    return Question(interest, documents[0] if documents else None, len(holdings.judged))


def publish_seen(site: Site, reader: Reader, seen: str) -> None:
    """Record that the reader has seen slates: who acts on a page has seen it. `seen` is what the
    page says it shows: a day, and an interest's number where it shows that one alone.

    Another channel may be publishing at the same moment; what it showed then stands.
    """
    text, _, number = seen.partition(" ")
    day = day_of(text)
    if day is None:
        return
    active = [
        entry
        for entry in list_interests(site.db, reader.reader_no)
        if entry.choices.state is State.ACTIVE and number in ("", str(entry.interest_no))
    ]
    if all(slate_shown(site.db, entry.interest_no, day) for entry in active):
        return
    try:
        slates: Sequence[Slate] = press_of_day(site, reader, day).slates
        with site.db.transaction() as transaction:
            for slate in slates:
                if number in ("", str(slate.interest_no)):
                    publish_slate(transaction, slate, channel=Channel.WEB, now=site.clock())
    except NotFoundError:
        return  # dropped in another window meanwhile
