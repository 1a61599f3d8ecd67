"""Documents into a digest. Pure: what to show was decided before, by ranking."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from broadsheet.addresses import web_address
from broadsheet.deliver.digest import MORE_MAX, Digest, Item, Section, Title, Topic
from broadsheet.rank.aspects import ASPECTS, Aspect, aspect_shares
from broadsheet.rank.attention import attention_inputs
from broadsheet.rank.passage import passage
from broadsheet.slate import Reason, ReasonKind, Slate
from broadsheet.text.fold import fold
from broadsheet.text.wording import counted, listed
from broadsheet.types import Document, LedgerRow, LedgerState

#: Two words of the reader's weigh almost as much as being surely a result; more add nothing.
WORD_WEIGHT, WORDS_MAX = 0.4, 2
#: By its place alone the last sentence would be a result; that counts half where it says nothing.
SILENT_SHARE = 0.5
SENTENCE_CHARS_MIN = 20
SENTENCES_KEPT = 2_000
BELOW_MAX = 12
_RESULT = ASPECTS.index(Aspect.RESULT)
_WORD = re.compile(r"\w+")
_FINDING = re.compile(
    r"\b(?:show|find|found|demonstrat|improv|outperform|achiev|reduc|reveal|observ)\w*|\d\s?\\?%",
    re.IGNORECASE,
)
#: Abstracts end with where the code is, which the digest links anyway.
_ELSEWHERE = re.compile(
    r"https?://|\b(?:code|data|datasets?|models?|page|website|demo)\b.{0,90}"
    r"\b(?:available|released?|found|open[- ]?sourced?|at|here)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """One of an abstract's; `value` is what it is worth to everybody, -inf where it says nothing
    that a digest should."""

    text: str
    value: float
    words: frozenset[str]


@lru_cache(maxsize=SENTENCES_KEPT)
def _sentences(title: str, abstract: str) -> tuple[_Sentence, ...]:
    """A thousand readers' digests of a morning are made of the same few hundred abstracts."""
    made = passage(title, abstract)
    texts = made.parts()[1:] if made.has_title else made.parts()
    if not texts:
        return ()
    fit = [len(text) >= SENTENCE_CHARS_MIN and not _ELSEWHERE.search(text) for text in texts]
    results = aspect_shares(texts)[:, _RESULT]
    return tuple(
        _Sentence(
            text,
            float(results[place]) * (1.0 if _FINDING.search(text) else SILENT_SHARE)
            if fit[place] or not any(fit)
            else -np.inf,
            frozenset(_WORD.findall(fold(text))),
        )
        for place, text in enumerate(texts)
    )


def telling_sentence(document: Document, words: Collection[str] = ()) -> str:
    """The sentence of the abstract that matters most: that speaks of a result, and has some of
    `words`; ties to the earlier one. "" without an abstract."""
    wanted = {fold(word) for word in words}
    found = _sentences(document.title, document.abstract)
    scores = [
        sentence.value + WORD_WEIGHT * min(len(wanted & sentence.words), WORDS_MAX)
        for sentence in found
    ]
    return found[int(np.argmax(scores))].text if found else ""


def compose_item(
    document: Document,
    *,
    why: str,
    words: Collection[str] = (),
    news: str = "",
    explores: bool = False,
) -> Item:
    """A document as a digest tells of it."""
    return Item(
        doc_no=document.doc_no,
        doc_id=document.doc_id,
        title=document.title,
        authors=tuple(author.name for author in document.authors),
        why=why,
        sentence=telling_sentence(document, words),
        kicker=document.venue or (document.categories[0] if document.categories else ""),
        code_url=_code_of(document),
        news=news,
        explores=explores,
    )


def attention_in_words(document: Document) -> str:
    """Why a paper leads its day: `has 40 upvotes and 2 comments`; `was announced` for none."""
    inputs = attention_inputs(document)
    counts = [
        counted(int(inputs[name]), one)
        for name, one in (
            ("upvotes", "upvote"), ("num_comments", "comment"), ("github_stars", "star"),
            ("gs_citations", "citation"),
        )
        if inputs.get(name)
    ]  # fmt: skip
    if counts:
        return f"has {listed(counts)}"
    return "comes with its code" if inputs["has_code"] else "was announced"


def of_slate(slate: Slate, path: str, *, day: date, n_stream: int) -> Digest:
    """What an interest brought its reader, as the slate says it; of `n_stream` new papers, for the
    reader's own `day`."""
    items = [
        compose_item(
            pick.document,
            why=pick.why,
            words=() if pick.explores else _words_of(pick.reasons),
            news=_followed(pick.reasons),
            explores=pick.explores,
        )
        for pick in slate.picks
    ]  # fmt: skip
    chosen = tuple(item for item in items if not item.explores)
    explored = tuple(item for item in items if item.explores)
    sections = (Section("", chosen), Section("To explore", explored))
    return Digest(
        topic=Topic.INTEREST,
        name=slate.name,
        path=path,
        day=day,
        first=slate.first,
        last=slate.day,
        n_stream=n_stream,
        sections=tuple(section for section in sections if section.items),
        more=titles(slate.more[:MORE_MAX]),
        n_untold=max(0, len(slate.more) - MORE_MAX),
        below=titles(slate.below[:BELOW_MAX]),
        promise=slate.promise,
        notice=slate.notice if items else "",
        nothing_because="" if items else _as_reason(slate.notice),
    )


def why_nothing(rows: Sequence[LedgerRow], n_stream: int, *, name: str) -> str:
    """Why a digest is empty, told apart: nothing matched, nothing was announced, or nobody could
    be asked. Ends a sentence that begins "Nothing today, because "."""
    if n_stream:
        return f"of {counted(n_stream, 'new paper')} none matches {name}"
    by_state: Mapping[LedgerState, list[LedgerRow]] = {
        state: [row for row in rows if row.state is state] for state in LedgerState
    }
    for state, said in (
        (LedgerState.FAILED, "could not be read"),
        (LedgerState.THROTTLED, "asked us to wait"),
        (LedgerState.STALE, "still shows an earlier day"),
    ):
        if by_state[state]:
            return f"{listed(sorted({row.source for row in by_state[state]}))} {said}"
    if by_state[LedgerState.QUIET]:
        return by_state[LedgerState.QUIET][0].reason or "nothing was announced"
    return "nothing new has come in"


def titles(documents: Sequence[Document]) -> tuple[Title, ...]:
    return tuple(Title(document.doc_id, document.title) for document in documents)


def _as_reason(notice: str) -> str:
    """A sentence as the end of another one."""
    text = notice.rstrip(". ") or "nothing new fits this interest"
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _words_of(reasons: Sequence[Reason]) -> list[str]:
    return [
        word
        for reason in reasons
        if reason.kind is ReasonKind.WORDS
        for name in reason.names
        for word in name.split()
    ]


def _followed(reasons: Sequence[Reason]) -> str:
    names = [name for reason in reasons if reason.kind is ReasonKind.AUTHORS
             for name in reason.names]  # fmt: skip
    return names[0] if names else ""


def _code_of(document: Document) -> str:
    """The best living link to code that may leave this site."""
    for link in document.living_links:
        if url := web_address(link.url):
            return url
    return ""
