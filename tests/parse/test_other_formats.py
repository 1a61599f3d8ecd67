import io
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.errors import ParseError
from broadsheet.harvest.files import FORMATS, open_import
from broadsheet.harvest.parse.acl_xml import parse_acl_xml
from broadsheet.harvest.parse.bibtex import parse_bibtex
from broadsheet.harvest.parse.csl import parse_csl
from broadsheet.harvest.parse.hf_daily import parse_hf_daily
from broadsheet.harvest.parse.openreview import parse_openreview
from broadsheet.harvest.parse.pwc import parse_pwc
from broadsheet.harvest.parse.ris import parse_ris
from broadsheet.types import Author, Record, Reject

DAILY: dict[str, Any] = {
    "paper": {
        "id": "2608.00001",
        "authors": [{"name": "Ada Lovelace"}, {"name": "Wrong", "hidden": True}],
        "publishedAt": "2026-08-17T00:00:00.000Z",
        "submittedOnDailyAt": "2026-08-20T00:00:00.000Z",
        "title": "On  Things",
        "summary": "We do.",
        "upvotes": 92,
        "githubRepo": "https://github.com/ada/engine/tree/main",
        "githubStars": 152,
        "projectPage": "https://ada.example.org/",
        "ai_keywords": ["engines"],
        "organization": {"name": "x", "fullname": "Engine Works"},
    },
    "numComments": 3,
    "mediaUrls": ["https://cdn.example.org/a.mp4"],
}
ACL = """<?xml version='1.0' encoding='UTF-8'?>
<collection id="{collection}"><volume id="{volume}" ingest-date="2021-04-19"><meta>
<booktitle>Proceedings of the 16th Conference (EACL 2021)</booktitle>
<editor><first>E</first><last>Ditor</last></editor><year>2021</year></meta>
<frontmatter><url>x.0</url></frontmatter>
<paper id="7"><title><fixed-case>B</fixed-case>ERT and <tex-math>x^2</tex-math></title>
<author id="ada-lovelace"><first>Ada</first><last>Lovelace</last></author>
<abstract>We <i>do</i>.</abstract>{more}</paper>
<paper id="8"><title></title></paper></volume></collection>"""
NOTE_V1 = {
    "id": "rJXMpikCZ",
    "forum": "rJXMpikCZ",
    "cdate": 1509136634000,
    "content": {
        "title": "Graphs",
        "abstract": "We attend.",
        "authors": ["Ada Lovelace", "Charles Babbage"],
        "authorids": ["~Ada_Lovelace1", "c@example.org"],
        "venue": "ICLR 2018 Poster",
        "keywords": ["graphs"],
        "pdf": "/pdf/0123.pdf",
        "code": "https://github.com/ada/graphs",
    },
}
NOTE_V2 = NOTE_V1 | {
    "content": {name: {"value": value} for name, value in NOTE_V1["content"].items()}  # type: ignore[attr-defined]
}
BIBTEX = r"""
@string{conf = "Conference on Engines"}
% a comment
@inproceedings{a, title = {On {IO} and $x_{1}$}, author = {Lovelace, Ada and Erd{\H{o}}s, P.
  and {The Engine Group, Inc} and others}, booktitle = conf # " 2025", year = 2025,
  doi = {10.1000/ABC}, eprint = {2509.01234}, archivePrefix = {arXiv}}
@article{b, title = {Never closed
@article{c, title = "Second", author = {Ada Lovelace}, journal = {arXiv preprint
  arXiv:2401.00001}, year = {2024}}
@inproceedings{d, title = {Third}, crossref = {p}}
@proceedings{p, title = {Proceedings of Engines}, year = 2001}
@article{c, title = {Same key, other work}, year = 1999}
@article{e, year = 2000}
"""
RIS = """TY  - JOUR
TI  - On Things
AU  - Lovelace, Ada
AU  - Babbage, Charles
PY  - 2019/05/17/
JO  - Journal of Engines
DO  - 10.1000/XYZ
UR  - https://example.org/x
KW  - engines
AB  - We do
  and do.
ER  -

TY  - CONF
AU  - Nobody
ER  -
"""
CSL = [
    {
        "id": "zotero:1",
        "type": "article-journal",
        "title": "On Things",
        "author": [{"family": "Gogh", "given": "Vincent", "non-dropping-particle": "van"}],
        "issued": {"date-parts": [[2020, "5", 3]]},
        "container-title": "Journal of Engines",
        "DOI": "10.1000/AA",
    },
    {"title": ""},
]
PWC = [
    {
        "paper_url": "https://paperswithcode.example/paper/on-things",
        "paper_title": "On Things",
        "paper_arxiv_id": "1901.00001",
        "repo_url": f"https://github.com/ada/{name}",
        "is_official": name == "engine",
        "mentioned_in_paper": False,
        "framework": "pytorch",
    }
    for name in ("engine", "copy")
]


def dumped(value: object) -> IO[bytes]:
    return io.BytesIO(json.dumps(value).encode())


