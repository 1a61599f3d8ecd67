import io
import json
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import ParseError
from broadsheet.harvest.parse.jsonl import parse_jsonl
from broadsheet.types import Author, Record, Reject


def parsed(*rows: dict[str, Any]) -> list[Record | Reject]:
    return list(parse_jsonl(io.BytesIO("\n".join(map(json.dumps, rows)).encode())))


def record(**row: Any) -> Record:
    [item] = parsed({"title": "A title", "id": "1", **row})
    assert isinstance(item, Record), item
    return item


def test_every_field() -> None:
    got = record(
        id="2509.01234v2",
        title=" On  Things ",
        abstract="We do.",
        authors=["Ada Lovelace", {"name": "Babbage, Charles", "orcid": "0000-0001-2345-678x"}],
        announced="2025-09-03",
        submitted="2025-09-01T10:00:00Z",
        updated="2025-09-02",
        categories=["cs.LG", "68T45 (Machine vision)", "I.2.10; I.4.8"],
        venue="NeurIPS",
        year="2025",
        comment="8 pages",
        doi="https://doi.org/10.1000/ABC",
        url="https://openreview.net/forum?id=rJXMpikCZ",
        pdf="https://example.org/x.pdf",
        code_urls=["https://github.com/a/b", "ftp://x", 3],
        code_url="https://gitlab.com/a/b",
        keywords="learning; theory",
        upvotes=3,
        num_comments="4",
        github_repo="github.com/a/b.git",
        github_stars=5.0,
        project_page="https://example.org/",
        gs_citations=7,
        ratings=[1, 2.5, None],
        award="yes",
    )
    assert got == Record(
        source="file",
        key="arxiv:2509.01234",
        title="On Things",
        identifiers=("arxiv:2509.01234", "doi:10.1000/abc", "openreview:rJXMpikCZ"),
        abstract="We do.",
        authors=(
            Author("Ada Lovelace"),
            Author("Charles Babbage", orcid="0000-0001-2345-678X"),
        ),
        categories=("cs.LG",),
        comment="8 pages",
        venue="NeurIPS",
        year=2025,
        announced=date(2025, 9, 3),
        submitted=date(2025, 9, 1),
        updated=date(2025, 9, 2),
        url="https://openreview.net/forum?id=rJXMpikCZ",
        pdf="https://example.org/x.pdf",
        code_urls=("https://github.com/a/b", "https://gitlab.com/a/b"),
        github_repo="https://github.com/a/b",
        project_page="https://example.org/",
        keywords=("learning", "theory"),
        upvotes=3,
        num_comments=4,
        github_stars=5,
        gs_citations=7,
        ratings=(1.0, 2.5),
        extra={"award": "yes", "classes": ["68T45 (Machine vision)", "I.2.10; I.4.8"]},
    )


@pytest.mark.parametrize(
    ("row", "identifiers"),
    [
        ({"id": "nips1987:00ff"}, ("nips1987:00ff",)),
        (
            {"id": "nips1987:00ff", "arxiv_id": "1612.00496v2"},
            ("arxiv:1612.00496", "nips1987:00ff"),
        ),
        ({"id": 17}, ("id:17",)),
        ({"_id": "x"}, ("id:x",)),
        ({"arxiv_id": "2405.15738"}, ("arxiv:2405.15738",)),
        ({"openreview_id": "rJXMpikCZ"}, ("openreview:rJXMpikCZ",)),
        ({"url": "https://aclanthology.org/P18-1234/"}, ("acl:P18-1234",)),
        ({"id": "a", "identifiers": ["doi:10.1000/1"]}, ("doi:10.1000/1", "id:a")),
    ],
)
def test_identifiers(row: dict[str, Any], identifiers: tuple[str, ...]) -> None:
    [got] = parsed({"title": "A title", **row})
    assert isinstance(got, Record)
    assert got.identifiers == identifiers


def test_rows_without_id_are_known_by_address_else_by_title_and_author() -> None:
    by_url, by_title, same = parsed(
        {"title": "A title", "url": "https://example.org/paper"},
        {"title": "A title", "authors": ["Ada Lovelace"]},
        {"title": "a  TITLE.", "authors": ["Lovelace, A."]},
    )
    assert isinstance(by_url, Record)
    assert isinstance(by_title, Record)
    assert isinstance(same, Record)
    assert by_url.identifiers[0].startswith("url:")
    assert by_title.identifiers[0].startswith("title:")
    assert by_title.identifiers == same.identifiers
    assert by_title.key == by_title.identifiers[0]


def test_daily_papers_row() -> None:
    got = record(
        id=None,
        arxiv_id="2405.15738",
        date="2024-05-27",
        published_at="2024-05-24T17:34:15.000Z",
        collected_lag_h=2.5,
    )
    assert got.key == "arxiv:2405.15738"
    assert (got.announced, got.submitted) == (date(2024, 5, 27), date(2024, 5, 24))
    assert got.extra == {"collected_lag_h": 2.5}


