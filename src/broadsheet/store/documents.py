"""Reading documents: by id, by day, by author, by change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from broadsheet.content import load_record
from broadsheet.document import StoredRecord, compose
from broadsheet.enrich.links import mark_dead
from broadsheet.errors import NotFoundError, ParseError
from broadsheet.store.columns import categories_of, day_of
from broadsheet.store.database import PARAMETERS_MAX, Row
from broadsheet.text.identifiers import canonical_identifier, own_identifier
from broadsheet.types import Document, Merge, Record

#: Documents in memory at a time, where a caller takes them one by one.
BATCH_DOCS = 500


class Reads(Protocol):
    """A Database, or the Transaction of a unit of work."""

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]: ...


@dataclass(frozen=True, slots=True)
class Change:
    """A document as of `change_no`; None when it has become part of another."""

    change_no: int
    doc_no: int
    document: Document | None


@dataclass(frozen=True, slots=True)
class DayCount:
    day: date
    n_documents: int


def read_in(db: Reads, sql: str, values: Sequence[object], *more: object) -> Iterator[Row]:
    """Rows of a SELECT that holds `IN (?*)`, for lists of any length."""
    for start in range(0, len(values), PARAMETERS_MAX):
        part = values[start : start + PARAMETERS_MAX]
        yield from db.read(sql.replace("?*", ",".join("?" * len(part))), [*part, *more])


def read_stored_records(db: Reads, doc_nos: Sequence[int]) -> dict[int, list[StoredRecord]]:
    """The records of each document, in order of arrival; documents without any are left out. So is
    what cannot be read; `doctor` names documents of which nothing can be."""
    rows = list(
        read_in(
            db,
            "SELECT doc_no, record_no, source, key, first_seen, content,"
            " EXISTS (SELECT 1 FROM record_history h WHERE h.record_no = r.record_no)"
            " FROM records r WHERE doc_no IN (?*) ORDER BY record_no",
            doc_nos,
        )
    )
    with_history = [row[1] for row in rows if row[6]]
    history: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for record_no, replaced_at, content in read_in(
        db,
        "SELECT record_no, replaced_at, content FROM record_history WHERE record_no IN (?*)"
        " ORDER BY history_no",
        with_history,
    ):
        history[record_no].append((replaced_at, content))
    found: dict[int, list[StoredRecord]] = defaultdict(list)
    for doc_no, record_no, source, key, first_seen, content, _ in rows:
        try:
            record = load_record(source, key, content)
        except ParseError:
            continue
        earlier = tuple(_earlier(source, key, history.get(record_no, ())))
        found[doc_no].append(
            StoredRecord(record_no, record, date.fromisoformat(first_seen), earlier)
        )
    return dict(found)


def _earlier(
    source: str, key: str, history: Iterable[tuple[str, str]]
) -> Iterator[tuple[Record, date]]:
    for replaced_at, content in history:
        try:
            yield load_record(source, key, content), date.fromisoformat(replaced_at)
        except ParseError:
            continue


def load_documents(db: Reads, doc_nos: Sequence[int]) -> list[Document]:
    """The documents with these numbers, in this order; unknown and merged ones are left out."""
    rows = read_in(
        db,
        "SELECT doc_no, doc_id FROM documents WHERE doc_no IN (?*) AND merged_into IS NULL",
        doc_nos,
    )
    names: dict[int, str] = dict(rows)
    stored = read_stored_records(db, list(names))
    documents = [
        compose(doc_no, names[doc_no], stored[doc_no]) for doc_no in doc_nos if doc_no in stored
    ]
    return _with_dead_links(db, documents)


def stream_documents(db: Reads, doc_nos: Sequence[int]) -> Iterator[Document]:
    """As `load_documents`, a batch in memory at a time."""
    for start in range(0, len(doc_nos), BATCH_DOCS):
        yield from load_documents(db, doc_nos[start : start + BATCH_DOCS])


def _with_dead_links(db: Reads, documents: list[Document]) -> list[Document]:
    """What was found where their links lead is no record's word: it is added here."""
    dead: dict[int, dict[str, tuple[date, str]]] = defaultdict(dict)
    for doc_no, key, since, reason in read_in(
        db,
        "SELECT o.doc_no, o.key, l.dead_since, l.reason FROM code_links_of o"
        " JOIN code_links l USING (key) WHERE o.doc_no IN (?*) AND l.dead_since IS NOT NULL",
        [document.doc_no for document in documents if document.code_links],
    ):
        dead[doc_no][key] = (datetime.fromisoformat(since).date(), reason)
    return [
        replace(document, code_links=mark_dead(document.code_links, dead[document.doc_no]))
        if document.doc_no in dead
        else document
        for document in documents
    ]


