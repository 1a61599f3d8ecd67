"""Whom followed authors stand for: a name, or one of the people who share it.

`wei-wang` follows the name: everybody who writes under it. `wei-wang~2` follows one of them, as the
library tells them apart by now (`store.people`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from broadsheet.store.authors import (
    AuthorSummary,
    author_id,
    get_author,
    mentions_of,
    split_author_id,
)
from broadsheet.store.documents import Reads, read_in
from broadsheet.store.people import find_group, list_groups, said_names

#: People of a name who are told apart where one of them is to be chosen.
NAMESAKES_MAX = 24


@dataclass(frozen=True, slots=True)
class Person:
    """Whom `author_id` stands for. `others` are, by each name they write under, the papers that
    are known to be somebody else's: all the rest counts as theirs, so that a paper that came in
    a minute ago is not lost. `own` are those known to be theirs (empty where only the name is
    known); `n_namesakes` other people share the name that is followed."""

    author_id: str
    others: Mapping[str, frozenset[int]]
    own: frozenset[int] = frozenset()
    n_namesakes: int = 0

    def wrote(self, author_key: str, doc_no: int) -> bool:
        return author_key in self.others and doc_no not in self.others[author_key]

    def surely_wrote(self, doc_no: int) -> bool:
        """Whether a paper of theirs cannot be a namesake's, as far as the library knows."""
        return self.n_namesakes == 0 or ("~" in self.author_id and doc_no in self.own)


def find_people(db: Reads, followed: Sequence[str]) -> list[Person]:
    """Whom each stands for, in this order; a number that nobody ever had is the name."""
    keys = sorted({split_author_id(value)[0] for value in followed})
    shared = _numbers_of_people(db, keys)
    told = said_names(db) if keys else set()
    found = []
    for value in followed:
        key, _ = split_author_id(value)
        if key in told or len(shared[key]) > 1:
            found.append(_person(db, value, len(shared[key])))
        else:
            found.append(Person(value, {key: frozenset()}))
    return found


@dataclass(frozen=True, slots=True)
class Followable:
    """What is followed where somebody asks for an author; `n_people` share the name."""

    author_id: str
    name: str
    n_people: int = 1

    @property
    def is_shared_name(self) -> bool:
        """Whether that is everybody of a name that several people share."""
        return self.n_people > 1 and "~" not in self.author_id


def find_followable(db: Reads, asked: str) -> Followable:
    """A name, or one of its people where `asked` is an id with a number (`wei-wang~1`).

    Raises NotFoundError with near names as hints.
    """
    person = get_author(db, asked)
    has_number = split_author_id(asked)[0] != asked
    return Followable(
        person.follow_id if has_number else person.author_key,
        person.names[0],
        1 + len(person.namesakes),
    )


def people_of_name(db: Reads, author_key: str) -> list[AuthorSummary]:
    """The people who share a name, most papers first, up to `NAMESAKES_MAX`."""
    numbers = [group.group_no for group in list_groups(db, author_key)][:NAMESAKES_MAX]
    found = [get_author(db, f"{author_key}~{number}") for number in numbers]
    return sorted(found, key=lambda person: (-len(person.doc_nos), person.group_no))


def current_id(db: Reads, followed: str) -> str:
    """How the person whom a followed id stands for is followed now: the name alone where nobody
    shares it (any more), their number where somebody does."""
    key, group_no = split_author_id(followed)
    if followed == key:
        return key
    groups = list_groups(db, key)
    group = find_group(db, key, group_no)
    return f"{key}~{group.group_no}" if group and len(groups) > 1 else key


def authors_of_document(db: Reads, doc_no: int) -> dict[str, tuple[str, str]]:
    """(author_id, what to follow) of a paper's authors whose name is shared, by author_key."""
    rows = db.read(
        "SELECT author_key, group_no FROM people p WHERE doc_no = ?1 AND author_key IN"
        " (SELECT author_key FROM mentions WHERE doc_no = ?1) AND EXISTS (SELECT 1"
        " FROM people_groups g WHERE g.author_key = p.author_key AND g.group_no <> p.group_no)",
        (doc_no,),
    )
    return {key: (author_id(key, group_no), f"{key}~{group_no}") for key, group_no in rows}


def _person(db: Reads, followed: str, n_people: int) -> Person:
    key, group_no = split_author_id(followed)
    group = find_group(db, key, group_no) if followed != key else None
    mentions = mentions_of(db, key, group)
    papers = _by_name(mentions)
    grouped = {name: _grouped(db, name) for name in papers.keys() | {key}}
    others = {name: known - papers[name] for name, known in grouped.items()}
    return Person(
        followed,
        others if group else {**others, key: frozenset()},
        frozenset(doc_no for name, doc_no in mentions if name != key or doc_no in grouped[key]),
        max(n_people - 1, 0),
    )


def _by_name(mentions: Iterable[tuple[str, int]]) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for name, doc_no in mentions:
        found[name].add(doc_no)
    return defaultdict(frozenset, {name: frozenset(numbers) for name, numbers in found.items()})


def _grouped(db: Reads, key: str) -> frozenset[int]:
    return frozenset(doc_no for group in list_groups(db, key) for doc_no in group.doc_nos)


def _numbers_of_people(db: Reads, keys: Sequence[str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    sql = "SELECT author_key, group_no FROM people_groups WHERE author_key IN (?*)"
    for key, group_no in read_in(db, sql, keys):
        found[key].add(group_no)
    return found
