"""Feeds: complete, readable, found from their pages, not sent again while unchanged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from broadsheet.index.changes import StoreChanges
from broadsheet.types import Author
from broadsheet.web.feeds import Sightings, is_unmodified
from broadsheet.web.site import Site
from tests.web.newsroom import ORIGIN, a_site, post, read_sheet, reading
from tests.worlds import NOW, a_record, take_in

ATOM = "{http://www.w3.org/2005/Atom}"
ADA = "/author/ada-lovelace"
FEEDS = ["/feed", "/day/2026-03-01", "/search?q=networks", ADA, "/collection/1"]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    records = [a_record(number, authors=(Author("Ada Lovelace"),)) for number in range(1, 6)]
    hostile = a_record(
        6,
        title="Networks <script>&amp; ]]> \u202e",
        abstract="\x0c ]]>",
        authors=(Author("Ada Lovelace"),),
    )
    return a_site(tmp_path, *records, hostile)


@pytest.fixture
def client(site: Site) -> Iterator[TestClient]:
    with reading(site) as client:
        post(client, "/collections", name="Mine & yours")
        for number in range(1, 7):
            post(client, "/act", do=f"collect arxiv:2603.{number:05d}", collection=1)
        yield client


def with_ending(path: str, ending: str) -> str:
    path, question, query = path.partition("?")
    return f"{path}.{ending}{question}{query}"


@pytest.mark.parametrize("path", FEEDS)
def test_both_formats_tell_the_same(client: TestClient, path: str) -> None:
    atom = client.get(with_ending(path, "atom"))
    assert atom.headers["content-type"] == "application/atom+xml; charset=utf-8"
    root = ElementTree.fromstring(atom.content)
    entries = [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")]
    assert len(entries) == 6
    links = {link.attrib["rel"]: link.attrib["href"] for link in root.findall(f"{ATOM}link")}
    assert links["self"] == ORIGIN + with_ending(path, "atom")
    assert links["alternate"].startswith(ORIGIN + "/")
    feed = client.get(with_ending(path, "json"))
    assert feed.headers["content-type"] == "application/feed+json; charset=utf-8"
    value = feed.json()
    assert value["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["id"] for item in value["items"]] == entries
    assert value["title"] == root.findtext(f"{ATOM}title")
    assert value["feed_url"] == ORIGIN + with_ending(path, "json")
    for item in value["items"]:
        assert item["content_text"]
        assert client.get(item["url"]).status_code == 200


@pytest.mark.parametrize("path", FEEDS)
def test_pages_tell_of_their_feeds(client: TestClient, path: str) -> None:
    page = read_sheet(client.get("/" if path == "/feed" else path).text)
    every = {e.attributes["href"] for e in page.all("link") if e.attributes["rel"] == "alternate"}
    assert {with_ending(path, "atom"), with_ending(path, "json")} <= every


@pytest.mark.parametrize("ending", ["atom", "json"])
@pytest.mark.parametrize("path", FEEDS)
def test_an_unchanged_feed_is_not_sent_again(client: TestClient, path: str, ending: str) -> None:
    address = with_ending(path, ending)
    first = client.get(address)
    tag, modified = first.headers["etag"], first.headers["last-modified"]
    for headers in (
        {"If-None-Match": tag},
        {"If-Modified-Since": modified},
        {"If-None-Match": tag, "If-Modified-Since": "Mon, 01 Jan 1990 00:00:00 GMT"},
    ):
        again = client.get(address, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["last-modified"] == modified
    for headers in (
        {"If-None-Match": '"other"', "If-Modified-Since": modified},
        {"If-Modified-Since": "Mon, 01 Jan 1990 00:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
        {"If-Modified-Since": "Mon, 99 Jan 1990 00:00:00 GMT"},
    ):
        assert client.get(address, headers=headers).status_code == 200


def test_a_feed_changes_with_what_it_tells(client: TestClient, site: Site) -> None:
    first = client.get("/search.atom?q=networks")
    take_in(site.db, a_record(7))
    site.index.follow(StoreChanges(site.db))
    again = client.get("/search.atom?q=networks", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 200
    assert again.text.count("<entry>") == 7


def test_last_modified_is_never_before_the_change() -> None:
    sightings = Sightings()
    assert sightings.first_seen("/a", "one", NOW) == NOW
    later = NOW + timedelta(hours=1)
    assert sightings.first_seen("/a", "one", later) == NOW
    assert sightings.first_seen("/a", "two", later) == later
    assert sightings.first_seen("/a", "one", later + timedelta(1)) == later + timedelta(1)
    assert not is_unmodified("", NOW)
    assert not is_unmodified("Mon, 02 Mar 2026 05:59:59 GMT", NOW)
    assert is_unmodified("Mon, 02 Mar 2026 06:00:00 GMT", NOW)


def test_what_is_hostile_breaks_no_feed(client: TestClient) -> None:
    text = client.get("/feed.atom").text
    assert "<script>" not in text
    titles = [item["title"] for item in client.get("/feed.json").json()["items"]]
    assert any(title.startswith("Networks") and "<script>" in title for title in titles), titles
    assert client.get("/search.atom?q=%3Cscript%3E%22%5D%5D%3E").status_code == 200
    ElementTree.fromstring(client.get("/search.atom?q=%22%3E%3C%00").content)
    json.loads(client.get("/search.json?q=%ff%00").content)


def test_an_empty_library_has_empty_feeds(tmp_path: Path) -> None:
    with reading(a_site(tmp_path / "empty")) as client:
        root = ElementTree.fromstring(client.get("/feed.atom").content)
        assert not list(root.iter(f"{ATOM}entry"))
        assert datetime.fromisoformat(root.findtext(f"{ATOM}updated") or "").year == 1970
        assert client.get("/day/2026-01-01.json").json()["items"] == []
