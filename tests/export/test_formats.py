import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.export.bibtex import bibtex_entry, latex, to_bibtex
from broadsheet.export.formats import FORMATS, MEDIA_TYPES
from broadsheet.export.jsonl import to_jsonl
from broadsheet.export.zotero import to_zotero
from broadsheet.harvest.parse.bibtex import parse_bibtex
from broadsheet.harvest.parse.csl import parse_csl
from broadsheet.harvest.parse.jsonl import parse_jsonl
from broadsheet.harvest.parse.ris import parse_ris
from broadsheet.harvest.parse.zotero_rdf import keepings_of_zotero_rdf, parse_zotero_rdf
from broadsheet.text.clean import clean_text
from broadsheet.text.names import parse_name
from broadsheet.types import (
    Author,
    CodeLink,
    Document,
    DocumentVersion,
    Evidence,
    Keeping,
    LinkStatus,
    Record,
    RecordVersion,
)

PAPER = Document(
    doc_no=1,
    doc_id="arxiv:2509.01234",
    title="On GANs & 50% of Schrödinger's $x_1$",
    identifiers=("arxiv:2509.01234", "doi:10.1000/a_b"),
    abstract="We do; see $\\alpha_2 < 3$ & more.",
    authors=(
        Author("Łukasz Kaiser", orcid="0000-0002-6168-4763", affiliation="Works & Co"),
        Author("Laurens van der Maaten"),
        Author("Martin King Jr."),
    ),
    categories=("cs.LG", "stat.ML"),
    comment="8 pages, 50% more",
    venue="NeurIPS",
    year=2025,
    announced=date(2025, 9, 3),
    submitted=date(2025, 9, 1),
    updated=date(2025, 9, 4),
    url="https://arxiv.org/abs/2509.01234",
    pdf="https://arxiv.org/pdf/2509.01234",
    keywords=("gans", "knots & loops"),
    upvotes=3,
    num_comments=0,
    github_stars=5,
    gs_citations=7,
    ratings=(1.0, 2.5),
    project_page="https://example.org/p",
    code_links=(
        CodeLink(
            "https://github.com/a/b",
            LinkStatus.OFFICIAL,
            (Evidence("code_urls", "pwc"),),
        ),
    ),
    versions=(DocumentVersion(1, date(2025, 9, 1), "arxiv-oai"),),
    extra={"award": "best", "nested": {"a": [1, None]}},
)
BARE = Document(2, "id:17", "Untold", ("id:17",))


def record_of(document: Document) -> Record:
    [record] = parse_jsonl(io.BytesIO("".join(to_jsonl([document])).encode()))
    assert isinstance(record, Record), record
    return record


def document_of(record: Record, like: Document) -> Document:
    """The record as a document again, field by field, with the links of `like`."""
    shared = [name for name in Record.__slots__ if name in Document.__slots__]
    fields = {name: getattr(record, name) for name in shared if name != "versions"}
    versions = tuple(DocumentVersion(v.number, v.submitted, "file") for v in record.versions)
    return Document(
        doc_no=like.doc_no,
        doc_id=like.doc_id,
        code_links=like.code_links,
        versions=versions,
        abstract_by=str(record.extra.get("summary_by", "")),
        **fields,
    )


def test_what_is_exported_can_be_imported_again() -> None:
    record = record_of(PAPER)
    for name in Record.__slots__:
        if name in Document.__slots__ and name not in ("extra", "versions"):
            assert getattr(record, name) == getattr(PAPER, name), name
    assert record.key == PAPER.doc_id
    assert record.code_urls == ("https://github.com/a/b",)
    assert record.versions == (RecordVersion(1, date(2025, 9, 1)),)
    assert record.extra == {**PAPER.extra, "official": ["https://github.com/a/b"]}


@pytest.mark.parametrize("document", [PAPER, BARE, replace(PAPER, abstract_by="us")])
def test_export_of_an_import_of_an_export_is_the_export(document: Document) -> None:
    again = document_of(record_of(document), document)
    assert "".join(to_jsonl([again])) == "".join(to_jsonl([document]))


