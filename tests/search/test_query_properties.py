"""Reading a query never fails, is bounded, and survives being printed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.search.query import TERMS_MAX, format_query, leaves, parse_query

PIECES = st.sampled_from(
    ['"', "(", ")", "-", "--", "OR", "AND", "NOT", " ", "  ", "*", ":", "\\", '\\"', "a", "bc",
     "title:", "author:", "year:", "2019..2022", "2022", "..", "announced:", "2026-03-01",
     "2026-13", "has:", "code", "like:", "id:", "arxiv:2509.01234", "category:", "cs.CL", "foo:",
     "\n", "深度", "🙂", "$x^2$", "É", "{\\'e}", "transf*", "'; DROP TABLE x; --", "<b>", "9" * 30,
     "10.1/x(3)y", "“", "”"]
)  # fmt: skip
ANY_TEXT = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=30).map("".join))


@settings(max_examples=1500, deadline=None)
@given(ANY_TEXT)
def test_printing_and_reading_again_gives_the_same_tree(text: str) -> None:
    root = parse_query(text).root
    assert parse_query(format_query(root)).root == root


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='()-"OR abc:*', max_size=400), st.integers(1, 200))
def test_what_is_read_is_bounded(text: str, times: int) -> None:
    assert len(leaves(parse_query(text * times).root, negated=True)) <= TERMS_MAX


def test_a_quotation_mark_in_a_name_is_not_part_of_it() -> None:
    """Found by the property above: `category:0\\"` printed what read back as another name."""
    for text in ('CAT:0\\\\"', 'like:a\\"b', 'id:"x\\""'):
        root = parse_query(text).root
        assert parse_query(format_query(root)).root == root
