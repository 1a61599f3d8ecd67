"""Documents as columns: words and phrases, vectors, authors, categories."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from broadsheet.evaluate.datasets import CorpusDocument
from broadsheet.interests.corpus import paper_terms
from broadsheet.rank.background import Papers, papers_of
from broadsheet.rank.vocabulary import choose_terms, count_matrix
from broadsheet.text.names import author_key

N_DOCS_WITH_MIN = 3
N_TERMS_MAX = 60_000

Embed = Callable[[Sequence[str]], npt.NDArray[np.floating]]


@dataclass(frozen=True, slots=True)
class Columns:
    """`papers` with the names of their author columns."""

    papers: Papers
    author_columns: dict[str, int]


def paper_columns(
    documents: Sequence[CorpusDocument],
    background: npt.NDArray[np.int64],
    embed: Embed | None,
    categories: Sequence[Sequence[str]] = (),
) -> Columns:
    """All documents as a row each; the vocabulary is that of the `background` rows.

    `categories` gives each document's, where the data have any.
    """
    terms = [paper_terms(document.title, document.text) for document in documents]
    vocabulary = choose_terms(
        (terms[row] for row in background),
        n_docs_with_min=min(N_DOCS_WITH_MIN, 1 + len(background) // 100),
        n_terms_max=N_TERMS_MAX,
    )
    counts = count_matrix(terms, {term: column for column, term in enumerate(vocabulary)})
    texts = [f"{document.title}. {document.text}" for document in documents]
    vectors = None if embed is None else np.asarray(embed(texts))
    names = [sorted({author_key(name) for name in document.authors}) for document in documents]
    author_columns = _numbered(names)
    marks = [dict.fromkeys(row, 1) for row in names]
    authors = count_matrix(marks, author_columns)
    tags = [dict.fromkeys(row, 1) for row in categories] or [{} for _ in documents]
    return Columns(
        papers_of(counts, vectors, authors, count_matrix(tags, _numbered(tags))), author_columns
    )


def _numbered(rows: Sequence[Sequence[str] | dict[str, int]]) -> dict[str, int]:
    return {name: n for n, name in enumerate(sorted({name for row in rows for name in row}))}
