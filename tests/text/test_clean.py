import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from broadsheet.text.clean import clean_text

PIECES = [
    *("$", "\\", "{", "}", "~", "--", "---", "``", "''", "&amp;", "&lt;", "<p>", "</i>", "<i>"),
    *("\\emph", "\\'", "e", "x_i", " ", "\\$", "5", "(cid:173)", "(cid:12)", "\u00ad", "\u200b"),
    *("\\(", "\\)", "\\[", "\\]", "\\href{a}", "\\cite{b}", "\\\\", "\u0301", "ﬁ", "&#x26;"),
]
MARKUP = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("plain words, (nothing) to do: 50%.", "plain words, (nothing) to do: 50%."),
        ("  two\n lines\u00a0here ", "two lines here"),
        ("a\u200bb\u202e c\x00d \ud800e", "ab cd e"),
        ("\u05e9\u05dc\u05d5\u05dd \u202bx\u202c", "\u05e9\u05dc\u05d5\u05dd x"),
        ("e\u0301", "é"),
        ("Ortho(cid:173) normal struc(cid:173)\ntures", "Orthonormal structures"),
        ("(cid:12)xed points (cid:3) here", "fixed points here"),
        ("cou\u00ad pling", "coupling"),
        ("eﬃcient ﬁt", "efficient fit"),
        ("A &amp; B &amp;amp; C &lt; D &nosuch; AT&T", "A & B & C < D &nosuch; AT&T"),
        ("<p>H<sub>2</sub>O <jats:italic>in</jats:italic> vitro</p>", "H2O in vitro"),
        ("&lt;jats:p&gt;Twice&lt;/jats:p&gt;", "Twice"),
        ("tokens <SEG> and <i>", "tokens <SEG> and <i>"),
        ("a < b > c", "a < b > c"),
        (r"Schr\"odinger, Poincar\'{e}, {\'e}t\'e", "Schrödinger, Poincaré, été"),
        (r"Erd\H{o}s, Fran\c{c}ois, \v{S}, \v Z, na\"{\i}ve", "Erdős, François, Š, Ž, naïve"),
        (r"{\o}rsted, {\L}ukasz, \AA ngstr\"om, Stra\ss{}e", "ørsted, Łukasz, Ångström, Straße"),
        (r"\textit{we \textbf{do}} {\em it} \emph{now}", "we do it now"),
        (r"see Fig.~2 and e.g.~this~\cite{x}, ~50%", "see Fig. 2 and e.g. this, ~50%"),
        ("one---two, 1--2, a -- b, run --force", "one—two, 1–2, a – b, run --force"),
        ("``quoted''", "“quoted”"),
        (r"50\% of R\&D costs \$5", "50% of R&D costs $5"),
        (r"\url{https://example.org/a_b}", "https://example.org/a_b"),
        (r"\href{https://example.org/x}{code}", "code (https://example.org/x)"),
        (r"$\mathcal{O}(n~\log n)$ and $a<b$", r"$\mathcal{O}(n~\log n)$ and $a<b$"),
        (r"\(x--y\), \[\'e\]", r"\(x--y\), \[\'e\]"),
        ("from $5 to $10 -- or", "from $5 to $10 – or"),
        (
            r"at $\href{https://example.org/x}{\texttt{here}}$ now",
            "at here (https://example.org/x) now",
        ),
        (r"$1M--2 of what some people \emph{say}$ is \'a", "$1M–2 of what some people say$ is á"),
        (r"$x~\text{if all of the words} ~y$", r"$x~\text{if all of the words} ~y$"),
        (r"an unknown \foo{x}", r"an unknown \foo{x}"),
        ("", ""),
    ],
)
def test_clean_text(raw: str, clean: str) -> None:
    assert clean_text(raw, chars_max=1_000) == clean


@given(st.one_of(st.text(), MARKUP), st.integers(min_value=0, max_value=60))
@example("$a~b--c$" * 8, 5)
def test_clean_text_is_idempotent_and_bounded(raw: str, chars_max: int) -> None:
    clean = clean_text(raw, chars_max=chars_max)
    assert len(clean) <= chars_max
    assert clean_text(clean, chars_max=chars_max) == clean
    assert "\x00" not in clean
    clean.encode("utf-8")


@pytest.mark.parametrize(
    "unit", ["$", "\\(", "~", "{\\em ", "<", "&amp;", "\\'{", "``", "(cid:", "<i>x"]
)
def test_long_debris_takes_linear_time(unit: str) -> None:
    assert len(clean_text(unit * 100_000, chars_max=100_000)) <= 100_000
