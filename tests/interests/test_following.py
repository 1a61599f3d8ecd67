"""Who follows an author follows a person, as the library tells people of one name apart by now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from broadsheet.interests.corpus import Corpus
from broadsheet.interests.exchange import interests_in, interests_out
from broadsheet.interests.slates import slate_of
from broadsheet.people import regroup_people, take_back, tell_apart, tell_same
from broadsheet.slate import ReasonKind
from broadsheet.store.followed import (
    Person,
    authors_of_document,
    current_id,
    find_followable,
    find_people,
    people_of_name,
)
from broadsheet.store.interests import holdings_of
from broadsheet.types import Author, Record
from tests.interests.world import DAY, EARLIER, SUBJECTS, a_corpus, an_interest, subject_records
from tests.worlds import NOW, a_record, take_in

KEY = "wei-wang"
STARS, MOONS = ("Ada Star", "Bo Star"), ("Cy Moon", "Di Moon")


def by(number: int, *names: str, today: bool = False) -> Record:
    """Of words that the library knows, so that no two are taken for copies."""
    known = " ".join(SUBJECTS.values()).split()
    words = np.random.default_rng(number).choice(known, 8, replace=False)
    return a_record(
        number,
        authors=tuple(Author(name) for name in names),
        abstract=" ".join(words),
        announced=DAY if today else EARLIER,
    )


def a_common_name() -> list[Record]:
    """Two people called Wei Wang, one with the Stars (1001 to 1003), one with the Moons (1004,
    1005); each has a paper of today (1010, 1011). The name is common here."""
    crowd = [by(2000 + n, f"Wei Li{n}", f"Gu{n} Wang") for n in range(40)]
    own = [by(n, "Wei Wang", *STARS) for n in (1001, 1002, 1003)]
    own += [by(n, "Wei Wang", *MOONS) for n in (1004, 1005)]
    own += [by(1010, "Wei Wang", *STARS, today=True), by(1011, "Wei Wang", *MOONS, today=True)]
    return [*crowd, *own]


@dataclass(frozen=True)
class Town:
    corpus: Corpus

    def numbers(self, *papers: int) -> set[int]:
        sql = "SELECT doc_no FROM documents WHERE doc_id = ?"
        return {self.corpus.db.read(sql, (f"arxiv:2603.{n:05d}",))[0][0] for n in papers}

    def brought(self, *followed: str, likes: list[int] = []) -> dict[int, str]:  # noqa: B006
        """The papers of today that an interest has for their author, with what is said: by the
        last two digits of their numbers."""
        authors = tuple((author_id, "Wei Wang") for author_id in followed)
        interest = an_interest(
            self.corpus.db, authors=authors, likes=likes, places=50, exploration=0.0
        )
        slate = slate_of(self.corpus, interest, first=DAY, day=DAY)
        return {
            int(pick.document.doc_id[-4:]): reason.said
            for pick in slate.picks
            for reason in pick.reasons
            if reason.kind is ReasonKind.AUTHORS and "you follow" in reason.said
        }


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    corpus = a_corpus(tmp_path, *subject_records(n_days=2, n_per_day=8), *a_common_name())
    regroup_people(corpus.db, now=NOW)
    yield Town(corpus)
    corpus.db.close()


def test_one_person_of_a_name_is_followed(town: Town) -> None:
    whom = "is by Wei Wang, whom you follow"
    assert town.brought(f"{KEY}~1") == {1010: whom}
    assert town.brought(f"{KEY}~2") == {1011: whom}
    assert town.brought(f"{KEY}~1", f"{KEY}~2") == {1010: whom, 1011: whom}


def test_a_name_stands_for_all_who_share_it_and_says_so(town: Town) -> None:
    said = "is by Wei Wang, a name you follow"
    assert town.brought(KEY) == {1010: said, 1011: said}


def test_a_name_that_is_one_person_is_that_person(town: Town) -> None:
    interest = an_interest(town.corpus.db, authors=(("ada-star", "Ada Star"),), exploration=0.0)
    slate = slate_of(town.corpus, interest, first=DAY, day=DAY)
    said = {int(p.document.doc_id[-4:]): p.why for p in slate.picks}
    assert "is by Ada Star, whom you follow" in said[1010]


def test_a_paper_nobody_has_looked_at_yet_counts_for_each(town: Town) -> None:
    take_in(town.corpus.db, by(1012, "Wei Wang", *MOONS, today=True))
    for number, own in ((1, 1010), (2, 1011)):
        found = town.brought(f"{KEY}~{number}")
        assert set(found) == {own, 1012}
        assert found[1012] == "is by Wei Wang, a name you follow"
    regroup_people(town.corpus.db, now=NOW)
    assert set(town.brought(f"{KEY}~1")) == {1010}
    assert set(town.brought(f"{KEY}~2")) == {1011, 1012}


def test_a_split_leaves_the_follow_with_most_of_the_papers(town: Town) -> None:
    said_no = tell_apart(town.corpus.db, KEY, 1, town.numbers(1010), now=NOW)
    assert town.brought(f"{KEY}~1") == {}
    assert set(town.brought(f"{KEY}~2")) == {1011}
    assert set(town.brought(f"{KEY}~3")) == {1010}
    assert set(town.brought(KEY)) == {1010, 1011}
    take_back(town.corpus.db, said_no, now=NOW)
    assert set(town.brought(f"{KEY}~1")) == {1010}
    assert set(town.brought(f"{KEY}~3")) == {1010}, "who followed the part follows the whole"
    tell_apart(town.corpus.db, KEY, 1, town.numbers(1010), now=NOW)
    assert set(town.brought(f"{KEY}~3")) == {1010}, "a number comes back to its papers"


def test_who_followed_one_of_two_that_are_one_follows_that_one(town: Town) -> None:
    db = town.corpus.db
    said_no = tell_same(db, (KEY, 1), (KEY, 2), now=NOW)
    for followed in (f"{KEY}~1", f"{KEY}~2", KEY):
        found = town.brought(followed)
        assert set(found) == {1010, 1011}
        assert set(found.values()) == {"is by Wei Wang, whom you follow"}
        assert current_id(db, followed) == KEY
    take_back(db, said_no, now=NOW)
    assert set(town.brought(f"{KEY}~1")) == {1010}
    assert set(town.brought(f"{KEY}~2")) == {1011}
    assert current_id(db, f"{KEY}~2") == f"{KEY}~2"


def test_two_names_of_one_person_are_followed_together_until_undone(town: Town) -> None:
    db = town.corpus.db
    take_in(db, by(1020, "W. Wang", "Eve Sun"), by(1021, "W. Wang", "Eve Sun", today=True))
    said_no = tell_same(db, (KEY, 2), ("w-wang", 1), now=NOW)
    assert set(town.brought(f"{KEY}~2")) == {1011, 1021}
    assert set(town.brought(f"{KEY}~1")) == {1010}
    assert set(town.brought("w-wang")) == {1011, 1021}
    take_back(db, said_no, now=NOW)
    assert set(town.brought(f"{KEY}~2")) == {1011}
    assert set(town.brought("w-wang")) == {1021}


def test_likes_by_a_followed_person_are_that_person_s(town: Town) -> None:
    """And their namesake's papers are not lifted by them."""
    found = town.brought(f"{KEY}~2", likes=sorted(town.numbers(1004, 1005)))
    assert set(found) == {1011}


