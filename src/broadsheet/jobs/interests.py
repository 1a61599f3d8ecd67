"""The interests of a library, for callers outside the web."""

from __future__ import annotations

from broadsheet.interests.corpus import Corpus
from broadsheet.jobs.embedding import meaning_source
from broadsheet.jobs.indexing import lexical_index
from broadsheet.settings import Settings
from broadsheet.store.database import Database


def open_corpus(db: Database, settings: Settings) -> Corpus:
    """Reads nothing yet: the first slate reads the background."""
    return Corpus(db, lexical_index(settings.home, db), meaning_source(db, settings))