def find_doc_no(db: Reads, name: str) -> int | None:
    """The document that `name` stands for: its doc_id, an alias, or any spelling of one."""
    spellings = [name.strip()]
    for spelled in (canonical_identifier(name), own_identifier(name)):
        if spelled and spelled not in spellings:
            spellings.append(spelled)
    for spelling in spellings:
        rows = db.read("SELECT doc_no, merged_into FROM documents WHERE doc_id = ?", (spelling,))
        if rows:
            return int(rows[0][1] or rows[0][0])
        rows = db.read("SELECT min(doc_no) FROM identifiers WHERE identifier = ?", (spelling,))
        if rows[0][0] is not None:
            return int(rows[0][0])
    return None


def living_doc_no(db: Reads, doc_no: int) -> int:
    """What this document is by now: of one that was merged, the one that stays."""
    rows = db.read("SELECT merged_into FROM documents WHERE doc_no = ?", (doc_no,))
    return int(rows[0][0] or doc_no) if rows else doc_no


def parts_of(db: Reads, doc_nos: Sequence[int]) -> dict[int, int]:
    """Each of these documents, and each that has become part of one, with the one that it is now:
    what was said of a part was said of the whole."""
    sql = "SELECT doc_no, merged_into FROM documents WHERE merged_into IN (?*)"
    return {doc_no: doc_no for doc_no in doc_nos} | dict(read_in(db, sql, doc_nos))


def get_document(db: Reads, name: str) -> Document:
    """The document that `name` stands for. Raises NotFoundError, saying what to try."""
    doc_no = find_doc_no(db, name)
    found = load_documents(db, [doc_no]) if doc_no is not None else []
    if not found:
        raise NotFoundError(
            f"no document {name[:200]!r} here; look for it with `broadsheet search`, or import it"
        )
    return found[0]


def changes(db: Reads, after: int, limit: int) -> list[Change]:
    """What changed after change number `after`, oldest first, each document once."""
    rows = db.read(
        "SELECT change_no, doc_no, merged_into FROM documents WHERE change_no > ?"
        " ORDER BY change_no LIMIT ?",
        (after, limit),
    )
    living = [doc_no for _, doc_no, merged_into in rows if merged_into is None]
    documents = {document.doc_no: document for document in load_documents(db, living)}
    return [Change(change_no, doc_no, documents.get(doc_no)) for change_no, doc_no, _ in rows]


def last_change_no(db: Reads) -> int:
    return int(db.read("SELECT max(change_no) FROM documents")[0][0] or 0)


def change_numbers(db: Reads, doc_nos: Sequence[int]) -> dict[int, int]:
    """When each document changed last, in this order; merged and unknown ones are left out."""
    known: dict[int, int] = dict(
        read_in(
            db,
            "SELECT doc_no, change_no FROM documents WHERE doc_no IN (?*) AND merged_into IS NULL",
            doc_nos,
        )
    )
    return {doc_no: known[doc_no] for doc_no in doc_nos if doc_no in known}


def newest_announced(db: Reads, limit: int) -> list[int]:
    """The last documents to be announced, newest first; then those that no source announced."""
    rows = db.read(
        "SELECT doc_no FROM documents WHERE merged_into IS NULL"
        " ORDER BY announced DESC, doc_no DESC LIMIT ?",
        (limit,),
    )
    return [doc_no for (doc_no,) in rows]


