import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.rank.aspects import ASPECTS, Aspect, aspect_shares

ABSTRACT = [
    "Machine translation has been an important problem for many years.",
    "However, existing systems remain limited by little data.",
    "In this paper, we propose a new encoder based on convolutions.",
    "We train it on parallel corpora using gradient descent.",
    "Experiments show that it outperforms strong baselines by 3.2%.",
]


def test_a_plain_abstract_runs_from_background_to_result() -> None:
    labels = [ASPECTS[row] for row in aspect_shares(ABSTRACT).argmax(axis=1)]
    assert labels[:2] == [Aspect.BACKGROUND, Aspect.BACKGROUND]
    assert labels[3:] == [Aspect.METHOD, Aspect.RESULT]


def test_words_can_overrule_the_place() -> None:
    first = aspect_shares(["Experimental results show that we achieve 91% accuracy."])
    assert ASPECTS[int(first[0].argmax())] is Aspect.RESULT


def test_no_sentences_no_shares() -> None:
    assert aspect_shares([]).shape == (0, 3)


@given(st.lists(st.sampled_from([*ABSTRACT, "", "…", "$x$"]), min_size=1, max_size=12))
def test_shares_sum_to_one_and_never_run_backwards(sentences: list[str]) -> None:
    shares = aspect_shares(sentences)
    assert np.allclose(shares.sum(axis=1), 1.0)
    assert np.isfinite(shares).all()
    # In every way to cut, background only ends and result only begins.
    assert (np.diff(shares[:, 0]) <= 1e-9).all()
    assert (np.diff(shares[:, 2]) >= -1e-9).all()
