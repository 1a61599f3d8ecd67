"""What fellows of a reader's groups saved counts for slates; what is theirs alone does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from broadsheet.interests.corpus import Corpus
from broadsheet.interests.slates import publish_slate, slate_of
from broadsheet.slate import Reason, ReasonKind, Slate
from broadsheet.store.accounts import disable_reader, make_reader
from broadsheet.store.deeds import Deed, Verb, do
from broadsheet.store.groups import GroupRole, make_group, put_member, remove_member
from broadsheet.store.interests import (
    Choices,
    Interest,
    Judgment,
    holdings_of,
    put_judgment,
    written,
)
from broadsheet.store.readers import Role
from tests.interests.world import DAY, a_corpus, an_interest, papers_of
from tests.worlds import NOW

NAMES = ("owner", "ada", "bo", "guest", "stranger")


@dataclass(frozen=True)
class Lab:
    """`ada`, who asks, `bo` and `guest` are of one group, `stranger` of another. Ada likes five
    papers on birds; `liked` is the newest of them. `odd` is a paper of today on something else."""

    corpus: Corpus
    readers: dict[str, int]
    group_no: int
    interest: Interest
    liked: int
    odd: int

    def do(self, name: str, verb: Verb, doc_no: int, **more: object) -> None:
        with self.corpus.db.transaction() as transaction:
            deed = Deed(verb, doc_no, **more)  # type: ignore[arg-type]
            do(transaction, self.readers[name], deed, now=NOW)

    def slate(self) -> Slate:
        return slate_of(self.corpus, self.interest, first=DAY, day=DAY)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    corpus = a_corpus(tmp_path)
    readers = {}
    with corpus.db.transaction() as transaction:
        for name in NAMES:
            role = Role.OWNER if name == "owner" else Role.READER
            address = f"{name}@example.org"
            made = make_reader(transaction, email=address, name=name.title(), role=role, now=NOW)
            readers[name] = made.reader_no
        group_no = make_group(transaction, readers["bo"], "NLP lab", now=NOW)
        put_member(transaction, group_no, readers["ada"], GroupRole.MEMBER, now=NOW)
        put_member(transaction, group_no, readers["guest"], GroupRole.GUEST, now=NOW)
        make_group(transaction, readers["stranger"], "Elsewhere", now=NOW)
    likes = papers_of(corpus.db, "birds")[:5]
    interest = an_interest(
        corpus.db, likes=likes, reader_no=readers["ada"], places=8, exploration=0.0
    )
    odd = papers_of(corpus.db, "tides", day=DAY)[0]
    liked = holdings_of(corpus.db, interest.interest_no).likes[0]
    yield Lab(corpus, readers, group_no, interest, liked, odd)
    corpus.db.close()


def of_fellows(slate: Slate) -> dict[int, Reason]:
    return {
        pick.document.doc_no: reason
        for pick in slate.picks
        for reason in pick.reasons
        if reason.kind is ReasonKind.FELLOWS
    }


def test_what_two_fellows_saved_beside_a_like_comes_with_its_reason(lab: Lab) -> None:
    before = lab.slate()
    assert lab.odd not in {pick.document.doc_no for pick in before.picks}
    for name in ("bo", "guest"):
        lab.do(name, Verb.SAVE, lab.odd)
        lab.do(name, Verb.SAVE, lab.liked)
    after = lab.slate()
    reason = of_fellows(after)[lab.odd]
    (title,) = reason.names
    assert reason.said == (f"was saved by 2 in NLP lab, who also saved “{title}”, which you liked")
    assert reason.added > 0
    assert set(of_fellows(after)) == {lab.odd}
    assert lab.slate() == after, "the same question has the same answer"
    others = {p.document.doc_no: p.score for p in before.picks}
    kept = {p.document.doc_no: p.score for p in after.picks if p.document.doc_no != lab.odd}
    assert all(others[doc_no] == score for doc_no, score in kept.items())


def test_a_vote_is_told_as_one(lab: Lab) -> None:
    lab.do("bo", Verb.LIKE, lab.odd)
    lab.do("bo", Verb.LIKE, lab.liked)
    assert of_fellows(lab.slate())[lab.odd].said.startswith("was voted for by 1 in NLP lab")
    lab.do("guest", Verb.SAVE, lab.odd)
    lab.do("guest", Verb.SAVE, lab.liked)
    assert of_fellows(lab.slate())[lab.odd].said.startswith("was kept by 2 in NLP lab, who also ke")


def test_saves_without_a_like_in_common_say_nothing(lab: Lab) -> None:
    before = lab.slate()
    lab.do("bo", Verb.SAVE, lab.odd)
    assert lab.slate() == before


def _judges(lab: Lab, doc_no: int) -> None:
    with lab.corpus.db.transaction() as transaction:
        deed = Deed(Verb.MAKE_INTEREST, value=written(Choices(f"Of Bo {doc_no}")))
        made = do(transaction, lab.readers["bo"], deed, now=NOW)
        put_judgment(transaction, made.deed.number, doc_no, Judgment.LIKED, now=NOW)


def _collects(lab: Lab, doc_no: int) -> None:
    with lab.corpus.db.transaction() as transaction:
        made = do(
            transaction, lab.readers["bo"], Deed(Verb.MAKE_COLLECTION, value=f"{doc_no}"), now=NOW
        )
    lab.do("bo", Verb.COLLECT, doc_no, number=made.deed.number)


@pytest.mark.parametrize(
    "privately",
    [
        _judges,
        _collects,
        lambda lab, doc_no: lab.do("bo", Verb.TAG, doc_no, value="mine"),
        lambda lab, doc_no: lab.do("bo", Verb.WRITE_NOTE, doc_no, value="mine"),
        lambda lab, doc_no: lab.do("bo", Verb.READ, doc_no),
        lambda lab, doc_no: lab.do("bo", Verb.DISMISS, doc_no),
        lambda lab, doc_no: lab.do("bo", Verb.DISLIKE, doc_no),
    ],
    ids=["for an interest", "collected", "tagged", "noted", "read", "dismissed", "voted against"],
)
def test_what_a_fellow_does_for_themselves_changes_nothing(
    lab: Lab, privately: Callable[[Lab, int], None]
) -> None:
    """On the one side, on the other, and on both."""
    before = lab.slate()
    privately(lab, lab.odd)
    assert lab.slate() == before
    lab.do("bo", Verb.SAVE, lab.liked)
    assert lab.slate() == before
    lab.do("bo", Verb.UNSAVE, lab.liked)
    privately(lab, lab.liked)
    lab.do("bo", Verb.SAVE, lab.odd)
    assert lab.slate() == before


@pytest.mark.parametrize("name", ["stranger", "owner"])
def test_who_shares_no_group_is_not_heard(lab: Lab, name: str) -> None:
    """Nor does the library's owner see or show more than others."""
    before = lab.slate()
    for doc_no in (lab.odd, lab.liked):
        lab.do(name, Verb.SAVE, doc_no)
    assert lab.slate() == before


