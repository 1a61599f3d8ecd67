"""Papers like the one a page shows: who they are, and what shows the likeness."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache

from broadsheet.errors import BroadsheetError
from broadsheet.index.lexical import LexicalIndex
from broadsheet.search.meaning import MeaningSource
from broadsheet.search.similar import SimilarAnswer, similar
from broadsheet.types import Aspect
from broadsheet.web.site import Site

N_SHOWN = 6
ANSWERS_KEPT = 512


def aspect_asked(text: str) -> Aspect:
    """The aspect of that name; all aspects for any other text."""
    return Aspect(text) if text in {aspect.value for aspect in Aspect} else Aspect.ALL


def find_alike(site: Site, doc_id: str, aspect: Aspect) -> SimilarAnswer | None:
    """None where there is no index, or it does not know the paper yet: the page goes without."""
    try:
        return _alike(site.index, site.meaning, site.standing(), doc_id, aspect)
    except BroadsheetError:
        return None


@lru_cache(maxsize=ANSWERS_KEPT)
def _alike(
    index: LexicalIndex,
    meaning: MeaningSource | None,
    standing: Hashable,
    doc_id: str,
    aspect: Aspect,
) -> SimilarAnswer:
    """Kept while both indexes stand still: a paper of the day is opened by many."""
    return similar(index, doc_id, k=N_SHOWN, aspect=aspect, meaning=meaning)
