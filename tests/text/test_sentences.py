from itertools import pairwise
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.text.sentences import sentences


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("See e.g. Fig. 2 of Smith et al. Then go.", ["See e.g. Fig. 2 of Smith et al. Then go."]),
        ("We gain 3.5 points. It works.", ["We gain 3.5 points.", "It works."]),
        ("By J. R. Smith. New.", ["By J. R. Smith.", "New."]),
        ("For $x. Y$ we win. (Really.) Yes.", ["For $x. Y$ we win.", "(Really.)", "Yes."]),
        ("Code: https://example.org/a.b. Done.", ["Code: https://example.org/a.b.", "Done."]),
        ("一句。两句。", ["一句。", "两句。"]),
        ("Wait ... what?! Yes.", ["Wait ... what?!", "Yes."]),
        ("no end", ["no end"]),
        ("  ", []),
    ],
)
def test_sentences(text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == found


@pytest.mark.parametrize("sign", [".", "…", "!?", ".)", ". ", ".\n(", "。"])
def test_a_hundred_thousand_signs_take_no_time(sign: str) -> None:
    text = sign * (100_000 // len(sign))
    began = thread_time()
    assert sentences(text)
    assert thread_time() - began < 5


@given(st.text())
def test_sentences_cover_all_but_space_in_order(text: str) -> None:
    spans = sentences(text)
    assert "".join("".join(text[s:e].split()) for s, e in spans) == "".join(text.split())
    assert all(s < e for s, e in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
