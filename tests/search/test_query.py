"""What the query language means, as a table."""

from __future__ import annotations

from datetime import date
from time import thread_time

import pytest

from broadsheet.search.query import (
    And,
    Announced,
    Category,
    Has,
    Identifier,
    Like,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Word,
    Years,
    format_query,
    leaves,
    parse_query,
)

A, B, C = Word("a"), Word("b"), Word("c")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("   ", None),
        ("diffusion", Word("diffusion")),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a OR b", Or((A, B))),
        ("a b OR c", And((A, Or((B, C))))),
        ("a OR b c", And((Or((A, B)), C))),
        ("(a b) OR c", Or((And((A, B)), C))),
        ("a (b c)", And((A, B, C))),
        ("-a", Not(A)),
        ("NOT a b", And((Not(A), B))),
        ("-(a OR b)", Not(Or((A, B)))),
        ("-NOT a", A),
        ("a or b", And((A, Word("or"), B))),
        ('"exact phrase"', Phrase("exact phrase")),
        ("“curly   quotes”", Phrase("curly quotes")),
        ('-"a b"', Not(Phrase("a b"))),
        ("transf*", Prefix("transf")),
        ("title:transf*", Prefix("transf", "title")),
        ("title:word", Word("word", "title")),
        ('author:"Yann LeCun"', Phrase("Yann LeCun", "author")),
        ("abstract:(a OR b)", Or((Word("a", "abstract"), Word("b", "abstract")))),
        ("title:(a -b)", And((Word("a", "title"), Not(Word("b", "title"))))),
        ("category:(cs.CL OR cs.CV)", Or((Category("cs.CL"), Category("cs.CV")))),
        ("venue:NeurIPS", Word("NeurIPS", "venue")),
        ("category:cs.*", Category("cs")),
        ("year:2020", Years(2020, 2020)),
        ("year:2019..2022", Years(2019, 2022)),
        ("year:2019-2022", Years(2019, 2022)),
        ("year:2022..2019", Years(2019, 2022)),
        ("year:2019..", Years(2019, None)),
        ("year:..2022", Years(None, 2022)),
        ("year:0..99999999999", Years(0, 9999)),
        ("announced:2026-03-01..", Announced(date(2026, 3, 1), None)),
        ("announced:2026-03-01", Announced(date(2026, 3, 1), date(2026, 3, 1))),
        ("announced:2026-02", Announced(date(2026, 2, 1), date(2026, 2, 28))),
        ("announced:2025..2026-01", Announced(date(2025, 1, 1), date(2026, 1, 31))),
        ("announced:2026-05..2026-03", Announced(date(2026, 3, 1), date(2026, 5, 31))),
        ("has:code -has:figures", And((Has("code"), Not(Has("figures"))))),
        ("like:arxiv:2509.01234", Like("arxiv:2509.01234")),
        ("(like:doi:10.1/x(3)y OR b)", Or((Like("doi:10.1/x(3)y"), B))),
        ("(id:doi:10.1/x)", Identifier("doi:10.1/x")),
        ("arXiv:2509.01234v2", Identifier("arxiv:2509.01234")),
        ("https://arxiv.org/abs/2509.01234", Identifier("arxiv:2509.01234")),
        ("10.1016/S0140-6736(20)30183-5", Identifier("doi:10.1016/s0140-6736(20)30183-5")),
        ("a (DOI:10.1000/x(1) OR b)", And((A, Or((Identifier("doi:10.1000/x(1)"), B))))),
        ("-https://doi.org/10.1000/x(1)", Not(Identifier("doi:10.1000/x(1)"))),
        ("category:cs.CL,cs.CV", Or((Category("cs.CL"), Category("cs.CV")))),
        (r"Schr\"odinger bridge", And((Word(r"Schr\"odinger"), Word("bridge")))),
        (r"author:G\"odel", Word(r"G\"odel", "author")),
        ("state-of-the-art", Word("state-of-the-art")),
        ("--flag", Word("flag")),
        ("& — 🙂", None),
        ("BERT: pre-training", And((Word("BERT"), Word("pre-training")))),
    ],
)
def test_is_read_without_notice(text: str, expected: Node | None) -> None:
    query = parse_query(text)
    assert query.root == expected
    assert query.notices == ()
    assert parse_query(format_query(query.root)).root == expected


@pytest.mark.parametrize(
    ("text", "expected", "notice"),
    [
        ('"never closed', And((Word("never"), Word("closed"))), "never closed"),
        ("a OR", A, "both sides"),
        ("OR a", A, "both sides"),
        ("OR AND", None, "both sides"),
        ("a OR OR b", Or((A, B)), "both sides"),
        ("NOT", None, "needs a term"),
        ("(a b", And((A, B)), "bracket is never closed"),
        ("a) b", And((A, B)), "without an opening"),
        ('a ""', A, "empty phrase"),
        ("foo:bar", And((Word("foo"), Word("bar"))), "no field foo"),
        ("year:soon", And((Word("year"), Word("soon"))), "could not be read"),
        ("announced:2026-02-31", And((Word("announced"), Word("2026-02-31"))), "could not"),
        ("has:everything", And((Word("has"), Word("everything"))), "could not be read"),
        ("a*", A, "too short"),
    ],
)
def test_what_does_not_parse_is_read_as_words_and_said(
    text: str, expected: Node | None, notice: str
) -> None:
    query = parse_query(text)
    assert query.root == expected
    assert any(notice in said for said in query.notices), query.notices


@pytest.mark.parametrize(
    "text",
    ["a " * 5_000, "(" * 10_000, '"' * 9_999, "-" * 10_000, "NOT " * 2_500, "x" * 50_000,
     '\\"' * 5_000, "(a OR " * 2_000, "title:(" * 1_500, "ab* " * 2_000, ") OR (" * 1_600,
     "'; DROP TABLE documents; --", "<script>alert(1)</script>", r"$\frac{1}{2}$", "深度学习"],
)  # fmt: skip
def test_anything_is_read_quickly_and_bounded(text: str) -> None:
    began = thread_time()
    query = parse_query(text)
    assert thread_time() - began < 1.0
    assert len(leaves(query.root, negated=True)) <= 128
    assert sum(isinstance(leaf, Prefix) for leaf in leaves(query.root)) <= 8


def test_leaves_leave_out_what_is_excluded() -> None:
    root = parse_query("a -b (c OR -d)").root
    assert leaves(root) == [A, C]
    assert leaves(root, negated=True) == [A, B, C, Word("d")]