def test_beir_row_and_array_of_rows() -> None:
    rows = [{"_id": "1", "title": "One", "text": "Text."}, {"_id": "2", "title": "Two"}]
    items = list(parse_jsonl(io.BytesIO(json.dumps(rows, indent=1).encode())))
    assert [item.title for item in items if isinstance(item, Record)] == ["One", "Two"]
    assert isinstance(items[0], Record)
    assert items[0].abstract == "Text."


def test_lists_parallel_to_the_authors() -> None:
    got = record(
        authors=["A B", "C D"],
        openreview_ids=["~A_B1", None],
        orcid=[None, "0000-0002-6168-4763"],
        dblp=["1/2"],
    )
    assert got.authors == (
        Author("A B", openreview="~A_B1"),
        Author("C D", orcid="0000-0002-6168-4763"),
    )


def test_impossible_values_are_dropped_and_kept_in_extra() -> None:
    got = record(year=99999, announced="2025-02-30", upvotes=-1, url="javascript:alert(1)")
    assert (got.year, got.announced, got.upvotes, got.url) == (None, None, None, "")
    assert got.extra == {
        "year": 99999,
        "announced": "2025-02-30",
        "upvotes": -1,
        "url": "javascript:alert(1)",
    }


def test_three_thousand_authors() -> None:
    assert len(record(authors=[f"Author {n}" for n in range(3_000)]).authors) == 3_000


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"id": "1"}, "no title"),
        ({"id": "1", "title": " "}, "the title is empty"),
        ({"id": "1", "title": ["x", 1][1]}, "title is a int"),
        ({"id": "1", "title": "x" * 3_000}, "over 2000 characters"),
        ({"id": "1", "title": "x" * 3_000_000}, "over 2000 characters"),
        ({"id": 2509.01234, "title": "T"}, "text in quotes"),
        ({"id": ["1"], "title": "T"}, "id is list"),
        ({"id": "1", "title": "T", "authors": {"a": 1}}, "authors is a dict"),
        ({"id": "1", "title": "T", "authors": [3]}, "author 1 is a int"),
        ({"id": "1", "title": "T", "authors": ["x"] * 10_001}, "10001 authors"),
    ],
)
def test_rejected_rows_say_why_and_the_rest_goes_on(row: dict[str, Any], reason: str) -> None:
    bad, good = parsed(row, {"id": "2", "title": "Good"})
    assert isinstance(bad, Reject)
    assert bad.place == "line 1"
    assert reason in bad.reason
    assert len(bad.text) <= 200
    assert isinstance(good, Record)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": "1", ', "no JSON"),
        (b'{"title": "\xff"}', "0xff at column 12 is not UTF-8"),
        (b"[1]", "a JSON array"),
        (b"null", "a JSON null"),
        (b"[" * 100_000, "no JSON"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "no JSON"),
    ],
)
def test_broken_lines(line: bytes, reason: str) -> None:
    lines = b'{"id": "1", "title": "One"}\n' + line + b'\n\n{"id": "2", "title": "Two"}'
    one, bad, two = parse_jsonl(io.BytesIO(lines))
    assert isinstance(one, Record)
    assert isinstance(bad, Reject)
    assert bad.place == "line 2"
    assert reason in bad.reason
    assert isinstance(two, Record)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str) -> None:
    lines = '{"id": "1", "title": "Über"}\n{"id": "2", "title": "Zwei"}\n'.encode(encoding)
    items = list(parse_jsonl(io.BytesIO(lines)))
    assert [item.title for item in items if isinstance(item, Record)] == ["Über", "Zwei"]


def test_lone_surrogates_and_nan_do_not_get_in() -> None:
    line = b'{"id": "1", "title": "a\\ud800b", "score": NaN, "note": "\\ud800\\u0000x"}'
    [got] = parse_jsonl(io.BytesIO(line))
    assert isinstance(got, Record)
    assert (got.title, dict(got.extra)) == ("ab", {"note": "x"})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
fields = st.sampled_from(
    re.findall(
        r"\w+",
        "id title abstract authors year announced categories code_urls url keywords ratings extra"
        " upvotes identifiers doi versions github_repo",
    )
)


@given(st.lists(st.dictionaries(fields, json_values), max_size=5))
def test_any_rows_are_accounted_for(rows: list[dict[str, Any]]) -> None:
    assert len(parsed(*rows)) == len(rows)


@given(st.binary(max_size=200))
def test_nonsense_is_rejected_or_a_parse_error(nonsense: bytes) -> None:
    try:
        items = list(parse_jsonl(io.BytesIO(nonsense)))
    except ParseError:
        return
    assert all(isinstance(item, Reject) for item in items)
