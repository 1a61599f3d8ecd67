"""Writing decisions down: the one place where documents change.

All of a batch goes into the caller's transaction. Each touched document gets a new
change number there, which is how the indexes learn of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from broadsheet.content import digest, dump_record, load_record
from broadsheet.document import StoredRecord, compose
from broadsheet.errors import NotFoundError, ParseError
from broadsheet.identity import Add, Intent, Join, Replace, surnames_of
from broadsheet.rank.attention import attention
from broadsheet.store.columns import categories_text, text_of
from broadsheet.store.database import Row, Transaction
from broadsheet.store.documents import last_change_no, load_documents, read_in
from broadsheet.text.fold import title_key
from broadsheet.text.names import author_key
from broadsheet.types import Document


@dataclass(slots=True)
class _Writing:
    """A batch on its way into the library: what is decided but not yet written, and what
    the negative numbers of the decisions have become."""

    transaction: Transaction
    now: datetime
    next_record_no: int
    next_doc_no: int
    next_change_no: int
    record_nos: dict[int, int] = field(default_factory=dict)
    doc_nos: dict[int, int] = field(default_factory=dict)
    new_documents: dict[int, tuple[str, list[StoredRecord]]] = field(default_factory=dict)
    new_records: list[tuple[object, ...]] = field(default_factory=list)
    new_identifiers: list[tuple[str, int, int]] = field(default_factory=list)
    new_merges: list[tuple[object, ...]] = field(default_factory=list)
    touched: dict[int, None] = field(default_factory=dict)


def apply(transaction: Transaction, intents: Iterable[Intent], *, now: datetime) -> None:
    """Write the intents in order. Counts of rows are the caller's business."""
    writing = _begin(transaction, now)
    for intent in intents:
        if isinstance(intent, Add):
            _add(writing, intent)
        elif isinstance(intent, Replace):
            _flush(writing)
            _replace(writing, intent)
        elif isinstance(intent, Join):
            _flush(writing)
            _join(writing, intent)
    _flush(writing)
    refresh(transaction, list(writing.touched))


def undo_merge(transaction: Transaction, merge_no: int, *, now: datetime) -> tuple[str, str]:
    """Take a merge back for ever; returns the doc_ids of (what stays, what leaves).

    Raises NotFoundError when there is no such merge, or it was undone before.
    """
    rows = transaction.read(
        "SELECT doc_no, from_doc_no, record_nos FROM merges"
        " WHERE merge_no = ? AND undone_at IS NULL",
        (merge_no,),
    )
    if not rows:
        raise NotFoundError(f"no merge {merge_no} that could be undone")
    doc_no, from_doc_no, moved_json = rows[0]
    doc_no = _survivor(transaction, doc_no)
    writing = _begin(transaction, now)
    moved = [
        number
        for number in json.loads(moved_json)
        if transaction.read(
            "SELECT 1 FROM records WHERE record_no = ? AND doc_no = ?", (number, doc_no)
        )
    ]
    kept = [
        number
        for (number,) in transaction.read(
            "SELECT record_no FROM records WHERE doc_no = ?", (doc_no,)
        )
        if number not in moved
    ]
    if not moved or not kept:
        raise NotFoundError(f"merge {merge_no} cannot be undone: its records have moved on")
    leaving_no = from_doc_no or _new_document_row(writing, moved[0])
    transaction.run("UPDATE documents SET merged_into = NULL WHERE doc_no = ?", (leaving_no,))
    for number in moved:
        transaction.run("UPDATE records SET doc_no = ? WHERE record_no = ?", (leaving_no, number))
        transaction.run(
            "UPDATE identifiers SET doc_no = ? WHERE record_no = ?", (leaving_no, number)
        )
    pairs = [(one, other) for one in moved for other in kept]
    transaction.run_many(
        "INSERT OR IGNORE INTO apart (record_no, other_no) VALUES (?, ?)",
        pairs + [(other, one) for one, other in pairs],
    )
    transaction.run(
        "UPDATE merges SET undone_at = ? WHERE merge_no = ?", (now.isoformat(), merge_no)
    )
    refresh(transaction, [doc_no, leaving_no])
    return _doc_id(transaction, doc_no), _doc_id(transaction, leaving_no)