def one(items: Any) -> Record:
    [item] = items
    assert isinstance(item, Record), item
    return item


def test_daily_papers() -> None:
    got = one(parse_hf_daily(dumped([DAILY])))
    assert got.identifiers == ("arxiv:2608.00001",)
    assert (got.title, got.authors) == ("On Things", (Author("Ada Lovelace"),))
    assert (got.announced, got.submitted) == (date(2026, 8, 20), date(2026, 8, 17))
    assert (got.upvotes, got.num_comments, got.github_stars) == (92, 3, 152)
    assert got.github_repo == "https://github.com/ada/engine"
    assert got.project_page == "https://ada.example.org/"
    assert got.extra["organization"] == "Engine Works"
    assert got.extra["media_urls"] == ["https://cdn.example.org/a.mp4"]
    assert one(parse_hf_daily(dumped([DAILY]), day=date(2026, 8, 21))).announced == date(
        2026, 8, 21
    )


def test_daily_papers_of_the_first_schema() -> None:
    old = {
        "paper": {"id": "2405.00001", "title": "T", "publishedAt": "2024-05-24T17:34:15.000Z"},
        "publishedAt": "2024-05-27T03:50:58.348Z",
    }
    assert one(parse_hf_daily(dumped([old]))).announced == date(2024, 5, 27)
    [bad] = parse_hf_daily(dumped([{"paper": {"title": "T"}}]))
    assert isinstance(bad, Reject)


@pytest.mark.parametrize(
    ("collection", "volume", "identifier"),
    [
        ("2021.eacl", "main", "acl:2021.eacl-main.7"),
        ("P18", "1", "acl:P18-1007"),
        ("W18", "51", "acl:W18-5107"),
        ("W18", "3", "acl:W18-0307"),
        ("D19", "1", "acl:D19-1007"),
        ("D19", "50", "acl:D19-5007"),
    ],
)
def test_acl_anthology(collection: str, volume: str, identifier: str) -> None:
    text = ACL.format(collection=collection, volume=volume, more="<doi>10.18653/v1/X</doi>")
    got, empty = parse_acl_xml(io.BytesIO(text.encode()))
    assert isinstance(got, Record)
    assert got.identifiers == (identifier, "doi:10.18653/v1/x")
    assert (got.title, got.abstract) == ("BERT and $x^2$", "We do.")
    assert got.authors == (Author("Ada Lovelace", acl="ada-lovelace"),)
    assert (got.venue, got.year, got.announced) == ("EACL", 2021, date(2021, 4, 19))
    assert isinstance(empty, Reject)


@pytest.mark.parametrize("note", [NOTE_V1, NOTE_V2])
def test_openreview(note: dict[str, Any]) -> None:
    for shape in ({"notes": [note], "count": 1}, {"count": 1, "notes": [note]}, [note], note):
        got = one(parse_openreview(dumped(shape)))
        assert got.identifiers == ("openreview:rJXMpikCZ",)
        assert got.authors == (
            Author("Ada Lovelace", openreview="~Ada_Lovelace1"),
            Author("Charles Babbage"),
        )
        assert (got.venue, got.year, got.announced) == ("ICLR", 2018, date(2017, 10, 27))
        assert got.pdf == "https://openreview.net/pdf?id=rJXMpikCZ"
        assert got.code_urls == ("https://github.com/ada/graphs",)


def test_openreview_expertise_notes_are_known_by_their_own_ids() -> None:
    own = "e03d9684a19c8f8e29ee97b347d4f1e280a88e44"
    note = {"id": own, "content": {"title": "T", "ssId": own, "arXivId": "2007.12553"}}
    got = one(parse_openreview(dumped({own: note})))
    assert got.identifiers == ("arxiv:2007.12553", f"s2:{own}")


def test_bibtex() -> None:
    first, broken, second, third, same_key, untitled = parse_bibtex(io.BytesIO(BIBTEX.encode()))
    assert isinstance(first, Record)
    assert first.title == "On IO and $x_{1}$"
    assert first.identifiers == ("arxiv:2509.01234", "doi:10.1000/abc")
    names = [author.name for author in first.authors]
    assert names == ["Ada Lovelace", "P. Erdős", "The Engine Group Inc"]
    assert (first.venue, first.year) == ("Conference on Engines 2025", 2025)
    assert isinstance(broken, Reject)
    assert broken.place == "line 7"
    assert isinstance(second, Record)
    assert (second.identifiers, second.venue) == (("arxiv:2401.00001",), "")
    assert isinstance(third, Record)
    assert (third.venue, third.year) == ("Proceedings of Engines", 2001)
    assert third.identifiers[0].startswith("title:")
    assert isinstance(same_key, Record)
    assert same_key.key != second.key
    assert isinstance(untitled, Reject)
    assert "no title" in untitled.reason


