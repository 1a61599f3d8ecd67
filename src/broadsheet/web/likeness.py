"""Papers like the one a page shows: who they are, and what shows the likeness."""

from __future__ import annotations

from broadsheet.errors import BroadsheetError
from broadsheet.search.similar import SimilarAnswer, similar
from broadsheet.types import Aspect
from broadsheet.web.site import Site

N_SHOWN = 6


def aspect_asked(text: str) -> Aspect:
    """The aspect of that name; all aspects for any other text."""
    return Aspect(text) if text in {aspect.value for aspect in Aspect} else Aspect.ALL


def find_alike(site: Site, doc_id: str, aspect: Aspect) -> SimilarAnswer | None:
    """None where there is no index, or it does not know the paper yet: the page goes without."""
    try:
        return similar(site.index, doc_id, k=N_SHOWN, aspect=aspect, meaning=site.meaning)
    except BroadsheetError:
        return None
