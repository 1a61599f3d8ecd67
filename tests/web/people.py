"""A library with accounts: an owner, a lab of three with a lead, a member and a guest, and a
reader who belongs to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from starlette.testclient import TestClient

from broadsheet.keys import hash_secret, new_secret
from broadsheet.store.accounts import make_reader, put_token, start_session
from broadsheet.store.deeds import Deed, Verb, do
from broadsheet.store.groups import GroupRole, make_group, put_member
from broadsheet.store.interests import Choices, written
from broadsheet.store.readers import Role
from broadsheet.web.app import create_app
from broadsheet.web.site import Site
from broadsheet.web.visitors import cookie_name
from tests.web.newsroom import ORIGIN, a_site
from tests.worlds import NOW, a_record

OWNER, LEAD, MEMBER, GUEST, OTHER = "owner", "lead", "member", "guest", "other"
PAPER = "arxiv:2603.00001"


@dataclass(frozen=True)
class Town:
    """`readers` are reader numbers, `cookies` sessions, `tokens` API tokens, by name. The lab's
    group is 1; collection 1 is the lead's own, collection 2 the lab's."""

    site: Site
    readers: dict[str, int]
    cookies: dict[str, str]
    tokens: dict[str, str]

    @contextmanager
    def client(self, name: str = "") -> Iterator[TestClient]:
        """A browser that is logged in; nobody's without a name."""
        app = create_app(self.site)
        with TestClient(app, base_url=ORIGIN, follow_redirects=False) as client:
            if name:
                client.cookies.set(
                    cookie_name(self.site.db), self.cookies[name], domain="127.0.0.1", path="/"
                )
            yield client


def address_of(name: str) -> str:
    return f"{name}@example.org"


def a_town(folder: Path, **settings: object) -> Town:
    site = a_site(folder, *(a_record(number) for number in range(1, 6)))
    site = replace(site, settings=site.settings.model_copy(update={"accounts": True, **settings}))
    readers, cookies, tokens = {}, {}, {}
    with site.db.transaction() as transaction:
        for name in (OWNER, LEAD, MEMBER, GUEST, OTHER):
            role = Role.OWNER if name == OWNER else Role.READER
            reader = make_reader(
                transaction, email=address_of(name), name=name.title(), role=role, now=NOW
            )
            readers[name], cookies[name], tokens[name] = (
                reader.reader_no,
                new_secret(),
                new_secret(),
            )
            start_session(
                transaction, reader.reader_no, hash_secret(cookies[name]), "test", now=NOW
            )
            put_token(
                transaction, reader.reader_no, hash_secret(tokens[name]), "t",
                frozenset({"read"}), now=NOW,
            )  # fmt: skip
        group = make_group(transaction, readers[LEAD], "Lab", now=NOW)
        put_member(transaction, group, readers[MEMBER], GroupRole.MEMBER, now=NOW)
        put_member(transaction, group, readers[GUEST], GroupRole.GUEST, now=NOW)
        for deed in (
            Deed(Verb.MAKE_COLLECTION, value="Own"),
            Deed(Verb.MAKE_COLLECTION, value="Shared", group_no=group),
            Deed(Verb.SAVE, 1),
            Deed(Verb.WRITE_NOTE, 1, "a secret thought"),
            Deed(Verb.WRITE_NOTE, 1, "a shared thought", group_no=group),
            Deed(Verb.COLLECT, 1, number=2),
            Deed(Verb.MAKE_INTEREST, value=written(Choices("A secret need"))),
        ):
            do(transaction, readers[LEAD], deed, now=NOW)
    return Town(site, readers, cookies, tokens)