cleaned = st.text(max_size=60).map(lambda text: clean_text(text, chars_max=100))
titles = cleaned.filter(bool)
names = st.text(min_size=1, max_size=20).map(parse_name).filter(bool).map(parse_name)
documents = st.builds(
    Document,
    doc_no=st.just(1),
    doc_id=st.just("arxiv:2509.01234"),
    title=titles,
    identifiers=st.just(("arxiv:2509.01234",)),
    abstract=cleaned,
    authors=st.lists(st.builds(Author, names), max_size=3).map(tuple),
    comment=cleaned,
    venue=cleaned,
    year=st.none() | st.integers(1800, 2200),
    announced=st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    url=st.just("") | st.just("https://example.org/a?b=c&d"),
)


@given(documents)
def test_any_document_survives_the_import_rows(document: Document) -> None:
    record = record_of(document)
    assert (record.title, record.abstract) == (document.title, document.abstract)
    assert (record.comment, record.venue) == (document.comment, document.venue)
    assert (record.year, record.announced) == (document.year, document.announced)


@given(st.lists(documents, max_size=3))
def test_any_documents_can_be_read_in_every_format(some: list[Document]) -> None:
    texts = {name: "".join(write(some)) for name, write in FORMATS.items()}
    root = ElementTree.fromstring(texts["atom"])
    assert len(root.findall("{http://www.w3.org/2005/Atom}entry")) == len(some)
    assert len(json.loads(texts["csljson"])) == len(some)
    assert texts["ris"].count("\r\nER  - ") == len(some)
    zotero = list(parse_zotero_rdf(io.BytesIO(texts["zotero"].encode())))
    assert len(zotero) == len(some)
    for text in texts.values():
        text.encode("utf-8")
    if some:
        keys = re.findall(r"^@\w+\{([^,]+),$", texts["bibtex"], re.MULTILINE)
        assert len(set(keys)) == len(keys) == len(some)
        items = list(parse_bibtex(io.BytesIO(texts["bibtex"].encode())))
        assert len(items) == len(some)


def test_bibtex() -> None:
    assert bibtex_entry(PAPER) == "\n".join(
        [
            "@inproceedings{kaiser2025gans,",
            r"  title = {On {GANs} \& 50\% of Schr{\"{o}}dinger's $x_1$},",
            r"  author = {Kaiser, {\L}ukasz and van der Maaten, Laurens and King, Jr., Martin},",
            "  booktitle = {NeurIPS},",
            "  year = 2025,",
            "  doi = {10.1000/a_b},",
            "  eprint = {2509.01234},",
            "  archiveprefix = {arXiv},",
            "  primaryclass = {cs.LG},",
            "  url = {https://arxiv.org/abs/2509.01234},",
            r"  abstract = {We do; see $\alpha_2 < 3$ \& more.},",
            r"  keywords = {gans, knots \& loops},",
            r"  note = {8 pages, 50\% more},",
            "}",
            "",
            "",
        ]
    )


def test_bibtex_is_read_back() -> None:
    [record] = parse_bibtex(io.BytesIO(bibtex_entry(PAPER).encode()))
    assert isinstance(record, Record)
    assert (record.title, record.abstract) == (PAPER.title, PAPER.abstract)
    assert [a.name for a in record.authors] == [a.name for a in PAPER.authors]
    assert record.identifiers == PAPER.identifiers


def test_bibtex_keys_are_unique_and_readable() -> None:
    text = "".join(to_bibtex([PAPER] * 28 + [BARE]))
    keys = re.findall(r"@\w+\{([^,]+),", text)
    assert keys[:3] == ["kaiser2025gans", "kaiser2025gansa", "kaiser2025gansb"]
    assert keys[27:] == ["kaiser2025gansaa", "untold"]


