"""What a digest is before anything is printed: a slate with its documents, for one date.

A day's papers, a saved search and an interest's slate all become one of these; mail, webhooks and
the command line print it and choose nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from broadsheet.text.wording import clip, counted

SUBJECT_CHARS_MAX = 110
TITLE_CHARS_IN_SUBJECT_MAX = 76
MORE_MAX = 60


class Topic(StrEnum):
    """What a digest is of. day: everything announced, or one category of it. search: what a query
    finds. interest: what was chosen for a reader."""

    DAY = "day"
    SEARCH = "search"
    INTEREST = "interest"


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A figure of the paper: a path of ours, and its caption as the alternative text."""

    path: str
    alt: str


@dataclass(frozen=True, slots=True)
class Item:
    """A paper as a digest tells of it. `why` ends a sentence that begins "Here because it ";
    `sentence` is one of the abstract's own, "" where there is none. `news` is what makes it
    telling beyond its title (a followed author), for the subject line."""

    doc_no: int
    doc_id: str
    title: str
    authors: tuple[str, ...]
    why: str
    sentence: str
    kicker: str = ""
    code_url: str = ""
    thumbnail: Thumbnail | None = None
    news: str = ""
    explores: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """`title` is "" where a digest has only one."""

    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Title:
    """A paper that is told of by its title alone."""

    doc_id: str
    title: str


@dataclass(frozen=True, slots=True)
class Digest:
    """`first`..`last` are the days whose papers it covers. Of the `n_stream` papers that came in,
    the sections show some; `more` were worth a place too and found none (and `n_untold` besides),
    `below` are the first ones that were not. `promise` says how much may be missing, "" where
    nothing is promised. `nothing_because` says why there is nothing, "" where there is something.
    `path` is the page that shows the same."""

    topic: Topic
    name: str
    path: str
    day: date
    first: date
    last: date
    n_stream: int
    sections: tuple[Section, ...] = ()
    more: tuple[Title, ...] = ()
    n_untold: int = 0
    below: tuple[Title, ...] = ()
    promise: str = ""
    notice: str = ""
    nothing_because: str = ""

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for section in self.sections for item in section.items)

    @property
    def n_shown(self) -> int:
        return len(self.items)


def subject_line(digest: Digest) -> str:
    """The most telling thing: the first paper with news of its own, else the first; how many more
    there are; and that there is nothing, where that is so."""
    items = digest.items
    if not items:
        return clip(f"{digest.name}: nothing today", SUBJECT_CHARS_MAX)
    told = next((item for item in items if item.news), items[0])
    lead = clip(told.title, TITLE_CHARS_IN_SUBJECT_MAX)
    if told.news:
        lead = f"{clip(told.news, 40)}: {lead}"
    more = f", and {counted(len(items) - 1, 'more', 'more')}" if len(items) > 1 else ""
    return clip(lead, SUBJECT_CHARS_MAX - len(more)) + more


def without_last(digest: Digest) -> Digest:
    """One paper fewer shown in full: the last one is told of by its title."""
    *before, last = (section for section in digest.sections if section.items)
    item = last.items[-1]
    kept = replace(last, items=last.items[:-1])
    sections = (*before, kept) if kept.items else tuple(before)
    more = (Title(item.doc_id, item.title), *digest.more)
    n_untold = digest.n_untold + max(0, len(more) - MORE_MAX)
    return replace(digest, sections=sections, more=more[:MORE_MAX], n_untold=n_untold)


def covered(digest: Digest) -> str:
    """The days in words, "" for one day: `4 days, 27 February to 2 March 2026`."""
    if digest.first >= digest.last:
        return ""
    n_days = (digest.last - digest.first).days + 1
    return (
        f"{counted(n_days, 'day')}, {digest.first.day} {digest.first:%B} to "
        f"{digest.last.day} {digest.last:%B %Y}"
    )
