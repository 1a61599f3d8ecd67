import io
import json
from datetime import date
from typing import Any

import pytest

from broadsheet.errors import ParseError
from broadsheet.harvest.parse.arxiv import arxiv_authors, venue_of
from broadsheet.harvest.parse.arxiv_atom import parse_arxiv_atom
from broadsheet.harvest.parse.arxiv_feed import FeedEntry, parse_arxiv_feed, read_arxiv_feed
from broadsheet.harvest.parse.arxiv_snapshot import parse_arxiv_snapshot
from broadsheet.types import Author, Record, RecordVersion, Reject

SNAPSHOT: dict[str, Any] = {
    "id": "0704.0001",
    "submitter": "Ada Lovelace",
    "authors": "A. Lovelace, C. Babbage",
    "title": "On engines\n  that weave",
    "comments": "37 pages",
    "journal-ref": "Phys.Rev.D76:013009,2007",
    "doi": "10.1103/PhysRevD.76.013009",
    "report-no": "ENG-1",
    "categories": "hep-ph cs.LG",
    "license": None,
    "abstract": "  We weave.\n",
    "versions": [
        {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
    ],
    "update_date": "2008-11-26",
    "authors_parsed": [["Lovelace", "Ada", ""], ["Babbage", "Charles", "Jr."]],
}

ENTRY = """<entry>
  <id>http://arxiv.org/abs/2509.01234v2</id>
  <updated>2025-09-03T10:00:00Z</updated><published>2025-09-01T09:00:00Z</published>
  <title>On   Things</title><summary>We do $x$.</summary>
  <author><name>Ada Lovelace</name><arxiv:affiliation>London</arxiv:affiliation></author>
  <arxiv:doi>10.1000/ABC</arxiv:doi><arxiv:comment>8 pages</arxiv:comment>
  <arxiv:journal_ref>J. Things 3 (2025) 1</arxiv:journal_ref>
  <arxiv:primary_category term="cs.LG"/><category term="stat.ML"/><category term="cs.LG"/>
  <category term="68T05"/>
</entry>"""
ERROR = """<entry><id>http://arxiv.org/api/errors#bad</id><title>Error</title>
<summary>incorrect id format for abc</summary></entry>"""
FEED = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">'
    "<title>q</title>{}</feed>"
)
RSS = """<?xml version='1.0'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
 version="2.0"><channel><title>cs.AI updates on arXiv.org</title>
<pubDate>Wed, 20 Aug 2025 00:00:00 -0400</pubDate>
<item><title>New things</title><link>https://arxiv.org/abs/2508.00001</link>
<description>arXiv:2508.00001v1 Announce Type: new
Abstract: We do.</description><guid isPermaLink="false">oai:arXiv.org:2508.00001v1</guid>
<category>cs.AI</category><category>cs.LG</category>
<pubDate>Wed, 20 Aug 2025 00:00:00 -0400</pubDate>
<arxiv:announce_type>new</arxiv:announce_type><dc:creator>Ada Lovelace, Charles Babbage</dc:creator>
</item>
<item><title>Old things (arXiv:2401.00002v3 [cs.LG] UPDATED)</title>
<description>arXiv:2401.00002v3 Announce Type: replace-cross
Abstract: We redo.</description><guid>oai:arXiv.org:2401.00002v3</guid>
<category>cs.LG</category><pubDate>Wed, 20 Aug 2025 00:00:00 -0400</pubDate></item>
<item><title>Odd</title><description>x</description><guid>oai:arXiv.org:nonsense</guid></item>
</channel></rss>"""


