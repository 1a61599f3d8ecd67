"""The interests of a library, for callers outside the web."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from broadsheet.errors import NotFoundError, ParseError
from broadsheet.harvest.files import open_import
from broadsheet.interests.corpus import Corpus
from broadsheet.jobs.embedding import meaning_source
from broadsheet.jobs.imports import import_and_index
from broadsheet.jobs.indexing import lexical_index
from broadsheet.settings import Settings
from broadsheet.store.database import Database
from broadsheet.store.documents import find_doc_no
from broadsheet.types import Record


def open_corpus(db: Database, settings: Settings) -> Corpus:
    """Reads nothing yet: the first slate reads the background."""
    return Corpus(db, lexical_index(settings.home, db), meaning_source(db, settings))


@dataclass(frozen=True, slots=True)
class FileTaken:
    """The papers of a file, in its order, and lines for people about what came in or did not."""

    doc_nos: tuple[int, ...]
    said: tuple[str, ...]


def take_in_file(
    db: Database, settings: Settings, path: Path, *, clock: Callable[[], datetime]
) -> FileTaken:
    """Take a file of papers into the library and say which they are here.

    Raises ParseError for a file that cannot be read at all, NotFoundError for one without papers.
    """
    report, notice = import_and_index(db, [str(path)], home=settings.home, clock=clock)
    doc_nos: list[int] = []
    if not report.failures:
        for item in open_import(str(path)).items:
            if isinstance(item, Record) and item.identifiers:
                doc_no = find_doc_no(db, item.identifiers[0])
                doc_nos += [] if doc_no is None else [doc_no]
    if report.failures and not doc_nos:
        raise ParseError("; ".join(report.failures))
    if not doc_nos:
        raise NotFoundError(f"{path} holds no paper that could be read")
    counts = report.counts
    said = [f"{path.name}: {counts.read} read, {counts.added} new here, {counts.rejected} rejected"]
    said += [f"rejected rows: {report.rejects_file}"] if report.rejects_file else []
    return FileTaken(tuple(dict.fromkeys(doc_nos)), (*said, *([notice] if notice else [])))
