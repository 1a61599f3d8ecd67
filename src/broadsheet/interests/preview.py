"""What a judgment, a rule or a followed author would change today, before it is saved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from broadsheet.interests.corpus import Corpus
from broadsheet.interests.slates import slate_of
from broadsheet.slate import Pick, Slate
from broadsheet.store.interests import (
    Holdings,
    Interest,
    Judged,
    Judgment,
    Rule,
    holdings_of,
)
from broadsheet.types import Document


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried: papers liked and disliked (doc_nos), rules and authors (id, name)."""

    likes: tuple[int, ...] = ()
    dislikes: tuple[int, ...] = ()
    rules: tuple[Rule, ...] = ()
    authors: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.likes or self.dislikes or self.rules or self.authors)


@dataclass(frozen=True, slots=True)
class Change:
    """Slates without and with what is tried, both as if the day's had not been shown yet. `comes`
    and `goes` tell them apart, exploration places left out."""

    before: Slate
    after: Slate
    comes: tuple[Pick, ...]
    goes: tuple[Document, ...]


def preview(
    corpus: Corpus, interest: Interest, trial: Trial, *, first: date, day: date, now: datetime
) -> Change:
    """Nothing is written. Raises SearchIndexError where rules cannot be looked up."""
    holdings = holdings_of(corpus.db, interest.interest_no)
    before = slate_of(corpus, interest, first=first, day=day, holdings=holdings, is_afresh=True)
    after = slate_of(
        corpus,
        interest,
        first=first,
        day=day,
        holdings=with_trial(holdings, trial, now=now),
        is_afresh=True,
    )
    there, then = _chosen(before), _chosen(after)
    return Change(
        before,
        after,
        tuple(pick for doc_no, pick in then.items() if doc_no not in there),
        tuple(pick.document for doc_no, pick in there.items() if doc_no not in then),
    )


def with_trial(holdings: Holdings, trial: Trial, *, now: datetime) -> Holdings:
    """The holdings as if it had been saved; the last judgment of a paper counts."""
    news = {doc_no: Judged(doc_no, Judgment.LIKED, now) for doc_no in trial.likes}
    news |= {doc_no: Judged(doc_no, Judgment.DISLIKED, now) for doc_no in trial.dislikes}
    rest = tuple(entry for entry in holdings.judged if entry.doc_no not in news)
    return replace(
        holdings,
        judged=(*news.values(), *rest),
        rules=tuple(dict.fromkeys((*holdings.rules, *trial.rules))),
        authors=tuple(({**dict(holdings.authors), **dict(trial.authors)}).items()),
    )


def _chosen(slate: Slate) -> dict[int, Pick]:
    return {pick.document.doc_no: pick for pick in slate.picks if not pick.explores}