def test_snapshot_row() -> None:
    [got] = parse_arxiv_snapshot(io.BytesIO(json.dumps(SNAPSHOT).encode()))
    assert isinstance(got, Record)
    assert got.identifiers == ("arxiv:0704.0001", "doi:10.1103/physrevd.76.013009")
    assert (got.key, got.title, got.abstract) == ("0704.0001", "On engines that weave", "We weave.")
    assert got.authors == (Author("Ada Lovelace"), Author("Charles Babbage Jr."))
    assert got.categories == ("hep-ph", "cs.LG")
    assert got.venue == "Phys.Rev.D"
    assert (got.submitted, got.updated) == (date(2007, 4, 2), date(2007, 7, 24))
    assert got.versions == (
        RecordVersion(1, date(2007, 4, 2)),
        RecordVersion(2, date(2007, 7, 24)),
    )
    assert got.datestamp == "2008-11-26"
    assert got.extra["report_no"] == "ENG-1"
    assert got.extra["submitted_at"] == "2007-04-02T19:18:42+00:00"


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"id": "x"}, "no arXiv id"), ({"id": 704.0001}, "in quotes"), ({"title": None}, "title")],
)
def test_snapshot_rejects(change: dict[str, Any], reason: str) -> None:
    lines = [json.dumps(SNAPSHOT | change), json.dumps(SNAPSHOT)]
    bad, good = parse_arxiv_snapshot(io.BytesIO("\n".join(lines).encode()))
    assert isinstance(bad, Reject)
    assert reason in bad.reason
    assert isinstance(good, Record)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("A. Bee and C. Dee", ["A. Bee", "C. Dee"]),
        ("A. Bee, C. Dee, and E. Eff", ["A. Bee", "C. Dee", "E. Eff"]),
        ("A. Bee (1 and 2), C. Dee ((1) Here, There, (2) Else)", ["A. Bee", "C. Dee"]),
        ("A. Bee, Jr., C. Dee", ["A. Bee Jr.", "C. Dee"]),
        ("Fernando Alessandro", ["Fernando Alessandro"]),
        ("", []),
    ],
)
def test_one_line_of_authors(text: str, names: list[str]) -> None:
    assert [author.name for author in arxiv_authors(text)] == names


@pytest.mark.parametrize(
    ("reference", "venue"),
    [
        ("Phys. Rev. B 85, 115117 (2012)", "Phys. Rev. B"),
        ("ICLR 2015", "ICLR"),
        ("Proceedings of the 34th Meeting", "Proceedings of the 34th Meeting"),
        ("", ""),
    ],
)
def test_venue_of_a_journal_reference(reference: str, venue: str) -> None:
    assert venue_of(reference) == venue


def test_atom_answer() -> None:
    got, error = parse_arxiv_atom(io.BytesIO(FEED.format(ENTRY + ERROR).encode()))
    assert isinstance(got, Record)
    assert got.identifiers == ("arxiv:2509.01234", "doi:10.1000/abc")
    assert got.categories == ("cs.LG", "stat.ML")
    assert got.authors == (Author("Ada Lovelace", affiliation="London"),)
    assert (got.submitted, got.updated) == (date(2025, 9, 1), date(2025, 9, 3))
    assert (got.comment, got.venue) == ("8 pages", "J. Things")
    assert got.extra["classes"] == ["68T05"]
    assert isinstance(error, Reject)
    assert "incorrect id format for abc" in error.reason


def test_a_truncated_answer_gives_what_is_whole_and_then_fails() -> None:
    items = parse_arxiv_atom(io.BytesIO(FEED.format(ENTRY + ENTRY).encode()[:-60]))
    assert isinstance(next(items), Record)
    with pytest.raises(ParseError):
        list(items)


def test_rss_feed() -> None:
    feed = read_arxiv_feed(RSS.encode())
    assert (feed.category, feed.day) == ("cs.AI", date(2025, 8, 20))
    new, replaced, odd = feed.entries
    assert isinstance(new, FeedEntry)
    assert (new.kind, new.category, new.day) == ("new", "cs.AI", date(2025, 8, 20))
    assert new.record.announced == date(2025, 8, 20)
    assert new.record.abstract == "We do."
    assert [author.name for author in new.record.authors] == ["Ada Lovelace", "Charles Babbage"]
    assert isinstance(replaced, FeedEntry)
    assert (replaced.kind, replaced.record.title) == ("replace-cross", "Old things")
    assert replaced.record.announced is None
    assert isinstance(odd, Reject)
    assert list(parse_arxiv_feed(io.BytesIO(RSS.encode()))) == list(feed.entries)


def test_an_empty_feed_is_a_feed_and_a_web_page_is_none() -> None:
    empty = RSS[: RSS.index("<item>")] + "</channel></rss>"
    feed = read_arxiv_feed(empty.encode())
    assert (feed.day, feed.entries) == (date(2025, 8, 20), ())
    with pytest.raises(ParseError):
        read_arxiv_feed(b"<html><body>busy</body></html>")
