"""What the library already knows about a batch of records: the facts that deciding needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from broadsheet.identity import Known, KnownDocument, KnownRecord, other_key
from broadsheet.store.documents import Reads, read_in
from broadsheet.text.fold import title_key
from broadsheet.text.identifiers import is_strong
from broadsheet.types import Record


def find_known(db: Reads, records: Sequence[Record]) -> Known:
    """Everything in the library that one of these records could be, or belong to."""
    known = Known()
    by_source: dict[str, list[str]] = defaultdict(list)
    for record in records:
        by_source[record.source].append(record.key)
        if record.identifiers and not is_strong(record.identifiers[0]):
            by_source[record.source].append(other_key(record))
    for source, keys in by_source.items():
        rows = read_in(
            db,
            "SELECT key, record_no, doc_no, digest, datestamp, deleted FROM records"
            " WHERE key IN (?*) AND source = ?",
            keys,
            source,
        )
        for key, record_no, doc_no, mark, datestamp, deleted in rows:
            known.records[source, key] = KnownRecord(
                record_no, doc_no, mark, datestamp, bool(deleted)
            )
    identifiers = list({name for record in records for name in record.identifiers})
    doc_nos = {last.doc_no for last in known.records.values()}
    doc_nos.update(
        doc_no
        for (doc_no,) in read_in(
            db, "SELECT doc_no FROM identifiers WHERE identifier IN (?*)", identifiers
        )
    )
    title_keys = list({key for record in records if (key := title_key(record.title))})
    doc_nos.update(
        doc_no
        for (doc_no,) in read_in(
            db,
            "SELECT doc_no FROM documents"
            " WHERE title_key IN (?*) AND title_key <> 0 AND merged_into IS NULL",
            title_keys,
        )
    )
    known.doc_ids.update(
        doc_id
        for (doc_id,) in read_in(
            db, "SELECT doc_id FROM documents WHERE doc_id IN (?*)", identifiers
        )
    )
    _add_documents(db, sorted(doc_nos), known)
    _add_history(db, sorted(last.record_no for last in known.records.values()), known)
    return known


def _add_documents(db: Reads, doc_nos: Sequence[int], known: Known) -> None:
    rows = read_in(
        db,
        "SELECT doc_no, title, title_key, year, surnames FROM documents WHERE doc_no IN (?*)",
        doc_nos,
    )
    for doc_no, title, key, year, surnames in rows:
        known.documents[doc_no] = KnownDocument(doc_no, title, key, year, tuple(surnames.split()))
        if key:
            known.by_title.setdefault(key, set()).add(doc_no)
    rows = read_in(
        db,
        "SELECT identifier, record_no, doc_no FROM identifiers WHERE doc_no IN (?*)",
        doc_nos,
    )
    for identifier, record_no, doc_no in rows:
        known.documents[doc_no].identifiers.add(identifier)
        known.documents[doc_no].record_nos.add(record_no)
        known.owners.setdefault(identifier, set()).add(doc_no)
    record_nos = [number for document in known.documents.values() for number in document.record_nos]
    for record_no, other_no in read_in(
        db, "SELECT record_no, other_no FROM apart WHERE record_no IN (?*)", record_nos
    ):
        known.apart.setdefault(record_no, set()).add(other_no)


def _add_history(db: Reads, record_nos: Sequence[int], known: Known) -> None:
    known.seen_digests.update(
        (record_no, mark)
        for record_no, mark in read_in(
            db,
            "SELECT record_no, digest FROM record_history WHERE record_no IN (?*)",
            record_nos,
        )
    )