def test_a_number_that_nobody_ever_had_is_the_name() -> None:
    def nobody(sql: str, values: object = ()) -> list[tuple[object, ...]]:
        return []

    class Empty:
        read = staticmethod(nobody)

    (person,) = find_people(Empty(), ["wei-wang~9"])
    assert person == Person("wei-wang~9", {KEY: frozenset()})
    assert person.wrote(KEY, 3)
    assert not person.wrote("wei-li", 3)


def test_whom_to_choose_among(town: Town) -> None:
    db = town.corpus.db
    asked = find_followable(db, "Wei Wang")
    assert (asked.author_id, asked.n_people, asked.is_shared_name) == (KEY, 2, True)
    assert not find_followable(db, f"{KEY}~1").is_shared_name
    assert find_followable(db, f"{KEY}~1").author_id == f"{KEY}~1"
    assert [(p.follow_id, len(p.doc_nos)) for p in people_of_name(db, KEY)] == [
        (f"{KEY}~1", 4),
        (f"{KEY}~2", 3),
    ]
    (of_moons,) = town.numbers(1004)
    assert authors_of_document(db, of_moons) == {KEY: (f"{KEY}~2", f"{KEY}~2")}
    (of_stars,) = town.numbers(1001)
    assert authors_of_document(db, of_stars) == {KEY: (KEY, f"{KEY}~1")}


def test_another_library_finds_the_same_person(town: Town, tmp_path: Path) -> None:
    """Though it counts its people in another order."""
    made = an_interest(town.corpus.db, authors=((f"{KEY}~2", "Wei Wang"), ("ada-star", "A")))
    out = json.loads(json.dumps(interests_out(town.corpus.db, made.reader_no)))
    records = a_common_name()
    others = [record for record in records if "Moon" in str(record.authors)]
    others += [record for record in records if "Moon" not in str(record.authors)]
    elsewhere = a_corpus(tmp_path / "elsewhere", *others[:3], *others)
    regroup_people(elsewhere.db, now=NOW)
    interests_in(elsewhere.db, 1, out, now=NOW)
    (person, ada) = find_people(
        elsewhere.db, [author_id for author_id, _ in holdings_of(elsewhere.db, 1).authors][::-1]
    )
    assert ada.author_id == "ada-star"
    sql = "SELECT doc_id FROM documents WHERE doc_no = ?"
    papers = {elsewhere.db.read(sql, (n,))[0][0] for n in person.own}
    assert papers == {"arxiv:2603.01004", "arxiv:2603.01005", "arxiv:2603.01011"}
    elsewhere.db.close()
    nowhere = a_corpus(tmp_path / "nowhere", a_record(1))
    interests_in(nowhere.db, 1, out, now=NOW)
    assert dict(holdings_of(nowhere.db, 1).authors) == {KEY: "Wei Wang", "ada-star": "A"}
    nowhere.db.close()
