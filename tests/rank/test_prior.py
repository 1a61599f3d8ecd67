"""What a paper may expect: known-answer worlds in which one thing draws the votes."""

from datetime import date, timedelta

import numpy as np
import pytest

from broadsheet.rank.prior import FEATURES, DecayingMean, History, Listed, explain

MONDAY = date(2026, 3, 2)


def learnt(loved: str, *, n_days: int = 30) -> History:
    """Each day has ten papers; those with `loved` draw 20 votes, the others 2."""
    rng, history = np.random.default_rng(7), History()
    for number in range(n_days):
        papers = [paper_of(rng, key=f"{number}:{place}") for place in range(10)]
        sheet = history.look(MONDAY + timedelta(number), papers)
        votes = [20 if is_loved(paper, loved) else 2 for paper in papers]
        history.learn(sheet, np.log1p(votes))
    return history


def paper_of(rng: np.random.Generator, *, key: str) -> Listed:
    names = [f"author {number}" for number in rng.integers(0, 40, 3)]
    return Listed(
        key,
        title=f"study {key}",
        authors=tuple(names),
        code_owner="lab" if rng.random() < 0.5 else "",
        has_page=bool(rng.random() < 0.5),
    )


def is_loved(paper: Listed, loved: str) -> bool:
    return bool(paper.code_owner) if loved == "code" else loved in paper.authors


def test_code_is_learnt_where_code_draws_votes() -> None:
    weights = dict(zip(FEATURES, learnt("code").weights(), strict=True))
    assert weights["code"] > 3 * abs(weights["project page"])


def test_an_author_who_drew_votes_is_expected_to_draw_them() -> None:
    history = learnt("author 3")
    day = MONDAY + timedelta(40)
    papers = [Listed("known", "a", authors=("author 3",)), Listed("new", "b", authors=("nobody",))]
    known, new = history.look(day, papers).table @ history.weights()
    assert known > new
    assert history.author_record(["author 3"], day) > 0.5
    assert history.author_record(["nobody"], day) == 0.0


def test_a_look_teaches_nothing() -> None:
    history = learnt("code", n_days=10)
    before = history.weights()
    papers = [Listed("one", "a", code_owner="lab"), Listed("two", "b")]
    first = history.look(MONDAY + timedelta(50), papers).table
    second = history.look(MONDAY + timedelta(50), papers).table
    assert np.array_equal(before, history.weights())
    assert np.array_equal(first, second)


def test_nothing_learnt_expects_nothing() -> None:
    history = History()
    assert not history.weights().any()
    assert history.look(MONDAY, []).table.shape == (0, len(FEATURES))
    assert history.look(MONDAY, [Listed("only", "alone")]).table.any() is np.False_


def test_a_day_of_one_paper_has_no_contest() -> None:
    history = History()
    history.learn(history.look(MONDAY, [Listed("only", "alone")]), [3.0])
    assert history.n_papers == 0


def test_columns_are_less_their_mean_over_the_day() -> None:
    rng = np.random.default_rng(1)
    table = learnt("code").look(MONDAY + timedelta(60), [paper_of(rng, key="x") for _ in range(9)])
    assert table.table.mean(axis=0) == pytest.approx(np.zeros(len(FEATURES)), abs=1e-12)


def test_left_out_features_have_no_weight() -> None:
    weights = learnt("code").weights(without=["code"])
    assert weights[FEATURES.index("code")] == 0.0


def test_shares_of_an_expectation_sum_to_it() -> None:
    history = learnt("code")
    papers = [Listed("a", "x", code_owner="lab"), Listed("b", "y: z?", authors=("author 3",))]
    table, weights = history.look(MONDAY + timedelta(60), papers).table, history.weights()
    parts = explain(table[0], weights, n=len(FEATURES))
    assert sum(part for _, part in parts) == pytest.approx(table[0] @ weights, abs=0.2)
    assert parts[0][0] == "code"


def test_a_record_halves_in_its_half_life() -> None:
    mean = DecayingMean(half_life_d=10)
    mean.add("lab", 4.0, MONDAY)
    assert mean.total("lab", MONDAY + timedelta(10)) == pytest.approx((2.0, 0.5))
    assert mean.mean("lab", MONDAY, shrink=1.0) == pytest.approx(2.0)
    assert mean.mean("other", MONDAY, shrink=1.0) == 0.0
