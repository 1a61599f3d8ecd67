"""Votes, saves, dismissals, follows: as plain forms, as our script sends them, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from broadsheet.addresses import safe_return
from broadsheet.store.documents import find_doc_no
from broadsheet.store.follows import list_follows
from broadsheet.store.marks import Mark, marks_of
from broadsheet.web.app import ROUTES
from broadsheet.web.site import Site
from tests.web.newsroom import a_site, form_token, post, read_sheet, reading
from tests.worlds import a_record

#: Not there without accounts; test_access.py asks them with.
ACCOUNT_PATHS = ("/login", "/logout", "/enter", "/account", "/group", "/owner")
#: Prove themselves by a secret or a signed link; tests/web/test_mailing.py has them.
BY_SECRET = ("/confirm", "/unsubscribe", "/mail", "/bounces")
WHOLE = "<title>t</title><main></main>"
PAPER = "arxiv:2603.00001"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return a_site(tmp_path, *(a_record(number) for number in range(1, 12)))


@pytest.fixture
def client(site: Site) -> Iterator[TestClient]:
    with reading(site) as client:
        yield client


def my_marks(site: Site, paper: str = PAPER) -> set[Mark]:
    doc_no = find_doc_no(site.db, paper) or 0
    return set(marks_of(site.db, 1, [doc_no]).get(doc_no, ()))


def buttons(html: str, paper: str = PAPER) -> dict[str, str]:
    """Label to value of the buttons of one paper, the pressed ones in capitals."""
    found = {}
    for element in read_sheet(html).all("button"):
        value = element.attributes.get("value", "")
        if value.endswith(" " + paper):
            pressed = element.attributes["aria-pressed"] == "true"
            found[element.text.upper() if pressed else element.text] = value.split()[0]
    return found


@pytest.mark.parametrize(
    "path", ["/", "/day/2026-03-01", "/search?q=networks", f"/paper/{PAPER}", "/author/bo-fis"]
)
def test_every_list_and_page_of_papers_offers_the_deeds(client: TestClient, path: str) -> None:
    page = client.get(path)
    if path.startswith("/author"):
        path = next(
            href for href in read_sheet(client.get("/").text).hrefs() if href.startswith("/author/")
        )
        page = client.get(path)
    verbs = {
        element.attributes["value"].split()[0]
        for element in read_sheet(page.text).all("button")
        if element.attributes.get("form") == "acts"
    }
    assert verbs >= {"like", "save", "read", "dismiss"}


def test_a_vote_without_a_script_leads_back_to_its_place(client: TestClient, site: Site) -> None:
    answer = post(client, "/act", do=f"like {PAPER}", back="/day/2026-03-01?page=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/day/2026-03-01?page=1&done=1#{PAPER}"
    assert my_marks(site) == {Mark.LIKED}
    page = client.get(answer.headers["location"]).text
    assert "Voted for" in page
    assert buttons(page)["VOTE"] == "unvote"
    back = next(
        e.attributes["value"]
        for e in read_sheet(page).all("input")
        if e.attributes.get("name") == "back"
    )
    assert back == "/day/2026-03-01?page=1"
    undone = post(client, "/undo", deed=1, back=back)
    assert undone.status_code == 303
    assert my_marks(site) == set()
    assert "Undone" in client.get(undone.headers["location"]).text


def test_our_script_gets_the_changed_parts(client: TestClient, site: Site) -> None:
    answer = post(client, "/act", do=f"save {PAPER}", part=1)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    parts = [e.attributes["data-part"] for e in read_sheet(WHOLE + answer.text).all("div")]
    assert parts == ["flash", PAPER, PAPER]
    assert buttons(WHOLE + answer.text)["SAVE"] == "unsave"
    assert my_marks(site) == {Mark.SAVED}


def test_a_page_kept_is_not_shown_after_its_reader_did_something(client: TestClient) -> None:
    first = client.get("/")
    assert client.get("/", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    post(client, "/act", do=f"save {PAPER}")
    again = client.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 200
    assert "SAVE" in buttons(again.text)


def test_a_kept_page_holds_no_other_browsers_token(site: Site) -> None:
    with reading(site) as one:
        mine = form_token(one)
        assert mine in one.get("/").text
        with TestClient(one.app, base_url=str(one.base_url)) as other:
            page = other.get("/").text
            assert mine not in page
            assert form_token(other) in page
            assert one.get("/").text.replace(mine, "") == page.replace(form_token(other), "")


@pytest.mark.parametrize("path", [r.path for r in ROUTES if "POST" in (r.methods or ())])
def test_no_change_without_a_token_of_this_browser(
    client: TestClient, site: Site, path: str
) -> None:
    state = site.db.read("SELECT state_no FROM readers")
    fields = {"do": f"save {PAPER}", "deed": "1", "name": "x", "text": "x", "token": ""}
    client.cookies.clear()
    refused = (404,) if path.startswith((*ACCOUNT_PATHS, *BY_SECRET)) else (403,)
    assert client.post(path, data=fields).status_code in refused
    client.get("/")
    for token in ("", "0" * 32, "é" * 20, "\x00"):
        assert client.post(path, data={**fields, "token": token}).status_code in refused
    with TestClient(client.app, base_url=str(client.base_url)) as other:
        foreign = form_token(other)
    assert client.post(path, data={**fields, "token": foreign}).status_code in refused
    assert site.db.read("SELECT state_no FROM readers") == state


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://[::1"},
    ],
)
def test_no_change_from_another_site(
    client: TestClient, site: Site, headers: dict[str, str]
) -> None:
    fields = {"do": f"save {PAPER}", "token": form_token(client)}
    assert client.post("/act", data=fields, headers=headers).status_code == 403
    assert my_marks(site) == set()
    ours = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/act", data=fields, headers=ours).status_code == 303


def test_the_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(client: TestClient) -> None:
    (header,) = [v for k, v in client.get("/").headers.items() if k == "set-cookie"]
    assert "HttpOnly" in header
    assert "SameSite=lax" in header
    assert "Path=/" in header
    assert "set-cookie" not in client.get("/").headers


@pytest.mark.parametrize(
    ("do", "status"),
    [
        ("", 400), ("eat " + PAPER, 400), ("save", 404), ("save arxiv:0000.00000", 404),
        ("follow nobody-at-all", 404), ("follow", 404), ("write-note " + PAPER, 400),
        ("drop-collection 1", 400), ("collect " + PAPER, 404), ("tag " + PAPER, 400),
        ("save <script>", 404), ("keep-search", 400),
    ],
)  # fmt: skip
def test_what_cannot_be_done_says_so(client: TestClient, site: Site, do: str, status: int) -> None:
    answer = post(client, "/act", do=do)
    assert answer.status_code == status
    assert not read_sheet(answer.text).faults
    assert site.db.read("SELECT count(*) FROM deeds") == [(0,)]


def test_a_paper_is_acted_on_by_any_of_its_names(client: TestClient, site: Site) -> None:
    post(client, "/act", do="save https://arxiv.org/abs/2603.00001v3")
    assert my_marks(site) == {Mark.SAVED}


def test_an_author_and_a_search_are_followed(client: TestClient, site: Site) -> None:
    page = read_sheet(client.get(f"/paper/{PAPER}").text)
    follow = next(
        e.attributes["value"]
        for e in page.all("button")
        if e.attributes.get("value", "").startswith("follow ")
    )
    answer = post(client, "/act", do=follow, part=1)
    assert "Following" in answer.text
    search = read_sheet(client.get("/search?q=author:ada%20networks").text)
    alert = next(e.attributes["value"] for e in search.all("button") if e.text.strip() == "Alert")
    post(client, "/act", do=alert)
    assert [entry.value for entry in list_follows(site.db, 1)] == [
        follow.removeprefix("follow "), "author:ada networks",
    ]  # fmt: skip
    assert "drop-search author:ada networks" in client.get("/search?q=author:ada%20networks").text


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "",
        "javascript:alert(1)", "/a b", "/\x00", "/é", "http:evil.example", "/x\r\nSet-Cookie: a=b",
        " /", "/%0d", "/<script>",
    ],
)  # fmt: skip
def test_no_form_leads_elsewhere(client: TestClient, target: str) -> None:
    answer = post(client, "/act", do=f"save {PAPER}", back=target)
    assert answer.status_code == 303
    where = urlsplit(answer.headers["location"])
    assert (where.scheme, where.netloc) == ("", "")
    assert where.path in ("/", "/%0d")
    assert safe_return("/day/2026-03-01?x=%20y#z") == "/day/2026-03-01?x=%20y#z"


def test_what_was_done_is_told_to_nobody_else(client: TestClient, site: Site) -> None:
    with site.db.transaction() as transaction:
        transaction.run(
            "INSERT INTO deeds (reader_no, verb, deed, inverse, done_at) VALUES (9, 'save',"
            ' \'{"verb": "save", "doc_no": 1}\', \'{"verb": "unsave", "doc_no": 1}\', \'\')'
        )
    for number in ("1", "77", "x", "9" * 30):
        assert "Saved" not in client.get(f"/?done={number}").text
    assert post(client, "/undo", deed=1).status_code == 409


def test_a_form_too_large_is_refused_before_it_is_read(client: TestClient) -> None:
    answer = post(client, "/act", do="x" * 200_000)
    assert answer.status_code == 413


def test_get_changes_nothing(client: TestClient, site: Site) -> None:
    before = site.db.read("SELECT count(*), total_changes() FROM deeds")
    for path in ("/", f"/paper/{PAPER}", "/search?q=a", "/?done=1"):
        client.get(path)
    assert client.get("/act?do=save+" + PAPER).status_code == 405
    assert site.db.read("SELECT count(*), total_changes() FROM deeds") == before
