"""Every link of every page leads somewhere, and every page is sound."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.testclient import TestClient

from tests.web.newsroom import read_sheet

PAGE_BYTES_MAX = 80_000
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


def test_pages_and_styles_are_light(client: TestClient) -> None:
    for path in ("/", "/day/2026-02-25", "/search?q=networks", "/ledger", "/about"):
        sheet = read_sheet(client.get(path).text)
        weight = len(client.get(path).content)
        for link in sheet.all("link"):
            if link.attributes["rel"] not in ("canonical", "alternate"):
                size = len(client.get(link.attributes["href"]).content)
                assert size < CSS_BYTES_MAX
                weight += size
        for script in sheet.all("script"):
            size = len(client.get(script.attributes["src"]).content)
            assert size < JS_BYTES_MAX
            weight += size
        assert weight <= PAGE_BYTES_MAX, path


def test_no_page_asks_another_server_for_anything(client: TestClient) -> None:
    for path in ("/", "/search?q=networks", "/paper/arxiv:2603.00003", "/ledger"):
        sheet = read_sheet(client.get(path).text)
        for element in sheet.elements:
            if element.tag != "a":
                assert element.attributes.get("href", "/").startswith(("/", "#"))
            assert element.attributes.get("src", "/static/").startswith("/static/")
            assert element.attributes.get("action", "/").startswith("/")
    css = next(
        e
        for e in read_sheet(client.get("/").text).all("link")
        if e.attributes["rel"] == "stylesheet"
    )
    assert "url(" not in client.get(css.attributes["href"]).text
