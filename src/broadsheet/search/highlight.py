"""Which words of a text were asked for, and where: spans as offsets, never markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from broadsheet.index.analysis import RUN, WordSpan, stem, word_spans
from broadsheet.text.fold import fold

SNIPPET_CHARS_MAX = 300
_LEAD_CHARS_MAX = 120
_START_LETTERS = 5
_STARTS_MAX = 12
_BEYOND_PUNCTUATION = re.compile("[^\x00-\x7f\u2010-\u2027\u2030-\u205e\u00a0-\u00a9]")
_MARKUP = re.compile(r"[\\{]")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a query looks for in text, as the index sees it."""

    stems: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()


class Match(NamedTuple):
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
    """Finds what one query wants in any number of texts. Not shared between threads.

    Most words of a text are not wanted, and stemming each is what would take the time: in
    text without accents the wanted words' first letters pick the few to look at.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._keys: dict[str, str | None] = {}
        starts = {word[:_START_LETTERS] for word in wanted.stems | wanted.words}
        starts |= set(wanted.prefixes)
        # Snowball may turn a final y into i.
        starts |= {start[:-1] for start in starts if start.endswith("i")}
        self._starts = tuple(sorted(starts))
        self._phrases = {phrase: _phrase_pattern(phrase) for phrase in wanted.phrases}

    def find(self, text: str) -> list[Match]:
        """The wanted words of `text`, in order, not overlapping; of two, the longer."""
        if not text or not (self._starts or self._phrases):
            return []
        plain = text.isascii() or _BEYOND_PUNCTUATION.search(text) is None
        lower = text.lower() if plain else fold(text)
        if len(lower) == len(text):
            # Places in `lower` are places in `text`.
            matches = self._wanted_runs(text, _runs_from(lower, self._starts))
            if self._phrases:
                matches += self._find_phrases(lower)
        else:
            runs = [run.span() for run in RUN.finditer(text)] if self._starts else []
            matches = self._wanted_runs(text, runs)
            spans = word_spans(text) if self._phrases else []
            for phrase in self._phrases:
                matches += _phrase_matches(spans, phrase)
        if "\\" in text or "{" in text:
            matches += self._find_in_markup(text)
        return _apart(matches) if len(matches) > 1 else matches

    def _wanted_runs(self, text: str, runs: Iterable[Span]) -> list[Match]:
        keys = self._keys
        matches = []
        for start, end in runs:
            word = text[start:end]
            key = keys[word] if word in keys else self._remember(word)
            if key:
                matches.append(Match(start, end, key))
            elif key == "":
                matches += self._find_within(start, word)
        return matches

    def _find_phrases(self, lower: str) -> list[Match]:
        return [
            Match(found.start(), found.end(), " ".join(phrase))
            for phrase, pattern in self._phrases.items()
            if all(word in lower for word in phrase)
            for found in pattern.finditer(lower)
        ]

    def _find_in_markup(self, text: str) -> list[Match]:
        return [
            Match(span.start, span.end, key)
            for start, chunk in _markup_chunks(text)
            for span in word_spans(chunk, at=start)
            if (key := self._key(span.word)) is not None
        ]

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
            Match(span.start, span.end, key)
            for span in word_spans(run, at=start)
            if (key := self._key(span.word)) is not None
        ]

    def _key(self, word: str) -> str | None:
        stemmed = stem(word)
        if stemmed in self._wanted.stems:
            return stemmed
        if word in self._wanted.words:
            return word
        for prefix in self._wanted.prefixes:
            if word.startswith(prefix):
                return prefix
        return None


def _runs_from(lower: str, starts: Sequence[str]) -> list[Span]:
    """Runs of letters that begin with one of `starts`; all runs if there are many starts.

    `str.find` for each start is four times as fast as one pattern for all of them.
    """
    if len(starts) > _STARTS_MAX:
        return [run.span() for run in RUN.finditer(lower)]
    runs = []
    find = lower.find
    for start in starts:
        at = find(start)
        while at >= 0:
            end = at + len(start)
            if at == 0 or not lower[at - 1].isalnum():
                run = RUN.match(lower, at)
                end = run.end() if run else end
                runs.append((at, end))
            at = find(start, end)
    return runs


def _markup_chunks(text: str) -> Iterator[tuple[int, str]]:
    """Pieces between spaces that hold a backslash or brace, with their places."""
    end = 0
    while (mark := _MARKUP.search(text, end)) is not None:
        start = max(text.rfind(" ", end, mark.start()) + 1, end)
        space = text.find(" ", mark.start())
        end = space if space >= 0 else len(text)
        yield start, text[start:end]


def _phrase_pattern(phrase: tuple[str, ...]) -> re.Pattern[str]:
    between = r"[\W_]+".join(map(re.escape, phrase))
    return re.compile(rf"(?<![^\W_]){between}(?![^\W_])", re.IGNORECASE)


def _apart(matches: list[Match]) -> list[Match]:
    matches.sort(key=lambda match: (match.start, -match.end))
    kept: list[Match] = []
    for match in matches:
        if not kept or match.start >= kept[-1].end:
            kept.append(match)
    return kept


def spans_of(matches: Sequence[Match]) -> tuple[Span, ...]:
    return tuple((match.start, match.end) for match in matches)


def make_snippet(
    text: str, matches: Sequence[Match], *, chars_max: int = SNIPPET_CHARS_MAX
) -> Snippet:
    """A part of `text` with as many different matches as fit, the first such.

    It begins with its sentence where that is near. The start of the text if nothing matches.
    """
    if len(text) <= chars_max:
        return Snippet(text, spans_of(matches))
    at = _densest(matches, chars_max - _LEAD_CHARS_MAX)
    return _cut(text, matches, _lead(text, matches[at].start) if matches else 0, chars_max)


def _densest(matches: Sequence[Match], width: int) -> int:
    """Which match begins the stretch of `width` with the most different keys, then most matches."""
    best, best_value = 0, (0, 0)
    inside: dict[str, int] = {}
    n_keys = len({match.key for match in matches})
    last = 0
    for first, match in enumerate(matches):
        while last < len(matches) and matches[last].end <= match.start + width:
            key = matches[last].key
            inside[key] = inside.get(key, 0) + 1
            last += 1
        value = (len(inside), last - first)
        if value > best_value:
            best, best_value = first, value
        if len(inside) == n_keys or last == len(matches):
            break  # no later stretch holds more different keys
        if inside.get(match.key, 0) > 1:
            inside[match.key] -= 1
        else:
            inside.pop(match.key, None)
        last = max(last, first + 1)
    return best


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
