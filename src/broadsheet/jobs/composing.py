"""What a subscription's digest is made from: the library, read once, given to pure functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

from broadsheet.addresses import day_path, search_path
from broadsheet.deliver.compose import (
    BELOW_MAX,
    attention_in_words,
    compose_item,
    of_slate,
    titles,
    why_nothing,
)
from broadsheet.deliver.digest import Digest, Item, Section, Topic
from broadsheet.deliver.outcome import UNSENT
from broadsheet.errors import NotFoundError
from broadsheet.interests.corpus import Corpus
from broadsheet.interests.slates import slate_of
from broadsheet.jobs.embedding import meaning_source
from broadsheet.jobs.indexing import lexical_index
from broadsheet.search.engine import find_all, search
from broadsheet.settings import Settings
from broadsheet.store.database import Database
from broadsheet.store.documents import load_documents, newest_day
from broadsheet.store.interests import State, get_interest
from broadsheet.store.ledger import list_ledger
from broadsheet.store.news import last_doc_no, new_documents
from broadsheet.store.outbox import Delivered, had_before, looked_at
from broadsheet.store.shown import shown_to
from broadsheet.store.subscriptions import Subscription
from broadsheet.text.wording import reasons_in_words

PLACES = 12
#: After this many days off a digest covers the last ones.
CATCH_UP_DAYS_MAX = 30
#: Of a search's new papers, so many of the newest are looked at for their reasons.
HITS_MAX = 300


@dataclass(frozen=True, slots=True)
class Composed:
    """A digest, its papers for the record, and the newest document it has looked at."""

    digest: Digest
    papers: tuple[Delivered, ...]
    until_no: int


@dataclass(frozen=True, slots=True)
class _News:
    """New papers since the last digest: all are `doc_nos`; `fresh` may be shown, by attention."""

    doc_nos: tuple[int, ...]
    fresh: tuple[int, ...]
    first: date
    last: date
    after: int
    until_no: int


@dataclass(frozen=True)
class Sources:
    """What digests are made from; the corpus is laid out when the first interest asks for it."""

    db: Database
    settings: Settings

    @cached_property
    def corpus(self) -> Corpus:
        index = lexical_index(self.settings.home, self.db)
        return Corpus(self.db, index, meaning_source(self.db, self.settings))


def compose_for(sources: Sources, wanted: Subscription, day: date) -> Composed:
    """The digest of `day` for this subscription, as of now; nothing is written.

    For a subscription that is not there (number 0), what it would be of that day alone.

    Raises NotFoundError where what it is of has gone, SearchIndexError where search cannot be.
    """
    return _COMPOSE[Topic(wanted.wish.topic)](sources, wanted, day)


def _compose_day(sources: Sources, wanted: Subscription, day: date) -> Composed:
    """The day's papers by attention, of one category where the wish names one."""
    db, category = sources.db, wanted.wish.value
    news = _news(db, wanted, day, category=category)
    documents = load_documents(db, news.fresh[: PLACES + BELOW_MAX])
    items = [compose_item(paper, why=attention_in_words(paper)) for paper in documents[:PLACES]]
    shown_day = newest_day(db) or day
    digest = Digest(
        Topic.DAY, wanted.wish.name, day_path(min(news.last, shown_day), category), day, news.first,
        news.last, len(news.doc_nos), _sections(items), below=titles(documents[PLACES:]),
        promise=_the_rest(len(news.fresh), "are ordered by attention"),
    )  # fmt: skip
    return _finished(db, digest, news, in_=category or "the library")


def _compose_search(sources: Sources, wanted: Subscription, day: date) -> Composed:
    """What a saved search finds among the new papers, best first."""
    db, query = sources.db, wanted.wish.value
    index = sources.corpus.index
    news = _news(db, wanted, day)
    fresh = set(news.fresh)
    found = [doc_no for doc_no in find_all(index, query) if doc_no in fresh]
    hits = {hit.doc_no: hit for hit in search(index, query, k=HITS_MAX, sort="newest").hits}
    told = [doc_no for doc_no in found if doc_no in hits]
    documents = load_documents(db, told[: PLACES + BELOW_MAX])
    items = [
        compose_item(
            paper,
            why=reasons_in_words(hits[paper.doc_no].reasons) or "is what the search asks for",
            words=hits[paper.doc_no].matched,
        )
        for paper in documents[:PLACES]
    ]
    digest = Digest(
        Topic.SEARCH, wanted.wish.name, search_path(query, "newest"), day, news.first, news.last,
        len(news.doc_nos), _sections(items), below=titles(documents[PLACES:]),
        promise=_the_rest(len(found), "match this search"),
    )  # fmt: skip
    return _finished(db, digest, news, in_=f"“{wanted.wish.name}”")


