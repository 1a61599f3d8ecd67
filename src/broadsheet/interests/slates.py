"""The one function that decides what an interest brings its reader: every channel shows this."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np

from broadsheet.interests.choosing import (
    N_BELOW,
    Fitted,
    Places,
    Ranked,
    fill_places,
    fit,
    rank_stream,
    settings,
)
from broadsheet.interests.corpus import Backdrop, Batch, Corpus
from broadsheet.interests.fellows import Fellowship, gather_fellowship
from broadsheet.interests.material import (
    WANTING,
    Material,
    Stream,
    contradictory_rules,
    gather,
    gather_stream,
)
from broadsheet.interests.reasons import Telling, tell
from broadsheet.rank.background import Evidence
from broadsheet.rank.dial import Dial
from broadsheet.slate import Pick, Realised, Setting, Slate
from broadsheet.store.database import Transaction
from broadsheet.store.documents import Reads
from broadsheet.store.interests import (
    Holdings,
    Interest,
    RuleKind,
    State,
    get_interest,
    holdings_of,
    list_interests,
)
from broadsheet.store.marks import marks_of
from broadsheet.store.shown import (
    Place,
    Shown,
    list_shown,
    put_shown,
    shown_to,
    slate_shown,
)
from broadsheet.text.wording import counted, listed, short_day

#: So many wanted papers of earlier slates must be known before they say how the promise was kept.
REALISED_MIN = 10


def slate_of(
    corpus: Corpus,
    interest: Interest,
    *,
    first: date,
    day: date,
    taken: Collection[int] = (),
    holdings: Holdings | None = None,
    is_afresh: bool = False,
) -> Slate:
    """The slate of `interest` for `day`, from what was announced from `first` to `day`.

    The same library, evidence and day give the same slate. One that was published
    (`publish_slate`) stays as it was shown. `taken` are doc_nos that stand in another slate of the
    reader's today. For a preview `holdings` stand in for what the store knows, and with `is_afresh`
    the slate is made as if that day's had not been shown yet.

    Raises SearchIndexError where rules cannot be looked up.
    """
    known = holdings if holdings is not None else holdings_of(corpus.db, interest.interest_no)
    backdrop = corpus.backdrop()
    published = slate_shown(corpus.db, interest.interest_no, day)
    standing = [] if is_afresh else published
    blank = _blank(interest, first, day)
    if backdrop is None:
        return replace(blank, notice="The library holds no paper yet.")
    stream = gather_stream(
        corpus,
        backdrop,
        interest,
        known,
        first=first,
        day=day,
        taken=taken,
        standing={entry.doc_no for entry in standing},
        again={entry.doc_no for entry in published} if is_afresh else (),
    )
    counts = replace(
        blank,
        n_announced=stream.n_announced,
        n_ruled_out=stream.n_ruled_out,
        n_known=stream.n_known,
        n_stream=len(stream.batch),
        realised=_realised(corpus.db, interest, known),
    )
    material = gather(corpus, backdrop, interest, known, day=day)
    musts = [rule.query for rule in known.rules if rule.kind is RuleKind.MUST]
    if material.known.says_nothing and not musts and not standing:
        notice = (
            "Nothing is known of this interest yet: like some papers, follow an author, describe"
            " it in words, or make a rule."
        )
        return replace(counts, notice=notice)
    shown = corpus.batch(backdrop, [entry.doc_no for entry in standing])
    fellowship = gather_fellowship(
        corpus.db,
        interest.reader_no,
        material.likes.doc_nos.tolist(),
        [*stream.batch.doc_nos.tolist(), *shown.doc_nos.tolist()],
    )
    composer = _Composer(interest, known, backdrop, material, fit(material.known), fellowship, day)
    if standing:
        made = composer.recompose(counts, stream, shown, standing)
    else:
        made = composer.compose(counts, stream)
    return replace(made, notice=_notice(made, stream, known))


def slates_of(corpus: Corpus, reader_no: int, *, first: date, day: date) -> list[Slate]:
    """The slates of all active interests of a reader, oldest interest first; no paper stands in
    two of them."""
    slates: list[Slate] = []
    taken: set[int] = set()
    for interest in list_interests(corpus.db, reader_no):
        if interest.choices.state is State.ACTIVE:
            slate = slate_of(corpus, interest, first=first, day=day, taken=taken)
            taken |= {pick.document.doc_no for pick in slate.picks}
            taken |= {document.doc_no for document in slate.more}
            slates.append(slate)
    return slates


def publish_slate(transaction: Transaction, slate: Slate, *, channel: str, now: datetime) -> bool:
    """Record that the slate was shown, with the chance that each paper had. It stays so.

    False, and nothing is recorded, where another channel published a slate of this interest and
    day, or showed one of its papers, since this one was made: ask for the slate again. Raises
    NotFoundError where the interest was dropped meanwhile.
    """
    get_interest(transaction, slate.reader_no, slate.interest_no)
    if slate.is_published:
        return True
    places = [
        Shown(
            pick.document.doc_no,
            slate.day,
            Place.EXPLORES if pick.explores else Place.CHOSEN,
            pick.rank,
            pick.propensity,
            pick.is_above,
        )
        for pick in slate.picks
    ]
    places += [
        Shown(document.doc_no, slate.day, Place.MORE, len(slate.picks) + place, 1.0, True)
        for place, document in enumerate(slate.more)
    ]
    doc_nos = [entry.doc_no for entry in places]
    if slate_shown(transaction, slate.interest_no, slate.day):
        return False
    if shown_to(transaction, slate.reader_no, doc_nos):
        return False
    put_shown(
        transaction, slate.reader_no, slate.interest_no, places, channel=channel, now=now
    )  # fmt: skip
    return True


@dataclass(frozen=True)
class _Composer:
    """What it takes to make a slate of a stream."""

    interest: Interest
    holdings: Holdings
    backdrop: Backdrop
    material: Material
    fitted: Fitted
    fellowship: Fellowship
    day: date

    def compose(self, counts: Slate, stream: Stream) -> Slate:
        evidence, ranked = self._ranked(stream.batch)
        rng = self._rng()
        dials = self._dials(float(rng.random()))
        choices = self.interest.choices
        places = fill_places(
            evidence,
            ranked.scores,
            dials[choices.alpha],
            n_places=choices.places,
            exploration=choices.exploration,
            rng=rng,
        )
        documents = stream.batch.documents
        return replace(
            counts,
            n_above=places.n_above,
            picks=self._picks(stream.batch, evidence, ranked, places),
            more=tuple(documents[row] for row in places.more),
            below=tuple(documents[row] for row in places.below),
            dial=tuple(_setting(dial, [ranked]) for dial in dials.values()),
        )

    def recompose(
        self, counts: Slate, stream: Stream, shown: Batch, standing: Sequence[Shown]
    ) -> Slate:
        """The slate as it was shown; its reasons, and the dial, as they are by now."""
        evidence, ranked = self._ranked(shown)
        _, rest = self._ranked(stream.batch)
        dials = self._dials(float(self._rng().random()))
        row_of = {int(doc_no): row for row, doc_no in enumerate(shown.doc_nos)}
        entries = [entry for entry in standing if entry.doc_no in row_of]
        placed = [entry for entry in entries if entry.place is not Place.MORE]
        rows = np.array([row_of[entry.doc_no] for entry in placed], dtype=np.int64)
        places = Places(
            rows=rows,
            explores=np.array([entry.place is Place.EXPLORES for entry in placed], dtype=bool),
            propensities=np.array([entry.propensity for entry in placed]),
            more=np.array([row_of[e.doc_no] for e in entries if e.place is Place.MORE], np.int64),
            below=np.lexsort((np.arange(rest.scores.size), -rest.scores))[:N_BELOW],
            n_above=sum(entry.is_above for entry in entries),
        )
        above = {entry.doc_no: entry.is_above for entry in entries}
        picks = self._picks(shown, evidence, ranked, places)
        return replace(
            counts,
            n_stream=counts.n_stream + len(entries),
            n_above=places.n_above,
            picks=tuple(replace(pick, is_above=above[pick.document.doc_no]) for pick in picks),
            more=tuple(shown.documents[row] for row in places.more),
            below=tuple(stream.batch.documents[row] for row in places.below),
            dial=tuple(_setting(dial, [ranked, rest]) for dial in dials.values()),
            is_published=True,
        )

    def _ranked(self, batch: Batch) -> tuple[Evidence, Ranked]:
        evidence = batch.with_authors(self.material.authors)
        return evidence, rank_stream(self.fitted, evidence, self.fellowship.lifts_of(batch.doc_nos))

    def _picks(
        self, batch: Batch, evidence: Evidence, ranked: Ranked, places: Places
    ) -> tuple[Pick, ...]:
        telling = Telling(
            self.backdrop.terms,
            self.backdrop.categories,
            self.material.authors.names,
            self.material.likes.documents,
            dict(self.holdings.authors),
            self.material.authors.people,
            [rule.query for rule in self.holdings.rules if rule.kind is RuleKind.MUST],
        )
        likes = {document.doc_no: document for document in self.material.likes.documents}
        return tuple(
            Pick(
                document=batch.documents[row],
                rank=rank,
                score=float(ranked.scores[row]),
                propensity=float(propensity),
                explores=bool(explores),
                is_above=not explores,
                reasons=tell(
                    telling,
                    self.fitted,
                    ranked,
                    evidence,
                    int(row),
                    batch.documents[row],
                    of_fellows=self.fellowship.reason(batch.documents[row].doc_no, likes),
                    explores=bool(explores),
                    propensity=float(propensity),
                ),
            )
            for rank, (row, explores, propensity) in enumerate(
                zip(places.rows, places.explores, places.propensities, strict=True)
            )
        )

    def _dials(self, draw: float) -> dict[float, Dial]:
        return settings(self.fitted, self.interest.choices.alpha, draw=draw)

    def _rng(self) -> np.random.Generator:
        """Chance of this reader, interest and day: the same whenever it is asked."""
        text = f"{self.interest.reader_no}/{self.interest.interest_no}/{self.day.isoformat()}"
        seed = hashlib.blake2b(text.encode(), digest_size=8).digest()
        return np.random.default_rng(int.from_bytes(seed, "big"))


def _blank(interest: Interest, first: date, day: date) -> Slate:
    alpha = interest.choices.alpha
    return Slate(
        reader_no=interest.reader_no,
        interest_no=interest.interest_no,
        name=interest.name,
        day=day,
        first=first,
        n_announced=0,
        n_ruled_out=0,
        n_known=0,
        n_stream=0,
        n_above=0,
        picks=(),
        more=(),
        below=(),
        alpha=alpha,
        dial=(
            Setting(alpha, promised=False, n_papers=0, evidence=0.0, evidence_needed=1 / alpha - 1),
        ),
        realised=Realised(None, 0, REALISED_MIN),
    )


def _setting(dial: Dial, streams: Sequence[Ranked]) -> Setting:
    n_papers = sum(int(np.count_nonzero(part.scores >= dial.threshold)) for part in streams)
    return Setting(dial.alpha, dial.promised, n_papers, dial.evidence, dial.evidence_needed)


def _realised(db: Reads, interest: Interest, holdings: Holdings) -> Realised:
    """The share of wanted papers that stood below the line, by what exploration found of them.

    Each paper found at an exploration place stands for 1 / propensity papers below the line.
    Source: Horvitz and Thompson, JASA 47(260), 1952.
    """
    shown = list_shown(db, interest.interest_no)
    marked: Mapping[int, frozenset[object]] = marks_of(
        db, interest.reader_no, [entry.doc_no for entry in shown]
    )
    likes = set(holdings.likes)
    wanted = [
        entry
        for entry in shown
        if entry.doc_no in likes or marked.get(entry.doc_no, frozenset()) & WANTING
    ]
    if len(wanted) < REALISED_MIN:
        return Realised(None, len(wanted), REALISED_MIN)
    missed = sum(1.0 / entry.propensity for entry in wanted if not entry.is_above)
    found = sum(1.0 for entry in wanted if entry.is_above)
    return Realised(missed / (missed + found), len(wanted), REALISED_MIN)


def _notice(slate: Slate, stream: Stream, holdings: Holdings) -> str:
    """What the reader should know; never "" for an empty slate."""
    said: list[str] = []
    if both := contradictory_rules(holdings):
        rules = listed([f"“{query}”" for query in both])
        said.append(f"Rules contradict each other: every paper must meet {rules}, and none may.")
    if stream.n_waiting:
        said.append(
            f"{counted(stream.n_waiting, 'paper')} cannot be looked at by rules until the index"
            " knows them."
        )
    if not slate.picks:
        said.append(_why_empty(slate))
    return " ".join(said)


def _why_empty(slate: Slate) -> str:
    if slate.n_announced == 0:
        days = short_day(slate.day)
        if slate.first != slate.day:
            days = f"{short_day(slate.first)} to {days}"
        return f"No paper was announced: {days}."
    if slate.n_ruled_out == slate.n_announced:
        n = counted(slate.n_announced, "paper")
        return f"Rules and categories leave none of the {n} announced."
    if slate.n_stream == 0:
        n = counted(slate.n_known, "paper")
        return f"You know all {n} of this stream already, or have them in another interest."
    n = counted(slate.n_stream, "paper")
    if slate.setting.promised:
        return f"None of {n} reaches the line of the dial."
    return f"None of {n} is nearer to this interest than papers usually are."
