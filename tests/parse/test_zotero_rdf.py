import gzip
import io
from contextlib import suppress
from datetime import date
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import ParseError
from broadsheet.harvest.files import open_import, read_keepings
from broadsheet.harvest.parse import zotero_rdf
from broadsheet.harvest.parse.zotero_rdf import keepings_of_zotero_rdf, parse_zotero_rdf
from broadsheet.types import Author, Keeping, Record, Reject
from tests.parse.zotero import ARTICLE, HEAD, LIBRARY, PREPRINT, library


def records(body: bytes) -> list[Record]:
    found = list(parse_zotero_rdf(io.BytesIO(body)))
    assert all(isinstance(item, Record) for item in found), found
    return [item for item in found if isinstance(item, Record)]


def keepings(body: bytes) -> list[Keeping]:
    return list(keepings_of_zotero_rdf(io.BytesIO(body)))


def test_a_library_is_read() -> None:
    preprint, article = records(LIBRARY)
    assert preprint.identifiers == ("arxiv:2603.00001",)
    assert preprint.title == "On Engines & Looms"
    assert preprint.authors == (Author("Ada Lovelace"), Author("The Engine Group"))
    assert (preprint.abstract, preprint.venue) == ("We weave.", "")
    assert (preprint.submitted, preprint.year) == (date(2026, 3, 1), 2026)
    assert preprint.pdf == "https://arxiv.org/pdf/2603.00001.pdf"
    assert preprint.keywords == ("Computer Science",)
    assert article.identifiers == ("doi:10.1000/eng.9",)
    assert (article.venue, article.year, article.submitted) == ("Journal of Engines", 2024, None)
    assert article.authors == (Author("Charles Babbage"),)
    assert article.extra == {"type": "journalArticle", "volume": "6", "pages": "1-9"}


def test_what_is_kept_stands_apart_from_the_papers() -> None:
    assert keepings(LIBRARY) == [
        Keeping(
            "arxiv:2603.00001",
            ("to read",),
            ("# First\n\nA **zeugma**.",),
            ("Looms / Jacquard",),
        ),
        Keeping("doi:10.1000/eng.9", (), (), ("Looms",)),
    ]
    for record in records(LIBRARY):
        assert "zeugma" not in repr(record)
        assert "to read" not in repr(record)
        assert "Looms /" not in repr(record)


def test_the_identifier_of_a_shared_book_is_no_chapters() -> None:
    chapter = (
        '<bib:BookSection rdf:about="#item_{n}"><z:itemType>bookSection</z:itemType>'
        '<dcterms:isPartOf rdf:resource="urn:isbn:1"/><dc:title>Chapter {n}</dc:title>'
        "</bib:BookSection>"
    )
    book = (
        '<bib:Book rdf:about="urn:isbn:1"><dc:title>The Book</dc:title>'
        "<dc:identifier>DOI 10.1000/book</dc:identifier></bib:Book>"
    )
    found = records(library(chapter.format(n=1) + chapter.format(n=2) + book))
    assert [record.title for record in found] == ["Chapter 1", "Chapter 2"]
    assert {record.venue for record in found} == {"The Book"}
    assert not any("doi:10.1000/book" in record.identifiers for record in found)


