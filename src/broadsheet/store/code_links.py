"""Where the code of papers is said to be, and whether it was still there when it was looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from broadsheet.enrich.life import Life
from broadsheet.store.apply import refresh
from broadsheet.store.columns import moment_of, text_of
from broadsheet.store.database import Row, Transaction
from broadsheet.store.documents import Reads, read_in
from broadsheet.types import Document

REASON_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A link to look at, with what is known of it."""

    key: str
    url: str
    life: Life


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """`n_looked` have been looked at at least once."""

    n_links: int
    n_looked: int
    n_dead: int


def put_links(transaction: Transaction, document: Document, *, again: bool) -> bool:
    """What this document links to from now on; whether that is other than it was. `again`: the
    document is as it was, so that a difference is the finder's, and the indexes must see it; they
    must too when one of the places is known to be dead."""
    keys = {link.url.lower(): link.url for link in document.code_links}
    before = {
        key
        for (key,) in transaction.read(
            "SELECT key FROM code_links_of WHERE doc_no = ?", (document.doc_no,)
        )
    }
    newest = document.announced.toordinal() if document.announced else 0
    transaction.run_many(
        "INSERT INTO code_links (key, url, host, newest) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET newest = max(newest, excluded.newest)",
        [(key, url, urlsplit(url).hostname or "", newest) for key, url in keys.items()],
    )
    if keys.keys() == before:
        return False
    transaction.run("DELETE FROM code_links_of WHERE doc_no = ?", (document.doc_no,))
    transaction.run_many(
        "INSERT INTO code_links_of (doc_no, key) VALUES (?, ?)",
        [(document.doc_no, key) for key in sorted(keys)],
    )
    if again or _any_dead(transaction, list(keys.keys() - before)):
        refresh(transaction, [document.doc_no])
    return True


def drop_links(transaction: Transaction, doc_no: int) -> None:
    """A document that is part of another now, or cannot be read."""
    transaction.run("DELETE FROM code_links_of WHERE doc_no = ?", (doc_no,))


def due_links(db: Reads, host: str, *, now: datetime, limit: int) -> list[Place]:
    """Links to this host whose time has come: first those never looked at, of the newest papers."""
    rows = db.read(
        "SELECT key, url, n_gone, n_unsure, reason, next_at, dead_since FROM code_links"
        " WHERE host = ? AND (next_at IS NULL OR next_at <= ?)"
        " AND EXISTS (SELECT 1 FROM code_links_of o WHERE o.key = code_links.key)"
        " ORDER BY looked_at IS NOT NULL, newest DESC, next_at, key LIMIT ?",
        (host, now.isoformat(), limit),
    )
    return [_place(row) for row in rows]


def n_looked_since(db: Reads, host: str, since: datetime) -> int:
    rows = db.read(
        "SELECT count(*) FROM code_links WHERE host = ? AND looked_at > ?",
        (host, since.isoformat()),
    )
    return int(rows[0][0])


def put_life(transaction: Transaction, place: Place, life: Life, *, now: datetime) -> None:
    """What was found. Papers whose link has died, or is there again, have changed."""
    transaction.run(
        "UPDATE code_links SET looked_at = ?, next_at = ?, n_gone = ?, n_unsure = ?, reason = ?,"
        " dead_since = ? WHERE key = ?",
        (
            now.isoformat(), text_of(life.next_at), life.n_gone, life.n_unsure,
            life.reason[:REASON_CHARS_MAX], text_of(life.dead_since), place.key,
        ),
    )  # fmt: skip
    if (life.dead_since is None) != (place.life.dead_since is None):
        rows = transaction.read("SELECT doc_no FROM code_links_of WHERE key = ?", (place.key,))
        refresh(transaction, [doc_no for (doc_no,) in rows])


def count_links(db: Reads) -> LinkCounts:
    rows = db.read(
        "SELECT count(*), count(looked_at), count(dead_since) FROM code_links"
        " WHERE EXISTS (SELECT 1 FROM code_links_of o WHERE o.key = code_links.key)"
    )
    return LinkCounts(*rows[0])


def note_unreadable(
    transaction: Transaction, doc_nos: Sequence[int], bad: Iterable[int], *, now: datetime
) -> None:
    """Of these documents the bad ones cannot be read now; the others can, or are gone."""
    transaction.run_many("DELETE FROM unreadable WHERE doc_no = ?", [(no,) for no in doc_nos])
    transaction.run_many(
        "INSERT INTO unreadable (doc_no, noticed_at) VALUES (?, ?)",
        [(doc_no, now.isoformat()) for doc_no in bad],
    )


def list_unreadable(db: Reads) -> list[str]:
    """Their doc_ids, the one noticed last first."""
    # Without CROSS, SQLite reads every document to find the few.
    rows = db.read(
        "SELECT doc_id FROM unreadable CROSS JOIN documents USING (doc_no)"
        " WHERE merged_into IS NULL ORDER BY noticed_at DESC, doc_id"
    )
    return [doc_id for (doc_id,) in rows]


def unmerged(db: Reads, doc_nos: Sequence[int]) -> set[int]:
    """Those that are documents of their own."""
    rows = read_in(
        db, "SELECT doc_no FROM documents WHERE doc_no IN (?*) AND merged_into IS NULL", doc_nos
    )
    return {doc_no for (doc_no,) in rows}


def _any_dead(db: Reads, keys: Sequence[str]) -> bool:
    sql = "SELECT 1 FROM code_links WHERE key IN (?*) AND dead_since IS NOT NULL"
    return any(True for _ in read_in(db, sql, keys))


def _place(row: Row) -> Place:
    key, url, n_gone, n_unsure, reason, next_at, dead_since = row
    return Place(
        key, url, Life(n_gone, n_unsure, reason, moment_of(next_at), moment_of(dead_since))
    )
