import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import ParseError
from broadsheet.harvest.parse.oai import parse_oai, parse_oai_file
from broadsheet.types import Author, Record, Reject

RAW = """<record><header><identifier>oai:arXiv.org:2509.01234</identifier>
<datestamp>2025-09-05</datestamp><setSpec>cs:cs:LG</setSpec></header><metadata>
<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>2509.01234</id><submitter>A. L.</submitter>
<version version="v1"><date>Mon, 1 Sep 2025 19:33:21 GMT</date><size>609kb</size></version>
<version version="v2"><date>Thu, 4 Sep 2025 01:00:00 GMT</date><size>610kb</size></version>
<title>On Things</title><authors>Ada Lovelace and Charles Babbage</authors>
<categories>cs.LG stat.ML</categories><comments>8 pages</comments><msc-class>68T05</msc-class>
<abstract>We do.</abstract></arXivRaw></metadata></record>"""
ARXIV = """<record><header><identifier>oai:arXiv.org:math/0309136</identifier>
<datestamp>2025-09-05</datestamp></header><metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/">
<id>math/0309136</id><created>2003-09-08</created><updated>2003-09-10</updated><authors><author>
<keyname>Lovelace</keyname><forenames>Ada</forenames><suffix>II</suffix>
<affiliation>London</affiliation></author></authors><title>Knots</title>
<categories>math.GT</categories><abstract>We tie.</abstract></arXiv></metadata></record>"""
DELETED = """<record><header status="deleted"><identifier>oai:arXiv.org:2509.00001</identifier>
<datestamp>2025-09-06</datestamp></header></record>"""
DUBLIN_CORE = """<record><header><identifier>oai:example.org:17</identifier>
<datestamp>2011-01-10T10:19:23Z</datestamp></header><metadata>
<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Somewhere else</dc:title>
<dc:creator>Lovelace, Ada</dc:creator><dc:identifier>http://example.org/17</dc:identifier>
<dc:identifier>doi:10.1000/XYZ</dc:identifier><dc:date>2010</dc:date></oai_dc:dc>
</metadata></record>"""


def answer(inner: str, verb: str = "ListRecords") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        "<responseDate>2025-09-07T01:02:03Z</responseDate><request>http://x</request>"
        + (f"<{verb}>{inner}</{verb}>" if verb else inner)
        + "</OAI-PMH>"
    ).encode()


def test_records_of_arxiv_raw() -> None:
    page = parse_oai(answer(RAW))
    [got] = page.records
    assert isinstance(got, Record)
    assert (got.source, got.key) == ("arxiv-oai", "2509.01234")
    assert got.authors == (Author("Ada Lovelace"), Author("Charles Babbage"))
    assert (got.submitted, got.updated) == (date(2025, 9, 1), date(2025, 9, 4))
    assert [(v.number, v.size) for v in got.versions] == [(1, "609kb"), (2, "610kb")]
    assert got.datestamp == "2025-09-05"
    assert got.extra["submitted_at"] == "2025-09-01T19:33:21+00:00"
    assert got.extra["classes"] == ["68T05"]
    assert page.response_date == "2025-09-07T01:02:03Z"
    assert page.headers[0].sets == ("cs:cs:LG",)


def test_records_of_arxiv_deleted_and_dublin_core() -> None:
    page = parse_oai(answer(ARXIV + DELETED + DUBLIN_CORE))
    arxiv, deleted, other = page.records
    assert isinstance(arxiv, Record)
    assert arxiv.identifiers == ("arxiv:math/0309136",)
    assert arxiv.authors == (Author("Ada Lovelace II", affiliation="London"),)
    assert isinstance(deleted, Record)
    assert (deleted.deleted, deleted.key, deleted.datestamp) == (True, "2509.00001", "2025-09-06")
    assert page.deleted == ("oai:arXiv.org:2509.00001",)
    assert isinstance(other, Record)
    assert other.identifiers == ("doi:10.1000/xyz", "oai:example.org:17")
    assert (other.year, other.url) == (2010, "http://example.org/17")


def test_an_unreadable_record_is_rejected_and_its_header_kept() -> None:
    broken = RAW.replace("<title>On Things</title>", "")
    page = parse_oai(answer(broken + ARXIV))
    assert isinstance(page.records[0], Reject)
    assert page.records[0].text == "oai:arXiv.org:2509.01234"
    assert page.identifiers[0] == "oai:arXiv.org:2509.01234"
    assert isinstance(page.records[1], Record)


def test_resumption_token() -> None:
    token = '<resumptionToken cursor="0" completeListSize="1162">6960524|1001</resumptionToken>'
    page = parse_oai(answer(RAW + token))
    assert (page.resumption_token, page.complete_list_size, page.cursor) == (
        "6960524|1001",
        1162,
        0,
    )
    last = parse_oai(answer(RAW + "<resumptionToken/>"))
    assert (last.resumption_token, last.complete_list_size) == ("", None)


def test_identifiers_and_errors() -> None:
    header = "<header><identifier>oai:arXiv.org:0705.1765</identifier></header>"
    page = parse_oai(answer(header, "ListIdentifiers"))
    assert (page.identifiers, page.records) == (("oai:arXiv.org:0705.1765",), ())
    failed = parse_oai(answer('<error code="noRecordsMatch">none here</error>', ""))
    assert (failed.error_code, failed.error_message) == ("noRecordsMatch", "none here")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"broken xml",
        b"<html><body>Service unavailable</body></html>",
        answer(RAW)[:-40],
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><OAI-PMH>&b;</OAI-PMH>',
        b"<a>" * 500,
    ],
)
def test_what_is_no_whole_answer_is_a_parse_error(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse_oai(body)


def test_forbidden_characters_and_broken_utf8_spoil_one_character_only() -> None:
    body = answer(RAW).replace(b"We do.", b"We \x0bdo \xff&#x1; it.")
    [got] = parse_oai(body).records
    assert isinstance(got, Record)
    assert got.abstract == "We do \ufffd it."


def test_a_file_of_records() -> None:
    items = list(parse_oai_file(io.BytesIO(answer(RAW + DELETED))))
    assert [item.key for item in items if isinstance(item, Record)] == ["2509.01234", "2509.00001"]


@given(st.binary(max_size=300))
def test_nonsense(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse_oai(body)
