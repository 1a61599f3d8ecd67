"""What readers write is from outside too: no name, tag, note or device runs in a fellow's page,
no form is taken from elsewhere, and no clock locks anybody out."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import process_time

import pytest

from broadsheet.keys import hash_password, hash_secret, new_secret
from broadsheet.store import accounts
from broadsheet.store.deeds import Deed, Verb, do
from broadsheet.store.groups import GroupRole, make_group, put_member
from broadsheet.web.app import ROUTES
from broadsheet.web.visitors import form_token as token_of
from tests.web.every_page import TOGETHER
from tests.web.newsroom import a_site, form_token, post, read_sheet, reading
from tests.web.people import GUEST, LEAD, MEMBER, OWNER, PAPER, Town, a_town, address_of
from tests.web.test_access import CHANGING
from tests.web.test_acts import BY_SECRET
from tests.web.test_hostile import BREAKOUT, OVERRIDE, SCRIPT, assert_harmless
from tests.worlds import NOW

PASSWORD = "correct horse battery"
WORST = SCRIPT + BREAKOUT + OVERRIDE


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """As `a_town`, but everything that its lead could name or write is hostile."""
    town = a_town(tmp_path_factory.mktemp("hostile"))
    lead = town.readers[LEAD]
    with town.site.db.transaction() as transaction:
        accounts.rename_reader(transaction, lead, WORST[:80])
        accounts.start_session(transaction, lead, hash_secret(new_secret()), WORST, now=NOW)
        group = make_group(transaction, lead, WORST[:80], now=NOW)
        for who, role in ((MEMBER, GroupRole.MEMBER), (GUEST, GroupRole.GUEST)):
            put_member(transaction, group, town.readers[who], role, now=NOW)
        for deed in (
            Deed(Verb.MAKE_COLLECTION, value=WORST[:110], group_no=group),
            Deed(Verb.WRITE_NOTE, 1, WORST, group_no=group),
            Deed(Verb.WRITE_NOTE, 2, WORST + "more"),
            Deed(Verb.TAG, 1, SCRIPT[:60]),
            Deed(Verb.COLLECT, 1, number=3),
            Deed(Verb.LIKE, 1),
            Deed(Verb.KEEP_SEARCH, value=BREAKOUT),
        ):
            do(transaction, lead, deed, now=NOW)
    with town.client(LEAD) as client:
        post(client, "/account/token", name=WORST[:80], read="1")
    yield town
    town.site.db.close()


@pytest.mark.parametrize("who", [LEAD, MEMBER, GUEST, OWNER])
def test_a_fellow_sees_text_and_nothing_runs(town: Town, who: str) -> None:
    paths = {path for _, path in TOGETHER} | {"/group/2", "/collection/3", "/?done=14", "/library"}
    paths.add("/paper/arxiv:2603.00002")
    with town.client(who) as client:
        for path in sorted(paths - {"/owner"}):
            answer = client.get(path)
            if answer.status_code == 200:
                assert "<script>alert" not in answer.text, path
                assert_harmless(read_sheet(_without_plots(answer.text)))


def _without_plots(text: str) -> str:
    """Our own small pictures may stand there."""
    return text.replace("<svg", "<span").replace("</svg", "</span")


@pytest.mark.parametrize(
    "path", sorted({path for path, _, _ in CHANGING if not path.startswith(BY_SECRET)})
)
def test_no_change_is_taken_from_another_site(tmp_path: Path, path: str) -> None:
    """Though cookie and token are right: what a page elsewhere could have got hold of."""
    town = a_town(tmp_path)
    fields = next(fields for known, fields, _ in CHANGING if known == path)
    with town.client(LEAD) as client:
        data = {**fields, "token": token_of(town.site.db, town.cookies[LEAD])}
        for headers in (
            {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://127.0.0.1.evil.example"},
        ):  # fmt: skip
            assert client.post(path, data=data, headers=headers).status_code == 403
        assert client.get(f"/paper/{PAPER}").status_code == 200
    town.site.db.close()


def test_every_change_asks_for_the_token_of_this_very_browser(town: Town) -> None:
    with town.client(MEMBER) as client:
        own = token_of(town.site.db, town.cookies[MEMBER])
        for route in ROUTES:
            if "POST" in (route.methods or ()) and not route.path.startswith(BY_SECRET):
                for token in ("", "x", own.upper(), own[:-1], token_of(town.site.db, "other")):
                    status = client.post(route.path, data={"token": token}).status_code
                    assert status in (403, 404), route.path


def test_a_clock_that_goes_back_locks_nobody_out(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    with town.site.db.transaction() as transaction:
        accounts.set_password(transaction, town.readers[MEMBER], hash_password(PASSWORD))
    wrong = {"email": address_of(MEMBER), "password": "no", "do": "password"}
    with town.client() as client:
        token = form_token_of_door(client)
        for _ in range(11):
            last = client.post("/login", data={**wrong, "token": token}).status_code
        assert last == 429
    earlier = replace(town.site, clock=lambda: NOW - timedelta(days=300))
    with replace(town, site=earlier).client() as client:
        token = form_token_of_door(client)
        right = {**wrong, "password": PASSWORD, "token": token}
        assert client.post("/login", data=right).status_code == 303
        assert client.get("/account").status_code == 200
    with replace(town, site=earlier).client(LEAD) as client:
        assert client.get("/library").status_code == 200
        assert post(client, "/act", do=f"save {PAPER}").status_code == 303
        assert client.get("/?done=1").status_code == 200
    later = replace(town.site, clock=lambda: NOW + timedelta(days=4_000))
    with replace(town, site=later).client(LEAD) as client:
        assert client.get("/library").status_code == 303
    town.site.db.close()


def form_token_of_door(client: object) -> str:
    text = client.get("/login").text  # type: ignore[attr-defined]
    return next(
        e.attributes["value"]
        for e in read_sheet(text).all("input")
        if e.attributes.get("name") == "token"
    )


@pytest.mark.parametrize(
    ("name", "head", "tail"),
    [
        ("x.bib.gz", b"@article{a, title={", b"}}"),
        ("x.ris.gz", b"TY  - JOUR\nTI  - ", b"\nER  - \n"),
        ("x.json.gz", b'[{"title":"', b'"}]'),
    ],
    ids=["BibTeX", "RIS", "JSON"],
)
def test_an_upload_that_grows_a_thousandfold_harms_nobody(
    tmp_path: Path, name: str, head: bytes, tail: bytes
) -> None:
    town = a_town(tmp_path)
    body = gzip.compress(head + b"a" * 60_000_000 + tail)
    with town.client(MEMBER) as client:
        answer = client.post(
            "/library/import",
            data={"token": form_token(client)},
            files={"file": (name, body)},
        )
        assert answer.status_code in (200, 400)
        assert len(answer.content) < 80_000
        assert_harmless(read_sheet(answer.text))
    town.site.db.close()


def test_a_file_that_never_ends_is_read_no_further_than_it_may(tmp_path: Path) -> None:
    """58 kB of empty lines kept a thread that makes pages busy for a minute and a half; 32 MB may
    be sent. What stands before is taken in."""
    row = b'{"id": "arxiv:2603.70000", "title": "A paper before the flood"}\n'
    body = lzma.compress(row + b" " * 63_999_000 + b"\n" * 200_000, preset=1)
    site = a_site(tmp_path)
    began = process_time()
    with reading(site, closing=False) as client:
        answer = client.post(
            "/library/import",
            data={"token": form_token(client)},
            files={"file": ("x.jsonl.xz", body)},
        )
        assert "unpacks to more than 64 MB" in answer.text
        assert client.get("/paper/arxiv:2603.70000").status_code == 200
    assert process_time() - began < 20
    site.db.close()
