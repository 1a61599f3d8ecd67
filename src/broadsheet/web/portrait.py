"""Everything a paper's page says of one document, put in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from broadsheet.store.attention import attention_by_day
from broadsheet.store.database import Database
from broadsheet.store.documents import get_document, merges_of
from broadsheet.store.followed import authors_of_document
from broadsheet.types import Document, DocumentVersion, Merge
from broadsheet.web.difference import Piece, compare
from broadsheet.web.history import Plot, plot_attention


@dataclass(frozen=True, slots=True)
class VersionShown:
    """A version with what it changed, field by field."""

    version: DocumentVersion
    changes: tuple[tuple[str, tuple[Piece, ...]], ...]


@dataclass(frozen=True, slots=True)
class Portrait:
    """`people` as `authors_of_document`."""

    document: Document
    merges: tuple[Merge, ...]
    versions: tuple[VersionShown, ...]
    plot: Plot | None
    people: Mapping[str, tuple[str, str]]


def compose_portrait(db: Database, name: str) -> Portrait:
    """The document that `name` stands for. Raises NotFoundError."""
    with db.snapshot():
        document = get_document(db, name)
        merges = merges_of(db, document.doc_no)
        people = authors_of_document(db, document.doc_no)
        seen = attention_by_day(db, [document.doc_no]).get(document.doc_no, ())
    return Portrait(
        document, tuple(merges), show_versions(document), plot_attention(document, seen), people
    )


def show_versions(document: Document) -> tuple[VersionShown, ...]:
    """Newest first. A version knows what stood *before* it; what stood after is what the
    next version changed, or what stands now."""
    now = {name: str(getattr(document, name, "")) for name in _changed_fields(document.versions)}
    shown = []
    for version in reversed(document.versions):
        changes = [
            (name, compare(before, now[name])) for name, before in sorted(version.changed.items())
        ]
        shown.append(VersionShown(version, tuple(changes)))
        now |= version.changed
    return tuple(shown)


def _changed_fields(versions: Sequence[DocumentVersion]) -> set[str]:
    return {name for version in versions for name in version.changed}
