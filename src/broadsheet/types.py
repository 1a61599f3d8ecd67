"""The nouns everything else is written in. Frozen, without I/O, clock or chance.

A *source* sends *records*; the records of one work make a *document*
(`broadsheet.document.compose`). Dates are calendar days at the source; moments
are aware UTC datetimes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

#: How documents are found: by their words, by their meaning, or by both.
Mode = Literal["hybrid", "lexical", "dense"]


class Aspect(StrEnum):
    """In what two papers are alike."""

    ALL = "all"
    BACKGROUND = "background"
    METHOD = "method"
    RESULT = "result"


@dataclass(frozen=True, slots=True)
class Author:
    """One author mention, in the order and spelling of its record."""

    name: str
    orcid: str | None = None
    openreview: str | None = None
    dblp: str | None = None
    acl: str | None = None
    affiliation: str | None = None


@dataclass(frozen=True, slots=True)
class RecordVersion:
    """A version that the source itself lists (arXivRaw); `number` counts from 1."""

    number: int
    submitted: date | None = None
    size: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """What a source sent about one work, cleaned but not interpreted.

    `identifiers` are in canonical form (`arxiv:2509.01234`, see
    `broadsheet.text.identifiers`); the first is the record's own and is trusted,
    the others are claims. `key` is the source's permanent key: a later record with
    the same (source, key) replaces this one. `datestamp` is the source's own moment
    of change, ISO 8601, comparable as text; a record never replaces a newer one.
    `deleted` records carry only source, key and identifiers.
    """

    source: str
    key: str
    title: str
    identifiers: tuple[str, ...]
    abstract: str = ""
    authors: tuple[Author, ...] = ()
    categories: tuple[str, ...] = ()
    comment: str = ""
    venue: str = ""
    year: int | None = None
    announced: date | None = None
    submitted: date | None = None
    updated: date | None = None
    url: str = ""
    pdf: str = ""
    code_urls: tuple[str, ...] = ()
    github_repo: str = ""
    project_page: str = ""
    keywords: tuple[str, ...] = ()
    upvotes: int | None = None
    num_comments: int | None = None
    github_stars: int | None = None
    gs_citations: int | None = None
    ratings: tuple[float, ...] = ()
    versions: tuple[RecordVersion, ...] = ()
    datestamp: str = ""
    deleted: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reject:
    """A row or record that could not be read: where, why, and the start of what stood there."""

    place: str
    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What somebody keeps with a paper in a file of theirs: it is theirs alone and never part of
    the document. `collections` are named `Outer / Inner`; `notes` are Markdown."""

    identifier: str
    tags: tuple[str, ...]
    notes: tuple[str, ...]
    collections: tuple[str, ...]


class LinkStatus(StrEnum):
    OFFICIAL = "official"
    AUTHOR_CLAIMED = "author-claimed"
    COMMUNITY = "community"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a code link was found: `place` is abstract, comment, code_urls, github_repo, …"""

    place: str
    source: str
    sentence: str = ""
    found_on: date | None = None


@dataclass(frozen=True, slots=True)
class CodeLink:
    url: str
    status: LinkStatus
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """One version; `changed` maps a field to the text it had *before* this version."""

    number: int
    dated: date | None
    source: str
    changed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Via:
    """One source that sent the document; `url` is where a reader can see it there."""

    source: str
    key: str
    url: str = ""
    announced: date | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """One work: all its versions, sources and venues. `doc_id` is permanent.

    `abstract_by` is empty for the authors' own abstract, else who wrote this summary.
    """

    doc_no: int
    doc_id: str
    title: str
    identifiers: tuple[str, ...]
    abstract: str = ""
    abstract_by: str = ""
    authors: tuple[Author, ...] = ()
    categories: tuple[str, ...] = ()
    comment: str = ""
    venue: str = ""
    year: int | None = None
    announced: date | None = None
    submitted: date | None = None
    updated: date | None = None
    url: str = ""
    pdf: str = ""
    keywords: tuple[str, ...] = ()
    upvotes: int | None = None
    num_comments: int | None = None
    github_stars: int | None = None
    gs_citations: int | None = None
    ratings: tuple[float, ...] = ()
    project_page: str = ""
    code_links: tuple[CodeLink, ...] = ()
    versions: tuple[DocumentVersion, ...] = ()
    via: tuple[Via, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def living_links(self) -> tuple[CodeLink, ...]:
        """Its code links that are not known to be dead, the best evidenced first."""
        return tuple(link for link in self.code_links if link.status is not LinkStatus.DEAD)


@dataclass(frozen=True, slots=True)
class Merge:
    """Why records of other sources were taken for this document."""

    merge_no: int
    from_doc_id: str | None
    reason: str
    merged_at: str
    undone_at: str | None


class LedgerState(StrEnum):
    """How one (source, category, day) stands.

    complete: all announced are stored. quiet: the source said there is nothing.
    stale: the source still shows an earlier day. throttled: it told us to wait.
    failed: it could not be read, or announced records are missing.
    """

    COMPLETE = "complete"
    QUIET = "quiet"
    STALE = "stale"
    THROTTLED = "throttled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Announcement:
    """A source's word that a document exists: on `day`, in `category` ("" where it has none)."""

    source: str
    category: str
    day: date
    identifier: str
    kind: str = "new"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    source: str
    category: str
    day: date
    announced: int
    stored: int
    missing: tuple[str, ...]
    state: LedgerState
    reason: str
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Counts of one ingestion; read = added + updated + unchanged + merged + rejected."""

    read: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    rejected: int = 0

    def __add__(self, other: IngestReport) -> IngestReport:
        return IngestReport(
            self.read + other.read,
            self.added + other.added,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.merged + other.merged,
            self.rejected + other.rejected,
        )
