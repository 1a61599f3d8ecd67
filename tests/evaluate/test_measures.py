import math

import ir_measures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.evaluate.measures import (
    average_precision,
    measure_named,
    ndcg,
    ndcg_share,
    recall,
    reciprocal_rank,
)

DOCS = [f"d{number}" for number in range(12)]
NAMES = ["nDCG@10", "nDCG@3", "AP", "AP(rel=2)", "RR", "R@2", "R@10", "P@5", "P(rel=2)@5"]


@settings(deadline=None, max_examples=40)
@given(
    st.permutations(DOCS),
    st.integers(0, 12),
    st.dictionaries(st.sampled_from([*DOCS, "missing"]), st.integers(0, 3), min_size=1),
)
def test_measures_agree_with_ir_measures(
    order: list[str], n_found: int, judged: dict[str, int]
) -> None:
    ranking = order[:n_found]
    qrels = [ir_measures.Qrel("q", doc, grade) for doc, grade in judged.items()]
    run = [ir_measures.ScoredDoc("q", doc, -float(rank)) for rank, doc in enumerate(ranking)]
    if not run:
        run = [ir_measures.ScoredDoc("q", "nothing", 0.0)]
    for name in NAMES:
        measure = ir_measures.parse_measure(name)
        theirs = [metric.value for metric in ir_measures.iter_calc([measure], qrels, run)]
        assert measure_named(name)(ranking, judged) == pytest.approx(theirs[0], abs=1e-6), name


def test_known_values() -> None:
    judged = {"a": 1, "b": 2, "c": 0}
    assert average_precision(["c", "a", "b"], judged) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert average_precision(["c", "a", "b"], judged, level=2) == pytest.approx(1 / 3)
    assert reciprocal_rank(["c", "a"], judged) == 0.5
    assert recall(["a"], judged, 10) == 0.5
    ideal = 2 + 1 / math.log2(3)
    assert ndcg(["a", "b"], judged, 10) == pytest.approx((1 + 2 / math.log2(3)) / ideal)


def test_without_relevant_documents_all_measures_are_zero() -> None:
    for name in NAMES:
        assert measure_named(name)(["a", "b"], {"a": 0}) == 0.0


def test_ndcg_of_a_share_cuts_at_a_fifth_rounded_down() -> None:
    ranking = [f"d{number}" for number in range(9)]
    assert ndcg_share(ranking, {"d1": 3}, 0.2) == 0.0
    assert ndcg_share([*ranking, "d9"], {"d1": 3}, 0.2) > 0.0


@pytest.mark.parametrize("name", ["", "nDCG", "R", "AP@5", "nonsense@5", "R%5", "nDCG@x"])
def test_an_unknown_measure_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        measure_named(name)
