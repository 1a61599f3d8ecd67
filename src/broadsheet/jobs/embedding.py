"""Keeping the vectors of a library up to date with its store, with the model of the settings."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from broadsheet.errors import ModelError
from broadsheet.index.changes import StoreChanges
from broadsheet.index.embedding import EmbedReport, embed_changes
from broadsheet.index.lock import IndexBusyError, WriterLock
from broadsheet.index.vectors import VectorIndex
from broadsheet.jobs.indexing import INDEX_FOLDER
from broadsheet.model.folder import folder_of, read_card
from broadsheet.model.sentence import SentenceModel
from broadsheet.search.meaning import MeaningSource, vector_index
from broadsheet.settings import Settings
from broadsheet.store.database import Database
from broadsheet.store.documents import count_documents, last_change_no

VECTORS_FOLDER = "vectors"
Progress = Callable[[int, int], None]


def vectors_folder(home: Path, db: Database) -> Path:
    """Vectors follow change numbers, and those are of one library alone."""
    return home / INDEX_FOLDER / VECTORS_FOLDER / db.store_id


def meaning_source(db: Database, settings: Settings) -> MeaningSource:
    """Search by meaning for this library, with the model of the settings."""
    return MeaningSource(settings.models_folder, settings.model, vectors_folder(settings.home, db))


def follow_vectors(
    db: Database,
    settings: Settings,
    *,
    rebuild: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Progress = lambda done, todo: None,
) -> EmbedReport:
    """Embed what has no vector yet with the model of the settings, all of it if `rebuild`.

    Stopped anywhere, what was committed counts and the next call goes on. Without a model, or
    while another process embeds, does nothing and says so.
    """
    folder = folder_of(settings.models_folder, settings.model)
    try:
        card = read_card(folder)
        vectors = vector_index(vectors_folder(settings.home, db), card)
        if not rebuild and not is_behind(db, vectors):
            return EmbedReport()
        model = SentenceModel.load(folder)
    except ModelError as error:
        return EmbedReport(notice=str(error))
    try:
        with WriterLock(vectors.folder).held(0.0):
            if rebuild:
                vectors.clear()
            todo = n_without_vector(db, vectors)
            report = embed_changes(
                StoreChanges(db),
                model,
                vectors,
                should_stop=should_stop,
                progress=lambda done: progress(done, max(todo, done)),
            )
            if not should_stop():
                _forget_other_models(vectors.folder)
            return report
    except IndexBusyError:
        return EmbedReport(notice="another process is embedding these papers already")


def is_behind(db: Database, vectors: VectorIndex) -> bool:
    """Whether a change has not been looked at yet; one row of the database is read."""
    return vectors.position != last_change_no(db)


def n_without_vector(db: Database, vectors: VectorIndex) -> int:
    """How many papers wait for their vector."""
    return max(0, count_documents(db) - vectors.n_docs) if is_behind(db, vectors) else 0


def work_quietly() -> None:
    """Let everything else on the machine go first: for the thread that embeds, and for the
    threads that its model will start. Only Linux has priorities of threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15)


def _forget_other_models(folder: Path) -> None:
    """Vectors of a model that was used before; kept until those of this one are complete."""
    for other in folder.parent.iterdir():
        if other != folder and other.is_dir():
            shutil.rmtree(other, ignore_errors=True)
