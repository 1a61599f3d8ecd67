"""Where the sentences of an abstract begin and end."""

import re
from dataclasses import dataclass

# A full stop after one of these ends no sentence.
_ABBREVIATIONS = """
al approx app ca cf ch dr e.g eg eq eqs etc ex fig figs i.e ie incl inc jr ltd mr mrs ms no nos p
pp prof ref refs resp sec sect st tab vol vs w.r.t
"""
ABBREVIATIONS = frozenset(_ABBREVIATIONS.split())
SENTENCE_CHARS_MIN = 12  # shorter pieces ("(1)", "A.") belong to their neighbour


@dataclass(frozen=True, slots=True)
class Passage:
    """What is embedded of a document: title and abstract in one text, and the spans of its parts.

    `spans[0]` is the title where there is one (`has_title`), the others are the sentences.
    """

    text: str
    spans: tuple[tuple[int, int], ...]
    has_title: bool


_STOP = re.compile(r"[.!?]+[\"')\]\u201d\u2019]*\s+")
_LAST_WORD = re.compile(r"([\w.]*)[.!?]+[\"')\]\u201d\u2019]*\s+$")


def _ends_sentence(text: str, start: int, stop: re.Match[str]) -> bool:
    before = _LAST_WORD.search(text, start, stop.end())
    word = before.group(1).lower() if before else ""
    if word in ABBREVIATIONS or (len(word) == 1 and word.isalpha() and "." in stop.group()):
        return False  # "et al. (2020)", "J. Smith"
    if stop.end() - start < SENTENCE_CHARS_MIN:
        return False
    # Lower case after a stop is an unknown abbreviation, except in texts without capitals, and
    # those put a space before the stop ("a wing . an experimental study").
    following = text[stop.end() : stop.end() + 1]
    return not following.islower() or text[stop.start() - 1 : stop.start()].isspace()


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Half-open character spans of the sentences, in order, without surrounding white space.

    Every character that is not white space lies in exactly one span; an empty text has none.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for stop in _STOP.finditer(text):
        if _ends_sentence(text, start, stop):
            spans.append((start, stop.end()))
            start = stop.end()
    spans.append((start, len(text)))
    return [stripped for span in spans if (stripped := _stripped(text, span)) is not None]


def split_sentences(text: str) -> list[str]:
    """The sentences of `text`, in order."""
    return [text[start:end] for start, end in sentence_spans(text)]


def passage(title: str, abstract: str) -> Passage:
    """Title and abstract as one text; an abstract that repeats the title loses it."""
    title, abstract = title.strip(), abstract.strip()
    if title and abstract.startswith(title):
        abstract = abstract[len(title) :].lstrip(" .:")
    if not title:
        return Passage(abstract, tuple(sentence_spans(abstract)), has_title=False)
    gap = " " if title.endswith((".", "?", "!")) else ". "
    text = title + (gap + abstract if abstract else "")
    start = len(title) + len(gap)
    sentences = [(start + left, start + right) for left, right in sentence_spans(abstract)]
    return Passage(text, ((0, len(title)), *sentences), has_title=True)


def _stripped(text: str, span: tuple[int, int]) -> tuple[int, int] | None:
    piece = text[span[0] : span[1]]
    start = span[0] + len(piece) - len(piece.lstrip())
    end = span[0] + len(piece.rstrip())
    return (start, end) if start < end else None
