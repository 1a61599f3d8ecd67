"""A small library with one of everything, its site, and a reader of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

from httpx2 import Response
from starlette.testclient import TestClient

from broadsheet.index.changes import StoreChanges
from broadsheet.index.lexical import LexicalIndex
from broadsheet.jobs.ingest import ingest
from broadsheet.ledger import Happened, Outcome
from broadsheet.settings import load_settings
from broadsheet.store.database import Database
from broadsheet.store.imports import put_import_finished, put_import_started
from broadsheet.store.ledger import put_announcements, put_outcomes
from broadsheet.types import Announcement, Author, IngestReport, Record
from broadsheet.web.app import create_app
from broadsheet.web.site import Site
from tests.worlds import NOW, a_library, a_record, take_in

ORIGIN = "http://127.0.0.1:8000"
SUNDAY = date(2026, 3, 1)
FRIDAY = date(2026, 2, 27)
BUSY = date(2026, 2, 25)
N_BUSY = 120

REVISED = "arxiv:2603.00001"
MANY_HANDS = "arxiv:2603.00002"
SUMMARISED = "arxiv:2603.00003"


def a_site(folder: Path, *records: Record) -> Site:
    """The site of a library of these records, its index up to date."""
    db = a_library(folder, *records)
    index = LexicalIndex(folder / "index", store_id=db.store_id)
    index.follow(StoreChanges(db))
    return Site(
        db, index, load_settings(home=folder), lambda: NOW, lambda items: ingest(db, items, now=NOW)
    )


def a_full_site(folder: Path) -> Site:
    site = a_site(folder, *_first_records())
    take_in(site.db, *_later_records())
    _fill_ledger(site.db)
    site.index.follow(StoreChanges(site.db))
    return site


@contextmanager
def reading(site: Site, *, raising: bool = True, closing: bool = True) -> Iterator[TestClient]:
    app = create_app(site)
    with TestClient(
        app, base_url=ORIGIN, follow_redirects=False, raise_server_exceptions=raising
    ) as client:
        yield client
    if closing:
        site.db.close()


def _first_records() -> list[Record]:
    busy = [
        a_record(
            number,
            announced=BUSY,
            categories=("cs.CL", "cs.LG") if number % 3 else ("cs.CV",),
            upvotes=number,
        )
        for number in range(100, 100 + N_BUSY)
    ]
    return [
        a_record(
            1,
            title="Sparse attention for long documents",
            abstract="Dense attention is costly. We keep ninety percent of its quality.",
            comment="9 pages",
            datestamp="2026-02-28",
            categories=("cs.CL", "cs.LG"),
        ),
        a_record(2, authors=tuple(Author(f"Hand Number{n}") for n in range(3_000))),
        a_record(
            3,
            abstract="Says briefly what it found.",
            extra={"summary_by": "broadsheet"},
            upvotes=40,
            num_comments=2,
            github_repo="https://github.com/ada/code",
            github_stars=12,
            project_page="https://example.org/page",
        ),
        *(a_record(number) for number in range(4, 14)),
        a_record(20, announced=FRIDAY, authors=(Author("José Ñandú"), Author("Ada Lovelace"))),
        a_record(21, announced=None, submitted=None, year=2019, venue="ICLR 2019"),
        *busy,
    ]


def _later_records() -> list[Record]:
    first = _first_records()[0]
    return [
        replace(
            first,
            title="Sparse attention for very long documents",
            abstract="Dense attention is costly. We keep ninety-eight percent of its quality.",
            comment="Accepted; 12 pages",
            datestamp="2026-03-01",
            venue="ACL 2026",
        ),
        Record(
            source="acl",
            key="2026.acl-long.1",
            title="Sparse attention for very long documents",
            identifiers=("acl:2026.acl-long.1", REVISED),
            authors=first.authors,
            venue="ACL 2026",
            year=2026,
            url="https://aclanthology.org/2026.acl-long.1/",
        ),
    ]


def _fill_ledger(db: Database) -> None:
    with db.transaction() as transaction:
        put_announcements(
            transaction,
            [
                Announcement("arxiv", "cs.LG", SUNDAY, "arxiv:2603.00004"),
                Announcement("arxiv", "cs.CL", SUNDAY, REVISED),
                Announcement("arxiv", "cs.CL", SUNDAY, "arxiv:2603.99999"),
            ],
        )
        put_outcomes(
            transaction,
            [
                Outcome("arxiv", "cs.LG", SUNDAY, Happened.READ),
                Outcome("arxiv", "cs.CL", SUNDAY, Happened.READ),
                Outcome(
                    "arxiv", "cs.LG", date(2026, 2, 28), Happened.QUIET, "nothing on Saturdays"
                ),
                Outcome(
                    "arxiv", "cs.LG", date(2026, 2, 26), Happened.STALE, "still shows the 25th"
                ),
                Outcome("hf-daily", "", date(2026, 2, 26), Happened.THROTTLED, "429, wait 60 s"),
                Outcome("hf-daily", "", date(2026, 2, 24), Happened.FAILED, "no answer"),
            ],
            now=NOW,
        )
        number = put_import_started(transaction, "/home/ada/mine.bib", "bibtex", NOW)
        put_import_finished(transaction, number, IngestReport(9, 4, 1, 2, 1, 1), NOW)
        put_import_started(transaction, "cut.jsonl.xz", "jsonl", NOW)


def form_token(client: TestClient) -> str:
    """What a page of this client's puts into its forms."""
    sheet = read_sheet(client.get("/about").text)
    return next(
        e.attributes["value"] for e in sheet.all("input") if e.attributes.get("name") == "token"
    )


