from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.text.markup import markdown_of, words_of


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("plain &amp; simple", "plain & simple"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<p>one<br/>two</p>", "one\ntwo"),
        ("<h2>Head</h2>\n<p>text</p>", "## Head\n\ntext"),
        ("<p>A <strong>bold</strong>, <em>slanted</em> claim</p>", "A **bold**, *slanted* claim"),
        ("<ul>\n<li>one</li>\n<li><p>two</p></li></ul>", "- one\n- two"),
        ("<ol><li>one<ul><li>in</li></ul></li></ol>", "1. one\n  - in"),
        ('<a class="x" href="https://e.org/a">here</a>', "[here](https://e.org/a)"),
        ('<a href="javascript:alert(1)">here</a>', "here"),
        ("<blockquote><p>said</p></blockquote><p>so</p>", "> said\n\nso"),
        ("<p>a</p><script>alert(1)</script><style>p{}</style>b", "a\n\nb"),
        ("a<!-- no -->b<img src=x onerror=y>", "ab"),
        ("<p>x</p><unknown-thing", "x\n\n<unknown-thing"),
        ("</ul></a></p>", ""),
        ("", ""),
    ],
)
def test_html_becomes_markdown(html: str, markdown: str) -> None:
    assert markdown_of(html, 1_000) == markdown


@given(st.text(alphabet="<>/ab \n&;=\"'hrefpliu!-", max_size=200))
def test_any_text_is_survived_and_bounded(text: str) -> None:
    assert len(markdown_of(text, 50)) <= 50


@pytest.mark.parametrize("piece", ["<", "<a ", "<!--", "<a href=", "<ul>", "<p>", "&", "<a href='"])
def test_a_hostile_note_takes_no_time(piece: str) -> None:
    began = process_time()
    markdown_of(piece * (200_000 // len(piece)), 200_000)
    assert process_time() - began < 5


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("# On *this*\n\n- one\n- two", "On this one two"),
        ("> said **loud**, see [here](https://e.org/x)", "said loud, see here"),
        ("1. `snake_case` stays, 2 * 3 too", "snake_case stays, 2 * 3 too"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_the_words_of_a_note(markdown: str, words: str) -> None:
    assert words_of(markdown) == words


@pytest.mark.parametrize("piece", ["[", "*", "_a", "[a](", " ", "\n#", "`"])
def test_the_words_of_a_hostile_note_take_no_time(piece: str) -> None:
    began = process_time()
    words_of(piece * (200_000 // len(piece)))
    assert process_time() - began < 5