def test_what_belongs_to_no_paper_is_told() -> None:
    body = library(
        '<bib:Memo rdf:about="#item_1"><rdf:value>&lt;p&gt;alone&lt;/p&gt;</rdf:value></bib:Memo>'
        '<z:Attachment rdf:about="#item_2"><z:itemType>attachment</z:itemType>'
        "<dc:title>scan.pdf</dc:title></z:Attachment>"
        '<bib:Book rdf:about="#item_3"><z:itemType>book</z:itemType></bib:Book>'
    )
    found = list(parse_zotero_rdf(io.BytesIO(body)))
    reasons = [item.reason for item in found if isinstance(item, Reject)]
    assert reasons == [
        "a note that belongs to no paper",
        "a file that belongs to no paper",
        "no title: expected a text",
    ]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_it_is_told_by_its_content(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    path = tmp_path / "export.xml"
    path.write_bytes(pack(LIBRARY))
    assert open_import(path).format == "zotero-rdf"
    assert len(list(open_import(path).items)) == 2
    assert len(list(read_keepings(path))) == 2


def test_other_files_keep_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.bib"
    path.write_bytes(b"@misc{a, title={Engines}}")
    assert list(read_keepings(path)) == []
    path.write_bytes(b"")
    assert list(read_keepings(path)) == []


def in_circles() -> str:
    inner = "".join(
        f'<z:Collection rdf:about="#c{n}"><dc:title>C{n}</dc:title>'
        f'<dcterms:hasPart rdf:resource="#c{(n + 1) % 3}"/>'
        '<dcterms:hasPart rdf:resource="#item_9"/></z:Collection>'
        for n in range(3)
    )
    part = '<bib:Journal rdf:about="{}"><dcterms:isPartOf rdf:resource="{}"/></bib:Journal>'
    return ARTICLE + inner + part.format("#x", "#y") + part.format("#y", "#x")


def test_circles_end() -> None:
    [kept] = keepings(library(in_circles()))
    assert sorted(kept.collections) == ["C0 / C1 / C2", "C1 / C2 / C0", "C2 / C0 / C1"]
    own = ARTICLE.replace("urn:issn:1234-5678", "#item_9", 1)
    assert [record.title for record in records(library(own))] == ["Differences"]


HOSTILE = {
    "entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
    + library("<bib:Book><dc:title>&b;</dc:title></bib:Book>"),
    "billion": b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]>' + library(PREPRINT),
    "deep": library("<bib:Book>" * 500),
    "cut": LIBRARY[:1500],
    "latin-1": b'<?xml version="1.0" encoding="iso-8859-1"?>' + LIBRARY.replace(b"Ada", b"\xc1da"),
    "not utf-8": LIBRARY.replace(b"Ada", b"A\xffda"),
    "controls": LIBRARY.replace(b"Ada", b"A\x00\x1b&#1;da"),
    "other encoding": b'<?xml version="1.0" encoding="martian"?>' + LIBRARY,
    "no papers": HEAD.encode() + b"</rdf:RDF>",
    "words": b"hello",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_raises_nothing_but_its_error(body: bytes) -> None:
    found: list[Record | Reject] = []
    with suppress(ParseError):
        found.extend(parse_zotero_rdf(io.BytesIO(body)))
    with suppress(ParseError):
        keepings(body)
    assert "root:" not in repr(found)
    assert all(record.title for record in found if isinstance(record, Record))


def test_what_stands_before_the_break_is_read() -> None:
    items = parse_zotero_rdf(io.BytesIO(LIBRARY.replace(b"<bib:Journal", b"<bib:Journal <")))
    assert [item.title for item in (next(items), next(items)) if isinstance(item, Record)] == [
        "On Engines & Looms",
        "Differences",
    ]
    with pytest.raises(ParseError, match="broken XML"):
        next(items)


def test_in_two_encodings_the_names_are_the_same() -> None:
    text = LIBRARY.decode().replace("Ada", "Ádá")
    latin = b'<?xml version="1.0" encoding="iso-8859-1"?>' + text.encode("latin-1")
    for body in (text.encode(), latin, text.encode("utf-16")):
        assert records(body)[0].authors[0].name == "Ádá Lovelace"


def test_a_hundred_megabytes_are_refused_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zotero_rdf, "FILE_BYTES_MAX", 2 * 2**20)
    entry = b"<bib:Book><z:itemType>book</z:itemType><dc:title>x</dc:title></bib:Book>"
    began = process_time()
    with pytest.raises(ParseError, match="split the file"):
        list(parse_zotero_rdf(io.BytesIO(HEAD.encode() + entry * 100_000)))
    monkeypatch.setattr(zotero_rdf, "NODES_MAX", 1_000)
    with pytest.raises(ParseError, match="over 1,000 entries"):
        list(parse_zotero_rdf(io.BytesIO(HEAD.encode() + entry * 20_000)))
    assert process_time() - began < 20


@given(st.binary(max_size=300), st.integers(0, len(LIBRARY)))
def test_any_bytes_are_survived(junk: bytes, at: int) -> None:
    with suppress(ParseError):
        for item in parse_zotero_rdf(io.BytesIO(LIBRARY[:at] + junk + LIBRARY[at:])):
            assert isinstance(item, Record | Reject)