def _the_rest(n_found: int, said: str) -> str:
    """A day and a search show the best of all that there is, and say how many that is."""
    return f"{n_found:,} of them {said}; the best {PLACES} come first" if n_found > PLACES else ""


def _sections(items: Sequence[Item]) -> tuple[Section, ...]:
    return (Section("", tuple(items)),) if items else ()


def _news(db: Database, wanted: Subscription, day: date, *, category: str = "") -> _News:
    """By arrival, not by date: what a source sends late is news all the same."""
    until_no = last_doc_no(db)
    after = looked_at(db, wanted.subscription_no, UNSENT)
    floor = day - timedelta(days=CATCH_UP_DAYS_MAX)
    if not after:
        wanted_since = (wanted.confirmed_at or wanted.created_at).date() - timedelta(days=1)
        floor = min(wanted_since, newest_day(db) or day)
    ceiling = date.max  # west of its source a day is announced before it has begun
    if not wanted.subscription_no:
        floor = ceiling = day
    rows = new_documents(
        db, after=after, until=until_no, since=floor, through=ceiling, category=category
    )
    doc_nos = tuple(row.doc_no for row in rows)
    before = had_before(db, wanted.person, UNSENT)
    if wanted.reader_no:
        before |= _shown_elsewhere(db, wanted, doc_nos)
    fresh = tuple(doc_no for doc_no in doc_nos if doc_no not in before)
    days = [row.announced for row in rows]
    return _News(doc_nos, fresh, min(days, default=day), max(days, default=day), after, until_no)


def _shown_elsewhere(db: Database, wanted: Subscription, doc_nos: Sequence[int]) -> set[int]:
    """Shown to this reader, but not by the very interest that this digest is of."""
    own = number_in(wanted.wish.value) if wanted.wish.topic == Topic.INTEREST else 0
    return {
        doc_no
        for doc_no, (interest_no, _) in shown_to(db, wanted.reader_no, doc_nos).items()
        if interest_no != own
    }


def _finished(db: Database, digest: Digest, news: _News, *, in_: str) -> Composed:
    if not digest.items:
        rows = list_ledger(db, since=digest.day - timedelta(days=1), until=digest.day)
        digest = replace(
            digest, nothing_because=why_nothing(rows, len(news.doc_nos), name=in_), promise=""
        )
    papers = tuple(Delivered(item.doc_no, rank=n) for n, item in enumerate(digest.items))
    return Composed(digest, papers, news.until_no)


def _compose_interest(sources: Sources, wanted: Subscription, day: date) -> Composed:
    """What an interest brings its reader: its slate of what came in since the last digest."""
    db = sources.db
    interest = get_interest(db, wanted.reader_no, number_in(wanted.wish.value))
    if interest.choices.state is not State.ACTIVE:
        raise NotFoundError(f"the interest {interest.name!r} is paused")
    news = _news(db, wanted, day)
    slate = slate_of(
        sources.corpus,
        interest,
        first=news.first,
        day=max(day, news.last),
        taken=_taken(db, wanted, news),
    )
    digest = of_slate(slate, day_path(news.last, tab="you"), day=day, n_stream=len(news.doc_nos))
    picked = [
        Delivered(
            pick.document.doc_no, interest.interest_no,
            "explores" if pick.explores else "chosen", pick.rank, pick.propensity, pick.is_above,
        )
        for pick in slate.picks
    ]  # fmt: skip
    more = [
        Delivered(document.doc_no, interest.interest_no, "more", len(picked) + place)
        for place, document in enumerate(slate.more)
    ]
    return Composed(digest, (*picked, *more), news.until_no)


def _taken(db: Database, wanted: Subscription, news: _News) -> set[int]:
    """Papers of these days that are no news to this reader: those that an earlier digest looked
    at, and those that stand in another one, though it may not have gone yet."""
    earlier = new_documents(db, after=0, until=news.after, since=news.first, through=date.max)
    return {row.doc_no for row in earlier} | (set(news.doc_nos) - set(news.fresh))


def number_in(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


_Compose = Callable[[Sources, Subscription, date], Composed]
_COMPOSE: dict[Topic, _Compose] = {
    Topic.DAY: _compose_day,
    Topic.SEARCH: _compose_search,
    Topic.INTEREST: _compose_interest,
}
