"""An answer as the search page shows it: papers, and links that narrow or widen the query."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from broadsheet.index.lexical import LexicalIndex
from broadsheet.search.engine import OFFSET_MAX, Hit, SearchAnswer, Sort, find_all, search
from broadsheet.search.facets import Facets, FacetValue
from broadsheet.search.meaning import MeaningSource
from broadsheet.store.database import Database
from broadsheet.store.documents import stream_documents
from broadsheet.types import Document
from broadsheet.web.marking import Segment, mark
from broadsheet.web.parameters import Paging, paginate
from broadsheet.web.refine import Terms, terms_of
from broadsheet.web.site import Site
from broadsheet.web.stacks import fetch_documents

PAPERS_PER_PAGE = 20
#: Some 40 kB each.
ANSWERS_KEPT = 256
#: How many values of a facet are shown before the reader opens the rest.
VALUES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """`document` is None where the paper has gone since the index last looked."""

    hit: Hit
    title: tuple[Segment, ...]
    snippet: tuple[Segment, ...]
    document: Document | None


@dataclass(frozen=True, slots=True)
class Choice:
    """A facet's value; `query` is what to ask for to choose it, or to undo the choice."""

    value: str
    n_papers: int
    query: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    name: str
    shown: tuple[Choice, ...]
    more: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    answer: SearchAnswer
    sort: Sort
    paging: Paging
    papers: tuple[Finding, ...]
    facets: tuple[Facet, ...]


def compose_findings(site: Site, query: str, *, sort: Sort, page: int) -> Findings:
    """Raises SearchIndexError where there is no index to ask."""
    last_page = OFFSET_MAX // PAPERS_PER_PAGE
    offset = (min(page, last_page) - 1) * PAPERS_PER_PAGE
    answer = _answer(site.index, site.meaning, site.standing(), query, sort, offset)
    if offset and offset >= answer.total:
        last = -(-answer.total // PAPERS_PER_PAGE) or 1
        return compose_findings(site, query, sort=sort, page=last)
    found = fetch_documents(site.db, [hit.doc_no for hit in answer.hits])
    documents = {document.doc_no: document for document in found}
    paging = paginate(
        min(answer.total, last_page * PAPERS_PER_PAGE),
        offset // PAPERS_PER_PAGE + 1,
        PAPERS_PER_PAGE,
    )
    papers = tuple(_finding(hit, documents.get(hit.doc_no)) for hit in answer.hits)
    return Findings(answer, sort, paging, papers, _facets(query, answer.facets or Facets()))


@lru_cache(maxsize=ANSWERS_KEPT)
def _answer(
    index: LexicalIndex,
    meaning: MeaningSource | None,
    standing: Hashable,
    query: str,
    sort: Sort,
    offset: int,
) -> SearchAnswer:
    """Kept while both indexes stand still: a search is asked again when its reader comes back from
    a paper, and after each vote without a script."""
    return search(
        index,
        query,
        k=PAPERS_PER_PAGE,
        offset=offset,
        mode="hybrid",
        sort=sort,
        with_facets=True,
        meaning=meaning,
    )


def find_documents(db: Database, index: LexicalIndex, query: str) -> Iterator[Document]:
    """The whole answer, best first, a batch in memory at a time."""
    return stream_documents(db, find_all(index, query))


def _finding(hit: Hit, document: Document | None) -> Finding:
    return Finding(
        hit, mark(hit.title, hit.title_spans), mark(hit.snippet, hit.snippet_spans), document
    )


def _facets(query: str, facets: Facets) -> tuple[Facet, ...]:
    """The facets that could tell papers apart."""
    terms = terms_of(query)
    named = (
        ("Year", facets.years),
        ("Category", facets.categories),
        ("Venue", facets.venues),
        ("With", facets.has),
    )
    return tuple(_facet(name, terms, values) for name, values in named if values)


def _facet(name: str, terms: Terms, values: tuple[FacetValue, ...]) -> Facet:
    choices = tuple(_choice(terms, value) for value in values)
    return Facet(name, choices[:VALUES_SHOWN], choices[VALUES_SHOWN:])


def _choice(terms: Terms, value: FacetValue) -> Choice:
    is_chosen = terms.has(value.term)
    change = terms.widened if is_chosen else terms.narrowed
    return Choice(value.value, value.n_docs, change(value.term), is_chosen)
