"""What attention documents drew, by day: read from what their sources said then and say now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from broadsheet.document import StoredRecord
from broadsheet.store.documents import Reads, read_stored_records


@dataclass(frozen=True, slots=True)
class Observation:
    """The counts as they were known from `day` on; None where no source gave one."""

    day: date
    upvotes: int | None
    num_comments: int | None
    github_stars: int | None
    gs_citations: int | None

    @property
    def counts(self) -> tuple[int | None, ...]:
        return (self.upvotes, self.num_comments, self.github_stars, self.gs_citations)


def attention_by_day(db: Reads, doc_nos: Sequence[int]) -> dict[int, tuple[Observation, ...]]:
    """Each document's observations, oldest first, one a day on which a count changed.

    Documents on which nothing was ever observed are left out.
    """
    found = {doc_no: observe(stored) for doc_no, stored in read_stored_records(db, doc_nos).items()}
    return {doc_no: seen for doc_no, seen in found.items() if seen}


def observe(stored: Sequence[StoredRecord]) -> tuple[Observation, ...]:
    """As of each day the largest count that any record then gave, as `document.compose` does."""
    by_day = {day: None for item in stored for day, _ in _spoken(item)}
    seen: list[Observation] = []
    for day in sorted(by_day):
        known = [_on(item, day) for item in stored]
        observation = Observation(
            day, *(_largest(counts[place] for counts in known) for place in range(4))
        )
        is_new = not seen or seen[-1].counts != observation.counts
        if is_new and any(count is not None for count in observation.counts):
            seen.append(observation)
    return tuple(seen)


def _spoken(item: StoredRecord) -> Iterator[tuple[date, tuple[int | None, ...]]]:
    """(first day, counts) of each content of a record, oldest first."""
    day = item.first_seen
    for record, replaced_on in [*item.history, (item.record, item.first_seen)]:
        yield (
            day,
            (record.upvotes, record.num_comments, record.github_stars, record.gs_citations),
        )
        day = replaced_on


def _on(item: StoredRecord, day: date) -> tuple[int | None, ...]:
    known: tuple[int | None, ...] = (None, None, None, None)
    for since, counts in _spoken(item):
        if since <= day:
            known = counts
    return known


def _largest(counts: Iterator[int | None]) -> int | None:
    return max((count for count in counts if count is not None), default=None)
