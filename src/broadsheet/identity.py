"""What a record means to the library: pure decisions, no I/O.

Two records are one document if they share a strong identifier, or if normalised title,
year (within 2) and authors agree beyond doubt. Where evidence is torn we keep papers
apart: two entries for one paper are a nuisance, one entry for two papers is a loss.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from broadsheet.content import digest, dump_record
from broadsheet.text.fold import fold, title_key
from broadsheet.text.identifiers import is_strong
from broadsheet.text.names import surname
from broadsheet.types import Author, Record

YEARS_APART_MAX = 2
SURNAMES_MAX = 60
SURNAMES_SHARED_MIN = 0.6
REORDERED_AUTHORS_MIN = 3
TITLE_SHARED_MIN = 0.8
TITLE_HINT_MIN = 0.3
#: Schemes in which one work has one identifier, so that two of them mean two works.
ONE_PER_WORK = frozenset({"arxiv", "acl"})


@dataclass(frozen=True, slots=True)
class KnownRecord:
    record_no: int
    doc_no: int
    digest: bytes
    datestamp: str
    deleted: bool = False


@dataclass(slots=True)
class KnownDocument:
    """What deciding needs of a document already in the library."""

    doc_no: int
    title: str
    title_key: int
    year: int | None
    surnames: tuple[str, ...]
    identifiers: set[str] = field(default_factory=set)
    record_nos: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Known:
    """What the library knows about a batch; `decide` keeps it up to date as it goes.

    Documents and records decided here have negative numbers until they are written.
    """

    records: dict[tuple[str, str], KnownRecord] = field(default_factory=dict)
    owners: dict[str, set[int]] = field(default_factory=dict)
    documents: dict[int, KnownDocument] = field(default_factory=dict)
    by_title: dict[int, set[int]] = field(default_factory=dict)
    doc_ids: set[str] = field(default_factory=set)
    seen_digests: set[tuple[int, bytes]] = field(default_factory=set)
    apart: dict[int, set[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Keep:
    """Nothing to do: this content is known, or older than what is known."""


@dataclass(frozen=True, slots=True)
class Add:
    """A record that is new here. `new_doc_id` makes a document, else it joins `doc_no`."""

    record_no: int
    doc_no: int
    record: Record
    content: str
    digest: bytes
    new_doc_id: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Replace:
    """A known record says something else now; what it said before becomes history."""

    record_no: int
    doc_no: int
    record: Record
    content: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Join:
    """Two documents are one work: all records of `from_doc_no` move to `doc_no`."""

    doc_no: int
    from_doc_no: int
    record_no: int
    reason: str


Intent = Keep | Add | Replace | Join


def decide(records: Iterable[Record], known: Known) -> list[list[Intent]]:
    """For each record in order the intents that take it in (at least one, [Keep] if none)."""
    return [_decide_one(record, known) for record in records]


def surnames_of(authors: Sequence[Author]) -> tuple[str, ...]:
    """What authors are compared by, in order; the store keeps the same of each document."""
    return tuple(surname(author.name) for author in authors[:SURNAMES_MAX])


def _decide_one(record: Record, known: Known) -> list[Intent]:
    content = dump_record(record)
    mark = digest(content)
    last = known.records.get((record.source, record.key))
    if last and last.digest != mark and _is_another_papers(record, last, known):
        record = replace(record, key=other_key(record))
        last = known.records.get((record.source, record.key))
    if last is None:
        return _take_new(record, content, mark, known)
    if last.digest == mark or (last.record_no, mark) in known.seen_digests:
        return [Keep()]
    if record.datestamp and last.datestamp and record.datestamp < last.datestamp:
        return [Keep()]
    return _take_changed(record, content, mark, last, known)


def other_key(record: Record) -> str:
    """The key of a record whose own key a different paper has: bare row numbers of two files."""
    title = " ".join(fold(record.title).split()).encode("utf-8", "replace")
    return f"{record.key}~{hashlib.blake2b(title, digest_size=4).hexdigest()}"


def _is_another_papers(record: Record, last: KnownRecord, known: Known) -> bool:
    """Whether a weak key (`id:17`) met again plainly names another paper."""
    if record.deleted or not record.identifiers or is_strong(record.identifiers[0]):
        return False
    return _contradicts(record, surnames_of(record.authors), known.documents[last.doc_no])


def _take_new(record: Record, content: str, mark: bytes, known: Known) -> list[Intent]:
    surnames = surnames_of(record.authors)
    targets = _targets(record, surnames, known)
    if record.deleted and not targets:
        return [Keep()]
    record_no = -len(known.records) - 1
    if targets:
        doc_no, reason = next(iter(targets.items()))
        new_doc_id = None
    else:
        doc_no, reason = -len(known.documents) - 1, ""
        new_doc_id = _new_doc_id(record, known)
        known.doc_ids.add(new_doc_id)
        known.documents[doc_no] = KnownDocument(
            doc_no, record.title, title_key(record.title), _year(record), surnames
        )
    known.records[record.source, record.key] = KnownRecord(
        record_no, doc_no, mark, record.datestamp, record.deleted
    )
    known.seen_digests.add((record_no, mark))
    _note(record, record_no, doc_no, known)
    intents: list[Intent] = [Add(record_no, doc_no, record, content, mark, new_doc_id, reason)]
    return intents + _joins(doc_no, record_no, targets, known)


def _take_changed(
    record: Record, content: str, mark: bytes, last: KnownRecord, known: Known
) -> list[Intent]:
    known.records[record.source, record.key] = KnownRecord(
        last.record_no, last.doc_no, mark, record.datestamp, record.deleted
    )
    known.seen_digests.add((last.record_no, mark))
    targets = {} if record.deleted else _targets(record, surnames_of(record.authors), known)
    targets = {
        doc_no: reason
        for doc_no, reason in targets.items()
        if doc_no != last.doc_no and not _kept_apart(last.doc_no, doc_no, known)
    }
    _note(record, last.record_no, last.doc_no, known)
    replace = Replace(last.record_no, last.doc_no, record, content, mark)
    return [replace, *_joins(last.doc_no, last.record_no, targets, known)]


def _targets(record: Record, surnames: tuple[str, ...], known: Known) -> dict[int, str]:
    """Documents that are this work, oldest first, each with the reason."""
    targets: dict[int, str] = {}
    for position, identifier in enumerate(record.identifiers):
        trusted = position == 0 and is_strong(identifier)
        for doc_no in sorted(known.owners.get(identifier, ()), key=abs):
            document = known.documents[doc_no]
            if trusted or not _contradicts(record, surnames, document):
                targets.setdefault(doc_no, f"same identifier {identifier}")
    if not targets and surnames:
        key = title_key(record.title)
        for doc_no in sorted(known.by_title.get(key, ()) if key else (), key=abs):
            document = known.documents[doc_no]
            if _agrees(record, surnames, document):
                targets[doc_no] = "same title, authors and year"
                break
    return dict(sorted(targets.items(), key=lambda item: _age(item[0])))


def _age(doc_no: int) -> tuple[bool, int]:
    """Order of arrival: written documents before those of this batch."""
    return (doc_no < 0, abs(doc_no))


def _contradicts(record: Record, surnames: tuple[str, ...], document: KnownDocument) -> bool:
    """A shared claim (a proceedings' DOI, say) that neither title nor authors bear out."""
    if not record.title or not document.title:
        return False
    title_shared = _jaccard(fold(record.title).split(), fold(document.title).split())
    if title_shared >= TITLE_SHARED_MIN:
        return False
    if not surnames or not document.surnames:
        return title_shared < TITLE_HINT_MIN
    n_shared = len(set(surnames) & set(document.surnames))
    most = 2 * n_shared >= min(len(set(surnames)), len(set(document.surnames)))
    return not (most and (n_shared > 1 or title_shared >= TITLE_HINT_MIN))


def _agrees(record: Record, surnames: tuple[str, ...], document: KnownDocument) -> bool:
    """Beyond doubt: same first author and most authors shared, or all of several authors in
    another order; years near, no rival identifier."""
    if not document.surnames:
        return False
    shared = _jaccard(surnames, document.surnames)
    reordered = shared == 1.0 and len(set(surnames)) >= REORDERED_AUTHORS_MIN
    if not reordered and (surnames[0] != document.surnames[0] or shared < SURNAMES_SHARED_MIN):
        return False
    year = _year(record)
    if year is None or document.year is None or abs(year - document.year) > YEARS_APART_MAX:
        return False
    return not _rivals(record.identifiers, document.identifiers)


def _jaccard(ours: Sequence[str], theirs: Sequence[str]) -> float:
    """Shared of all, in [0, 1]; 0 when both are empty."""
    together = set(ours) | set(theirs)
    return len(set(ours) & set(theirs)) / len(together) if together else 0.0


def _rivals(ours: Sequence[str], theirs: set[str]) -> bool:
    """Two different identifiers of a scheme that gives each work only one."""
    for scheme in ONE_PER_WORK:
        mine = {name for name in ours if name.startswith(scheme + ":")}
        others = {name for name in theirs if name.startswith(scheme + ":")}
        if mine and others and not mine & others:
            return True
    return False


def _kept_apart(doc_no: int, other_no: int, known: Known) -> bool:
    others = known.documents[other_no].record_nos
    return any(
        known.apart.get(record_no, frozenset()) & others
        for record_no in known.documents[doc_no].record_nos
    )


def _joins(doc_no: int, record_no: int, targets: dict[int, str], known: Known) -> list[Intent]:
    """Fold the other targets into one document; the oldest survives."""
    joins: list[Intent] = []
    for other_no, reason in targets.items():
        if other_no == doc_no or _kept_apart(doc_no, other_no, known):
            continue
        into, out = sorted((doc_no, other_no), key=_age)
        joins.append(Join(into, out, record_no, reason))
        _fold(into, out, known)
        doc_no = into
    return joins


def _fold(into: int, out: int, known: Known) -> None:
    survivor, folded = known.documents[into], known.documents[out]
    survivor.identifiers |= folded.identifiers
    survivor.record_nos |= folded.record_nos
    for identifier in folded.identifiers:
        known.owners[identifier].discard(out)
        known.owners[identifier].add(into)
    for doc_nos in known.by_title.values():
        doc_nos.discard(out)
    for name, last in known.records.items():
        if last.doc_no == out:
            known.records[name] = KnownRecord(
                last.record_no, into, last.digest, last.datestamp, last.deleted
            )


def _note(record: Record, record_no: int, doc_no: int, known: Known) -> None:
    document = known.documents[doc_no]
    document.record_nos.add(record_no)
    document.identifiers.update(record.identifiers)
    for identifier in record.identifiers:
        known.owners.setdefault(identifier, set()).add(doc_no)
    if document.title_key:
        known.by_title.setdefault(document.title_key, set()).add(doc_no)


def _new_doc_id(record: Record, known: Known) -> str:
    """The record's first strong identifier, else its own; never one that is taken."""
    strong = (name for name in record.identifiers if is_strong(name))
    doc_id = next(strong, record.identifiers[0])
    if doc_id not in known.doc_ids:
        return doc_id
    mark = hashlib.blake2b(f"{record.source}\n{record.key}\n{record.title}".encode(), digest_size=4)
    return f"{doc_id}~{mark.hexdigest()}"


def _year(record: Record) -> int | None:
    day = record.submitted or record.announced
    return record.year or (day.year if day else None)
