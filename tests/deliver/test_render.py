"""The subject line, the two parts of a mail, and what they do with hostile and huge digests."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from broadsheet.deliver.digest import Section, Title, subject_line
from broadsheet.deliver.render import HTML_BYTES_MAX, TEXT_COLUMNS, render
from tests.deliver.samples import DAY, a_digest, an_act, an_item, some_links


class _Reader(HTMLParser):
    """Checks that what is opened is closed, and collects addresses and styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


@pytest.mark.parametrize(
    ("digest", "subject"),
    [
        (a_digest(an_item(1, title="One thing")), "One thing"),
        (a_digest(an_item(1, title="One thing"), an_item(2)), "One thing, and 1 more"),
        (
            a_digest(an_item(1), an_item(2, title="Told", news="Ada Lovelace"), an_item(3)),
            "Ada Lovelace: Told, and 2 more",
        ),
        (a_digest(), "Efficient transformers: nothing today"),
        (a_digest(an_item(1, title="Line\nfeed\r\nBcc: x@y")), "Line feed Bcc: x@y"),
    ],
)
def test_the_subject_says_the_most_telling_thing(digest, subject) -> None:  # type: ignore[no-untyped-def]
    assert render(digest, some_links()).subject == subject


def test_a_subject_is_short_whatever_the_title() -> None:
    line = subject_line(a_digest(an_item(1, title="word " * 200, news="A" * 90), an_item(2)))
    assert len(line) <= 110
    assert line.endswith("…, and 1 more")


def test_both_parts_say_the_same() -> None:
    digest = a_digest(an_item(1), an_item(2), first=date(2026, 2, 27), notice="Four likes so far")
    printed = render(digest, some_links())
    reader = read(printed.html)
    spaced = " ".join(reader.text.split())
    flowed = " ".join(printed.text.split())
    for said in (
        "Efficient transformers", "Monday, 2 March 2026", "covers 4 days, 27 February to 2 March",
        "Ada Lovelace, Bo Fis and Céline Ñandú", "We keep ninety-eight percent of its quality",
        "Here because it shares “sparse attention” with what you like; is by Ada Lovelace.",
        "412 new papers; 2 shown here. Of the papers you would like, at most 10 %",
        "Another look at kernels", "Four likes so far.",
    ):  # fmt: skip
        assert said in spaced, said
        assert said in flowed, said
    for address in (
        "https://papers.example.org/paper/arxiv:2603.00001", "https://github.com/ada/sparse",
        some_links().unsubscribe, some_links().manage, an_act("save", 2), an_act("dismiss", 1),
    ):  # fmt: skip
        assert address in printed.text
        assert address in [attrs.get("href") for _, attrs in reader.tags]


def test_the_text_part_reads_well() -> None:
    text = render(a_digest(*(an_item(n) for n in range(1, 13))), some_links()).text
    for line in text.splitlines():
        assert len(line) <= TEXT_COLUMNS or "https://" in line
    assert "\n\n\n\n" not in text
    assert re.findall(r"^(\d+)\. ", text, re.MULTILINE) == [str(n) for n in range(1, 13)]


def test_nothing_is_said_with_its_reason() -> None:
    printed = render(
        a_digest(nothing_because="arxiv still shows an earlier day", below=()), some_links()
    )
    for part in (read(printed.html).text, printed.text):
        assert "Nothing today, because arxiv still shows an earlier day." in " ".join(part.split())


def test_titles_are_text_and_never_markup() -> None:
    nasty = '<img src=x onerror="alert(1)">\u202e</td></table>{{ 7*7 }} & "'
    digest = a_digest(
        an_item(1, title=nasty, authors=(nasty,), why=nasty, sentence=nasty, kicker=nasty),
        name=nasty, below=(Title("url:x", nasty),), notice=nasty, promise=nasty,
    )  # fmt: skip
    printed = render(digest, some_links())
    reader = read(printed.html)
    assert not [tag for tag, _ in reader.tags if tag in ("img", "script")]
    assert "{{ 7*7 }}" in reader.text
    assert "\u202e" not in printed.html + printed.text


@pytest.mark.parametrize("n_items", [0, 1, 30, 400])
def test_a_mail_is_never_too_big(n_items: int) -> None:
    items = tuple(
        an_item(n, title="long " * 90, sentence="word " * 400, why="because " * 90,
                authors=tuple(f"Author With A Long Name {k}" for k in range(3_000)))
        for n in range(1, n_items + 1)
    )  # fmt: skip
    digest = a_digest(*items, below=())
    printed = render(digest, some_links())
    assert len(printed.html.encode()) <= HTML_BYTES_MAX
    assert printed.text.strip()
    if n_items == 30:
        assert "30 shown here" in printed.html


def test_styles_are_inlined_and_nothing_is_fetched() -> None:
    html = render(a_digest(an_item(1), an_item(2)), some_links()).html
    reader = read(html)
    assert {tag for tag, _ in reader.tags} <= {
        "html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td", "a", "p",
        "h1", "h2", "h3",
    }  # fmt: skip
    assert "@import" not in html
    assert "url(" not in html
    for tag, attrs in reader.tags:
        if tag in ("p", "h1", "h2", "h3"):
            assert attrs.get("style"), tag
        if tag == "table":
            assert attrs["role"] == "presentation"


def test_sections_have_their_titles_and_strangers_no_buttons() -> None:
    digest = a_digest(an_item(1))
    digest = replace(
        digest, sections=(*digest.sections, Section("To explore", (an_item(2, explores=True),)))
    )
    links = replace(some_links(), act=None, manage="")
    printed = render(digest, links)
    assert "To explore\n----------" in printed.text
    assert "Save" not in printed.html + printed.text
    assert "Change when" not in printed.html + printed.text
    assert digest.day == DAY
