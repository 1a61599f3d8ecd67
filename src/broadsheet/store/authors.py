"""Reading people: mentions grouped by their name, until a stronger grouping is known."""

from __future__ import annotations

from dataclasses import dataclass

from broadsheet.errors import NotFoundError
from broadsheet.store.documents import Reads
from broadsheet.text.names import author_key


@dataclass(frozen=True, slots=True)
class AuthorSummary:
    """`names` are the spellings seen, most frequent first; `coauthors` (name, author_key,
    documents together), most frequent first."""

    author_key: str
    names: tuple[str, ...]
    doc_nos: tuple[int, ...]
    coauthors: tuple[tuple[str, str, int], ...]


COAUTHORS_MAX = 12


def get_author(db: Reads, name: str) -> AuthorSummary:
    """The author a name or author_key stands for; documents newest first.

    Raises NotFoundError with near names as hints.
    """
    key = name if _known(db, name) else author_key(name)
    rows = db.read(
        "SELECT m.doc_no FROM mentions m JOIN documents d USING (doc_no)"
        " WHERE author_key = ? GROUP BY m.doc_no"
        " ORDER BY coalesce(d.announced, d.year || '-01-01', '') DESC, d.doc_id",
        (key,),
    )
    if not rows:
        hints = near_authors(db, key)
        near = f"; near names: {', '.join(hints)}" if hints else ""
        raise NotFoundError(f"no author {name[:200]!r} here{near}", hints=hints)
    names = db.read(
        "SELECT name FROM mentions WHERE author_key = ? GROUP BY name ORDER BY count(*) DESC, name",
        (key,),
    )
    coauthors = db.read(
        "SELECT min(o.name), o.author_key, count(DISTINCT o.doc_no) AS n FROM mentions m"
        " JOIN mentions o ON o.doc_no = m.doc_no AND o.author_key <> m.author_key"
        " WHERE m.author_key = ? GROUP BY o.author_key ORDER BY n DESC, o.author_key LIMIT ?",
        (key, COAUTHORS_MAX),
    )
    return AuthorSummary(
        key,
        tuple(name for (name,) in names),
        tuple(doc_no for (doc_no,) in rows),
        tuple((name, other, n) for name, other, n in coauthors),
    )


def near_authors(db: Reads, key: str, *, limit: int = 5) -> tuple[str, ...]:
    """Names whose key ends in the same surname, most documents first."""
    surname = key.rsplit("-", 1)[-1]
    rows = db.read(
        "SELECT min(name) FROM mentions WHERE author_key LIKE ? ESCAPE '\\'"
        " GROUP BY author_key ORDER BY count(*) DESC, author_key LIMIT ?",
        ("%-" + surname.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"), limit),
    )
    return tuple(name for (name,) in rows)


def _known(db: Reads, key: str) -> bool:
    return bool(db.read("SELECT 1 FROM mentions WHERE author_key = ? LIMIT 1", (key,)))
