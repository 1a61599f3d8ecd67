"""How text becomes the words of the index, and where those words stand in the text.

Text is folded (case, accents, LaTeX), split at everything that is neither letter nor
digit, and, for matching by stem, reduced by the English Snowball stemmer. Chinese and
Japanese characters are words of their own: such text has no spaces to split at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from broadsheet.text.fold import fold

WORD_BYTES_MAX = 40
STEMS_KEPT = 100_000

_IDEOGRAPH = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")
_CHUNK = re.compile(r"\S+")
#: Letters and digits in a row.
RUN = re.compile(r"[^\W_]+")
_MARKUP = frozenset("\\${}")

_STOP_WORDS = """
a about also an and any are as at be been both but by can could did do does for from had has have
how i if in into is it its may me my no nor not of on or our over s should so some such t than
that the their them then there these they this those to under upon us using very was we were what
when where whether which while who whom whose why will with within would you your
"""
#: Words that say nothing about a document; left out of bare-word queries, kept in phrases.
STOP_WORDS = frozenset(_STOP_WORDS.split())


class WordSpan(NamedTuple):
    """A word as indexed, and the characters `text[start:end]` it came from."""

    start: int
    end: int
    word: str


def plain_analyzer() -> TextAnalyzer:
    """Words of folded text, unstemmed."""
    return _builder().build()


def stem_analyzer() -> TextAnalyzer:
    """Stems of folded text."""
    return _builder().filter(Filter.stemmer("english")).build()


def foldable(text: str) -> str:
    """Folded text as it is handed to the analyzers."""
    folded = fold(text)
    return folded if folded.isascii() else _IDEOGRAPH.sub(r" \1 ", folded)


def words(text: str) -> list[str]:
    """The words of `text` as indexed, in order, unstemmed; [] where there is none."""
    found: list[str] = _PLAIN.analyze(foldable(text))
    return found


@lru_cache(maxsize=STEMS_KEPT)
def stem(word: str) -> str:
    """The stem of one word as `words` gives it."""
    found: list[str] = _STEM.analyze(word)
    return found[0] if found else word


def telling_stems(found: Iterable[str]) -> list[str]:
    """The stem of each word; nothing for a stop word."""
    return list(map(_TELLING.__getitem__, found))


def first_written(found: Sequence[str], stems: Sequence[str]) -> dict[str, str]:
    """How each stem is written first, from the words of a text and the stem of each."""
    return dict(zip(reversed(stems), reversed(found), strict=True))


def word_spans(text: str, *, at: int = 0) -> list[WordSpan]:
    r"""The words of `text` with their places, in order.

    A word written with markup (`Schr\"odinger`) spans all of it; words that share one
    piece of markup share its span. `at` is added to all places.
    """
    spans: list[WordSpan] = []
    for chunk in _CHUNK.finditer(text):
        piece = chunk.group()
        if has_markup(piece):
            start, end = _trimmed(piece, at + chunk.start())
            spans += [WordSpan(start, end, word) for word in words(piece)]
            continue
        for run in RUN.finditer(piece):
            start = at + chunk.start() + run.start()
            spans += _run_spans(run.group(), start)
    return spans


def has_markup(text: str) -> bool:
    return not _MARKUP.isdisjoint(text)


def is_ideographic(word: str) -> bool:
    """Whether the word is written in characters that are each indexed as a word."""
    return _IDEOGRAPH.search(word) is not None


def _run_spans(run: str, start: int) -> list[WordSpan]:
    if run.isascii():
        return [WordSpan(start, start + len(run), run.lower())] if len(run) < WORD_BYTES_MAX else []
    if _IDEOGRAPH.search(run) is None:
        return [WordSpan(start, start + len(run), word) for word in words(run)]
    spans = []
    place = start
    for part in _IDEOGRAPH.split(run):
        spans += [WordSpan(place, place + len(part), word) for word in words(part)]
        place += len(part)
    return spans


def _trimmed(piece: str, start: int) -> tuple[int, int]:
    """The piece without punctuation around it, as (start, end)."""
    left = len(piece) - len(piece.lstrip("([\"',;:."))
    right = len(piece.rstrip(")]\"',;:.?!"))
    return (start + left, start + right) if right > left else (start, start + len(piece))


def _builder() -> TextAnalyzerBuilder:
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(WORD_BYTES_MAX))
        .filter(Filter.lowercase())
    )


class _TellingStems(dict[str, str]):
    """The stem of any word, nothing for a stop word: one look-up for each word of a text."""

    def __missing__(self, word: str) -> str:
        if len(self) >= STEMS_KEPT:
            self.clear()
        found = self[word] = "" if word in STOP_WORDS else stem(word)
        return found


_TELLING = _TellingStems()
_PLAIN = plain_analyzer()
_STEM = stem_analyzer()
