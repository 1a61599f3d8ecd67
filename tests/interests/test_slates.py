"""What an interest brings its reader, from the store to the slate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from broadsheet.errors import NotFoundError
from broadsheet.index.changes import StoreChanges
from broadsheet.interests.choosing import fit
from broadsheet.interests.corpus import Corpus
from broadsheet.interests.material import gather
from broadsheet.interests.slates import publish_slate, slate_of, slates_of
from broadsheet.rank.interest import WEIGHTS
from broadsheet.slate import ReasonKind, Slate
from broadsheet.store.interests import (
    Holdings,
    Interest,
    Judgment,
    Rule,
    RuleKind,
    State,
    drop_interest,
    holdings_of,
    put_judgment,
)
from broadsheet.store.marks import Mark, put_mark
from broadsheet.store.shown import Place, Shown, list_shown, put_shown, shown_to
from tests.interests.world import (
    DAY,
    EARLIER,
    N_PER_DAY,
    SUBJECTS,
    a_corpus,
    an_interest,
    papers_of,
    subject_records,
)
from tests.worlds import NOW, a_record, take_in

MUST_WARBLER = Rule(RuleKind.MUST, "warbler")


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    corpus = a_corpus(tmp_path)
    yield corpus
    corpus.db.close()


def today(corpus: Corpus, interest: Interest, **changes: object) -> Slate:
    return slate_of(corpus, interest, **{"first": DAY, "day": DAY, **changes})  # type: ignore[arg-type]


def shown(slate: Slate) -> set[int]:
    return {pick.document.doc_no for pick in slate.picks} | {d.doc_no for d in slate.more}


def publish(corpus: Corpus, slate: Slate, channel: str = "web") -> bool:
    with corpus.db.transaction() as transaction:
        return publish_slate(transaction, slate, channel=channel, now=NOW)


def test_one_like_brings_its_subject_first(corpus: Corpus) -> None:
    birds = papers_of(corpus.db, "birds")
    slate = today(corpus, an_interest(corpus.db, likes=birds[:1], places=12))
    chosen = [pick.document.doc_no for pick in slate.picks if not pick.explores]
    assert set(chosen[:8]) <= set(papers_of(corpus.db, "birds", day=DAY))
    assert not slate.setting.promised
    assert "Too little evidence" in slate.promise


def test_the_same_question_has_the_same_answer(corpus: Corpus) -> None:
    interest = an_interest(corpus.db, likes=papers_of(corpus.db, "birds")[:30])
    fresh = Corpus(corpus.db, corpus.index, None)
    assert today(corpus, interest) == today(fresh, interest)


def test_enough_likes_promise_and_nothing_above_the_line_is_kept_back(corpus: Corpus) -> None:
    interest = an_interest(corpus.db, likes=papers_of(corpus.db, "birds")[:40], places=4)
    slate = today(corpus, interest)
    assert slate.setting.promised
    assert slate.n_above == sum(pick.is_above for pick in slate.picks) + len(slate.more)
    wanted = set(papers_of(corpus.db, "birds", day=DAY))
    missed = wanted - {p.document.doc_no for p in slate.picks if p.is_above}
    missed -= {document.doc_no for document in slate.more}
    assert len(missed) <= 3
    assert [setting.alpha for setting in slate.dial] == [0.05, 0.10, 0.20]
    sizes = [setting.n_papers for setting in slate.dial]
    assert sizes == sorted(sizes, reverse=True)


def test_the_dial_says_in_words_what_it_promises_or_what_is_wanting(corpus: Corpus) -> None:
    birds = papers_of(corpus.db, "birds")
    slate = today(corpus, an_interest(corpus.db, likes=birds[:40], places=4))
    assert slate.dial_said.startswith("Promised: 10 % of what you would like may be missing")
    assert f"{slate.n_above} papers of {slate.n_stream} reach the line" in slate.dial_said
    assert f", {len(slate.more)} of them by title." in slate.dial_said
    few = today(corpus, an_interest(corpus.db, likes=birds[:5], places=4, exploration=0.0))
    assert few.dial_said.startswith("Nothing is promised yet. To miss at most 10 % takes 9 likes")
    assert "and 5 can: about 4 likes more." in few.dial_said
    none = today(corpus, an_interest(corpus.db))
    assert "and 0 can: about 9 likes more." in none.dial_said


def test_exploration_places_come_last_and_log_their_chance(corpus: Corpus) -> None:
    interest = an_interest(
        corpus.db, likes=papers_of(corpus.db, "birds")[:40], places=10, exploration=0.2
    )
    slate = today(corpus, interest)
    assert [pick.explores for pick in slate.picks][-2:] == [True, True]
    assert any(pick.propensity < 1.0 for pick in slate.picks[-2:])
    for pick in slate.picks:
        # One far better than the others below the line may be sure to be drawn.
        assert 0.0 < pick.propensity <= 1.0
        assert pick.explores or pick.propensity == 1.0
        assert pick.explores == (not pick.is_above)
        assert (pick.reasons[0].kind is ReasonKind.EXPLORES) == pick.explores
    assert [pick.rank for pick in slate.picks] == list(range(len(slate.picks)))


def test_each_paper_says_why_in_its_own_words(corpus: Corpus) -> None:
    birds = papers_of(corpus.db, "birds")
    interest = an_interest(corpus.db, likes=birds[:5], authors=(("ann-stars", "Ann Stars"),))
    slate = today(corpus, interest)
    first = slate.picks[0]
    kinds = {reason.kind for reason in first.reasons}
    assert ReasonKind.WORDS in kinds
    assert ReasonKind.LIKES in kinds
    words = next(reason for reason in first.reasons if reason.kind is ReasonKind.WORDS)
    text = f"{first.document.title} {first.document.abstract}".lower()
    assert all(part in text for name in words.names for part in name.split())
    likes = next(reason for reason in first.reasons if reason.kind is ReasonKind.LIKES)
    assert all(name in likes.said for name in likes.names)
    weights = [reason.added for reason in first.reasons]
    assert weights == sorted(weights, reverse=True)
    followed = [
        reason.said
        for pick in slate.picks
        for reason in pick.reasons
        if reason.kind is ReasonKind.AUTHORS and "whom you follow" in reason.said
    ]
    assert followed
    assert followed[0].startswith("is by Ann Stars, whom you follow")


def test_a_dislike_sinks_what_is_like_it(corpus: Corpus) -> None:
    likes = papers_of(corpus.db, "birds")[:3] + papers_of(corpus.db, "stars")[:3]
    stars = set(papers_of(corpus.db, "stars", day=DAY))
    before = today(corpus, an_interest(corpus.db, likes=likes, places=10))
    dislikes = papers_of(corpus.db, "stars")[5:12]
    after = today(corpus, an_interest(corpus.db, likes=likes, dislikes=dislikes, places=10))
    assert len(shown(after) & stars) < len(shown(before) & stars)


# Rules and categories -----------------------------------------------------------------------------


def test_rules_hold_for_exploration_too(corpus: Corpus) -> None:
    rules = (MUST_WARBLER, Rule(RuleKind.NEVER, "plumage OR title:finch"))
    slate = today(corpus, an_interest(corpus.db, likes=[1], rules=rules))
    assert slate.picks
    for pick in slate.picks:
        text = f"{pick.document.title} {pick.document.abstract}"
        assert "warbler" in text
        assert "plumage" not in text
        assert "finch" not in pick.document.title
    assert slate.n_ruled_out == slate.n_announced - slate.n_stream


def test_a_rule_asks_for_all_of_its_words(corpus: Corpus) -> None:
    """A search settles for some of them where too few papers have all."""
    words = "warbler quasar"
    slate = today(corpus, an_interest(corpus.db, rules=(Rule(RuleKind.MUST, words),)))
    assert slate.picks == ()
    assert "leave none" in slate.notice


def test_rules_alone_bring_what_meets_them(corpus: Corpus) -> None:
    slate = today(corpus, an_interest(corpus.db, rules=(MUST_WARBLER,), places=30))
    texts = [f"{pick.document.title} {pick.document.abstract}" for pick in slate.picks]
    assert len(texts) == slate.n_stream > 3
    assert all("warbler" in text for text in texts)
    assert {pick.reasons[-1].kind for pick in slate.picks} >= {ReasonKind.RULES}


def test_rules_that_contradict_each_other_say_so(corpus: Corpus) -> None:
    rules = (MUST_WARBLER, Rule(RuleKind.NEVER, "warbler"))
    slate = today(corpus, an_interest(corpus.db, likes=[1], rules=rules))
    assert slate.picks == ()
    assert "contradict" in slate.notice


def test_a_rule_that_asks_for_nothing_changes_nothing(corpus: Corpus) -> None:
    slate = today(corpus, an_interest(corpus.db, likes=[1], rules=(Rule(RuleKind.MUST, '""'),)))
    assert slate.n_ruled_out == 0


def test_a_paper_the_index_does_not_know_waits_where_there_are_rules(corpus: Corpus) -> None:
    take_in(corpus.db, a_record(9_000, announced=DAY))
    slate = today(corpus, an_interest(corpus.db, likes=[1], rules=(Rule(RuleKind.NEVER, "zzz"),)))
    assert "1 paper cannot be looked at" in slate.notice
    assert slate.n_stream == 4 * N_PER_DAY


def test_categories_bound_the_stream(corpus: Corpus) -> None:
    slate = today(corpus, an_interest(corpus.db, likes=[1], categories=("NAT.stars",)))
    assert shown(slate) <= set(papers_of(corpus.db, "stars", day=DAY))
    whole = today(corpus, an_interest(corpus.db, likes=[1], categories=("nat",)))
    assert whole.n_ruled_out == 0
    none = today(corpus, an_interest(corpus.db, likes=[1], categories=("nat.sta", "hep.th")))
    assert none.picks == ()
    assert "leave none of the 40 papers" in none.notice


# Bad input ----------------------------------------------------------------------------------------


def test_an_empty_library_has_an_empty_slate(tmp_path: Path) -> None:
    corpus = a_corpus(tmp_path, a_record(1))
    with corpus.db.transaction() as transaction:
        transaction.run("UPDATE documents SET merged_into = 99")
    slate = today(corpus, an_interest(corpus.db))
    assert slate.picks == ()
    assert slate.notice == "The library holds no paper yet."
    assert "Too little evidence" in slate.promise
    corpus.db.close()


def test_a_library_of_one_paper(tmp_path: Path) -> None:
    corpus = a_corpus(tmp_path, a_record(1, announced=DAY))
    slate = today(corpus, an_interest(corpus.db, rules=(Rule(RuleKind.MUST, "measure"),)))
    assert shown(slate) == {1}
    liked = today(corpus, an_interest(corpus.db, likes=[1]))
    assert "You know all 1 paper of this stream" in liked.notice
    corpus.db.close()


def test_nothing_known_invites(corpus: Corpus) -> None:
    slate = today(corpus, an_interest(corpus.db))
    assert slate.picks == ()
    assert "like some papers" in slate.notice
    assert slate.n_stream == 4 * N_PER_DAY


def test_a_day_without_papers_says_so(corpus: Corpus) -> None:
    interest = an_interest(corpus.db, likes=[1])
    slate = today(corpus, interest, first=DAY + timedelta(1), day=DAY + timedelta(2))
    assert slate.picks == ()
    assert slate.notice == "No paper was announced: 2 Mar 2026 to 3 Mar 2026."


def test_an_interest_in_another_language_still_has_a_slate(tmp_path: Path) -> None:
    corpus = a_corpus(
        tmp_path,
        *subject_records(n_days=2),
        a_record(900, title="词向量的新方法", abstract="本文研究词向量。", announced=EARLIER),
        a_record(901, title="词向量与语言模型", abstract="我们研究词向量。", announced=DAY),
    )
    (liked, wanted) = (
        corpus.db.read("SELECT doc_no FROM documents WHERE doc_id = ?", (f"arxiv:2603.00{n}",))[0][
            0
        ]
        for n in (900, 901)
    )
    slate = today(corpus, an_interest(corpus.db, likes=[liked], places=5))
    assert wanted in shown(slate)
    corpus.db.close()


def test_a_thousand_likes_of_one_subject(tmp_path: Path) -> None:
    corpus = a_corpus(tmp_path, *subject_records(n_days=3, n_per_day=120))
    likes = papers_of(corpus.db, "birds") + papers_of(corpus.db, "stars")[:200]
    slate = today(corpus, an_interest(corpus.db, likes=likes))
    birds = set(papers_of(corpus.db, "birds", day=DAY)) | set(
        papers_of(corpus.db, "stars", day=DAY)
    )
    assert len(shown(slate) & birds) / len(shown(slate)) > 0.8
    assert slate.setting.promised
    corpus.db.close()


# Never twice --------------------------------------------------------------------------------------


def test_what_was_shown_is_not_shown_again_on_any_day_or_interest(corpus: Corpus) -> None:
    interest = an_interest(corpus.db, likes=papers_of(corpus.db, "birds")[:5], places=10)
    first = today(corpus, interest)
    assert publish(corpus, first, "mail")
    later = slate_of(corpus, interest, first=DAY, day=DAY + timedelta(1))
    assert not shown(first) & shown(later)
    other = an_interest(corpus.db, likes=papers_of(corpus.db, "birds")[:5], places=10)
    assert not shown(first) & shown(today(corpus, other))


def test_a_published_slate_stays_as_it_was(corpus: Corpus) -> None:
    interest = an_interest(corpus.db, likes=papers_of(corpus.db, "birds")[:30], places=6)
    first = today(corpus, interest)
    assert publish(corpus, first)
    with corpus.db.transaction() as transaction:
        for doc_no in papers_of(corpus.db, "stars")[:9]:
            put_judgment(transaction, interest.interest_no, doc_no, Judgment.LIKED, now=NOW)
        put_mark(transaction, 1, first.picks[0].document.doc_no, Mark.SAVED, now=NOW)
    again = today(corpus, interest)
    assert again.is_published
    assert [(p.document.doc_no, p.propensity, p.explores) for p in again.picks] == [
        (p.document.doc_no, p.propensity, p.explores) for p in first.picks
    ]
    assert [d.doc_no for d in again.more] == [d.doc_no for d in first.more]
    assert again.n_stream == first.n_stream
    assert publish(corpus, again)


def test_two_channels_that_race_publish_one_slate(corpus: Corpus) -> None:
    interest = an_interest(corpus.db, likes=papers_of(corpus.db, "birds")[:5], places=6)
    one, two = today(corpus, interest), today(corpus, interest)
    assert publish(corpus, one, "mail")
    assert not publish(corpus, two, "web")
    assert {entry.doc_no for entry in list_shown(corpus.db, interest.interest_no)} == shown(one)


def test_an_interest_dropped_meanwhile_publishes_nothing(corpus: Corpus) -> None:
    interest = an_interest(corpus.db, likes=[1])
    slate = today(corpus, interest)
    with corpus.db.transaction() as transaction:
        drop_interest(transaction, interest.interest_no, now=NOW)
    with pytest.raises(NotFoundError):
        publish(corpus, slate)
    assert list_shown(corpus.db, interest.interest_no) == []


def test_slates_of_a_reader_share_no_paper(corpus: Corpus) -> None:
    birds = papers_of(corpus.db, "birds")
    for likes in (birds[:5], birds[5:10], papers_of(corpus.db, "stars")[:5]):
        an_interest(corpus.db, likes=likes, places=8)
    an_interest(corpus.db, likes=birds[:5], state=State.PAUSED)
    slates = slates_of(corpus, 1, first=DAY, day=DAY)
    assert len(slates) == 3
    every = [doc_no for slate in slates for doc_no in shown(slate)]
    assert len(every) == len(set(every))
    assert slates_of(corpus, 2, first=DAY, day=DAY) == []


@pytest.mark.parametrize("mark", list(Mark))
def test_what_a_reader_did_something_to_is_no_news(corpus: Corpus, mark: Mark) -> None:
    interest = an_interest(corpus.db, likes=papers_of(corpus.db, "birds")[:5])
    first = today(corpus, interest).picks[0].document.doc_no
    with corpus.db.transaction() as transaction:
        put_mark(transaction, 1, first, mark, now=NOW)
    slate = today(corpus, interest)
    assert first not in shown(slate)
    assert slate.n_known == 1


def test_another_reader_s_reading_changes_nothing(corpus: Corpus) -> None:
    interest = an_interest(corpus.db, likes=papers_of(corpus.db, "birds")[:5])
    before = today(corpus, interest)
    other = an_interest(corpus.db, likes=papers_of(corpus.db, "birds")[:5], reader_no=2)
    assert publish(corpus, today(corpus, other))
    assert today(corpus, interest) == before
    assert shown_to(corpus.db, 1, list(shown(before))) == {}


def test_papers_that_became_one_are_shown_once(corpus: Corpus) -> None:
    interest = an_interest(corpus.db, likes=papers_of(corpus.db, "birds")[:5], places=6)
    slate = today(corpus, interest)
    publish(corpus, slate)
    old, new = slate.picks[0].document.doc_no, papers_of(corpus.db, "birds", day=DAY)[-1]
    with corpus.db.transaction() as transaction:
        transaction.run("UPDATE documents SET merged_into = ? WHERE doc_no = ?", (new, old))
    later = slate_of(corpus, interest, first=DAY, day=DAY + timedelta(1))
    assert new not in shown(later)


# Evidence of what was shown -----------------------------------------------------------------------


def test_what_exploration_finds_says_how_the_promise_was_kept(corpus: Corpus) -> None:
    likes = papers_of(corpus.db, "birds")[:30]
    interest = an_interest(corpus.db, likes=likes, places=20, exploration=0.3)
    slate = today(corpus, interest)
    publish(corpus, slate)
    above = [pick for pick in slate.picks if pick.is_above]
    explored = [pick for pick in slate.picks if pick.explores]
    with corpus.db.transaction() as transaction:
        for pick in [*above, explored[0]]:
            put_judgment(
                transaction, interest.interest_no, pick.document.doc_no, Judgment.LIKED, now=NOW
            )
    realised = today(corpus, interest).realised
    missed = 1 / explored[0].propensity
    if len(above) + 1 >= realised.n_needed:
        assert realised.miss_rate == pytest.approx(missed / (missed + len(above)))
    else:
        assert realised.miss_rate is None
    assert realised.n_likes == len(above) + 1


def test_holdings_can_be_tried_without_saving(corpus: Corpus) -> None:
    interest = an_interest(corpus.db, likes=papers_of(corpus.db, "birds")[:5])
    tried = Holdings(rules=(MUST_WARBLER,))
    slate = today(corpus, interest, holdings=tried)
    assert all("warbler" in f"{p.document.title} {p.document.abstract}" for p in slate.picks)
    assert today(corpus, interest).n_ruled_out == 0


def test_a_description_in_words_is_evidence(corpus: Corpus) -> None:
    words = SUBJECTS["tides"]
    slate = today(corpus, an_interest(corpus.db, description=words, places=8))
    chosen = {pick.document.doc_no for pick in slate.picks if not pick.explores}
    assert chosen <= set(papers_of(corpus.db, "tides", day=DAY))
    assert any("your description" in pick.why for pick in slate.picks)


def test_a_followed_author_alone_is_evidence(corpus: Corpus) -> None:
    slate = today(corpus, an_interest(corpus.db, authors=(("ann-soils", "Ann Soils"),), places=5))
    chosen = {pick.document.doc_no for pick in slate.picks if not pick.explores}
    assert chosen <= set(papers_of(corpus.db, "soils", day=DAY))


def test_the_library_s_growth_is_noticed(corpus: Corpus) -> None:
    before = corpus.backdrop()
    assert corpus.backdrop() is before
    take_in(corpus.db, *(a_record(number) for number in range(5_000, 5_200)))
    assert corpus.backdrop() is not before


def test_what_was_chosen_over_what_moves_the_weights(corpus: Corpus) -> None:
    """A reader who picks papers for their author, past others, weighs authors more."""
    birds = papers_of(corpus.db, "birds")
    interest = an_interest(corpus.db, likes=birds[:8])
    backdrop = corpus.backdrop()
    assert backdrop is not None

    def weights() -> list[float]:
        holdings = holdings_of(corpus.db, interest.interest_no)
        material = gather(corpus, backdrop, interest, holdings, day=DAY)
        return [float(weight) for weight in fit(material.known).interest.weights]

    assert weights() == list(WEIGHTS)
    slates = [(DAY - timedelta(back), papers_of(corpus.db, "birds", day=DAY - timedelta(back)))
              for back in (2, 1)]  # fmt: skip
    stars = papers_of(corpus.db, "stars")
    with corpus.db.transaction() as transaction:
        for number, (day, [wanted, *_]) in enumerate(slates):
            order = [*stars[10 * number : 10 * number + 4], wanted]
            put_shown(
                transaction,
                1,
                interest.interest_no,
                [Shown(doc_no, day, Place.CHOSEN, n, 1.0, True) for n, doc_no in enumerate(order)],
                channel="web",
                now=NOW,
            )
            put_judgment(transaction, interest.interest_no, wanted, Judgment.LIKED, now=NOW)
    moved = weights()
    assert moved != list(WEIGHTS)
    assert all(weight >= 0 for weight in moved)
    assert sum(moved) > sum(WEIGHTS), "what sets the picked apart counts more"


def test_vectors_that_come_later_are_seen(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    interest = an_interest(corpus.db, likes=papers_of(corpus.db, "birds")[:3])
    backdrop = corpus.backdrop()
    assert backdrop is not None
    today(corpus, interest)
    monkeypatch.setattr(Corpus, "mark", lambda self: ("model", 7))
    today(corpus, interest)
    assert len(backdrop.batches_kept) == 2


def test_what_the_index_knows_is_asked_for_each_stream_and_each_state_of_it(
    corpus: Corpus,
) -> None:
    backdrop = corpus.backdrop()
    assert backdrop is not None
    birds = corpus.batch(backdrop, papers_of(corpus.db, "birds"))
    stars = corpus.batch(backdrop, papers_of(corpus.db, "stars"))
    for batch in (birds, stars, birds):
        assert corpus.indexed(batch) == set(batch.doc_nos.tolist()) != set()
    take_in(corpus.db, a_record(9_000, announced=DAY, categories=("nat.new",)))
    late = corpus.batch(backdrop, papers_of(corpus.db, "new", day=DAY))
    assert (len(late), corpus.indexed(late)) == (1, frozenset())
    corpus.index.follow(StoreChanges(corpus.db))
    assert corpus.indexed(late) == set(late.doc_nos.tolist())
