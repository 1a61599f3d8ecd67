"""Files as other tools and services write them, with what each does differently."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import IO, Any

import pytest

from broadsheet.harvest.parse.bibtex import parse_bibtex
from broadsheet.harvest.parse.csl import parse_csl
from broadsheet.harvest.parse.jsonl import parse_jsonl
from broadsheet.harvest.parse.openreview import parse_openreview
from broadsheet.harvest.parse.ris import parse_ris
from broadsheet.types import Author, Record, Reject

Parse = Callable[[IO[bytes]], Iterator[Record | Reject]]


def records(parse: Parse, text: str) -> list[Record]:
    items = list(parse(io.BytesIO(text.encode())))
    assert all(isinstance(item, Record) for item in items), items
    return [item for item in items if isinstance(item, Record)]


def bibtex(fields: str) -> Record:
    (found,) = records(parse_bibtex, f"@article{{key, author = {{A. B}}, {fields}}}")
    return found


def test_an_entry_without_key_is_no_parent_of_the_others() -> None:
    """`crossref` is empty in most entries, and so may be a key: they have nothing in common."""
    text = "@misc{ , title={No key}, year=1999, publisher={P}}\n@misc{b, title={Other}, author={C}}"
    _, other = records(parse_bibtex, text)
    assert (other.venue, other.year, other.extra) == ("", None, {"bibkey": "b", "type": "misc"})


@pytest.mark.parametrize(
    ("fields", "identifier"),
    [
        ("title={T}, number={arXiv:2302.13971}, publisher={arXiv}", "arxiv:2302.13971"),
        ("title={T}, eprint={2302.13971v3}, eprinttype={arXiv}", "arxiv:2302.13971"),
        ("title={T}, eprint={hep-th/9901001}, archiveprefix={arXiv}", "arxiv:hep-th/9901001"),
        ("title={T}, journal={CoRR}, volume={abs/2005.14165}", "arxiv:2005.14165"),
        ("title={T}, doi={dx.doi.org/10.1145/3292500}", "doi:10.1145/3292500"),
        ("title={T}, doi={https://doi.org/10.1145/3292500}", "doi:10.1145/3292500"),
        (
            "title={T}, doi={DOI: 10.1007/978-3-319-24574-4\\_28}",
            "doi:10.1007/978-3-319-24574-4_28",
        ),
    ],
)
def test_where_bibtex_says_the_identifier(fields: str, identifier: str) -> None:
    assert bibtex(fields).identifiers == (identifier,)


def test_mendeleys_braces_and_dblps_numbers() -> None:
    found = bibtex('title={{{\\"{U}}ber S{\\"{a}}tze}}, abstract={We use 50{\\%} of \\{a, b\\}}')
    assert (found.title, found.abstract) == ("Über Sätze", "We use 50% of {a, b}")
    (found,) = records(parse_bibtex, "@misc{k, title={T}, author={Wei Wang 0012 and Bo Li}}")
    assert [author.name for author in found.authors] == ["Wei Wang", "Bo Li"]


def ris(body: str) -> Record:
    (found,) = records(parse_ris, body + "\nER  - \n")
    return found


@pytest.mark.parametrize(
    ("body", "year", "day"),
    [
        ("DA  - 2019/05/17/\nPY  - 2019", 2019, date(2019, 5, 17)),  # Zotero
        ("DA  - MAY 17\nPY  - 2018", 2018, None),  # Web of Science
        ("Y1  - May 2017", 2017, None),  # IEEE Xplore
        ("PY  - 1999///", 1999, None),
        ("PY  - 2003/04//", 2003, None),
        ("PY  - in press", None, None),
    ],
)
def test_dates_of_ris(body: str, year: int | None, day: date | None) -> None:
    found = ris(f"TY  - JOUR\nTI  - T\nAU  - B, A\n{body}")
    assert (found.year, found.submitted) == (year, day)


def test_a_line_of_text_is_no_tag_and_a_book_may_have_only_its_own_title() -> None:
    found = ris("TY  - JOUR\nTI  - T\nAB  - One.\nAI - based two.\n\nThree.\nKW  - k")
    assert (found.abstract, found.keywords) == ("One. AI - based two. Three.", ("k",))
    assert ris("TY - JOUR\nTI - Loose\nAB - One.").abstract == "One."
    book = ris("TY  - BOOK\nBT  - The Book\nPY  - 1999")
    assert (book.title, book.venue) == ("The Book", "")


WORK = {
    "DOI": "10.1038/nature14539",
    "title": ["Deep <i>learning</i>"],
    "container-title": ["Nature"],
    "author": [{"given": "Yann", "family": "LeCun", "affiliation": [{"name": "NYU"}]}],
    "abstract": "<jats:title>Abstract</jats:title><jats:p>Wide &amp; deep</jats:p>",
    "issued": {"date-parts": [[None]]},
    "published-print": {"date-parts": [[2015, 5, 28]]},
}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("message", [WORK, {"total-results": 1, "items": [WORK]}])
def test_an_answer_of_crossref(message: dict[str, Any], indent: int | None) -> None:
    text = json.dumps({"status": "ok", "message": message}, indent=indent)
    (found,) = records(parse_csl, text)
    assert (found.title, found.abstract) == ("Deep learning", "Wide & deep")
    assert (found.venue, found.submitted) == ("Nature", date(2015, 5, 28))


def test_replies_of_openreview_never_take_their_papers_place() -> None:
    """A decision's `replyto` may be left out of an export; then its forum gives it away."""
    paper = {"id": "rhgIgTSSxW", "forum": "rhgIgTSSxW", "content": {"title": {"value": "Paper"}}}
    decision = {"id": "dec1dec1", "forum": "rhgIgTSSxW", "content": {"title": "Paper Decision"}}
    items = list(parse_openreview(io.BytesIO(json.dumps({"notes": [paper, decision]}).encode())))
    assert isinstance(items[0], Record)
    assert isinstance(items[1], Reject)
    assert "reply" in items[1].reason


