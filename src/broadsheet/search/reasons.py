"""Why a document was found, in words: each wanted thing once, where it counts most."""

from __future__ import annotations

from collections.abc import Sequence

from broadsheet.index.analysis import stem
from broadsheet.index.entry import Shown
from broadsheet.search.compile import Compiled
from broadsheet.search.highlight import Match
from broadsheet.text.wording import clip_words

REASON_WORDS_MAX = 8
SENTENCE_CHARS_MAX = 200


def tell_reasons(
    shown: Shown,
    compiled: Compiled,
    in_title: Sequence[Match],
    in_abstract: Sequence[Match],
    in_names: Sequence[tuple[str, list[Match]]],
    in_notes: Sequence[Match],
) -> tuple[str, ...]:
    """`likes` first, then title, abstract, authors, and the rest (keywords, comment, venue)."""
    reasons = []
    for liked, terms in compiled.likes:
        shared = _first_written(shown, [*in_title, *in_abstract], set(terms), len(in_title))
        if shared:
            reasons.append(f"shares {_listed(shared)} with {liked.doc_id}")
    told = {term for _, terms in compiled.likes for term in terms}
    told -= {stem(word) for word in compiled.words}
    for text, matches, place in (
        (shown.title, in_title, "title"),
        (shown.abstract, in_abstract, "abstract"),
    ):
        fresh = _written(text, matches, told)
        if fresh:
            reasons.append(f"matches {_listed(fresh)} in {place}")
        told |= {match.key for match in matches}
    for name, matches in in_names[:3]:
        if any(match.key not in told for match in matches):
            reasons.append(f"author {name}")
    told |= {match.key for _, found in in_names for match in found}
    fresh = _written(shown.notes, in_notes, told)
    if fresh:
        reasons.append(f"matches {_listed(fresh)} in keywords, comment or venue")
    return tuple(reasons)


def tell_nearness(cosine: float, sentence: str) -> tuple[str, ...]:
    """How near in meaning, and where no word matched, by which sentence."""
    said = f": “{clip_words(sentence, SENTENCE_CHARS_MAX)}”" if sentence else ""
    return (f"is near in meaning ({cosine:.2f}){said}",)


def _written(text: str, matches: Sequence[Match], told: set[str]) -> list[str]:
    """How the first match of each thing is written in the text."""
    found: dict[str, str] = {}
    for match in matches:
        if match.key not in told:
            found.setdefault(match.key, text[match.start : match.end])
    return list(found.values())


def _first_written(
    shown: Shown, matches: Sequence[Match], keys: set[str], n_in_title: int
) -> list[str]:
    found: dict[str, str] = {}
    for place, match in enumerate(matches):
        text = shown.title if place < n_in_title else shown.abstract
        if match.key in keys:
            found.setdefault(match.key, text[match.start : match.end].lower())
    return list(found.values())


def _listed(written: Sequence[str]) -> str:
    listed = ", ".join(f'"{word}"' for word in written[:REASON_WORDS_MAX])
    more = len(written) - REASON_WORDS_MAX
    return f"{listed} and {more} more" if more > 0 else listed