def _begin(transaction: Transaction, now: datetime) -> _Writing:
    def largest(sql: str) -> int:
        return int(transaction.read(sql)[0][0] or 0)

    return _Writing(
        transaction,
        now,
        next_record_no=largest("SELECT max(record_no) FROM records") + 1,
        next_doc_no=largest("SELECT max(doc_no) FROM documents") + 1,
        next_change_no=last_change_no(transaction) + 1,
    )


def _add(writing: _Writing, intent: Add) -> None:
    record_no, writing.next_record_no = writing.next_record_no, writing.next_record_no + 1
    writing.record_nos[intent.record_no] = record_no
    stored = StoredRecord(record_no, intent.record, writing.now.date())
    if intent.new_doc_id is not None:
        doc_no, writing.next_doc_no = writing.next_doc_no, writing.next_doc_no + 1
        writing.doc_nos[intent.doc_no] = doc_no
        writing.new_documents[doc_no] = (intent.new_doc_id, [stored])
    else:
        doc_no = writing.doc_nos.get(intent.doc_no, intent.doc_no)
        if doc_no in writing.new_documents:
            writing.new_documents[doc_no][1].append(stored)
        else:
            writing.touched[doc_no] = None
        writing.new_merges.append(
            (doc_no, None, json.dumps([record_no]), intent.reason, writing.now.isoformat())
        )
    record = intent.record
    writing.new_records.append(
        (
            record_no,
            record.source,
            record.key,
            doc_no,
            intent.digest,
            record.datestamp,
            record.deleted,
            writing.now.date().isoformat(),
            intent.content,
        )
    )
    writing.new_identifiers += [
        (identifier, record_no, doc_no) for identifier in dict.fromkeys(record.identifiers)
    ]


def _replace(writing: _Writing, intent: Replace) -> None:
    """The new content in place of the old, which becomes history."""
    run, read = writing.transaction.run, writing.transaction.read
    record_no = writing.record_nos.get(intent.record_no, intent.record_no)
    doc_no, old_digest, old_content = read(
        "SELECT doc_no, digest, content FROM records WHERE record_no = ?", (record_no,)
    )[0]
    record, content, mark = intent.record, intent.content, intent.digest
    if record.deleted:
        # A deletion notice says only that: what the record said stays.
        try:
            known = load_record(record.source, record.key, old_content)
        except ParseError:
            pass  # nothing that could stay can be read
        else:
            record = replace(known, deleted=True, datestamp=record.datestamp)
            content = dump_record(record)
    run(
        "INSERT OR IGNORE INTO record_history (record_no, digest, replaced_at, content)"
        " VALUES (?, ?, ?, ?)",
        (record_no, old_digest, writing.now.date().isoformat(), old_content),
    )
    run(
        "UPDATE records SET digest = ?, datestamp = ?, deleted = ?, content = ?"
        " WHERE record_no = ?",
        (mark, record.datestamp, record.deleted, content, record_no),
    )
    run("DELETE FROM identifiers WHERE record_no = ?", (record_no,))
    writing.new_identifiers += [
        (identifier, record_no, doc_no) for identifier in dict.fromkeys(record.identifiers)
    ]
    writing.touched[doc_no] = None


def _join(writing: _Writing, intent: Join) -> None:
    """All records of one document move to another, whose alias it becomes."""
    run, read = writing.transaction.run, writing.transaction.read
    into = writing.doc_nos.get(intent.doc_no, intent.doc_no)
    out = writing.doc_nos.get(intent.from_doc_no, intent.from_doc_no)
    moved = [
        number
        for (number,) in read(
            "SELECT record_no FROM records WHERE doc_no = ? ORDER BY record_no", (out,)
        )
    ]
    run("UPDATE records SET doc_no = ? WHERE doc_no = ?", (into, out))
    run("UPDATE identifiers SET doc_no = ? WHERE doc_no = ?", (into, out))
    run("UPDATE documents SET merged_into = ? WHERE doc_no = ?", (into, out))
    run("UPDATE documents SET merged_into = ? WHERE merged_into = ?", (into, out))
    writing.new_merges.append(
        (into, out, json.dumps(moved), intent.reason, writing.now.isoformat())
    )
    writing.touched[into] = None
    writing.touched[out] = None


