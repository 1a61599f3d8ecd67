"""Working out who is who in a library, name by name, and taking in what readers say about it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from broadsheet.errors import NotFoundError, UsageError
from broadsheet.rank.people import (
    MENTIONS_MAX,
    Everyday,
    Group,
    Mention,
    Names,
    everyday,
    group_mentions,
    subject_vectors,
)
from broadsheet.store.computed import Computed, find_computed, put_computed
from broadsheet.store.database import Database
from broadsheet.store.documents import Reads, last_change_no, load_documents
from broadsheet.store.people import (
    Kind,
    PersonGroup,
    Said,
    list_former,
    list_groups,
    list_numbered,
    list_said,
    name_keys,
    names_changed,
    newest_doc_nos,
    papers_of_names,
    put_groups,
    said_names,
    say,
    unsay,
)
from broadsheet.text.names import author_key
from broadsheet.types import Document

log = logging.getLogger(__name__)

PEOPLE = "people"
#: A name that fewer would share is one person unless identifiers or readers say otherwise.
RARE = 0.01
#: Newest papers that say which words are said everywhere.
EVERYDAY_TEXTS = 400


def regroup_people(
    db: Database, *, now: datetime, should_stop: Callable[[], bool] = lambda: False
) -> int:
    """Group the names whose papers changed since the last time; returns how many.

    Each name is a transaction of its own: stopped in between, the rest waits for the next time.
    """
    change_no = last_change_no(db)
    known = find_computed(db, PEOPLE)
    if known is not None and known.change_no == change_no:
        return 0
    names = Names(name_keys(db))
    told, others = said_names(db), _everyday(db)
    n_done = 0
    for key in names_changed(db, known.change_no if known else 0):
        if should_stop():
            return n_done
        if key in told or names.expected(key) >= RARE or list_groups(db, key):
            regroup_name(db, key, names, others)
            n_done += 1
    with db.transaction() as transaction:
        put_computed(transaction, PEOPLE, Computed(change_no, now, {}))
    log.info("event=people_grouped names=%d change_no=%d", n_done, change_no)
    return n_done


def regroup_name(
    db: Database, key: str, names: Names, others: Everyday | None = None
) -> list[PersonGroup]:
    """Group the mentions of one name; numbers stay with the group that holds most of the old.

    `others` say which words are everyday ones; None reads some.
    """
    groups = _grouped(db, key, names, _everyday(db) if others is None else others)
    with db.transaction() as transaction:
        before = [*list_numbered(transaction, key), *list_former(transaction, key)]
        numbered = number_groups(before, groups)
        given = {group.group_no for group in numbered}
        former = [old for old in before if old.group_no not in given]
        put_groups(transaction, key, numbered, former)
    return numbered


def number_groups(before: Sequence[PersonGroup], now: Sequence[PersonGroup]) -> list[PersonGroup]:
    """`now` with numbers kept from `before`, numbers that nobody had any more among them: by papers
    in common, largest share first, of equal ones the number that had no others; new groups get
    numbers never used before, in their order."""
    shares = sorted(
        (
            (-len(set(old.doc_nos) & set(new.doc_nos)), len(old.doc_nos), old.group_no, place)
            for old in before
            for place, new in enumerate(now)
            if set(old.doc_nos) & set(new.doc_nos)
        ),
    )
    taken: dict[int, int] = {}
    for _, _, group_no, place in shares:
        if place not in taken and group_no not in taken.values():
            taken[place] = group_no
    free = max((old.group_no for old in before), default=0)
    numbered = []
    for place, group in enumerate(now):
        if place not in taken:
            free += 1
            taken[place] = free
        numbered.append(
            PersonGroup(
                group.author_key, taken[place], group.doc_nos, group.confidence, group.reason
            )
        )
    return sorted(numbered, key=lambda group: group.group_no)


def tell_apart(
    db: Database, key: str, group_no: int, doc_nos: Iterable[int], *, now: datetime
) -> int:
    """A reader says: these papers of the group are by somebody else. Returns the word's number.

    Raises NotFoundError for an unknown group, UsageError where none or all are chosen.
    """
    papers = _papers_of(db, key, group_no)
    chosen = sorted(set(doc_nos) & set(papers))
    rest = [doc_no for doc_no in papers if doc_no not in chosen]
    with db.transaction() as transaction:
        said_no = say(transaction, Kind.APART, (key, chosen), (key, rest), now=now)
    regroup_name(db, key, Names(name_keys(db)))
    return said_no


def tell_same(db: Database, one: tuple[str, int], other: tuple[str, int], *, now: datetime) -> int:
    """A reader says: these two groups, (author_key, group_no), are one person.

    Raises NotFoundError for an unknown group, UsageError where they are the same one.
    """
    if one == other:
        raise UsageError("that is the same page already")
    sides = [(key, _papers_of(db, key, group_no)) for key, group_no in (one, other)]
    with db.transaction() as transaction:
        said_no = say(transaction, Kind.SAME, sides[0], sides[1], now=now)
    names = Names(name_keys(db))
    for key in {one[0], other[0]}:
        regroup_name(db, key, names)
    return said_no


def take_back(db: Database, said_no: int, *, now: datetime) -> Said:
    """Undo a reader's word. Raises NotFoundError."""
    with db.transaction() as transaction:
        said = unsay(transaction, said_no, now=now)
    names = Names(name_keys(db))
    for key in {said.author_key, said.other_key}:
        regroup_name(db, key, names)
    return said