def test_a_summary_of_ours_is_not_exported_as_the_abstract() -> None:
    ours = replace(PAPER, abstract_by="Broadsheet")
    for name in ("bibtex", "ris", "csljson"):
        assert "We do" not in "".join(FORMATS[name]([ours]))


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a_b {c} #1", r"a\_b \{c\} \#1"),
        ("ä é ñ ç ş ű ž", r"{\"{a}} {\'{e}} {\~{n}} {\c{c}} {\c{s}} {\H{u}} {\v{z}}"),
        ("$5 and $10", r"\$5 and \$10"),
        (r"$\frac{a}{b}$", r"$\frac{a}{b}$"),
        ("$a}$ b", r"\$a\}\$ b"),
        ("中文", "中文"),
    ],
)
def test_latex(text: str, escaped: str) -> None:
    assert latex(text) == escaped


def test_ris_is_read_back() -> None:
    [record] = parse_ris(io.BytesIO("".join(FORMATS["ris"]([PAPER])).encode()))
    assert isinstance(record, Record)
    assert (record.title, record.year, record.venue) == (PAPER.title, 2025, "NeurIPS")
    assert [a.name for a in record.authors] == [a.name for a in PAPER.authors]
    assert set(record.identifiers) == {"arxiv:2509.01234", "doi:10.1000/a_b"}


def test_csl_json_is_read_back() -> None:
    text = "".join(FORMATS["csljson"]([PAPER, BARE]))
    record, bare = parse_csl(io.BytesIO(text.encode()))
    assert isinstance(record, Record)
    assert (record.title, record.submitted) == (PAPER.title, PAPER.submitted)
    assert [a.name for a in record.authors] == [a.name for a in PAPER.authors]
    assert record.identifiers == ("doi:10.1000/a_b", "arxiv:2509.01234")
    assert isinstance(bare, Record)
    assert json.loads("".join(FORMATS["csljson"]([]))) == []


def test_atom() -> None:
    bad = replace(PAPER, title="A\x0b <b>\ud800\ufffe", url='https://x.org/"<&')
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    write = FORMATS["atom"]
    root = ElementTree.fromstring("".join(write([bad, BARE])))
    space = {"a": "http://www.w3.org/2005/Atom"}
    first = root.find("a:entry", space)
    assert first is not None
    assert first.findtext("a:title", None, space) == "A <b>"
    assert first.findtext("a:published", None, space) == "2025-09-03T12:00:00Z"
    link = first.find("a:link[@rel='alternate']", space)
    assert link is not None
    assert link.get("href") == 'https://x.org/"<&'
    from broadsheet.export.atom import to_atom

    dated = "".join(to_atom([], updated=moment, self_url="https://x.org/f"))
    assert "<updated>2026-03-01T12:00:00Z</updated>" in dated


def test_a_hundred_thousand_documents_stream() -> None:
    for write in FORMATS.values():
        pieces = write(PAPER for _ in range(100_000))
        assert sum(len(next(pieces)) for _ in range(5)) > 0


def test_every_format_has_a_media_type() -> None:
    assert MEDIA_TYPES.keys() == FORMATS.keys()


def test_zotero_rdf_keeps_the_paper_and_what_its_reader_keeps() -> None:
    kept = Keeping(
        "", ("to read", "a & b"), ("# One\n\ntwo\nlines < 3",), ("Looms / Deep", "Looms")
    )
    text = "".join(to_zotero([PAPER, BARE], {PAPER.doc_no: kept})).encode()
    paper, bare = parse_zotero_rdf(io.BytesIO(text))
    assert isinstance(paper, Record)
    assert isinstance(bare, Record)
    for name in ("title", "abstract", "venue", "year", "comment", "submitted", "pdf", "keywords"):
        assert getattr(paper, name) == getattr(PAPER, name), name
    assert set(paper.identifiers) == set(PAPER.identifiers)
    assert [author.name for author in paper.authors] == [author.name for author in PAPER.authors]
    assert bare.title == "Untold"
    [again] = keepings_of_zotero_rdf(io.BytesIO(text))
    assert (again.tags, again.notes) == (kept.tags, kept.notes)
    assert sorted(again.collections) == sorted(kept.collections)