def test_authors_of_openreviews_newest_notes_and_hidden_ones() -> None:
    named = [{"fullname": "G H", "username": "~G_H1", "institutions": []}]
    contents: list[dict[str, Any]] = [
        {"authors": {"value": named}},
        {"authors": {"readers": ["x"]}},
    ]
    notes = [{"id": f"abcdef{n}", "content": {"title": "T", **c}} for n, c in enumerate(contents)]
    seen, hidden = records(parse_openreview, json.dumps({"notes": notes}))
    assert seen.authors == (Author("G H", openreview="~G_H1"),)
    assert hidden.authors == ()


def row(**fields: Any) -> Record:
    (found,) = records(parse_jsonl, json.dumps({"id": "x:1", "title": "T", **fields}))
    return found


@pytest.mark.parametrize(
    "fields",
    [
        {"ratings": {"overall": 6}},
        {"ratings": [[6, 5], [8, 4]]},
        {"venue": {"name": "ICML"}},
        {"keywords": {"a": 1}},
        {"comment": {"text": "c"}},
        {"abstract": {"en": "a"}},
        {"categories": {"primary": "cs.LG"}},
        {"code_urls": ["ask me"]},
        {"versions": "v2"},
        {"doi": "none yet"},
        {"arxiv_id": "soon"},
    ],
)
def test_what_cannot_be_read_as_its_field_is_kept(fields: dict[str, Any]) -> None:
    found = row(**fields)
    assert found.extra == fields
    assert found.identifiers == ("x:1",)


def test_values_in_the_types_that_people_write() -> None:
    found = row(
        year="2021",
        announced="2026-03-01T23:30:00-05:00",
        upvotes="12",
        num_comments=3.0,
        github_stars=None,
        authors=["Ann Lee", None, {"name": "Bob Ray", "affiliation": ["MIT", "NYU"]}],
        code_urls="github.com/a/b",
        code_url=["https://x.org/y", "github.com/c/d"],
        doi="dx.doi.org/10.1000/182",
    )
    assert (found.year, found.upvotes, found.num_comments) == (2021, 12, 3)
    assert found.announced == date(2026, 3, 1)
    assert [author.name for author in found.authors] == ["Ann Lee", "Bob Ray"]
    urls = ("https://github.com/a/b", "https://x.org/y", "https://github.com/c/d")
    assert found.code_urls == urls
    assert found.identifiers == ("doi:10.1000/182", "x:1")
    assert found.extra == {}
