"""What an answer says of each document: how it is shown, and why it is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from broadsheet.index.analysis import stem
from broadsheet.index.entry import Shown
from broadsheet.search.compile import Compiled
from broadsheet.search.highlight import (
    SNIPPET_CHARS_MAX,
    Highlighter,
    Match,
    Snippet,
    Span,
    make_snippet,
    spans_of,
)
from broadsheet.search.reasons import tell_nearness, tell_reasons


@dataclass(frozen=True, slots=True)
class Hit:
    """A document found. Spans are (start, end) offsets of what matched, no markup.

    `snippet` is a part of the abstract; where no word matched, the sentence nearest in meaning,
    with a span over all of it. `cosine` is the likeness in meaning, where that was asked for.
    `matched` are the query's words that this document has, in the query's order. `score` is 0
    where nothing but filters was asked for.
    """

    doc_no: int
    doc_id: str
    score: float
    title: str
    title_spans: tuple[Span, ...]
    snippet: str
    snippet_spans: tuple[Span, ...]
    matched: tuple[str, ...]
    reasons: tuple[str, ...]
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    venue: str
    year: int | None
    announced: date | None
    cosine: float | None = None


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near a document is in meaning: the cosine with the query, and how to find the sentence
    that is nearest (empty where the title is, or none is known)."""

    cosine: float
    find_sentence: Callable[[], str]


def make_hit(
    shown: Shown,
    score: float,
    compiled: Compiled,
    highlighter: Highlighter,
    nearness: Nearness | None = None,
) -> Hit:
    """A document as an answer shows it."""
    in_title = highlighter.find(shown.title)
    in_abstract = highlighter.find(shown.abstract)
    sentence = "" if in_title or in_abstract or nearness is None else nearness.find_sentence()
    snippet = (
        _sentence_snippet(shown.abstract, sentence)
        if sentence
        else make_snippet(shown.abstract, in_abstract)
    )
    in_names = _names_matched(shown.authors, highlighter)
    in_notes = highlighter.find(shown.notes)
    return Hit(
        doc_no=shown.doc_no,
        doc_id=shown.doc_id,
        score=score,
        title=shown.title,
        title_spans=spans_of(in_title),
        snippet=snippet.text,
        snippet_spans=snippet.spans,
        matched=_matched_words(compiled, [*in_title, *in_abstract, *in_notes], in_names),
        reasons=(
            *tell_reasons(shown, compiled, in_title, in_abstract, in_names, in_notes),
            *(tell_nearness(nearness.cosine, sentence) if nearness else ()),
        ),
        authors=shown.authors,
        categories=shown.categories,
        venue=shown.venue,
        year=shown.year,
        announced=shown.announced,
        cosine=nearness.cosine if nearness else None,
    )


def _sentence_snippet(abstract: str, sentence: str) -> Snippet:
    at = abstract.find(sentence)
    if at < 0:
        return make_snippet(abstract, [])
    return make_snippet(abstract, [Match(at, min(at + len(sentence), at + SNIPPET_CHARS_MAX), "")])


def _names_matched(names: Sequence[str], highlighter: Highlighter) -> list[tuple[str, list[Match]]]:
    if not highlighter.find("\n".join(names)):
        return []
    return [(name, matches) for name in names if (matches := highlighter.find(name))]


def _matched_words(
    compiled: Compiled, matches: Sequence[Match], names: Sequence[tuple[str, list[Match]]]
) -> tuple[str, ...]:
    keys = {match.key for match in matches}
    keys.update(match.key for _, found in names for match in found)
    keys.update(stem(word) for key in list(keys) if " " in key for word in key.split())
    first = [word for word in compiled.words if stem(word) in keys or word in keys]
    covered = {stem(word) for word in first} | set(first)
    return (*first, *sorted(keys - covered))