def test_bibtex_in_latin_1_is_read_with_a_note() -> None:
    got = one(parse_bibtex(io.BytesIO("@misc{a, title={Über Dinge}}".encode("latin-1"))))
    assert (got.title, got.extra["encoding"]) == ("Über Dinge", "latin-1")


def test_ris() -> None:
    got, untitled = parse_ris(io.BytesIO(RIS.encode()))
    assert isinstance(got, Record)
    assert got.identifiers == ("doi:10.1000/xyz",)
    assert [author.name for author in got.authors] == ["Ada Lovelace", "Charles Babbage"]
    assert (got.abstract, got.venue) == ("We do and do.", "Journal of Engines")
    assert (got.year, got.submitted) == (2019, date(2019, 5, 17))
    assert isinstance(untitled, Reject)
    assert untitled.place == "line 14"


def test_csl_json() -> None:
    got, untitled = parse_csl(dumped(CSL))
    assert isinstance(got, Record)
    assert (got.key, got.venue) == ("doi:10.1000/aa", "Journal of Engines")
    assert got.authors == (Author("Vincent van Gogh"),)
    assert (got.year, got.submitted) == (2020, date(2020, 5, 3))
    assert isinstance(untitled, Reject)


def test_links_archive_gives_one_record_a_paper() -> None:
    got = one(parse_pwc(dumped(PWC)))
    assert got.identifiers == ("arxiv:1901.00001", "pwc:on-things")
    assert got.code_urls == ("https://github.com/ada/engine", "https://github.com/ada/copy")
    assert got.extra["official"] == ["https://github.com/ada/engine"]


def test_a_long_array_is_read_item_by_item() -> None:
    class Endless(io.RawIOBase):
        """An array that never ends: reading it to the end would never return."""

        n_bytes = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            unit = b'{"title": "A title of its own", "id": "1"}, ' * 50
            chunk = b"[" if self.n_bytes == 0 else unit[: len(buffer)]
            buffer[: len(chunk)] = chunk
            self.n_bytes += len(chunk)
            return len(chunk)

    stream = Endless()
    items = FORMATS["jsonl"](io.BufferedReader(stream, 2_200))
    assert all(isinstance(next(items), Record) for _ in range(20_000))
    assert stream.n_bytes < 40 * 20_000 + 10_000_000


PIECES = [
    *(b"@article{", b"@string{a=", b"title", b"=", b"{", b"}", b",", b'"', b"#"),
    *(b"TY  - ", b"TI  - x\n", b"\n", b"[", b"]", b'{"id":1}', b'{"content":{"title":"x"}}'),
    *(b"<feed>", b"<entry>", b"</entry>", b"</feed>", b"<record>", b"<paper>"),
    *(b"\xff\xfe", b"\x00"),
]


@pytest.mark.parametrize("name", list(FORMATS))
@settings(max_examples=60, deadline=None)
@given(pieces=st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=25))
def test_nonsense_is_rejected_or_a_parse_error(name: str, pieces: list[bytes]) -> None:
    with suppress(ParseError):
        for item in FORMATS[name](io.BytesIO(b"".join(pieces))):
            assert isinstance(item, Record | Reject)


@pytest.mark.parametrize(
    ("pattern", "format", "n_files", "n_records", "n_rejects"),
    [
        ("wire_acl_xml/*.xml.gz", "acl", 2, 401, 0),
        ("wire_arxiv_atom/*.xml", "arxiv-atom", 3, 13, 0),
        ("wire_arxiv_rss/*.xml", "arxiv-feed", 1, 7, 0),
        ("wire_bibtex/*.bib", "bibtex", 4, 280, 0),
        ("wire_hf_daily_papers/*.json.gz", "hf-daily", 3, 54, 0),
        ("wire_oai_pmh/*/*Record*_*.xml", "oai-pmh", 4, 5, 0),
        ("wire_oai_pmh/synthetic/*.xml", "oai-pmh", 4, 5, 0),
        ("wire_openreview_expertise/*", "openreview", 2, 19, 0),
    ],
)
def test_recorded_files_are_recognised_and_read_whole(
    recorded: Callable[[str], list[Path]],
    pattern: str,
    format: str,
    n_files: int,
    n_records: int,
    n_rejects: int,
) -> None:
    files = recorded(pattern)
    opened = [open_import(path) for path in files]
    assert [file.format for file in opened] == [format] * n_files
    items = [item for file in opened for item in file.items]
    assert sum(isinstance(item, Record) for item in items) == n_records
    assert sum(isinstance(item, Reject) for item in items) == n_rejects


def test_recorded_atom_exchanges(
    recorded: Callable[[str], list[Path]], content: Callable[[Path], bytes]
) -> None:
    n_records = n_errors = 0
    for path in recorded("wire_arxiv_atom/*.json*"):
        body = json.loads(content(path))["body"].encode()
        for item in FORMATS["arxiv-atom"](io.BytesIO(body)):
            n_records += isinstance(item, Record)
            n_errors += isinstance(item, Reject)
    assert (n_records, n_errors) == (221, 1)
