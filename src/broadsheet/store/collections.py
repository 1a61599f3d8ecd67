"""Collections, a reader's own or a group's, and tags."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from broadsheet.errors import NotFoundError
from broadsheet.store.database import Row, Transaction
from broadsheet.store.documents import Reads, parts_of, read_in
from broadsheet.store.readers import touch

NAME_CHARS_MAX = 120
COLLECTIONS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Collection:
    """`group` is the name of the group it belongs to, "" for a reader's own. `may_write` is
    whether the reader who asked may put papers in."""

    collection_no: int
    name: str
    group_no: int | None
    group: str
    may_write: bool
    n_papers: int
    created_at: datetime


#: What a reader may see: their own, and those of their groups. Guests of a group only read.
_VISIBLE = (
    "SELECT c.collection_no, c.name, c.group_no, coalesce(g.name, ''),"
    " c.group_no IS NULL OR m.role <> 'guest',"
    " (SELECT count(DISTINCT coalesce(d.merged_into, d.doc_no)) FROM collected p"
    "  JOIN documents d USING (doc_no) WHERE p.collection_no = c.collection_no), c.created_at"
    " FROM collections c LEFT JOIN groups g USING (group_no)"
    " LEFT JOIN members m ON m.group_no = c.group_no AND m.reader_no = ?1"
    " WHERE c.dropped_at IS NULL AND (m.reader_no IS NOT NULL"
    "  OR (c.group_no IS NULL AND c.reader_no = ?1))"
)


def list_collections(db: Reads, reader_no: int) -> list[Collection]:
    """All that the reader may see, by name."""
    rows = db.read(_VISIBLE + " ORDER BY c.name COLLATE NOCASE, c.collection_no", (reader_no,))
    return [_collection(row) for row in rows]


def get_collection(db: Reads, reader_no: int, collection_no: int) -> Collection:
    """Raises NotFoundError, also where there is one that this reader may not see."""
    rows = db.read(_VISIBLE + " AND c.collection_no = ?2", (reader_no, collection_no))
    if not rows:
        raise NotFoundError(f"no collection {collection_no} here")
    return _collection(rows[0])


def collected(db: Reads, collection_no: int) -> list[int]:
    """The documents of a collection, last added first."""
    rows = db.read(
        "SELECT coalesce(d.merged_into, d.doc_no) AS living, max(p.collected_at) AS at"
        " FROM collected p JOIN documents d USING (doc_no) WHERE p.collection_no = ?"
        " GROUP BY living ORDER BY at DESC, living DESC",
        (collection_no,),
    )
    return [doc_no for doc_no, _ in rows]


def collections_of(db: Reads, reader_no: int, doc_no: int) -> frozenset[int]:
    """The numbers of the visible collections that hold the document."""
    rows = db.read(
        "SELECT p.collection_no FROM collected p JOIN documents d USING (doc_no)"
        " WHERE d.doc_no = ?1 OR d.merged_into = ?1",
        (doc_no,),
    )
    visible = {found.collection_no for found in list_collections(db, reader_no)} if rows else set()
    return frozenset(number for (number,) in rows) & visible


def make_collection(
    transaction: Transaction, reader_no: int, name: str, group_no: int | None, *, now: datetime
) -> int:
    return transaction.run(
        "INSERT INTO collections (reader_no, group_no, name, created_at) VALUES (?, ?, ?, ?)",
        (reader_no, group_no, name[:NAME_CHARS_MAX], now.isoformat()),
    )


def rename_collection(transaction: Transaction, collection_no: int, name: str) -> None:
    transaction.run(
        "UPDATE collections SET name = ? WHERE collection_no = ?",
        (name[:NAME_CHARS_MAX], collection_no),
    )


def drop_collection(transaction: Transaction, collection_no: int, *, now: datetime) -> None:
    transaction.run(
        "UPDATE collections SET dropped_at = ? WHERE collection_no = ?",
        (now.isoformat(), collection_no),
    )


def restore_collection(transaction: Transaction, reader_no: int, collection_no: int) -> None:
    """Raises NotFoundError unless it is the reader's own, or of a group they write for."""
    rows = transaction.read(
        "SELECT 1 FROM collections c LEFT JOIN members m ON m.group_no = c.group_no"
        " AND m.reader_no = ?1 WHERE c.collection_no = ?2 AND (m.role <> 'guest'"
        " OR (c.group_no IS NULL AND c.reader_no = ?1))",
        (reader_no, collection_no),
    )
    if not rows:
        raise NotFoundError(f"no collection {collection_no} here")
    transaction.run(
        "UPDATE collections SET dropped_at = NULL WHERE collection_no = ?", (collection_no,)
    )


def collect(
    transaction: Transaction, reader_no: int, collection_no: int, doc_no: int, *, now: datetime
) -> bool:
    """Whether that was news."""
    if doc_no in collected(transaction, collection_no):
        return False
    transaction.run(
        "INSERT INTO collected (collection_no, doc_no, reader_no, collected_at)"
        " VALUES (?, ?, ?, ?)",
        (collection_no, doc_no, reader_no, now.isoformat()),
    )
    return True


