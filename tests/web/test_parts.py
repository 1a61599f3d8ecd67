"""The pure parts: calendar, words, marks, differences, addresses, refinements."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.addresses import author_path, day_path, paper_path, search_path, web_address
from broadsheet.search.query import parse_query
from broadsheet.text.wording import clip, counted, file_name, listed, long_day, opening, visible
from broadsheet.web.calendar import LEVEL_MAX, WEEKS, compose_strip
from broadsheet.web.difference import Fate, compare
from broadsheet.web.guard import host_name
from broadsheet.web.marking import mark
from broadsheet.web.parameters import paginate
from broadsheet.web.refine import terms_of


@given(st.dates(), st.dates(), st.integers(0, 1_000))
def test_the_strip_holds_the_shown_day_in_whole_weeks(shown: date, today: date, n: int) -> None:
    weeks = compose_strip(shown, today, {shown: n} if n else {})
    cells = [cell for week in weeks for cell in week.days]
    assert len(weeks) <= WEEKS
    assert [cell.day for cell in cells if cell.is_shown] == [shown]
    assert [week.holds_shown for week in weeks].count(True) == 1
    days = [cell.day for cell in cells]
    assert days == [days[0] + timedelta(k) for k in range(len(days))]
    if date(1, 2, 1) < shown < date(9999, 11, 1):
        assert [len(week.days) for week in weeks] == [7] * WEEKS
        assert days[0].weekday() == 0
    assert max(cell.level for cell in cells) == (LEVEL_MAX if n else 0)


def test_a_day_with_one_paper_beside_a_full_one_still_shows() -> None:
    strip = compose_strip(
        date(2026, 3, 3), date(2026, 3, 3), {date(2026, 3, 3): 1, date(2026, 3, 2): 900}
    )
    levels = {cell.day.day: cell.level for week in strip for cell in week.days if cell.level}
    assert levels == {2: LEVEL_MAX, 3: 1}


@given(st.integers(0, 5_000), st.integers(-5, 10_000), st.integers(1, 100))
def test_pages_lie_within_what_there_is(total: int, wanted: int, per_page: int) -> None:
    paging = paginate(total, wanted, per_page)
    assert 1 <= paging.number <= paging.n_pages
    assert 0 <= paging.start <= paging.stop <= total
    assert paging.stop - paging.start <= per_page
    assert (paging.stop > paging.start) == (total > 0)


@given(st.text(max_size=40), st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60))))
def test_marking_loses_nothing(text: str, spans: list[tuple[int, int]]) -> None:
    assert "".join(segment.text for segment in mark(text, spans)) == text


def test_marks_stand_where_they_should() -> None:
    segments = mark("sparse attention", [(7, 16), (0, 6), (3, 5)])
    assert [s.text for s in segments if s.is_marked] == ["sparse", "attention"]


WORDS = st.lists(st.sampled_from(["a", "b", "c", "dd", "é"]), max_size=12).map(" ".join)


@given(WORDS, WORDS)
def test_a_difference_spells_both_texts(before: str, after: str) -> None:
    pieces = compare(before, after)
    assert "".join(p.text for p in pieces if p.fate != Fate.NEW).split() == before.split()
    assert "".join(p.text for p in pieces if p.fate != Fate.GONE).split() == after.split()


def test_long_texts_are_given_whole() -> None:
    assert len(compare("a " * 5_000, "b " * 5_000)) == 2


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://arxiv.org/abs/2603.00001", True),
        ("http://localhost:8000/x?y=1&z=%20#f", True),
        ("https://例え.jp/", True),
        ("javascript:alert(1)", False),
        ("JAVASCRIPT:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example", False),
        ("/local", False),
        ("https://user:secret@host/", False),
        ("https://host/\u202egpj", False),
        ("https://host/ a", False),
        ("https://host/\n", False),
        ('https://host/"x', False),
        ("https://", False),
        ("https://h:0/", False),
        ("https://h:99999/", False),
        ("https://[::1", False),
        ("https://h/" + "x" * 3_000, False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(url: str, allowed: bool) -> None:
    assert (web_address(url) is not None) == allowed


def test_paths() -> None:
    assert paper_path("arxiv:math/0309136") == "/paper/arxiv:math/0309136"
    assert paper_path("id:a/../b") == "/paper/id:a%2F..%2Fb"
    assert paper_path("id:x?y#z") == "/paper/id:x%3Fy%23z"
    assert author_path("kaiming-he") == "/author/kaiming-he"
    assert day_path(date(2026, 3, 1), "cs.CL", 2) == "/day/2026-03-01?category=cs.CL&page=2"
    assert search_path('a "b" & c') == "/search?q=a+%22b%22+%26+c"
    assert search_path("") == "/search"


@pytest.mark.parametrize(
    ("query", "term", "narrowed"),
    [
        ("agents", "year:2026", "agents year:2026"),
        ("a OR b", "has:code", "(a OR b) has:code"),
        ("", "category:cs.CL", "category:cs.CL"),
        ("x year:2026", "year:2026", "x year:2026"),
        ("(broken", 'venue:"NAACL 2025"', 'broken venue:"NAACL 2025"'),
    ],
)
def test_a_query_is_narrowed_and_widened(query: str, term: str, narrowed: str) -> None:
    result = terms_of(query).narrowed(term)
    assert parse_query(result).root == parse_query(narrowed).root
    assert terms_of(result).has(term)
    assert not terms_of(terms_of(result).widened(term)).has(term)


@pytest.mark.parametrize(
    ("header", "name"),
    [("localhost:8000", "localhost"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("A.B", "a.b"),
     ("h:", "h:"), ("h:x", "h:x"), ("", "")],
)  # fmt: skip
def test_host_names(header: str, name: str) -> None:
    assert host_name(header) == name


def test_words() -> None:
    assert long_day(date(1, 1, 1)) == "Monday, 1 January 1"
    assert (counted(1, "paper"), counted(2_000, "paper")) == ("1 paper", "2,000 papers")
    assert (listed([]), listed(["a"]), listed("abc")) == ("", "a", "a, b and c")
    assert (clip("abcdef", 4), clip("abcd", 4)) == ("abc…", "abcd")
    assert visible("a\u202eb\x00c\ud800d") == "abcd"
    assert visible("naïve 漢字 العربية\n") == "naïve 漢字 العربية\n"
    assert (file_name("/a/b.bib"), file_name("C:\\x\\y.ris"), file_name("-")) == (
        "b.bib",
        "y.ris",
        "-",
    )


def test_openings_end_well() -> None:
    text = "One sentence here. Another one, a little longer, follows it. Third."
    assert opening("It takes $O(n + m)$ steps", 14) == "It takes…"
    assert opening(text, 1_000) == text
    assert opening(text, 64) == "One sentence here. Another one, a little longer, follows it."
    assert opening(text, 40) == "One sentence here. Another one, a…"
    assert opening("x" * 50, 10) == "x" * 10 + "…"
