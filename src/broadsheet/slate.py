"""What an interest brings its reader on a date: the one answer that pages, mail, feeds and
programs all show. Plain values; `broadsheet.interests` makes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from broadsheet.text.wording import counted
from broadsheet.types import Document


class Channel(StrEnum):
    """Where a slate was shown first."""

    WEB = "web"
    MAIL = "mail"
    WEBHOOK = "webhook"


class ReasonKind(StrEnum):
    """The model's kinds of evidence (`rank.interest`), as a reader is told of them; `fellows` is
    what members of the reader's groups saved (`rank.collaborative`)."""

    WORDS = "words"
    LIKES = "likes"
    AUTHORS = "authors"
    CATEGORIES = "categories"
    MEANING = "meaning"
    FELLOWS = "fellows"
    RULES = "rules"
    EXPLORES = "explores"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a paper is there: `said` ends a sentence such as "It …". `added` is what this gave its
    score (0 for an exploration place). `names` are the words, authors or categories themselves,
    or the titles of the liked papers, whose doc_ids stand in `doc_ids`."""

    kind: ReasonKind
    said: str
    added: float
    names: tuple[str, ...] = ()
    doc_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pick:
    """A paper at `rank` (from 0) of a slate. `propensity` is the chance with which it would be
    shown: 1 for what was chosen, the drawing's where it `explores`. `is_above`: its score reaches
    the line of the dial."""

    document: Document
    rank: int
    score: float
    propensity: float
    explores: bool
    is_above: bool
    reasons: tuple[Reason, ...]

    @property
    def why(self) -> str:
        """One line: the heaviest reasons."""
        return "; ".join(reason.said for reason in self.reasons[:2])


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the recall dial today: `n_papers` of the stream would stand above its line.

    Where nothing can be `promised`, `evidence` (likes that count, by their weight) is less than
    `evidence_needed`, and n_papers is the whole stream.
    """

    alpha: float
    promised: bool
    n_papers: int
    evidence: float
    evidence_needed: float


@dataclass(frozen=True, slots=True)
class Realised:
    """How the promise was kept so far, by what exploration found: `miss_rate` is None while
    fewer than `n_needed` liked papers of earlier slates can tell; `n_likes` can."""

    miss_rate: float | None
    n_likes: int
    n_needed: int


@dataclass(frozen=True, slots=True)
class Slate:
    """The papers of one interest for one `day`.

    `first`..`day` are the days whose announcements were the stream: `n_announced` papers, of which
    rules and categories left out `n_ruled_out`, and `n_known` were known to the reader already
    (read, saved, dismissed, judged, or shown before). `n_stream` is the rest: what was ranked.

    `picks` are shown in full, exploration places last. Of the `n_above` papers above the line,
    those without a place stand in `more`, best first, by their titles: nothing above the line is
    kept from the reader. `below` are the first ones under it. Without a promise there is no line:
    the best papers are chosen that score at least what a usual one does, and `more` is empty.

    `notice` says what the reader should know, "" for nothing; an empty slate always has one.
    `is_published`: it was shown already, and stays as it was then.
    """

    reader_no: int
    interest_no: int
    name: str
    day: date
    first: date
    n_announced: int
    n_ruled_out: int
    n_known: int
    n_stream: int
    n_above: int
    picks: tuple[Pick, ...]
    more: tuple[Document, ...]
    below: tuple[Document, ...]
    alpha: float
    dial: tuple[Setting, ...]
    realised: Realised
    notice: str = ""
    is_published: bool = False

    @property
    def setting(self) -> Setting:
        """The setting of the dial that drew the line."""
        return next(setting for setting in self.dial if setting.alpha == self.alpha)

    @property
    def promise(self) -> str:
        """What the slate says of itself, as a sentence."""
        setting = self.setting
        if setting.promised:
            return (
                f"Of the papers you would like, at most {percent(self.alpha)} are expected to be"
                " missing here."
            )
        return (
            f"Too little evidence to promise anything: missing at most {percent(self.alpha)} takes"
            f" {count_needed(setting)} likes that can be put to the test, and"
            f" {setting.evidence:.0f} can."
        )

    @property
    def dial_said(self) -> str:
        """What the dial promises today, or why it cannot, and what would help."""
        setting, share = self.setting, percent(self.alpha)
        if setting.promised:
            shown = sum(1 for pick in self.picks if pick.is_above)
            titles = f", {self.n_above - shown:,} of them by title" if self.more else ""
            return (
                f"Promised: {share} of what you would like may be missing, and no more is expected"
                f" to be. {counted(self.n_above, 'paper')} of {self.n_stream:,} reach the line for"
                f" that{titles}. The line was drawn by putting your likes to the test as if they"
                f" were new ({setting.evidence:.0f} by weight; recent ones weigh more)."
            )
        wanting = -int(-(setting.evidence_needed - setting.evidence) // 1)
        return (
            f"Nothing is promised yet. To miss at most {share} takes"
            f" {counted(count_needed(setting), 'like')} that can be put to the test, and"
            f" {setting.evidence:.0f} can: about {counted(wanting, 'like')} more. Until then the"
            " papers nearest to what is known are shown, and how many are missed nobody knows."
        )


def percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def count_needed(setting: Setting) -> int:
    """Whole likes of full weight that the setting takes."""
    return -int(-setting.evidence_needed // 1)
