"""Documents as RIS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from broadsheet.export.fields import (
    address_of,
    day_of,
    identifier_of,
    is_journal,
    name_parts,
    one_line,
    year_of,
)
from broadsheet.types import Document


def to_ris(documents: Iterable[Document]) -> Iterator[str]:
    return map(ris_entry, documents)


def ris_entry(document: Document) -> str:
    """One entry from TY to ER, with the lines ended as the format wants them (CR LF)."""
    day = day_of(document)
    year = year_of(document)
    date = f"{day:%Y/%m/%d}/" if day and day.year == year else ""
    arxiv = identifier_of(document, "arxiv")
    tags: list[tuple[str, str]] = [
        ("TY", "JOUR" if is_journal(document) else "CPAPER" if document.venue else "UNPB"),
        ("TI", document.title),
        *(("AU", _name(author.name)) for author in document.authors),
        ("PY", str(year or "")),
        ("DA", date),
        ("T2", document.venue),
        ("AB", "" if document.abstract_by else document.abstract),
        ("DO", identifier_of(document, "doi")),
        ("UR", address_of(document)),
        ("L1", document.pdf),
        *(("KW", keyword) for keyword in document.keywords),
        ("N1", document.comment),
        ("AN", f"arXiv:{arxiv}" if arxiv else ""),
        ("ID", document.doc_id),
    ]
    lines = [f"{tag}  - {line}" for tag, value in tags if (line := one_line(value))]
    return "\r\n".join([*lines, "ER  - ", "", ""])


def _name(name: str) -> str:
    return ", ".join(part for part in name_parts(name) if part)
