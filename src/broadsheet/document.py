"""What a document is: composed, purely, from the records that sources sent about one work.

Each field is taken from the best record that has it: an original source before a copy,
then the one heard first. Composition depends on the records alone, not on the order in
which they were joined, so merging and undoing a merge need no repair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from broadsheet.enrich.links import find_code_links, join_code_links
from broadsheet.text.identifiers import identifier_pdf, identifier_url
from broadsheet.types import CodeLink, Document, DocumentVersion, Record, Via

#: Who is believed first. Sources not named here (files) come last, in order of arrival.
SOURCE_ORDER = (
    "arxiv-oai",
    "arxiv-atom",
    "arxiv-snapshot",
    "acl",
    "openreview",
    "arxiv-feed",
    "hf-daily",
    "csl",
    "ris",
    "bibtex",
)
T = TypeVar("T")
_PLACE = {source: place for place, source in enumerate(SOURCE_ORDER)}
_TRACKED = ("title", "abstract", "comment")
ABSTRACT_BY = "summary_by"


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as the store holds it; `history` are its earlier contents, oldest first."""

    record_no: int
    record: Record
    first_seen: date
    history: tuple[tuple[Record, date], ...] = ()


def compose(doc_no: int, doc_id: str, stored: Sequence[StoredRecord]) -> Document:
    """The document of these records (at least one). Deleted records add only their trace."""
    ordered = sorted(stored, key=lambda item: (_PLACE.get(item.record.source, 99), item.record_no))
    living = [item.record for item in ordered if not item.record.deleted]
    records = living or [item.record for item in ordered]
    first = records[0]
    if len(records) == 1:
        identifiers, categories, keywords = first.identifiers, first.categories, first.keywords
        extra = first.extra
    else:
        identifiers = _union(record.identifiers for record in records)
        categories = _union(record.categories for record in records)
        keywords = _union(record.keywords for record in records)
        extra = {k: v for record in reversed(records) for k, v in record.extra.items()}
    abstract, abstract_by = _abstract(records)
    announced = _earliest(record.announced for record in records)
    submitted = _earliest(record.submitted for record in records)
    return Document(
        doc_no=doc_no,
        doc_id=doc_id,
        title=_first(records, lambda record: record.title) or "",
        identifiers=identifiers if doc_id in identifiers else (doc_id, *identifiers),
        abstract=abstract,
        abstract_by=abstract_by,
        authors=_first(records, lambda record: record.authors) or (),
        categories=categories,
        comment=_first(records, lambda record: record.comment) or "",
        venue=_first(records, lambda record: record.venue) or "",
        year=_first(records, lambda record: record.year) or _year(announced, submitted),
        announced=announced,
        submitted=submitted,
        updated=max((record.updated for record in records if record.updated), default=None),
        url=_first(records, lambda record: record.url) or identifier_url(doc_id),
        pdf=_first(records, lambda record: record.pdf) or _pdf(doc_id, identifiers),
        keywords=keywords,
        upvotes=_largest(record.upvotes for record in records),
        num_comments=_largest(record.num_comments for record in records),
        github_stars=_largest(record.github_stars for record in records),
        gs_citations=_largest(record.gs_citations for record in records),
        ratings=_first(records, lambda record: record.ratings) or (),
        project_page=_first(records, lambda record: record.project_page) or "",
        code_links=_code_links(ordered),
        versions=_versions(ordered),
        via=tuple(_via(item) for item in ordered),
        extra=extra,
    )


def _pdf(doc_id: str, identifiers: Iterable[str]) -> str:
    """Where it stands by its identifiers: many files and lists name none."""
    return next(filter(None, map(identifier_pdf, (doc_id, *identifiers))), "")


def _first(records: Iterable[Record], field: Callable[[Record], T]) -> T | None:
    for record in records:
        if value := field(record):
            return value
    return None


def _abstract(records: Sequence[Record]) -> tuple[str, str]:
    """The authors' own abstract before anybody's summary, and who wrote it ("" = they did)."""
    summary = ("", "")
    for record in records:
        if record.abstract:
            by = str(record.extra.get(ABSTRACT_BY, ""))
            if not by:
                return record.abstract, ""
            summary = summary if summary[0] else (record.abstract, by)
    return summary


def _year(announced: date | None, submitted: date | None) -> int | None:
    day = submitted or announced
    return day.year if day else None


def _union(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for values in lists for value in values))


def _earliest(days: Iterable[date | None]) -> date | None:
    return min((day for day in days if day), default=None)


def _largest(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _code_links(ordered: Sequence[StoredRecord]) -> tuple[CodeLink, ...]:
    found = [_record_links(item) for item in ordered if not item.record.deleted]
    return found[0] if len(found) == 1 else join_code_links(found)


def _record_links(item: StoredRecord) -> tuple[CodeLink, ...]:
    record = item.record
    return find_code_links(
        abstract="" if record.extra.get(ABSTRACT_BY) else record.abstract,
        comment=record.comment,
        code_urls=record.code_urls,
        github_repo=record.github_repo,
        project_page=record.project_page,
        source=record.source,
        found_on=item.first_seen,
        extra=record.extra,
    )


def _via(item: StoredRecord) -> Via:
    record = item.record
    url = record.url or (identifier_url(record.identifiers[0]) if record.identifiers else "")
    return Via(record.source, record.key, url, record.announced, record.deleted)


def _versions(ordered: Sequence[StoredRecord]) -> tuple[DocumentVersion, ...]:
    """What changed, oldest first, from the record that knows most: the source's own list of
    versions, and what we saw change between two of its contents."""
    telling = max(ordered, key=lambda item: (len(item.record.versions), len(item.history)))
    record = telling.record
    if not record.versions and not telling.history:
        return (DocumentVersion(1, record.submitted or record.announced, record.source),)
    dates = {version.number: version.submitted for version in record.versions}
    contents = [(old, replaced_on) for old, replaced_on in telling.history]
    changes: list[tuple[date, dict[str, str]]] = []
    for position, (old, replaced_on) in enumerate(contents):
        new = contents[position + 1][0] if position + 1 < len(contents) else record
        changed = {
            name: getattr(old, name)
            for name in _TRACKED
            if getattr(old, name) != getattr(new, name)
        }
        if changed:
            changes.append((new.updated or replaced_on, changed))
    n_versions = max(len(dates), len(changes) + 1)
    versions = []
    for number in range(1, n_versions + 1):
        # The last change seen belongs to the last version listed, and so on backwards.
        place = len(changes) - (n_versions - number) - 1
        dated, changed = changes[place] if number > 1 and place >= 0 else (None, {})
        first_day = record.submitted or record.announced if number == 1 else None
        versions.append(
            DocumentVersion(number, dates.get(number) or dated or first_day, record.source, changed)
        )
    return tuple(versions)
