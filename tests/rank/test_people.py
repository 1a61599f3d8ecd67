"""Who is who: known-answer worlds."""

from collections.abc import Sequence

import numpy as np
import pytest

from broadsheet.rank.people import (
    EVIDENCE,
    NEVER,
    SURE,
    WEIGHTS,
    Mention,
    Names,
    compare,
    evidence,
    fit,
    group_mentions,
    join,
    subject_vectors,
)

Pair = tuple[int, int]


def a_mention(number: int, *coauthors: str, **changes: object) -> Mention:
    values = {"doc": f"paper {number}", "name": "Wei Wang", "coauthors": frozenset(coauthors)}
    return Mention(**{**values, **changes})  # type: ignore[arg-type]


def grouped(
    *mentions: Mention, same: Sequence[Pair] = (), apart: Sequence[Pair] = ()
) -> list[tuple[int, ...]]:
    return [group.mentions for group in group_mentions(mentions, same=same, apart=apart)]


def test_co_authors_make_a_person_and_their_absence_two() -> None:
    mentions = [a_mention(n, "ada", "bo") for n in range(3)]
    mentions += [a_mention(n, "cy", "di") for n in range(3, 5)]
    assert grouped(*mentions) == [(0, 1, 2), (3, 4)]


def test_the_same_identifier_is_one_person_whatever_else() -> None:
    one, other = (a_mention(n, f"c{n}", ids={"orcid": "x"}, affiliation=f"{n}") for n in (0, 1))
    assert grouped(one, other) == [(0, 1)]


def test_different_identifiers_are_two_whatever_else() -> None:
    one, other = (a_mention(n, "ada", "bo", ids={"dblp": str(n)}) for n in (0, 1))
    assert grouped(one, other) == [(0,), (1,)]


def test_nobody_stands_twice_on_one_paper() -> None:
    twice = [a_mention(1, "ada"), a_mention(1, "ada")]
    assert grouped(*twice) == [(0,), (1,)]


def test_a_readers_word_stands_above_the_evidence() -> None:
    mentions = [a_mention(n, "ada", "bo") for n in range(3)] + [a_mention(3, "cy")]
    assert grouped(*mentions, apart=[(0, 1), (0, 2)]) == [(1, 2), (0,), (3,)]
    assert grouped(*mentions, same=[(0, 3)]) == [(0, 1, 2, 3)]
    assert (0, 3) not in grouped(*mentions, same=[(0, 3)], apart=[(0, 3)])


def test_apart_is_kept_through_later_joins() -> None:
    """0-1 and 1-2 are alike, 0-2 must never be one: the chain may not bring them together."""
    odds = np.array([[0.0, 5, NEVER], [5, 0, 4], [NEVER, 4, 0]])
    assert [members for members, _ in join(odds)] == [[0, 1], [2]]


def test_every_mention_is_in_one_group() -> None:
    rng = np.random.default_rng(1)
    for n in (1, 2, 7, 30):
        odds = rng.normal(0, 4, (n, n))
        members = [place for found, _ in join(odds + odds.T) for place in found]
        assert sorted(members) == list(range(n))


def test_confidence_is_a_probability_and_a_reason_is_given() -> None:
    alone, *_ = group_mentions([a_mention(1)])
    assert (alone.confidence, alone.mentions) == (1.0, (0,))
    pair = group_mentions([a_mention(1, "ada"), a_mention(2, "ada")])[0]
    assert 0.5 <= pair.confidence <= 1.0
    assert pair.reason.startswith("a shared co-author")


def test_a_rare_name_is_one_person_without_other_evidence() -> None:
    keys = [f"given{n}-family{n}" for n in range(2_000)]
    names = Names([*keys, *(f"wei-f{n}" for n in range(200)), *(f"g{n}-wang" for n in range(200))])
    assert names.expected("wei-wang") > 10
    assert names.prior("wei-wang") == 0.0
    assert names.prior("given1-family1") == 6.0
    two = [a_mention(1, "ada"), a_mention(2, "cy")]
    assert len(group_mentions(two, prior=names.prior("given1-family1"))) == 1
    assert len(group_mentions(two, prior=0.0)) == 2


def test_evidence_is_symmetric_and_complete() -> None:
    texts = subject_vectors(["graph networks learn", "graph networks sleep", "quantum foam"])
    one = a_mention(1, "ada", affiliation="ETH", words=texts[0], venue="ICML", year=2024)
    other = a_mention(2, "ada", "bo", affiliation="ETH Zurich", words=texts[1], year=2023)
    assert evidence(one, other) == evidence(other, one)
    assert len(evidence(one, other)) == len(EVIDENCE) == len(WEIGHTS) - 1
    odds, _ = compare([one, other])
    assert odds[0, 1] == odds[1, 0] < SURE


def test_fit_finds_the_odds_of_a_coin() -> None:
    values = np.array([[0.0]] * 100 + [[1.0]] * 100)
    same = np.array([0.0] * 80 + [1.0] * 20 + [0.0] * 10 + [1.0] * 90)
    slope, start = fit(values, same, np.ones(200), ridge=1e-6)
    assert start == pytest.approx(np.log(0.25), abs=1e-3)
    assert start + slope == pytest.approx(np.log(9), abs=1e-3)
