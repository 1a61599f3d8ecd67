import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.text.fold import fold, title_key


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Schrödinger", "schrodinger"),
        (r"Schr\"odinger", "schrodinger"),
        ("Schrodinger", "schrodinger"),
        ("Straße, Ørsted, Łukasz, Æon", "strasse, orsted, lukasz, aeon"),
        ("α-divergence", "α-divergence"),
        (r"$\alpha$-divergence", "α -divergence"),
        (r"$\ell_1$ norm", "l1 norm"),
        ("ℓ1 norm", "l1 norm"),
        (r"$\mathcal{O}(n^2)$", "o(n2)"),
        ("Hangul 한국어 かな", "hangul 한국어 かな"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_fold_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_title_key_sees_through_case_accents_punctuation_and_spacing() -> None:
    key = title_key("On the 3D-aware Schrödinger Bridge")
    assert 0 < key < 2**63
    assert title_key(r"ON THE 3D aware: Schr\"odinger bridge.") == key
    assert title_key("On the 3D-aware Schrödinger Bridges") != key


@pytest.mark.parametrize("title", ["", "Editorial", "Two words", "a b c d", "!!! ???"])
def test_title_key_of_titles_that_tell_nothing_is_zero(title: str) -> None:
    assert title_key(title) == 0