def _papers_of(db: Reads, key: str, group_no: int) -> list[int]:
    groups = list_groups(db, key)
    if not groups and group_no == 1:
        papers = papers_of_names(db, key)
        if papers:
            return papers
    for group in groups:
        if group.group_no == group_no:
            return list(group.doc_nos)
    raise NotFoundError(f"no author {key}~{group_no} here")


def _everyday(db: Reads) -> Everyday:
    documents = load_documents(db, newest_doc_nos(db, EVERYDAY_TEXTS))
    return everyday([f"{document.title} {document.abstract}" for document in documents])


def _grouped(db: Reads, key: str, names: Names, others: Everyday) -> list[PersonGroup]:
    documents = load_documents(db, papers_of_names(db, key)[-MENTIONS_MAX:])
    vectors = subject_vectors([f"{d.title} {d.abstract}" for d in documents], others)
    mentions = [_mention(d, key, words) for d, words in zip(documents, vectors, strict=True)]
    place = {document.doc_no: number for number, document in enumerate(documents)}
    said = [word for word in list_said(db, key) if word.author_key == word.other_key == key]
    found: list[Group] = []
    if mentions:
        found = group_mentions(
            mentions,
            same=_pairs(said, Kind.SAME, place),
            apart=_pairs(said, Kind.APART, place),
            prior=names.prior(key),
        )
    return [
        PersonGroup(
            key,
            number,
            tuple(sorted(documents[n].doc_no for n in group.mentions)),
            group.confidence,
            group.reason,
        )
        for number, group in enumerate(found, start=1)
    ]


def _pairs(said: Sequence[Said], kind: Kind, place: dict[int, int]) -> list[tuple[int, int]]:
    return [
        (place[one], place[other])
        for word in said
        if word.kind is kind
        for one in word.doc_nos
        for other in word.other_nos
        if one in place and other in place and one != other
    ]


def _mention(document: Document, key: str, words: dict[str, float]) -> Mention:
    own = next((a for a in document.authors if author_key(a.name) == key), None)
    keys = frozenset(author_key(author.name) for author in document.authors) - {key}
    given = {kind: getattr(own, kind) for kind in ("orcid", "openreview", "dblp", "acl") if own}
    return Mention(
        doc=document.doc_id,
        name=own.name if own else key,
        coauthors=keys,
        affiliation=(own.affiliation or "") if own else "",
        words=words,
        venue=document.venue,
        year=document.year,
        ids={kind: value for kind, value in given.items() if value},
    )
