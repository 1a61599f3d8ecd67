"""Mathematics as MathML; whatever is hostile or cannot be converted stays text."""

from __future__ import annotations

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.web.mathematics import typeset
from tests.web.newsroom import read_sheet


def sheet_of(text: str) -> str:
    return f"<title>t</title><main><h1>{typeset(text)}</h1></main>"


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("an $x_i^2$ b", "<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>"),
        (r"in \(\mathcal{O}(n)\) steps", "<mi>𝒪</mi>"),
        (r"$$\frac{a}{b}$$", "<mfrac>"),
        (r"$\mathbb{R}^d$", "<mi>ℝ</mi>"),
        (r"$\alpha \leq \beta$", "<mi>α</mi><mo>≤</mo>"),
        (r"$\R^d$", "<mi>ℝ</mi>"),
        (r"$1-\eps$", "<mi>ϵ</mi>"),
        (r"$\polylog n$", "<mi>polylog</mi>"),
        (r"$\mathbb F_2$", "<mi>𝔽</mi>"),
        (r"${\cal L}$", "<mi>ℒ</mi>"),
        (r"$\boldsymbol{\alpha}$", "<mi>𝜶</mi>"),
        (r"$\mathbf{x1}$", "<mi>𝐱</mi><mn>𝟏</mn>"),
        (r"$X \sim p$", "<mo>∼</mo>"),
    ],
)
def test_formulas_become_mathml(text: str, markup: str) -> None:
    assert markup in typeset(text)
    assert "alttext=" in typeset(text)
    assert not read_sheet(sheet_of(text)).faults


@pytest.mark.parametrize(
    "text",
    [
        "costs $5 and $6", "no mathematics <b>", r"$\unknowncommand{x}$", "$" + "{" * 900 + "$",
        "loses $1M in a week and wins $", r"$\href{https://example.org}{here and there}$",
        "$" + "\\frac{" * 150 + "$", "$" + "x" * 2_000 + "$",
    ],
)  # fmt: skip
def test_what_is_no_formula_stays_as_written(text: str) -> None:
    assert "<math" not in typeset(text)
    assert typeset(text).unescape() == text


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<img src=x onerror=alert(1)>}", r"\text{&lt;script&gt;alert(1)&lt;/script&gt;}",
        r"\href{javascript:alert(1)}{y}", r"\style{background:url(//evil)}{x}", r"\class{a}{b}",
        r"\mathrm{<script>}", r"\text{&#60;b&#62;}", r"\color{red;x:y}{z}", r"\id{main}{x}",
        r"\operatorname{<b>}", r"\mbox{<iframe>}", r"\hspace{1em;onclick=x}a",
    ],
)  # fmt: skip
def test_nothing_but_mathematics_comes_out(latex: str) -> None:
    sheet = read_sheet(sheet_of(f"a ${latex}$ b"))
    assert not sheet.faults
    for element in sheet.elements:
        assert element.tag in {"title", "main", "h1", "math", "style"} or element.tag[0] == "m"
        assert not {"href", "style", "class", "id", "src"} & set(element.attributes)
    assert not sheet.all("style", "script", "img")


@given(st.text("$\\{}^_&<>abc12 frac\"'", max_size=80))
def test_no_text_breaks_a_page(text: str) -> None:
    assert not read_sheet(sheet_of(text)).faults


def test_a_long_formula_may_break_after_its_operators() -> None:
    made = typeset(r"$f(x) := -a + b \le \left(c_1 + c_2 + c_3 + c_4, d_1 + d_2 + d_3\right)$")
    assert not read_sheet(sheet_of(r"$a + b + c + d + e + f + g + h + i$")).faults
    pieces = ["".join(re.findall(r">([^<]+)<", piece)) for piece in made.split("<wbr>")]
    assert pieces == [
        "f(x):=", "−a+", "b≤", "(c1+", "c2+", "c3+", "c4,", "d1+", "d2+", "d3)"
    ]  # fmt: skip
    assert "<wbr>" not in typeset("$a + b = c$")


def test_a_page_of_formulas_stays_small() -> None:
    assert len(typeset("$x^{a_1}$" * 5_000)) <= 60_000


@pytest.mark.parametrize("unit", ["$'", "$x^2$ ", r"$\frac{a}{b}$ ", r"$\zz{$ ", "$a", r"\(a\)"])
def test_an_abstract_of_ten_thousand_formulas_stays_text_and_takes_no_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    began = process_time()
    assert "<math" not in typeset(text)
    assert process_time() - began < 1