@pytest.mark.parametrize(
    ("asks", "hears"),
    [("bo", True), ("guest", True), ("stranger", False), ("owner", False)],
)
def test_each_sees_what_their_groups_show(lab: Lab, asks: str, hears: bool) -> None:
    likes = papers_of(lab.corpus.db, "birds")[:5]
    interest = an_interest(
        lab.corpus.db, likes=likes, reader_no=lab.readers[asks], places=8, exploration=0.0
    )
    for doc_no in (lab.odd, likes[0]):
        lab.do("ada", Verb.SAVE, doc_no)
    slate = slate_of(lab.corpus, interest, first=DAY, day=DAY)
    assert (lab.odd in of_fellows(slate)) is hears
    assert not any("Ada" in reason.said for reason in of_fellows(slate).values())


def test_one_s_own_saves_are_no_fellow_s(lab: Lab) -> None:
    before = lab.slate()
    lab.do("ada", Verb.SAVE, lab.liked)
    assert lab.slate() == before


@pytest.mark.parametrize("goes", ["asker", "fellow", "shut out"])
def test_who_leaves_takes_their_saves_along(lab: Lab, goes: str) -> None:
    """From the slate of a new day, and from the reasons of one that was shown."""
    before = lab.slate()
    for doc_no in (lab.odd, lab.liked):
        lab.do("guest", Verb.SAVE, doc_no)
    shown = lab.slate()
    assert lab.odd in of_fellows(shown)
    with lab.corpus.db.transaction() as transaction:
        if goes == "shut out":
            disable_reader(transaction, lab.readers["guest"], now=NOW)
        else:
            reader_no = lab.readers["ada" if goes == "asker" else "guest"]
            remove_member(transaction, lab.group_no, reader_no)
    assert lab.slate() == before
    with lab.corpus.db.transaction() as transaction:
        assert publish_slate(transaction, shown, channel="web", now=NOW)
    again = lab.slate()
    assert again.is_published
    assert lab.odd in {pick.document.doc_no for pick in again.picks}
    assert of_fellows(again) == {}
    assert "NLP lab" not in str(again)


