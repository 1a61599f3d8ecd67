"""Which words of a text were asked for, and where: spans as offsets, never markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from broadsheet.index.analysis import RUN, WordSpan, has_markup, stem, word_spans

SNIPPET_CHARS_MAX = 300
_LEAD_CHARS_MAX = 120

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a query looks for in text, as the index sees it."""

    stems: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()


_NOTHING = Wanted()


@dataclass(frozen=True, slots=True)
class Match:
    """`text[start:end]`, and the key that tells different wanted things apart."""

    start: int
    end: int
    key: str


@dataclass(frozen=True, slots=True)
class Snippet:
    """A part of a text, with an ellipsis where it was cut; spans are offsets in `text`."""

    text: str
    spans: tuple[Span, ...]


class Highlighter:
    """Finds what one query wants in any number of texts. Not shared between threads."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._keys: dict[str, str | None] = {}
        wanted_words = (*wanted.stems, *wanted.words, *wanted.prefixes)
        self._letters = frozenset(word[0] for word in wanted_words)

    def find(self, text: str) -> list[Match]:
        """The wanted words of `text`, in order, not overlapping; of two, the longer."""
        if self._wanted == _NOTHING or not text:
            return []
        if self._wanted.phrases or has_markup(text):
            return self._find_slowly(text)
        keys = self._keys
        matches = []
        for run in RUN.finditer(text):
            word = run.group()
            key = keys[word] if word in keys else self._remember(word)
            if key is None:
                continue
            if key:
                matches.append(Match(run.start(), run.end(), key))
            else:
                matches += self._find_within(run.start(), word)
        return matches

    def _remember(self, run: str) -> str | None:
        """The key of a run of letters; None for unwanted, "" for one that is several words."""
        if run.isascii():
            key = self._key(run.lower())
        else:
            found = word_spans(run)
            key = "" if len(found) > 1 else self._key(found[0].word) if found else None
        self._keys[run] = key
        return key

    def _find_within(self, start: int, run: str) -> list[Match]:
        return [
            Match(start + span.start, start + span.end, key)
            for span in word_spans(run)
            if (key := self._key(span.word)) is not None
        ]

    def _find_slowly(self, text: str) -> list[Match]:
        found = word_spans(text)
        matches = [
            Match(span.start, span.end, key)
            for span in found
            if (key := self._key(span.word)) is not None
        ]
        for phrase in self._wanted.phrases:
            matches += _phrase_matches(found, phrase)
        matches.sort(key=lambda match: (match.start, -match.end))
        kept: list[Match] = []
        for match in matches:
            if not kept or match.start >= kept[-1].end:
                kept.append(match)
        return kept

    def _key(self, word: str) -> str | None:
        if word[0] not in self._letters:
            return None  # a stem begins as its word does: most words need not be stemmed
        stemmed = stem(word)
        if stemmed in self._wanted.stems:
            return stemmed
        if word in self._wanted.words:
            return word
        for prefix in self._wanted.prefixes:
            if word.startswith(prefix):
                return prefix
        return None


def spans_of(matches: Sequence[Match]) -> tuple[Span, ...]:
    return tuple((match.start, match.end) for match in matches)


def make_snippet(
    text: str, matches: Sequence[Match], *, chars_max: int = SNIPPET_CHARS_MAX
) -> Snippet:
    """The part of `text` with the most different matches, the first of equals.

    It begins with its sentence where that is near. The start of the text if nothing matches.
    """
    if len(text) <= chars_max:
        return Snippet(text, spans_of(matches))
    best, best_value = 0, (0, 0)
    for match in matches:
        start = _lead(text, match.start)
        inside = [m for m in matches if m.start >= start and m.end <= start + chars_max]
        value = (len({m.key for m in inside}), len(inside))
        if value > best_value:
            best, best_value = start, value
    return _cut(text, matches, best, chars_max)


def _cut(text: str, matches: Sequence[Match], start: int, chars_max: int) -> Snippet:
    end = min(len(text), start + chars_max)
    if end < len(text):
        space = text.rfind(" ", start + chars_max // 2, end)
        end = space if space > 0 else end
    before = "…" if start > 0 else ""
    after = "…" if end < len(text) else ""
    shift = len(before) - start
    spans = tuple(
        (m.start + shift, m.end + shift) for m in matches if m.start >= start and m.end <= end
    )
    return Snippet(f"{before}{text[start:end]}{after}", spans)


def _lead(text: str, at: int) -> int:
    """Where a snippet that shows `at` begins: its sentence if near, else a few words before."""
    nearest = max(0, at - _LEAD_CHARS_MAX)
    sentence = max(text.rfind(mark, nearest, at) for mark in (". ", "? ", "! "))
    if sentence >= 0:
        return sentence + 2
    if nearest == 0:
        return 0
    space = text.find(" ", at - _LEAD_CHARS_MAX // 3, at)
    return space + 1 if space >= 0 else at


def _phrase_matches(found: Sequence[WordSpan], phrase: tuple[str, ...]) -> list[Match]:
    words = [span.word for span in found]
    size = len(phrase)
    return [
        Match(found[at].start, found[at + size - 1].end, " ".join(phrase))
        for at in range(len(words) - size + 1)
        if words[at] == phrase[0] and tuple(words[at : at + size]) == phrase
    ]
