"""Who is who in a library: grouping, numbers that stay, and readers' word above it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from broadsheet.errors import NotFoundError, UsageError
from broadsheet.people import number_groups, regroup_people, take_back, tell_apart, tell_same
from broadsheet.store.authors import get_author, split_author_id
from broadsheet.store.database import Database
from broadsheet.store.people import PersonGroup, list_former, list_groups, list_said
from broadsheet.types import Author, Record
from tests.worlds import NOW, a_library, a_record, take_in

KEY = "wei-wang"


def by(number: int, *names: str, orcid: str | None = None) -> Record:
    first, *others = names
    people = (Author(first, orcid=orcid), *(Author(name) for name in others))
    return a_record(number, authors=people)


def a_common_world(folder: Path) -> Database:
    """Two people called Wei Wang, one with Ada, one with Cy; the name is common here."""
    crowd = [by(100 + n, f"Wei Li{n}", f"Gu{n} Wang") for n in range(40)]
    own = [by(n, "Wei Wang", "Ada Star", "Bo Star") for n in (1, 2, 3)]
    own += [by(n, "Wei Wang", "Cy Moon", "Di Moon") for n in (4, 5)]
    db = a_library(folder, *crowd, *own)
    regroup_people(db, now=NOW)
    return db


def groups(db: Database, key: str = KEY) -> dict[int, int]:
    return {group.group_no: len(group.doc_nos) for group in list_groups(db, key)}


def test_two_people_of_one_name_have_two_pages(tmp_path: Path) -> None:
    db = a_common_world(tmp_path)
    first, second = get_author(db, KEY), get_author(db, f"{KEY}~2")
    assert (len(first.doc_nos), len(second.doc_nos)) == (3, 2)
    assert [other.author_id for other in first.namesakes] == [f"{KEY}~2"]
    assert [name for name, _, _ in second.coauthors] == ["Cy Moon", "Di Moon"]
    assert first.confidence is not None
    assert first.confidence > 0.5
    with pytest.raises(NotFoundError):
        get_author(db, f"{KEY}~3")


def test_grouping_again_changes_nothing(tmp_path: Path) -> None:
    db = a_common_world(tmp_path)
    before = list_groups(db, KEY)
    assert regroup_people(db, now=NOW) == 0
    take_in(db, by(6, "Wei Wang", "Cy Moon", "Di Moon"))
    assert len(get_author(db, KEY).doc_nos) == 4
    assert regroup_people(db, now=NOW) > 0
    assert groups(db) == {1: 3, 2: 3}
    assert list_groups(db, KEY)[0].doc_nos == before[0].doc_nos


def test_a_reader_divides_a_person_and_takes_it_back(tmp_path: Path) -> None:
    db = a_common_world(tmp_path)
    first = get_author(db, KEY)
    said_no = tell_apart(db, KEY, 1, first.doc_nos[:1], now=NOW)
    assert sorted(groups(db).values()) == [1, 2, 2]
    take_in(db, replace(by(1, "Wei Wang", "Ada Star", "Bo Star"), comment="v2", datestamp="9"))
    regroup_people(db, now=NOW + timedelta(1))
    assert sorted(groups(db).values()) == [1, 2, 2]
    assert not list_said(db, KEY)[0].is_undone
    take_back(db, said_no, now=NOW)
    assert groups(db)[1] == 3
    assert list_said(db, KEY) == []
    with pytest.raises(NotFoundError):
        take_back(db, said_no, now=NOW)


def test_a_reader_joins_two_of_a_name_for_ever(tmp_path: Path) -> None:
    db = a_common_world(tmp_path)
    tell_same(db, (KEY, 1), (KEY, 2), now=NOW)
    assert groups(db) == {1: 5}
    take_in(db, by(7, "Wei Wang", "Ada Star"))
    regroup_people(db, now=NOW)
    assert groups(db) == {1: 6}


def test_two_names_of_one_person_share_their_papers_until_undone(tmp_path: Path) -> None:
    db = a_library(tmp_path, by(1, "Ada Star", "Bo Moon"), by(2, "A. Star", "Cy Moon"))
    said_no = tell_same(db, ("ada-star", 1), ("a-star", 1), now=NOW)
    for key in ("ada-star", "a-star"):
        person = get_author(db, key)
        assert len(person.doc_nos) == 2
        assert set(person.names) == {"Ada Star", "A. Star"}
        assert [name for name, _, _ in person.coauthors] == ["Bo Moon", "Cy Moon"]
    take_back(db, said_no, now=NOW)
    assert len(get_author(db, "ada-star").doc_nos) == 1


def test_identifiers_divide_even_a_rare_name(tmp_path: Path) -> None:
    one, other = (by(n, "Zyx Qwert", orcid=f"0000-0000-0000-000{n}") for n in (1, 2))
    common = a_library(tmp_path, one, other, *(by(10 + n, f"Ab{n} Cd{n}") for n in range(3)))
    regroup_people(common, now=NOW)
    assert groups(common, "zyx-qwert") == {1: 1, 2: 1}


def test_words_that_say_nothing_are_refused(tmp_path: Path) -> None:
    db = a_common_world(tmp_path)
    with pytest.raises(UsageError):
        tell_apart(db, KEY, 1, [], now=NOW)
    with pytest.raises(UsageError):
        tell_apart(db, KEY, 1, get_author(db, KEY).doc_nos, now=NOW)
    with pytest.raises(UsageError):
        tell_same(db, (KEY, 1), (KEY, 1), now=NOW)
    with pytest.raises(NotFoundError):
        tell_same(db, (KEY, 1), (KEY, 9), now=NOW)
    assert list_said(db, KEY) == []


def test_numbers_stay_with_most_of_the_papers() -> None:
    def group(number: int, *docs: int) -> PersonGroup:
        return PersonGroup(KEY, number, docs, 1.0, "")

    before = [group(1, 1, 2, 3), group(2, 4, 5)]
    now = [group(1, 4, 5, 6, 7), group(2, 1, 2), group(3, 3)]
    found = {g.group_no: g.doc_nos for g in number_groups(before, now)}
    assert found == {1: (1, 2), 2: (4, 5, 6, 7), 3: (3,)}
    # One of two equal halves: the number that stood for it alone comes back to it.
    joined, former = group(1, 1, 2, 3, 4), group(2, 1, 2)
    halves = [group(1, 1, 2), group(2, 3, 4)]
    found = {g.group_no: g.doc_nos for g in number_groups([joined, former], halves)}
    assert found == {1: (3, 4), 2: (1, 2)}


def test_a_number_is_never_somebody_else_s(tmp_path: Path) -> None:
    """It leads to who has its papers now, and comes back with them."""
    db = a_common_world(tmp_path)
    two = get_author(db, f"{KEY}~2").doc_nos
    joined = tell_same(db, (KEY, 1), (KEY, 2), now=NOW)
    assert get_author(db, f"{KEY}~2").author_id == KEY
    assert [old.group_no for old in list_former(db, KEY)] == [2]
    apart = tell_apart(db, KEY, 1, get_author(db, KEY).doc_nos[:1], now=NOW)
    assert 2 not in groups(db)
    take_back(db, apart, now=NOW)
    take_back(db, joined, now=NOW)
    assert get_author(db, f"{KEY}~2").doc_nos == two
    assert groups(db) == {1: 3, 2: 2}


def test_a_number_survives_that_its_paper_became_part_of_another(tmp_path: Path) -> None:
    db = a_common_world(tmp_path)
    one, two = get_author(db, f"{KEY}~2").doc_nos
    tell_same(db, (KEY, 1), (KEY, 2), now=NOW)
    with db.transaction() as transaction:
        transaction.run("UPDATE documents SET merged_into = ? WHERE doc_no = ?", (one, two))
    assert [old.doc_nos for old in list_former(db, KEY)] == [(one,)]


def test_author_ids_are_read() -> None:
    assert split_author_id("wei-wang~2") == ("wei-wang", 2)
    assert split_author_id("wei-wang") == ("wei-wang", 1)
    for odd in ("~", "a~", "a~x", "a~99999999", "a~٢"):
        assert split_author_id(odd) == (odd, 1)
