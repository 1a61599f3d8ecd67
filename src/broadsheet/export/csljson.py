"""Documents as CSL-JSON, an array written piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from broadsheet.export.fields import (
    address_of,
    day_of,
    identifier_of,
    is_journal,
    name_parts,
    one_line,
    year_of,
)
from broadsheet.types import Author, Document


def to_csljson(documents: Iterable[Document]) -> Iterator[str]:
    start = "[\n"
    for document in documents:
        yield start + json.dumps(csl_item(document), ensure_ascii=False)
        start = ",\n"
    yield "[]\n" if start == "[\n" else "\n]\n"


def csl_item(document: Document) -> dict[str, Any]:
    arxiv = identifier_of(document, "arxiv")
    kind = "article-journal" if is_journal(document) else "paper-conference"
    item = {
        "id": document.doc_id,
        "type": kind if document.venue else "article",
        "title": one_line(document.title),
        "author": [_name(author) for author in document.authors],
        "issued": _issued(document),
        "container-title": one_line(document.venue),
        "DOI": identifier_of(document, "doi"),
        "URL": address_of(document),
        "abstract": one_line("" if document.abstract_by else document.abstract),
        "keyword": ", ".join(map(one_line, document.keywords)),
        "note": one_line(document.comment),
        "number": f"arXiv:{arxiv}" if arxiv else "",
        "publisher": "arXiv" if arxiv and not document.venue else "",
    }
    return {name: value for name, value in item.items() if value}


def _name(author: Author) -> dict[str, str]:
    family, given, suffix = name_parts(author.name)
    if not given:
        return {"literal": family}
    parts = {"family": family, "given": given, "suffix": suffix}
    return {name: value for name, value in parts.items() if value}


def _issued(document: Document) -> dict[str, Any]:
    day, year = day_of(document), year_of(document)
    if day and day.year == year:
        return {"date-parts": [[day.year, day.month, day.day]]}
    return {"date-parts": [[year]]} if year else {}
