"""Why a paper is in a slate, in words: the model's own contributions, heaviest first. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from scipy import sparse

from broadsheet.index.analysis import first_written, telling_stems, words
from broadsheet.interests.choosing import Fitted, Ranked
from broadsheet.rank.background import Evidence
from broadsheet.rank.interest import KINDS, best_likes, telling_words
from broadsheet.slate import Reason, ReasonKind
from broadsheet.store.authors import split_author_id
from broadsheet.store.followed import Person
from broadsheet.text.names import author_key
from broadsheet.text.wording import clip, listed
from broadsheet.types import Document

#: What adds less than this, in spreads of a usual paper, is no reason.
ADDED_MIN = 0.1
N_WORDS, N_LIKES, N_NAMES = 4, 2, 3
TITLE_CHARS_MAX = 90
TEXTS_KEPT = 1_024
#: A liked paper is named where its words or meaning are as near as this.
LIKENESS_MIN = 0.15


@dataclass(frozen=True)
class Telling:
    """What reasons are told from: names of the columns, the liked documents in their rows (after
    them perhaps the description), names of followed authors by the id that is followed, who these
    are, and the rules that must hold."""

    terms: Sequence[str]
    categories: Sequence[str]
    authors: Sequence[str]
    likes: Sequence[Document]
    followed: Mapping[str, str]
    people: Sequence[Person]
    musts: Sequence[str]


def tell(
    telling: Telling,
    fitted: Fitted,
    ranked: Ranked,
    stream: Evidence,
    row: int,
    document: Document,
    *,
    of_fellows: Reason | None = None,
    explores: bool = False,
    propensity: float = 1.0,
) -> tuple[Reason, ...]:
    """The reasons of the paper in `row`; an exploration place says first that it is one.
    `of_fellows` is what fellows' saves say, if anything."""
    added = dict(zip(KINDS, ranked.kinds[row] * fitted.interest.weights, strict=True))
    found = [
        _words(telling, fitted, stream, row, document, added["words"] + added["odds"]),
        _likes(telling, ranked, row, added["likeness"]),
        _authors(telling, fitted, stream, row, document, added["authors"]),
        _categories(telling, stream, row, added["categories"]),
        _meaning(added["meaning"]),
        of_fellows,
    ]
    reasons = [reason for reason in found if reason is not None and reason.added >= ADDED_MIN]
    reasons.sort(key=lambda reason: -reason.added)
    if telling.musts:
        said = "meets your " + ("rule " if len(telling.musts) == 1 else "rules ")
        said += listed([f"“{query}”" for query in telling.musts[:N_NAMES]])
        reasons.append(Reason(ReasonKind.RULES, said, 0.0, tuple(telling.musts)))
    if not reasons and not explores:
        reasons.append(Reason(ReasonKind.REST, "is the nearest of what is left", 0.0))
    if explores:
        said = f"was drawn to explore what you might like (chance {_chance(propensity)})"
        reasons.insert(0, Reason(ReasonKind.EXPLORES, said, 0.0))
    return tuple(reasons)


def _words(
    telling: Telling,
    fitted: Fitted,
    stream: Evidence,
    row: int,
    document: Document,
    added: float,
) -> Reason | None:
    found = telling_words(fitted.interest, stream, row, telling.terms, n_terms=4 * N_WORDS)
    written = _written(f"{document.title} . {document.abstract}")
    terms: list[str] = []
    said_parts: set[str] = set()
    for term, _ in found:
        # "agent" and "agent via" after it say the same.
        if said_parts.isdisjoint(parts := term.split()):
            terms.append(term)
            said_parts.update(parts)
    names = [" ".join(written.get(part, part) for part in term.split()) for term in terms]
    names = [name for name in dict.fromkeys(names) if _is_telling(name)][:N_WORDS]
    if not names:
        return None
    said = "has " + listed([f"“{name}”" for name in names])
    return Reason(ReasonKind.WORDS, said, added, tuple(names))


def _likes(telling: Telling, ranked: Ranked, row: int, added: float) -> Reason | None:
    best = [
        place
        for place, likeness in best_likes(ranked.alike[row], n_likes=N_LIKES)
        if likeness >= LIKENESS_MIN
    ]
    if not best:
        return None
    liked = [telling.likes[place] for place in best if place < len(telling.likes)]
    said = [f"“{clip(document.title, TITLE_CHARS_MAX)}”" for document in liked]
    if len(liked) < len(best):
        said.append("your description")
    tail = ", which you liked" if liked else ""
    return Reason(
        ReasonKind.LIKES,
        f"resembles {listed(said)}{tail}",
        added,
        tuple(document.title for document in liked),
        tuple(document.doc_id for document in liked),
    )


def _authors(
    telling: Telling, fitted: Fitted, stream: Evidence, row: int, document: Document, added: float
) -> Reason | None:
    columns = _columns(stream.papers.authors, row)
    weights = fitted.interest.author_weights
    heaviest = sorted(columns, key=lambda column: (-weights[column], telling.authors[column]))
    keys = [telling.authors[column] for column in heaviest if weights[column] > 0][:N_NAMES]
    if not keys:
        return None
    spelled = _spelled(document)
    sure = {person.author_id for person in telling.people if person.surely_wrote(document.doc_no)}
    known = [key for key in keys if key in telling.followed]
    names = {key: spelled.get(split_author_id(key)[0], telling.followed[key]) for key in known}
    followed = [names[key] for key in known if key in sure]
    perhaps = [names[key] for key in known if key not in sure]
    others = [spelled.get(key, key) for key in keys if key not in telling.followed]
    said = [f"is by {listed(followed)}, whom you follow"] if followed else []
    # Several people have the name, and which of them wrote this is not known, or all are followed.
    said += [f"is by {listed(perhaps)}, a name you follow"] if perhaps else []
    said += [f"is by {listed(others)}, of papers you liked"] if others else []
    return Reason(ReasonKind.AUTHORS, "; ".join(said), added, (*followed, *perhaps, *others))


def _categories(telling: Telling, stream: Evidence, row: int, added: float) -> Reason | None:
    names = [telling.categories[column] for column in _columns(stream.papers.categories, row)]
    if not names:
        return None
    said = f"is in {listed(sorted(names)[:N_NAMES])}, as your likes are"
    return Reason(ReasonKind.CATEGORIES, said, added, tuple(names))


def _meaning(added: float) -> Reason | None:
    return Reason(ReasonKind.MEANING, "is near in meaning to what you like", added)


def _is_telling(name: str) -> bool:
    """A number, or a letter alone, tells a reader nothing; a character of its own script does."""
    return any(ch.isalpha() for ch in name) and (len(name) > 1 or not name.isascii())


def _columns(matrix: sparse.csr_array, row: int) -> list[int]:
    found: list[int] = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]].tolist()
    return found


@lru_cache(maxsize=TEXTS_KEPT)
def _written(text: str) -> Mapping[str, str]:
    """How a text writes each stem first. A day's papers are told to many readers."""
    found = words(text)
    return first_written(found, telling_stems(found))


def _spelled(document: Document) -> dict[str, str]:
    return {author_key(author.name): author.name for author in document.authors}


def _chance(propensity: float) -> str:
    return f"{propensity:.0%}" if propensity >= 0.01 else f"{propensity:.1%}"
