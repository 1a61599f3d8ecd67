"""What the pages are made from: the library, its index, the settings, the clock."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from starlette.requests import Request

from broadsheet.index.lexical import LexicalIndex
from broadsheet.interests.corpus import Corpus
from broadsheet.search.meaning import MeaningSource
from broadsheet.settings import Settings
from broadsheet.store.database import Database
from broadsheet.types import IngestReport, Record, Reject


@dataclass(frozen=True)
class Site:
    """`clock` returns the moment, aware and in UTC. `take_in` takes a batch of records into the
    library; None where pages may not. Without `meaning` search is by words."""

    db: Database
    index: LexicalIndex
    settings: Settings
    clock: Callable[[], datetime]
    take_in: Callable[[Sequence[Record | Reject]], IngestReport] | None = None
    meaning: MeaningSource | None = None

    @cached_property
    def corpus(self) -> Corpus:
        """The library as interests are measured with it; read when it is first asked for."""
        return Corpus(self.db, self.index, self.meaning)

    def standing(self) -> Hashable:
        """Differs whenever an index has taken in a change or a vector: what both were asked may
        be kept while it stays."""
        meaning, reason = self.meaning.find() if self.meaning else (None, "")
        vectors = meaning.vectors if meaning else None
        by_meaning = (vectors.position, vectors.n_docs) if vectors else reason
        return self.index.position(), by_meaning


def origin_of(request: Request) -> str:
    """Where our pages begin: as the settings say, else at the name, one of ours, asked for."""
    here = f"{request.url.scheme}://{request.headers.get('host', '')}"
    return site_of(request).settings.address.rstrip("/") or here


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site