def collect_all(
    transaction: Transaction,
    reader_no: int,
    collection_no: int,
    doc_nos: Sequence[int],
    *,
    now: datetime,
) -> None:
    """The documents, the first of them standing first; those that are there stay."""
    transaction.run_many(
        "INSERT OR IGNORE INTO collected (collection_no, doc_no, reader_no, collected_at)"
        " VALUES (?, ?, ?, ?)",
        [(collection_no, doc_no, reader_no, now.isoformat()) for doc_no in doc_nos],
    )
    touch(transaction, reader_no)


def uncollect(transaction: Transaction, collection_no: int, doc_no: int) -> bool:
    there = doc_no in collected(transaction, collection_no)
    transaction.run(
        "DELETE FROM collected WHERE collection_no = ? AND (doc_no = ?"
        " OR doc_no IN (SELECT doc_no FROM documents WHERE merged_into = ?))",
        (collection_no, doc_no, doc_no),
    )
    return there


def all_of_reader(db: Reads, reader_no: int) -> list[int]:
    """Everything the reader saved, liked, collected, tagged or wrote about; the last first."""
    rows = db.read(
        "SELECT coalesce(d.merged_into, d.doc_no) AS living, max(at) AS last FROM ("
        " SELECT doc_no, marked_at AS at FROM marks"
        "  WHERE reader_no = ?1 AND kind IN ('saved', 'liked')"
        " UNION ALL SELECT doc_no, collected_at FROM collected JOIN collections c"
        "  USING (collection_no) WHERE c.dropped_at IS NULL AND c.group_no IS NULL"
        "  AND c.reader_no = ?1"
        " UNION ALL SELECT doc_no, tagged_at FROM tags WHERE reader_no = ?1"
        " UNION ALL SELECT doc_no, edited_at FROM notes WHERE owner_no = ?1 AND group_no = 0)"
        " JOIN documents d USING (doc_no) GROUP BY living ORDER BY last DESC, living DESC",
        (reader_no,),
    )
    return [doc_no for doc_no, _ in rows]


def list_tags(db: Reads, reader_no: int) -> list[tuple[str, int]]:
    """Each tag with its number of papers, by name."""
    return [
        (tag, n)
        for tag, n in db.read(
            "SELECT tag, count(DISTINCT coalesce(d.merged_into, d.doc_no)) FROM tags"
            " JOIN documents d USING (doc_no) WHERE reader_no = ? GROUP BY tag"
            " ORDER BY tag COLLATE NOCASE",
            (reader_no,),
        )
    ]


def tagged(db: Reads, reader_no: int, tag: str) -> list[int]:
    """The documents with this tag, last tagged first."""
    rows = db.read(
        "SELECT coalesce(d.merged_into, d.doc_no) AS living, max(t.tagged_at) AS at"
        " FROM tags t JOIN documents d USING (doc_no) WHERE t.reader_no = ? AND t.tag = ?"
        " GROUP BY living ORDER BY at DESC, living DESC",
        (reader_no, tag),
    )
    return [doc_no for doc_no, _ in rows]


def tags_of(db: Reads, reader_no: int, doc_nos: Sequence[int]) -> dict[int, tuple[str, ...]]:
    living = parts_of(db, doc_nos)
    found: dict[int, set[str]] = defaultdict(set)
    sql = "SELECT doc_no, tag FROM tags WHERE doc_no IN (?*) AND reader_no = ?"
    for doc_no, tag in read_in(db, sql, list(living), reader_no):
        found[living[doc_no]].add(tag)
    return {doc_no: tuple(sorted(tags, key=str.lower)) for doc_no, tags in found.items()}


def put_tag(
    transaction: Transaction, reader_no: int, doc_no: int, tag: str, *, now: datetime
) -> bool:
    """Whether that was news."""
    if tag in tags_of(transaction, reader_no, [doc_no]).get(doc_no, ()):
        return False
    transaction.run(
        "INSERT INTO tags (reader_no, tag, doc_no, tagged_at) VALUES (?, ?, ?, ?)",
        (reader_no, tag, doc_no, now.isoformat()),
    )
    return True


def remove_tag(transaction: Transaction, reader_no: int, doc_no: int, tag: str) -> bool:
    there = tag in tags_of(transaction, reader_no, [doc_no]).get(doc_no, ())
    transaction.run(
        "DELETE FROM tags WHERE reader_no = ? AND tag = ? AND (doc_no = ?"
        " OR doc_no IN (SELECT doc_no FROM documents WHERE merged_into = ?))",
        (reader_no, tag, doc_no, doc_no),
    )
    return there


def _collection(row: Row) -> Collection:
    number, name, group_no, group, may_write, n_papers, created_at = row
    return Collection(
        number, name, group_no, group, bool(may_write), n_papers, datetime.fromisoformat(created_at)
    )