def stream_between(db: Reads, first: date, last: date) -> list[int]:
    """The documents announced from `first` to `last`, most attention first, ties by doc_id."""
    rows = db.read(
        "SELECT doc_no FROM documents WHERE announced BETWEEN ? AND ? AND merged_into IS NULL"
        " ORDER BY attention DESC, doc_id",
        (first.isoformat(), last.isoformat()),
    )
    return [doc_no for (doc_no,) in rows]


def count_documents(db: Reads) -> int:
    return int(db.read("SELECT count(*) FROM documents WHERE merged_into IS NULL")[0][0])


def day_documents(db: Reads, day: date) -> list[Document]:
    """The documents announced on `day`, most attention first, ties by doc_id."""
    return load_documents(db, stream_between(db, day, day))


def documents_announced(db: Reads, first: date, last: date, *, limit: int) -> Iterator[Document]:
    """Documents announced from `first` to `last`, the newest `limit` of them, oldest first, a
    batch in memory at a time."""
    rows = db.read(
        "SELECT doc_no FROM documents WHERE announced BETWEEN ? AND ? AND merged_into IS NULL"
        " ORDER BY announced DESC, doc_no DESC LIMIT ?",
        (first.isoformat(), last.isoformat(), limit),
    )
    return stream_documents(db, [doc_no for (doc_no,) in reversed(rows)])


def day_listing(db: Reads, day: date) -> list[tuple[int, tuple[str, ...]]]:
    """(doc_no, categories) of each document announced on `day`, in the order of `day_documents`."""
    rows = db.read(
        "SELECT doc_no, categories FROM documents WHERE announced = ? AND merged_into IS NULL"
        " ORDER BY attention DESC, doc_id",
        (day.isoformat(),),
    )
    return [(doc_no, categories_of(categories)) for doc_no, categories in rows]


def day_counts(db: Reads, first: date, last: date) -> list[DayCount]:
    """How many documents each day from `first` to `last` announced; empty days are left out."""
    rows = db.read(
        "SELECT announced, count(*) FROM documents"
        " WHERE announced BETWEEN ? AND ? AND merged_into IS NULL"
        " GROUP BY announced ORDER BY announced",
        (first.isoformat(), last.isoformat()),
    )
    return [DayCount(date.fromisoformat(day), n) for day, n in rows]


def newest_day(db: Reads) -> date | None:
    rows = db.read("SELECT max(announced) FROM documents WHERE merged_into IS NULL")
    return day_of(rows[0][0])


def neighbour_days(db: Reads, day: date) -> tuple[date | None, date | None]:
    """The nearest days before and after `day` that announced anything."""
    before = db.read(
        "SELECT max(announced) FROM documents WHERE announced < ? AND merged_into IS NULL",
        (day.isoformat(),),
    )[0][0]
    after = db.read(
        "SELECT min(announced) FROM documents WHERE announced > ? AND merged_into IS NULL",
        (day.isoformat(),),
    )[0][0]
    return day_of(before), day_of(after)


def iterate_documents(db: Reads) -> Iterator[Document]:
    """Every document in order of arrival, a batch in memory at a time."""
    last = 0
    while True:
        rows = db.read(
            "SELECT doc_no FROM documents WHERE doc_no > ? AND merged_into IS NULL"
            " ORDER BY doc_no LIMIT ?",
            (last, BATCH_DOCS),
        )
        if not rows:
            return
        yield from load_documents(db, [doc_no for (doc_no,) in rows])
        last = rows[-1][0]


def merges_of(db: Reads, doc_no: int) -> list[Merge]:
    rows = db.read(
        "SELECT merge_no, d.doc_id, reason, merged_at, undone_at FROM merges m"
        " LEFT JOIN documents d ON d.doc_no = m.from_doc_no WHERE m.doc_no = ? ORDER BY merge_no",
        (doc_no,),
    )
    return [Merge(*row) for row in rows]
