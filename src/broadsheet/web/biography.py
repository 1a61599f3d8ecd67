"""An author's papers by year, and what can be counted about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from broadsheet.store.authors import AuthorSummary, get_author
from broadsheet.store.database import Database
from broadsheet.types import Document
from broadsheet.web.parameters import Paging, paginate
from broadsheet.web.stacks import fetch_documents
from broadsheet.web.subjects import DOCUMENTS_MAX, Subject, compose_subjects

PAPERS_PER_PAGE = 40


@dataclass(frozen=True, slots=True)
class Biography:
    """`years` are (year or None, papers) of this page, newest first."""

    author: AuthorSummary
    paging: Paging
    years: tuple[tuple[int | None, tuple[Document, ...]], ...]
    n_with_code: int
    subjects: tuple[Subject, ...] = ()


def compose_biography(db: Database, name: str, *, page: int = 1) -> Biography:
    """Raises NotFoundError with near names as hints. `n_with_code` counts this page's papers."""
    with db.snapshot():
        author = get_author(db, name)
        paging = paginate(len(author.doc_nos), page, PAPERS_PER_PAGE)
        documents = fetch_documents(db, author.doc_nos[paging.start : paging.stop])
        known = fetch_documents(db, author.doc_nos[:DOCUMENTS_MAX]) if paging.n_pages > 1 else []
    return Biography(
        author=author,
        paging=paging,
        years=_by_year(documents),
        n_with_code=sum(bool(document.living_links) for document in documents),
        subjects=compose_subjects(known or documents),
    )


def _by_year(documents: Sequence[Document]) -> tuple[tuple[int | None, tuple[Document, ...]], ...]:
    ordered = sorted(documents, key=lambda document: -(_year(document) or 0))
    return tuple((year, tuple(papers)) for year, papers in groupby(ordered, key=_year))


def _year(document: Document) -> int | None:
    return document.announced.year if document.announced else document.year
