"""Did you mean: for words that no document has, the nearest word that many have."""

from __future__ import annotations

from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from broadsheet.index.analysis import stem, words
from broadsheet.index.lexical import LexicalSearcher, reading
from broadsheet.search.query import And, Node, Word, bare_words, format_query, join_and

WORD_LETTERS_MIN = 4
WORDS_MAX = 8
DOCS_MIN = 2
VOCABULARY_MAX = 60_000


@dataclass(frozen=True, slots=True)
class _Candidate:
    word: str
    n_docs: int
    distance: int


def suggest(searcher: LexicalSearcher, root: Node | None) -> str | None:
    """The query with its unknown bare words replaced by near known ones; None if none is near.

    A word is near within one edit up to 7 letters, else two; a swap of neighbours is one
    edit. The nearest wins, then the one in most documents, then the first by letters.
    """
    bare = [word for word in bare_words(root) if _is_unknown(searcher, word)][:WORDS_MAX]
    if not bare:
        return None
    vocabulary = _vocabulary(searcher)
    replaced = {}
    for word in bare:
        near = _nearest(words(word.text)[0], vocabulary)
        if near is not None:
            replaced[word] = Word(near)
    if not replaced or root is None:
        return None
    parts = root.nodes if isinstance(root, And) else (root,)
    return format_query(
        join_and(replaced.get(part, part) if isinstance(part, Word) else part for part in parts)
    )


def _is_unknown(searcher: LexicalSearcher, word: Word) -> bool:
    tokens = words(word.text)
    if len(tokens) != 1 or len(tokens[0]) < WORD_LETTERS_MIN or not tokens[0].isalpha():
        return False
    with reading():
        return (
            searcher.searcher.doc_freq("text", stem(tokens[0])) == 0
            and searcher.searcher.doc_freq("authors", tokens[0]) == 0
        )


def _vocabulary(searcher: LexicalSearcher) -> dict[str, int]:
    """Words of abstracts, titles and names with their number of documents, frequent first."""
    found: dict[str, int] = {}
    with reading():
        for field in ("abstract_x", "title_x", "authors"):
            for word, n_docs in searcher.searcher.terms_with_prefix(
                field, "", limit=VOCABULARY_MAX
            ):
                if n_docs >= DOCS_MIN and word.isalpha():
                    found[word] = max(n_docs, found.get(word, 0))
    return found


def _nearest(word: str, vocabulary: dict[str, int]) -> str | None:
    edits_max = 1 if len(word) <= 7 else 2
    near = process.extract(
        word, vocabulary.keys(), scorer=OSA.distance, score_cutoff=edits_max, limit=50
    )
    candidates = [_Candidate(found, vocabulary[found], int(edits)) for found, edits, _ in near]
    best = min(candidates, key=lambda c: (c.distance, -c.n_docs, c.word), default=None)
    return best.word if best else None
