"""Did you mean: for words that no document has, the nearest word that many have."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from rapidfuzz import process
from rapidfuzz.distance import OSA

from broadsheet.index.analysis import stem, words
from broadsheet.index.lexical import LexicalSearcher, reading
from broadsheet.search.query import And, Node, Word, bare_words, format_query, join_and

WORD_LETTERS_MIN = 4
WORDS_MAX = 8
RARE_DOCS_MAX = 2
DOCS_MIN = 2  # for each document, and one more, that the rare word has
VOCABULARY_MAX = 20_000
EDITS_MAX = 2


@dataclass(frozen=True, slots=True)
class _Candidate:
    word: str
    n_docs: int
    distance: int


def suggest(searcher: LexicalSearcher, root: Node | None) -> str | None:
    """The query with its rare bare words replaced by near frequent ones; None if none is near.

    A word is near within one edit up to 7 letters, else two; a swap of neighbours is one
    edit. The nearest wins, then the one in most documents, then the first by letters.
    """
    replaced = {}
    for word in bare_words(root)[:WORDS_MAX]:
        token = _plain(word)
        n_docs = RARE_DOCS_MAX + 1 if token is None else _count(searcher, token)
        if token is None or n_docs > RARE_DOCS_MAX:
            continue
        near = _nearest(token, _vocabulary(searcher, token, DOCS_MIN * (n_docs + 1)))
        if near is not None:
            replaced[word] = Word(near)
    if not replaced or root is None:
        return None
    parts = root.nodes if isinstance(root, And) else (root,)
    return format_query(
        join_and(replaced.get(part, part) if isinstance(part, Word) else part for part in parts)
    )


def _plain(word: Word) -> str | None:
    """The word as indexed, if it is one of letters alone and long enough to guess from."""
    tokens = words(word.text)
    if len(tokens) != 1 or len(tokens[0]) < WORD_LETTERS_MIN or not tokens[0].isalpha():
        return None
    return tokens[0]


def _count(searcher: LexicalSearcher, token: str) -> int:
    with reading():
        in_text = searcher.searcher.doc_freq("text", stem(token))
        return int(max(in_text, searcher.searcher.doc_freq("authors", token)))


def _vocabulary(searcher: LexicalSearcher, token: str, n_docs_min: int) -> dict[str, int]:
    """Words that may have been meant, with their number of documents.

    They begin with the token's first letter, or with its second (the first was added, or
    swapped with it): reading the whole vocabulary would take a tenth of a second.
    """
    found: dict[str, int] = {}
    with reading():
        for field, start in product(("abstract_x", "title_x", "authors"), {token[0], token[1]}):
            for word, n_docs in searcher.searcher.terms_with_prefix(
                field, start, limit=VOCABULARY_MAX
            ):
                if n_docs < n_docs_min:
                    break  # frequent ones come first
                if abs(len(word) - len(token)) <= EDITS_MAX and word.isalpha():
                    found[word] = max(n_docs, found.get(word, 0))
    return found


def _nearest(word: str, vocabulary: dict[str, int]) -> str | None:
    edits_max = 1 if len(word) <= 7 else EDITS_MAX
    near = process.extract(
        word, vocabulary.keys(), scorer=OSA.distance, score_cutoff=edits_max, limit=50
    )
    candidates = [_Candidate(found, vocabulary[found], int(edits)) for found, edits, _ in near]
    best = min(candidates, key=lambda c: (c.distance, -c.n_docs, c.word), default=None)
    return best.word if best else None
