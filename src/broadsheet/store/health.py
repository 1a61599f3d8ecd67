"""Questions `doctor` asks of the library. Each answer is a list of what is wrong."""

from __future__ import annotations

from broadsheet.store.documents import Reads

#: What must never be true of a library, and what it would mean.
_NEVER = (
    (
        "a record belongs to a document that is not there",
        "SELECT count(*) FROM records r LEFT JOIN documents d USING (doc_no)"
        " WHERE d.doc_no IS NULL OR d.merged_into IS NOT NULL",
    ),
    (
        "a document has no record",
        "SELECT count(*) FROM documents d WHERE merged_into IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM records r WHERE r.doc_no = d.doc_no)",
    ),
    (
        "an identifier points to another document than its record",
        "SELECT count(*) FROM identifiers i LEFT JOIN records r USING (record_no)"
        " WHERE r.record_no IS NULL OR r.doc_no <> i.doc_no",
    ),
    (
        "a mention stands in a document that is not there",
        "SELECT count(*) FROM mentions m LEFT JOIN documents d USING (doc_no)"
        " WHERE d.doc_no IS NULL OR d.merged_into IS NOT NULL",
    ),
)


def find_damage(db: Reads) -> list[str]:
    """What SQLite itself finds wrong with the file; empty when nothing."""
    rows = db.read("PRAGMA integrity_check(20)")
    return [str(row[0]) for row in rows if row[0] != "ok"]


def find_contradictions(db: Reads) -> list[str]:
    """Rows that contradict each other; empty when none."""
    return [
        f"{meaning} ({count} times)"
        for meaning, sql in _NEVER
        if (count := int(db.read(sql)[0][0]))
    ]
