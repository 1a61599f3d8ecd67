"""Every page there is, and every state of it worth a look: for checks that hold for all of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from starlette.testclient import TestClient

from broadsheet.deliver.kept import to_kept
from broadsheet.deliver.links import Purpose, sign_link
from broadsheet.store.documents import last_change_no
from broadsheet.store.mail_addresses import note_bounce
from broadsheet.store.outbox import put_composed, put_due, put_unsent
from broadsheet.store.readers import library_secret
from broadsheet.web.reckoning import Reckoning
from broadsheet.web.site import Site
from tests.deliver.samples import a_digest, an_item
from tests.web.newsroom import MANY_HANDS, REVISED, a_full_site, a_site, form_token, post, reading
from tests.web.people import GUEST, LEAD, MEMBER, OTHER, OWNER, PAPER, Town, a_town
from tests.worlds import NOW

#: Of a library that one person keeps for themselves.
ALONE = [
    "/", "/?tab=you", "/?category=cs.CL", "/?done=1", "/day/2026-02-25?page=2", "/day/2026-02-24",
    "/day/2026-02-26", "/day/2026-02-28", "/day/2027-01-01", "/day/never",
    "/trending", "/about/trending", "/topics",
    "/search", "/search?q=networks", "/search?q=networks&sort=newest&page=2",
    "/search?q=nothingatall", "/search?q=%28broken+%22", "/search?q=year:2019..",
    f"/paper/{REVISED}", f"/paper/{MANY_HANDS}", "/paper/arxiv:2603.00003", "/paper/none",
    "/author/ada-lovelace", "/author/jose-nandu", "/author/none",
    "/library", "/library?shelf=noted", "/library?shelf=dismissed", "/library?q=zzz",
    "/library?tag=to+read", "/collections", "/collection/1", "/collection/77",
    "/ledger", "/ledger?source=arxiv", "/about", "/nothing",
    "/deliveries", "/deliveries/77", "/digest/none", "/subscribe", "/mail/none",
    "/unsubscribe/none", "/confirm/none",
    "/interests", "/interests/new", "/interests/1", "/interests/1/judge", "/interests/77",
    "/interests/1/preview?kind=never&value=networks", "/interests/1/preview?author=none",
]  # fmt: skip

#: Of a library with accounts: who asks ("" is nobody), and for what.
TOGETHER = [
    ("", "/login"), ("", "/login?back=/library"), ("", "/enter/none"), ("", "/about"),
    (OWNER, "/"), (OWNER, "/account"), (OWNER, "/owner"), (OWNER, f"/paper/{PAPER}"),
    (OWNER, "/library"), (OWNER, "/group/1"), (LEAD, "/account"), (LEAD, "/group/1"),
    (LEAD, "/collection/1"), (LEAD, "/collection/2"), (LEAD, "/collections"),
    (MEMBER, "/"), (MEMBER, "/group/1"), (MEMBER, f"/paper/{PAPER}"), (MEMBER, "/collection/2"),
    (GUEST, f"/paper/{PAPER}"), (GUEST, "/collection/2"), (OTHER, "/library"), (OTHER, "/owner"),
]  # fmt: skip

#: Of a library that holds nothing yet.
EMPTY = ["/", "/?tab=you", "/trending", "/topics", "/search", "/search?q=x", "/library",
         "/interests", "/interests/new", "/collections", "/ledger", "/about",
         "/day/2026-03-01"]  # fmt: skip


@dataclass(frozen=True)
class Page:
    """`text` is its HTML; `name` tells it apart in a complaint."""

    name: str
    text: str


def a_used_site(folder: Path) -> Site:
    """A full library whose one reader has used everything once."""
    site = a_full_site(folder)
    with reading(site, closing=False) as client:
        for do in (f"save {REVISED}", f"like {MANY_HANDS}", "read arxiv:2603.00004",
                   "dismiss arxiv:2603.00005", "follow ada-lovelace"):  # fmt: skip
            post(client, "/act", do=do)
        post(client, "/act", do="keep-search", value="networks -survey")
        post(client, "/act", do=f"tag {REVISED}", value="to read")
        note = "# On *this*\n\n- one\n- two\n\n> said\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n`x`"
        post(client, "/note", paper=REVISED, text=note, revision=0)
        post(client, "/collections", name="Bounds & <limits>")
        post(client, "/act", do=f"collect {REVISED}", collection=1)
        post(client, "/interests/new", name="Bounds & <limits>", author="Ada Lovelace")
        for do, value in (("like", REVISED), ("never", "survey OR <x>"), ("dislike", MANY_HANDS)):
            post(client, "/interests/1", do=do, value=value)
    return site


def pages_alone(site: Site) -> list[Page]:
    with reading(site, closing=False) as client:
        pages = [Page(path, client.get(path).text) for path in ALONE]
        pages += _answers_to_forms(client)
        client.app.state.reckoning = slow = Reckoning(0.0)  # type: ignore[attr-defined]
        go = Event()
        slow.find("topics", last_change_no(site.db), lambda: go.wait(60) and None)
        pages.append(Page("/topics, being worked out", client.get("/topics").text))
        go.set()
    return pages


def pages_together(town: Town) -> list[Page]:
    pages = []
    for who, path in TOGETHER:
        with town.client(who) as client:
            pages.append(Page(f"{path} as {who or 'nobody'}", client.get(path).text))
    with town.client(OWNER) as client:
        for path, fields in (
            ("/owner", {"do": "invite", "email": "new@example.org", "role": "reader"}),
            ("/owner", {"do": "invite", "email": "not an address"}),
            ("/account/token", {"name": "feed reader", "read": "1"}),
            ("/account", {"do": "password", "new": "short"}),
        ):
            pages.append(Page(f"POST {path} {fields}", post(client, path, **fields).text))
        pages.append(Page("/owner, somebody invited", client.get("/owner").text))
    with town.client(LEAD) as client:
        fields = {"do": "invite", "email": "new@example.org", "role": "member"}
        pages.append(Page("POST /group/1", post(client, "/group/1", **fields).text))
    return pages


def pages_empty(folder: Path) -> list[Page]:
    with reading(a_site(folder)) as client:
        return [Page(f"{path} of nothing", client.get(path).text) for path in EMPTY]


def pages_delivered(site: Site) -> list[Page]:
    """With subscriptions in every state, and what mailed links lead to."""
    settings = {
        "public_subscriptions": True,
        "smtp_host": "127.0.0.1",
        "mail_from": "p@example.org",
    }
    site = replace(site, settings=site.settings.model_copy(update=settings))
    key = library_secret(site.db)
    with reading(site, closing=False) as client:
        pages = [Page("/deliveries, none yet", client.get("/deliveries?q=networks").text)]
        for channel in ("mail", "json"):
            fields = {"do": "add", "what": "day", "mon": "1", "channel": channel}
            fields |= {"address": "ada@example.net", "url": "https://hooks.example.org/x"}
            post(client, "/deliveries", **fields)
        with site.db.transaction() as transaction:
            note_bounce(transaction, "ada@example.net", "gone", permanent=True, now=NOW)
            digest_no = put_due(transaction, 1, NOW.date(), now=NOW)
            put_unsent(transaction, digest_no or 0, "failed", "the <b>server</b>", now=NOW)
            brought = put_due(transaction, 2, NOW.date(), now=NOW) or 0
            items = (an_item(1, title="A <b>bold</b> one", kicker="<i>"), an_item(2))
            put_composed(
                transaction, brought, subject="s", papers=[], until_no=0, host="h", content=b"",
                page=to_kept(a_digest(*items, notice="a <b>notice</b>", path="/interests/1")),
                now=NOW,
            )  # fmt: skip
        pages += [
            Page(path, client.get(path).text)
            for path in (
                "/deliveries", f"/deliveries/{brought}", "/deliveries/77", "/digest/none",
                f"/digest/{sign_link(key, Purpose.READ, brought, now=NOW)}",
                "/subscribe", "/subscribe?q=a+%22b%22", "/mail/none",
                f"/mail/{sign_link(key, Purpose.SAVE, 1, 1, now=NOW)}",
                f"/unsubscribe/{sign_link(key, Purpose.UNSUBSCRIBE, 1, now=NOW)}",
                f"/confirm/{sign_link(key, Purpose.CONFIRM, 1, now=NOW)}",
            )
        ]  # fmt: skip
        wrong = post(client, "/deliveries", do="add", what="day")
        left = client.post(f"/unsubscribe/{sign_link(key, Purpose.UNSUBSCRIBE, 1, now=NOW)}")
        acted = client.post(f"/mail/{sign_link(key, Purpose.DISMISS, 1, 2, now=NOW)}")
        refused = post(client, "/subscribe", email="none", mon="1")
    names = ("/deliveries, refused", "left", "dismissed by mail", "/subscribe, refused")
    answers = (wrong, left, acted, refused)
    return pages + [Page(n, a.text) for n, a in zip(names, answers, strict=True)]


def every_page(folder: Path) -> list[Page]:
    site, town = a_used_site(folder / "alone"), a_town(folder / "town")
    pages = [*pages_alone(site), *pages_together(town), *pages_empty(folder / "empty")]
    pages += pages_delivered(site)
    site.db.close()
    town.site.db.close()
    return pages


def _answers_to_forms(client: TestClient) -> list[Page]:
    rows = "\n".join(json.dumps(row) for row in ({"id": "arxiv:2603.70000", "title": "New"}, {}))
    imported = client.post(
        "/library/import",
        data={"token": form_token(client)},
        files={"file": ("two.jsonl", rows)},
    )
    refused = client.post(
        "/library/import",
        data={"token": form_token(client)},
        files={"file": ("x.bib", b"%PDF-1.7")},
    )
    conflict = post(client, "/note", paper=REVISED, text="another tab", revision=0)
    long = post(client, "/note", paper=REVISED, text="long " * 50_000, revision=1)
    forged = client.post("/act", data={"do": f"save {REVISED}"})
    return [
        Page("a file taken in", imported.text),
        Page("a file refused", refused.text),
        Page("a note changed elsewhere", conflict.text),
        Page("a note too long", long.text),
        Page("a form out of date", forged.text),
        Page("a host that is not ours", client.get("/", headers={"host": "evil.example"}).text),
        Page("who is who, of nobody", post(client, "/who/apart", author="nobody").text),
    ]
