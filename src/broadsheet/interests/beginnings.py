"""Ways to begin an interest: papers one has, an author, words, or judging a few papers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from broadsheet.interests.choosing import fit, rank_stream
from broadsheet.interests.corpus import Backdrop, Batch, Corpus
from broadsheet.interests.material import gather
from broadsheet.rank.background import likeness_of
from broadsheet.rank.coldstart import next_to_judge
from broadsheet.store.authors import get_author
from broadsheet.store.database import Database, Transaction
from broadsheet.store.deeds import Deed, Done, Verb, do
from broadsheet.store.documents import newest_announced
from broadsheet.store.interests import (
    Choices,
    Holdings,
    Interest,
    Judgment,
    holdings_of,
    put_author,
    put_likes,
    written,
)

#: So many judgments make a beginning (docs/decisions/030-interests.md).
N_TO_JUDGE = 12
#: Papers that are asked about come from so many of the newest; half of them, where something is
#: known already, the nearest to it.
N_NEWEST, N_POOL = 1_000, 200
LIKES_OF_AUTHOR_MAX = 200


def begin(
    transaction: Transaction,
    reader_no: int,
    choices: Choices,
    *,
    likes: Sequence[int] = (),
    authors: Sequence[tuple[str, str]] = (),
    now: datetime,
) -> Done:
    """Make an interest that likes these papers and follows these authors (id, name): one
    deed, whose `number` is the interest's. Raises UsageError."""
    deed = Deed(Verb.MAKE_INTEREST, value=written(choices), name=choices.name)
    done = do(transaction, reader_no, deed, now=now)
    put_likes(transaction, done.deed.number, likes, now=now)
    for author_id, name in authors:
        put_author(transaction, done.deed.number, author_id, name, now=now)
    return done


def papers_of_author(db: Database, name: str) -> tuple[tuple[str, str], list[int]]:
    """An author (what to follow, name) and their newest papers here; of several people of a name
    the first. Raises NotFoundError."""
    author = get_author(db, name)
    return (author.follow_id, author.names[0]), list(author.doc_nos[:LIKES_OF_AUTHOR_MAX])


def to_judge(corpus: Corpus, interest: Interest, *, now: datetime, n_papers: int = 1) -> list[int]:
    """The papers whose judgment would tell most, most telling first: each chosen as if those
    before it had not been liked. [] where every paper of the pool has been judged."""
    backdrop = corpus.backdrop()
    if backdrop is None:
        return []
    holdings = holdings_of(corpus.db, interest.interest_no)
    newest = newest_announced(corpus.db, N_NEWEST)
    batch = corpus.batch(backdrop, newest)
    pool = _pool(corpus, backdrop, interest, holdings, batch, now)
    judged = {entry.doc_no: entry.kind is Judgment.LIKED for entry in holdings.judged}
    others = corpus.batch(backdrop, [no for no in judged if no not in set(pool.tolist())])
    asked = corpus.batch(backdrop, [*pool.tolist(), *others.doc_nos.tolist()])
    likeness = likeness_of(asked.evidence)
    rows = [row for row, doc_no in enumerate(asked.doc_nos) if int(doc_no) in judged]
    liked = [judged[int(asked.doc_nos[row])] for row in rows]
    found: list[int] = []
    while len(found) < n_papers and len(rows) < len(asked):
        row = next_to_judge(likeness, rows, liked)
        found.append(int(asked.doc_nos[row]))
        rows, liked = [*rows, row], [*liked, False]
    return found


def _pool(
    corpus: Corpus,
    backdrop: Backdrop,
    interest: Interest,
    holdings: Holdings,
    batch: Batch,
    now: datetime,
) -> npt.NDArray[np.int64]:
    """doc_nos of papers to ask about: a spread over the batch, and the nearest to what is known."""
    n_spread = min(N_POOL, len(batch))
    spread = np.linspace(0, len(batch) - 1, n_spread).astype(np.int64)
    material = gather(corpus, backdrop, interest, holdings, day=now.date())
    if not material.known.says_nothing:
        ranked = rank_stream(fit(material.known), batch.with_authors(material.authors))
        near = np.argsort(-ranked.scores, kind="stable")[: N_POOL // 2]
        spread = np.concatenate([near, spread[::2]])
    return batch.doc_nos[np.unique(spread)]
