"""Who may ask, what each answer carries, and what a failure looks like."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.routing import Route
from starlette.testclient import TestClient

from broadsheet.errors import StoreBusyError, StoreError
from broadsheet.rank import attention
from broadsheet.web.app import ROUTES, create_app
from broadsheet.web.guard import SECURITY_HEADERS, UNKEPT
from broadsheet.web.site import Site
from tests.web.newsroom import ORIGIN, REVISED, a_site, form_token, read_sheet, reading
from tests.worlds import a_record, take_in

EVERY_ROUTE = [
    ("/", 200),
    ("/day?day=2026-03-01", 303),
    ("/day/2026-03-01", 200),
    ("/day/2026-02-28", 200),
    ("/search", 200),
    ("/search?q=networks", 200),
    ("/search.bib?q=networks", 200),
    ("/search.ris?q=networks", 200),
    ("/search.csl?q=networks", 200),
    (f"/paper/{REVISED}", 200),
    (f"/paper/{REVISED}.bib", 200),
    ("/paper/acl:2026.acl-long.1", 301),
    ("/author/ada-lovelace", 200),
    ("/trending", 200),
    ("/about/trending", 200),
    ("/topics", 200),
    ("/ledger", 200),
    ("/feed.atom", 200),
    ("/feed.json", 200),
    ("/day/2026-03-01.atom", 200),
    ("/day/2026-03-01.json", 200),
    ("/day/never.atom", 404),
    ("/search.atom?q=networks", 200),
    ("/search.json?q=networks", 200),
    ("/author/ada-lovelace.atom", 200),
    ("/author/ada-lovelace.json", 200),
    ("/author/nobody.json", 404),
    ("/collection/77.atom", 404),
    ("/collection/77.json", 404),
    ("/interests", 200),
    ("/interests/new", 200),
    ("/interests/77", 404),
    ("/interests/77/judge", 404),
    ("/interests/77/preview?like=x", 404),
    ("/interests/77.atom", 404),
    ("/interests/77.json", 404),
    ("/login", 404),
    ("/enter/x", 404),
    ("/account", 404),
    ("/group/1", 404),
    ("/owner", 404),
    ("/library", 200),
    ("/library?shelf=saved&q=x", 200),
    ("/library/export?format=ris", 200),
    ("/library/export?format=exe", 404),
    ("/collections", 200),
    ("/collection/77", 404),
    ("/collection/x", 404),
    ("/about", 200),
    ("/health", 200),
    ("/metrics", 200),
    ("/deliveries", 200),
    ("/deliveries/77", 404),
    ("/digest/none", 404),
    ("/subscribe", 404),
    ("/interests", 200),
    ("/interests/77", 404),
    ("/interests/77.atom", 404),
    ("/interests/77.json", 404),
    ("/confirm/none", 404),
    ("/unsubscribe/none", 404),
    ("/mail/none", 404),
    ("/robots.txt", 200),
    ("/favicon.ico", 200),
    ("/day/never", 404),
    ("/paper/none", 404),
    ("/author/none", 404),
    ("/static/none.css", 404),
    ("/static/../app.py", 404),
    ("/nothing", 404),
]


@pytest.mark.parametrize(("path", "status"), EVERY_ROUTE)
def test_every_route_answers_with_its_headers(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


@pytest.mark.parametrize(("path", "status"), EVERY_ROUTE)
def test_nobody_on_the_way_keeps_what_one_reader_was_sent(
    client: TestClient, path: str, status: int
) -> None:
    """Also of what RFC 9110 lets a cache keep unasked: 301, 404, 405, 410."""
    kept = client.get(path).headers["cache-control"]
    is_everybodys = path.startswith(("/static/", "/favicon")) and status == 200
    assert kept.startswith(("private,", "no-store")) is not is_everybodys
    refused = client.put(path)
    assert refused.status_code in (404, 405)
    assert refused.headers["cache-control"] == UNKEPT


@pytest.mark.parametrize(("path", "status"), EVERY_ROUTE)
def test_head_is_get_without_a_body(client: TestClient, path: str, status: int) -> None:
    answer = client.head(path)
    assert answer.status_code == status
    assert answer.content == b""


def test_every_route_of_the_app_is_in_the_table() -> None:
    tried = [path.partition("?")[0] for path, _ in EVERY_ROUTE]
    for route in ROUTES:
        assert isinstance(route, Route)
        if "GET" in (route.methods or ()):
            assert any(route.path_regex.match(path) for path in tried), route.path


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_pages_that_are_read_take_nothing(client: TestClient, method: str) -> None:
    for route in ROUTES:
        assert route.methods in ({"GET", "HEAD"}, {"POST"})
    answer = client.request(method, "/about")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert "does not answer" in answer.text


def test_no_inline_script_and_style_and_no_other_host_is_allowed() -> None:
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost:1", "LOCALHOST:8000", "[::1]:8000", "[::1]"]
)
def test_our_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/about", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "",
     "127.0.0.1:8000@evil.example", "127.0.0.1:80:80", "[::2]", "127.0.0.1 evil", "<script>"],
)  # fmt: skip
def test_other_names_are_refused(client: TestClient, host: str) -> None:
    for path in ("/", "/health", "/static/x.css"):
        answer = client.get(path, headers={"host": host})
        assert answer.status_code == 400
        assert "BROADSHEET_ALLOWED_HOSTS" in answer.text
        assert not read_sheet(answer.text).faults
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_address_listened_on_is_one_of_our_names(tmp_path: Path) -> None:
    site = a_site(tmp_path)
    lan = Site(
        site.db, site.index, site.settings.model_copy(update={"host": "192.168.1.5"}), site.clock
    )
    with reading(lan) as client:
        assert client.get("/about", headers={"host": "192.168.1.5:8000"}).status_code == 200
        assert client.get("/about", headers={"host": "192.168.1.6:8000"}).status_code == 400


def test_behind_a_proxy_the_host_of_the_address_is_ours(tmp_path: Path) -> None:
    """Also where the proxy asks by another name than its readers did."""
    site = a_site(tmp_path)
    public = replace(
        site, settings=site.settings.model_copy(update={"address": "http://papers.example.org"})
    )
    with reading(public) as client:
        named = {"host": "papers.example.org"}
        page = client.get("/about", headers=named)
        assert page.status_code == 200
        feed = client.get("/feed.json").json()
        assert feed["feed_url"] == "http://papers.example.org/feed.json"
        token = form_token(client)
        for origin, status in (
            ("http://papers.example.org", 400), ("http://127.0.0.1:8000", 400),
            ("https://evil.example", 403), ("http://papers.example.org.evil.example", 403),
        ):  # fmt: skip
            form = {"token": token, "do": "nothing at all"}
            answer = client.post("/act", data=form, headers={"origin": origin})
            assert answer.status_code == status, origin


@pytest.mark.parametrize("path", ["/", "/about", "/search?q=networks", f"/paper/{REVISED}"])
def test_a_page_known_is_not_sent_again(client: TestClient, path: str) -> None:
    first = client.get(path)
    tag = first.headers["etag"]
    again = client.get(path, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    assert "private" in first.headers["cache-control"]


def test_static_files_are_addressed_by_content_and_kept(client: TestClient) -> None:
    page = read_sheet(client.get("/about").text)
    for link in page.all("link"):
        answer = client.get(link.attributes["href"])
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        kinds = ("text/css", "image/svg+xml", "font/woff2")
        assert answer.headers["content-type"].partition(";")[0] in kinds


def test_a_fault_of_ours_has_a_page_and_headers(site: Site) -> None:
    def broken(request: Request) -> None:
        raise RuntimeError("secret detail")

    app = create_app(site)
    app.router.routes.append(Route("/broken", broken))
    with TestClient(app, base_url=ORIGIN, raise_server_exceptions=False) as client:
        answer = client.get("/broken")
    assert answer.status_code == 500
    assert "Stop press" in answer.text
    assert "secret detail" not in answer.text
    assert answer.headers["content-security-policy"]


@pytest.mark.parametrize("error", [StoreBusyError, StoreError])
def test_a_library_that_cannot_be_read_is_said_so(site: Site, error: type[StoreError]) -> None:
    def broken(request: Request) -> None:
        raise error("/secret/path is locked")

    app = create_app(site)
    app.router.routes.append(Route("/broken", broken))
    with TestClient(app, base_url=ORIGIN) as client:
        answer = client.get("/broken")
    assert answer.status_code == 503
    assert "/secret/path" not in answer.text


def test_health_tells_how_far_the_index_is(tmp_path: Path) -> None:
    site = a_site(tmp_path, a_record(1))
    with reading(site) as client:
        assert client.get("/health").json() == {
            "ok": True, "documents": 1, "index": {"position": 1, "lag": 0}, "problem": "",
            "digests": {}, "steps": {}, "unreadable": 0,
        }  # fmt: skip
        take_in(site.db, a_record(2))
        assert client.get("/health").json()["index"]["lag"] == 1


def test_about_prints_the_formula(client: TestClient) -> None:
    page = client.get("/about").text
    for name in ("UPVOTES", "COMMENTS", "STARS", "CITATIONS", "CODE"):
        assert str(getattr(attention, f"{name}_WEIGHT")) in page


def test_robots_are_asked_to_stay_away(client: TestClient) -> None:
    assert "Disallow: /" in client.get("/robots.txt").text


def test_long_pages_travel_compressed(client: TestClient) -> None:
    plain = client.get("/day/2026-02-25", headers={"accept-encoding": "identity"})
    packed = client.get("/day/2026-02-25", headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text
    assert packed.headers["etag"] == plain.headers["etag"]
