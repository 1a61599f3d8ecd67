"""What fellows of a reader's groups kept, as evidence for an interest, and as a reason in words.

A slate goes out by mail and to feeds, so a reason counts fellows of a group and names none of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse

from broadsheet.rank.background import Floats
from broadsheet.rank.collaborative import item_factors, lift
from broadsheet.slate import Reason, ReasonKind
from broadsheet.store.documents import Reads
from broadsheet.store.fellows import Fellow, kept_by_fellows, list_fellows
from broadsheet.store.marks import Mark
from broadsheet.text.wording import clip
from broadsheet.types import Document

TITLE_CHARS_MAX = 90
_SAVED, _VOTED = frozenset({Mark.SAVED}), frozenset({Mark.LIKED})
_NOTHING: frozenset[Mark] = frozenset()


@dataclass(frozen=True)
class Fellowship:
    """`likes` are the doc_nos of the interest's, newest first; `kept` the marks that each fellow
    gave a paper; `lifts` what that adds to the score of each paper, 0 where it is not there."""

    fellows: Sequence[Fellow] = ()
    likes: Sequence[int] = ()
    kept: Mapping[int, Mapping[int, frozenset[Mark]]] = field(default_factory=dict)
    lifts: Mapping[int, float] = field(default_factory=dict)

    def lifts_of(self, doc_nos: npt.NDArray[np.int64]) -> Floats:
        """What fellows' saves add to each score (n,), never below 0."""
        return np.array([self.lifts.get(int(doc_no), 0.0) for doc_no in doc_nos])

    def reason(self, doc_no: int, titles: Mapping[int, Document]) -> Reason | None:
        """Who kept the paper, and the like that most of them kept too: the newest of several.
        `titles` are the likes by doc_no. None where that lifts it by nothing."""
        if not self.lifts.get(doc_no):
            return None
        here = self.kept[doc_no]
        both = [(like, here.keys() & self.kept.get(like, {}).keys()) for like in self.likes]
        like, readers = max(both, key=lambda pair: len(pair[1]))
        given = [self.kept[n].get(reader, _NOTHING) for n in (doc_no, like) for reader in readers]
        verb = _verb(given)
        document = titles[like]
        said = (
            f"was {verb} by {len(readers)} in {self._group_of(readers)}, who also {verb}"
            f" “{clip(document.title, TITLE_CHARS_MAX)}”, which you liked"
        )
        return Reason(
            ReasonKind.FELLOWS, said, self.lifts[doc_no], (document.title,), (document.doc_id,)
        )

    def _group_of(self, readers: frozenset[int] | set[int]) -> str:
        """The group that they all share with the reader, the first by name."""
        shared = [set(fellow.groups) for fellow in self.fellows if fellow.reader_no in readers]
        return min(set.intersection(*shared), default="your groups", key=str.casefold)


NOBODY = Fellowship()


def gather_fellowship(
    db: Reads, reader_no: int, likes: Sequence[int], doc_nos: Sequence[int]
) -> Fellowship:
    """What the reader's fellows say about these papers, for an interest with these likes.

    A reader without groups costs one look. The same function as `evaluate interests` measures.
    """
    fellows = list_fellows(db, reader_no) if likes else []
    if not fellows:
        return NOBODY
    papers = list(dict.fromkeys([*likes, *doc_nos]))
    kept: dict[int, dict[int, frozenset[Mark]]] = {}
    for entry in kept_by_fellows(db, reader_no, papers):
        here = kept.setdefault(entry.doc_no, {})
        here[entry.reader_no] = here.get(entry.reader_no, _NOTHING) | {entry.mark}
    if not any(like in kept for like in likes):
        return NOBODY
    rows = {fellow.reader_no: row for row, fellow in enumerate(fellows)}
    places = [
        (rows[reader], column)
        for column, doc_no in enumerate(papers)
        for reader in kept.get(doc_no, {})
        if reader in rows
    ]
    saves = sparse.csr_array(
        (np.ones(len(places)), tuple(np.array(places).T)), shape=(len(fellows), len(papers))
    )
    factors = item_factors(saves, n_saved=[fellow.n_kept for fellow in fellows])
    lifted = lift(factors, np.arange(len(likes)))
    lifts = {doc_no: float(value) for doc_no, value in zip(papers, lifted, strict=True) if value}
    return Fellowship(fellows, tuple(likes), kept, lifts)


def _verb(given: Sequence[frozenset[Mark]]) -> str:
    if all(marks >= _SAVED for marks in given):
        return "saved"
    return "voted for" if all(marks >= _VOTED for marks in given) else "kept"
