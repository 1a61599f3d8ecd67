"""Every link of every page leads somewhere, and every page is sound."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from tests.web.newsroom import read_sheet

PAGE_BYTES_MAX = 80_000
FACE_BYTES_MAX = 30_000
CSS_BYTES_MAX = 26_000
JS_BYTES_MAX = 12_000


def test_every_internal_link_answers(client: TestClient) -> None:
    waiting = [("/", 0)]
    seen: set[str] = set()
    while waiting:
        path, n_searches = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code in (200, 301), path
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        sheet = read_sheet(answer.text)
        assert sheet.faults == [], path
        links = [*sheet.hrefs(), *(e.attributes["href"] for e in sheet.all("link"))]
        for href in links:
            if not href.startswith("/"):
                continue
            # Facets of facets of facets have no end.
            deeper = n_searches + href.startswith("/search")
            if deeper <= 2 and _is_near(href):
                waiting.append((href, deeper))
    kinds = {urlsplit(path).path.split("/")[1] for path in seen}
    assert kinds >= {"", "day", "search", "paper", "author", "ledger", "about", "static", "health"}
    assert len(seen) > 200


def _is_near(href: str) -> bool:
    """Calendars lead to all days there ever were; three thousand authors are enough of one kind."""
    if href.startswith("/day/"):
        return href >= "/day/2026-02"
    return not href.startswith("/author/hand-number") or href.endswith(("0", "5"))


PAGES = ("/", "/day/2026-02-25", "/search?q=networks", "/ledger", "/about")


def test_pages_and_styles_are_light(client: TestClient) -> None:
    """What must be read and understood before a page can be shown, unpacked."""
    for path in PAGES:
        sheet = read_sheet(client.get(path).text)
        weight = len(client.get(path).content)
        for link in sheet.all("link"):
            if link.attributes["rel"] in ("stylesheet", "icon"):
                size = len(client.get(link.attributes["href"]).content)
                assert size < CSS_BYTES_MAX
                weight += size
        for script in sheet.all("script"):
            size = len(client.get(script.attributes["src"]).content)
            assert size < JS_BYTES_MAX
            weight += size
        assert weight <= PAGE_BYTES_MAX, path


@pytest.mark.parametrize("path", [*PAGES, "/trending", "/library", "/author/ada-lovelace"])
def test_a_first_visit_carries_little(client: TestClient, path: str) -> None:
    """On the wire, with every typeface there is, though rare letters are seldom asked for."""
    sheet = read_sheet(client.get(path).text)
    needed = [e.attributes["href"] for e in sheet.all("link") if _is_loaded(e.attributes["rel"])]
    needed += [e.attributes["src"] for e in sheet.all("script")]
    faces = _faces(client)
    assert set(faces) > {href for href in needed if href.endswith(".woff2")}
    sizes = {name: _wire_bytes(client, name) for name in {path, *needed, *faces}}
    assert max(sizes[face] for face in faces) < FACE_BYTES_MAX
    assert sum(sizes.values()) <= PAGE_BYTES_MAX, sizes


def _is_loaded(rel: str) -> bool:
    return rel in ("stylesheet", "icon", "preload")


def _faces(client: TestClient) -> list[str]:
    return re.findall(r"url\((/static/[^)]+\.woff2)\)", _style_sheet(client))


def _style_sheet(client: TestClient) -> str:
    links = read_sheet(client.get("/").text).all("link")
    href = next(e.attributes["href"] for e in links if e.attributes["rel"] == "stylesheet")
    return client.get(href).text


def _wire_bytes(client: TestClient, path: str) -> int:
    with client.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
        assert answer.status_code == 200
        return sum(len(piece) for piece in answer.iter_raw())


def test_no_page_asks_another_server_for_anything(client: TestClient) -> None:
    for path in ("/", "/search?q=networks", "/paper/arxiv:2603.00003", "/ledger"):
        sheet = read_sheet(client.get(path).text)
        for element in sheet.elements:
            if element.tag != "a":
                assert element.attributes.get("href", "/").startswith(("/", "#"))
            assert element.attributes.get("src", "/static/").startswith("/static/")
            assert element.attributes.get("action", "/").startswith("/")
    css = _style_sheet(client)
    assert len(_faces(client)) == css.count("url(") == 4