def post(client: TestClient, path: str, **fields: str | int) -> Response:
    """A form of ours, sent as a page would."""
    return client.post(path, data={"token": form_token(client), **fields})


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Sheet:
    """A page as read: its elements in order, and what is wrong with its markup."""

    elements: list[Element] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def hrefs(self) -> list[str]:
        return [found.attributes["href"] for found in self.all("a") if "href" in found.attributes]

    def text(self, tag: str) -> str:
        return " ".join(self.all(tag)[0].text.split())


def read_sheet(html: str) -> Sheet:
    """Elements with their text; faults: unclosed tags, ids given twice, headings that skip a
    level, fields without a label, references to ids that are not there."""
    reader = _SheetReader()
    reader.feed(html)
    reader.close()
    reader.finish()
    return reader.sheet


_VOID = {"col", "meta", "link", "input", "br", "hr", "img", "path", "rect", "wbr"}


class _SheetReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sheet = Sheet()
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        if len({name for name, _ in attrs}) < len(attrs):
            self.sheet.faults.append(f"an attribute twice in {tag}")
        self.sheet.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1].tag != tag:
            self.sheet.faults.append(f"</{tag}> closes {[e.tag for e in self._open[-3:]]}")
            return
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def finish(self) -> None:
        faults = self.sheet.faults
        faults += [f"{element.tag} is never closed" for element in self._open]
        ids = [e.attributes["id"] for e in self.sheet.elements if "id" in e.attributes]
        faults += [f"id {name} twice" for name in set(ids) if ids.count(name) > 1]
        levels = [int(e.tag[1]) for e in self.sheet.all("h1", "h2", "h3", "h4")]
        if levels.count(1) != 1 or levels[0] != 1:
            faults.append(f"headings begin {levels[:3]}")
        faults += [f"h{b} after h{a}" for a, b in pairwise(levels) if b > a + 1]
        labelled = {e.attributes.get("for") for e in self.sheet.all("label")}
        for element in self.sheet.all("input"):
            hidden = element.attributes.get("type") == "hidden"
            if not hidden and element.attributes.get("id") not in labelled:
                faults.append("a field without a label")
        for element in self.sheet.elements:
            target = element.attributes.get("aria-labelledby")
            if target is not None and target not in ids:
                faults.append(f"nothing has the id {target}")
        if not self.sheet.all("main") or not self.sheet.all("title")[0].text.strip():
            faults.append("no main or no title")