def _flush(writing: _Writing) -> None:
    """Write what has been collected; many rows to a statement, which is what makes it fast."""
    run_many = writing.transaction.run_many
    documents = [
        compose(doc_no, doc_id, stored)
        for doc_no, (doc_id, stored) in writing.new_documents.items()
    ]
    run_many(
        "INSERT INTO documents (doc_no, doc_id, title, title_key, year, surnames, announced,"
        " categories, attention, change_no) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (document.doc_no, document.doc_id, *_columns(document), change_no)
            for change_no, document in enumerate(documents, writing.next_change_no)
        ],
    )
    writing.next_change_no += len(documents)
    run_many(
        "INSERT INTO records (record_no, source, key, doc_no, digest, datestamp, deleted,"
        " first_seen, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        writing.new_records,
    )
    run_many(
        "INSERT INTO identifiers (identifier, record_no, doc_no) VALUES (?, ?, ?)",
        writing.new_identifiers,
    )
    run_many(
        "INSERT INTO merges (doc_no, from_doc_no, record_nos, reason, merged_at)"
        " VALUES (?, ?, ?, ?, ?)",
        writing.new_merges,
    )
    _insert_mentions(writing.transaction, documents)
    writing.new_documents.clear()
    writing.new_records.clear()
    writing.new_identifiers.clear()
    writing.new_merges.clear()


def refresh(transaction: Transaction, doc_nos: Sequence[int]) -> None:
    """Compose these documents anew, from their records and what was found where their links lead,
    and give each a new change number."""
    documents = {document.doc_no: document for document in load_documents(transaction, doc_nos)}
    transaction.run_many("DELETE FROM mentions WHERE doc_no = ?", [(no,) for no in doc_nos])
    for change_no, doc_no in enumerate(doc_nos, last_change_no(transaction) + 1):
        document = documents.get(doc_no)
        if document is None:
            transaction.run(
                "UPDATE documents SET change_no = ? WHERE doc_no = ?", (change_no, doc_no)
            )
            continue
        transaction.run(
            "UPDATE documents SET title = ?, title_key = ?, year = ?, surnames = ?, announced = ?,"
            " categories = ?, attention = ?, change_no = ? WHERE doc_no = ?",
            (*_columns(document), change_no, doc_no),
        )
        _insert_mentions(transaction, [document])


def _columns(document: Document) -> tuple[object, ...]:
    return (
        document.title,
        title_key(document.title),
        document.year,
        " ".join(surnames_of(document.authors)),
        text_of(document.announced),
        categories_text(document.categories),
        attention(document),
    )


def _insert_mentions(transaction: Transaction, documents: Iterable[Document]) -> None:
    transaction.run_many(
        "INSERT INTO mentions (author_key, doc_no, position, name) VALUES (?, ?, ?, ?)",
        [
            (author_key(author.name), document.doc_no, position, author.name)
            for document in documents
            for position, author in enumerate(document.authors)
        ],
    )


def _doc_id(transaction: Transaction, doc_no: int) -> str:
    return str(transaction.read("SELECT doc_id FROM documents WHERE doc_no = ?", (doc_no,))[0][0])


def _survivor(transaction: Transaction, doc_no: int) -> int:
    row: Row = transaction.read("SELECT merged_into FROM documents WHERE doc_no = ?", (doc_no,))[0]
    return _survivor(transaction, row[0]) if row[0] else doc_no


def _new_document_row(writing: _Writing, record_no: int) -> int:
    """A row for a record that leaves its document; its columns are filled by `refresh`."""
    transaction = writing.transaction
    source, key, content = transaction.read(
        "SELECT source, key, content FROM records WHERE record_no = ?", (record_no,)
    )[0]
    record = load_record(source, key, content)
    taken = {
        name
        for (name,) in read_in(
            transaction, "SELECT doc_id FROM documents WHERE doc_id IN (?*)", record.identifiers
        )
    }
    free = next((name for name in record.identifiers if name not in taken), None)
    doc_id = free or f"{record.identifiers[0]}~{digest(source + key).hex()[:8]}"
    doc_no, writing.next_doc_no = writing.next_doc_no, writing.next_doc_no + 1
    transaction.run(
        "INSERT INTO documents (doc_no, doc_id, title, title_key, surnames, categories, attention,"
        " change_no) VALUES (?, ?, '', 0, '', '', 0, ?)",
        (doc_no, doc_id, writing.next_change_no),
    )
    writing.next_change_no += 1
    return doc_no