def test_fellows_lift_a_paper_over_the_line_and_push_none_under(lab: Lab) -> None:
    """So the promise, which is made without them, still holds."""
    more = papers_of(lab.corpus.db, "birds")[:40]
    with lab.corpus.db.transaction() as transaction:
        for doc_no in more:
            number = lab.interest.interest_no
            put_judgment(transaction, number, doc_no, Judgment.LIKED, now=NOW)
    before = lab.slate()
    assert before.setting.promised
    under = before.below[-1].doc_no
    for doc_no in (under, more[0], more[1]):
        lab.do("bo", Verb.SAVE, doc_no)
        lab.do("guest", Verb.SAVE, doc_no)
    after = lab.slate()
    above = {p.document.doc_no for p in before.picks} | {d.doc_no for d in before.more}
    then = {p.document.doc_no for p in after.picks} | {d.doc_no for d in after.more}
    assert above <= then
    assert under in then - above


def test_a_merged_paper_s_saves_are_the_other_s(lab: Lab) -> None:
    old = papers_of(lab.corpus.db, "soils")[0]
    for doc_no in (old, lab.liked):
        lab.do("bo", Verb.SAVE, doc_no)
    with lab.corpus.db.transaction() as transaction:
        transaction.run("UPDATE documents SET merged_into = ? WHERE doc_no = ?", (lab.odd, old))
    assert lab.odd in of_fellows(lab.slate())


def test_of_two_groups_the_one_they_share_is_named(lab: Lab) -> None:
    with lab.corpus.db.transaction() as transaction:
        club = make_group(transaction, lab.readers["ada"], "Book club", now=NOW)
        put_member(transaction, club, lab.readers["stranger"], GroupRole.MEMBER, now=NOW)
        put_member(transaction, club, lab.readers["bo"], GroupRole.MEMBER, now=NOW)
    for doc_no in (lab.odd, lab.liked):
        lab.do("stranger", Verb.SAVE, doc_no)
        lab.do("bo", Verb.SAVE, doc_no)
    assert "by 2 in Book club, who" in of_fellows(lab.slate())[lab.odd].said
    for doc_no in (lab.odd, lab.liked):
        lab.do("guest", Verb.SAVE, doc_no)
    assert "by 3 in your groups, who" in of_fellows(lab.slate())[lab.odd].said


def test_without_a_group_nothing_is_looked_up(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("marks are read for a reader without fellows")

    monkeypatch.setattr("broadsheet.interests.fellows.kept_by_fellows", refused)
    likes = papers_of(lab.corpus.db, "birds")[:5]
    alone = an_interest(lab.corpus.db, likes=likes, reader_no=lab.readers["stranger"])
    assert slate_of(lab.corpus, alone, first=DAY, day=DAY).picks
