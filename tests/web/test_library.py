"""The library: shelves, tags, collections, notes, files in and out."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from broadsheet.store.collections import list_collections
from broadsheet.store.documents import count_documents, find_doc_no
from broadsheet.store.notes import get_note
from broadsheet.web.site import Site
from tests.parse.zotero import LIBRARY
from tests.web.newsroom import a_site, form_token, post, read_sheet, reading
from tests.worlds import a_record

ONE, TWO = "arxiv:2603.00001", "arxiv:2603.00002"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return a_site(tmp_path, *(a_record(number) for number in range(1, 45)))


@pytest.fixture
def client(site: Site) -> Iterator[TestClient]:
    with reading(site) as client:
        yield client


def papers(client: TestClient, path: str) -> list[str]:
    """The papers that a page of the library lists, in order."""
    answer = client.get(path)
    assert answer.status_code == 200
    sheet = read_sheet(answer.text)
    assert not sheet.faults
    return [e.attributes["id"] for e in sheet.all("li") if e.attributes.get("class") == "hit"]


def test_shelves_hold_what_was_done(client: TestClient) -> None:
    assert "Nothing stands here yet" in client.get("/library").text
    for do in (f"save {ONE}", f"save {TWO}", f"read {TWO}", f"like {TWO}", f"dismiss {TWO}"):
        post(client, "/act", do=do)
    assert papers(client, "/library?shelf=saved") == [TWO, ONE]
    assert papers(client, "/library?shelf=unread") == [ONE]
    for shelf in ("liked", "read", "dismissed"):
        assert papers(client, f"/library?shelf={shelf}") == [TWO]
    assert set(papers(client, "/library")) == {ONE, TWO}
    assert papers(client, "/library?shelf=nonsense") == papers(client, "/library")


def test_a_long_shelf_is_paged(client: TestClient) -> None:
    for number in range(1, 41):
        post(client, "/act", do=f"save arxiv:2603.{number:05d}")
    assert len(papers(client, "/library?shelf=saved")) == 30
    assert len(papers(client, "/library?shelf=saved&page=2")) == 10


def test_tags_are_put_listed_and_removed(client: TestClient) -> None:
    answer = post(client, "/act", do=f"tag {ONE}", value="  to   read ", back=f"/paper/{ONE}")
    assert answer.status_code == 303
    page = client.get(answer.headers["location"]).text
    assert "Tagged" in page
    assert papers(client, "/library?tag=to+read") == [ONE]
    post(client, "/act", do=f"untag {ONE}", value="to read")
    assert papers(client, "/library?tag=to+read") == []


def test_a_collection_is_made_filled_renamed_dropped_and_brought_back(
    client: TestClient, site: Site
) -> None:
    made = post(client, "/collections", name="Attention <b>")
    assert made.headers["location"] == "/collection/1?done=1"
    post(client, "/act", do=f"collect {ONE}", collection=1)
    assert papers(client, "/collection/1") == [ONE]
    assert "Attention &lt;b&gt;" in client.get(f"/paper/{ONE}").text
    post(client, "/collection/1", do="rename", name="Better")
    assert "Better" in client.get("/collections").text
    dropped = post(client, "/collection/1", do="drop")
    assert client.get("/collection/1").status_code == 404
    page = client.get(dropped.headers["location"]).text
    deed = next(e.attributes["value"] for e in read_sheet(page).all("button") if e.text == "Undo")
    post(client, "/undo", deed=deed)
    assert papers(client, "/collection/1") == [ONE]


@pytest.mark.parametrize("name", ["", "  ", "x" * 200])
def test_a_collection_needs_a_name(client: TestClient, site: Site, name: str) -> None:
    answer = post(client, "/collections", name=name)
    assert answer.status_code == 400
    assert "1 to 120 characters" in answer.text
    assert list_collections(site.db, 1) == []


def test_five_thousand_collections_are_bearable(client: TestClient, site: Site) -> None:
    with site.db.transaction() as transaction:
        transaction.run_many(
            "INSERT INTO collections (reader_no, name, created_at) VALUES (1, ?, '2026-01-01')",
            [(f"Collection {number}",) for number in range(5_000)],
        )
    for path in ("/library", "/collections", f"/paper/{ONE}"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert len(answer.content) < 80_000
        assert not read_sheet(answer.text).faults
    assert "All 5,000 collections" in client.get("/library").text


def test_a_note_is_written_rendered_found_and_edited(client: TestClient, site: Site) -> None:
    text = "# Mind\n\nThe *zeugma* of [it](https://example.org/x), see [here](/day/2026-03-01)"
    answer = post(client, "/note", paper=ONE, text=text, revision=0)
    assert answer.headers["location"] == f"/paper/{ONE}?done=1#note"
    page = client.get(f"/paper/{ONE}").text
    sheet = read_sheet(page)
    assert not sheet.faults
    assert "<em>zeugma</em>" in page
    assert "https://example.org/x" in sheet.hrefs()
    assert papers(client, "/library?shelf=noted") == [ONE]
    assert papers(client, "/library?q=zeugma") == [ONE]
    post(client, "/note", paper=ONE, text="", revision=1)
    assert papers(client, "/library?shelf=noted") == []


def test_two_tabs_that_write_one_note_lose_nothing(client: TestClient, site: Site) -> None:
    post(client, "/note", paper=ONE, text="from the first tab", revision=0)
    answer = post(client, "/note", paper=ONE, text="from the second tab", revision=0)
    assert answer.status_code == 409
    sheet = read_sheet(answer.text)
    assert not sheet.faults
    assert sheet.all("textarea")[0].text.strip() == "from the second tab"
    assert [e.text.strip() for e in sheet.all("del")] == ["first"]
    doc_no = find_doc_no(site.db, ONE) or 0
    assert get_note(site.db, 1, doc_no).text == "from the first tab"
    fields = {e.attributes["name"]: e.attributes["value"] for e in sheet.all("input")
              if e.attributes.get("name") in ("paper", "group", "revision")}  # fmt: skip
    post(client, "/note", **fields, text="both tabs")
    assert get_note(site.db, 1, doc_no).text == "both tabs"


def test_a_note_of_a_megabyte_is_refused_and_given_back(client: TestClient, site: Site) -> None:
    text = "long " * 200_000
    answer = post(client, "/note", paper=ONE, text=text, revision=0)
    assert answer.status_code == 413
    assert "at most 200,000 characters" in answer.text
    assert answer.text.count("long") >= 200_000
    assert get_note(site.db, 1, find_doc_no(site.db, ONE) or 0).text == ""
    assert post(client, "/note", paper=ONE, text="x" * 4_000_000).status_code == 413


HOSTILE_NOTES = [
    "<script>alert(1)</script>",
    "[x](javascript:alert(1)) [y](data:text/html,x) [z](//evil.example) <javascript:x>",
    "![x](https://evil.example/p.png)",
    "</textarea></form><img src=x onerror=alert(1)>",
    "[a]: javascript:x\n[a]",
    "| a |\n|---|\n| <b onclick=x> |",
    "```html onload=x\n<b>\n```",
    "\u202eabc\x00\x1b",
    "[" * 20_000,
    "> " * 9_000,
]


@pytest.mark.parametrize("text", HOSTILE_NOTES, ids=range(len(HOSTILE_NOTES)))
def test_a_hostile_note_is_only_text(client: TestClient, text: str) -> None:
    post(client, "/note", paper=ONE, text=text, revision=0)
    sheet = read_sheet(client.get(f"/paper/{ONE}").text)
    assert not sheet.faults
    assert not sheet.all("img", "iframe", "style", "b onclick")
    assert len(sheet.all("script")) == 1
    for element in sheet.elements:
        assert not any(name.startswith("on") for name in element.attributes)
        href = element.attributes.get("href", "/")
        assert href.startswith(("/", "#", "https://evil.example", "https://arxiv.org"))
        assert not href.startswith("//")
    assert client.get("/library?shelf=noted").status_code == 200


@pytest.mark.parametrize(
    ("format", "kind", "words"),
    [
        ("bibtex", "application/x-bibtex", "@"),
        ("ris", "application/x-research-info-systems", "TY  - "),
        ("csljson", "application/vnd.citationstyles.csl+json", '"title"'),
        ("zotero", "application/rdf+xml", "<rdf:RDF"),
    ],
)
def test_what_goes_out_comes_in_again(
    client: TestClient, site: Site, tmp_path: Path, format: str, kind: str, words: str
) -> None:
    for number in (1, 2, 3):
        post(client, "/act", do=f"save arxiv:2603.{number:05d}")
    answer = client.get(f"/library/export?format={format}&shelf=saved")
    assert answer.headers["content-type"].startswith(kind)
    assert "attachment" in answer.headers["content-disposition"]
    assert words in answer.text
    with reading(a_site(tmp_path / "other")) as other:
        taken = other.post(
            "/library/import",
            data={"token": form_token(other)},
            files={"file": (f"saved.{format}", answer.content)},
        )
        assert taken.status_code == 200
        assert "3 papers from" in taken.text
        assert sorted(papers(other, "/collection/1")) == [
            f"arxiv:2603.{number:05d}" for number in (1, 2, 3)
        ]


def taken_in(client: TestClient, name: str, body: bytes) -> str:
    answer = client.post(
        "/library/import", data={"token": form_token(client)}, files={"file": (name, body)}
    )
    assert answer.status_code == 200
    assert not read_sheet(answer.text).faults
    return answer.text


def test_a_zotero_library_brings_its_tags_notes_and_collections(
    client: TestClient, site: Site
) -> None:
    post(client, "/note", paper=ONE, text="Mine.", revision=0)
    page = taken_in(client, "mine.rdf", LIBRARY)
    assert "2 papers from" in page
    assert "1 tag, 1 note and 2 collections" in page
    doc_no = find_doc_no(site.db, ONE) or 0
    text = "Mine.\n\n# First\n\nA **zeugma**."
    assert get_note(site.db, 1, doc_no).text == text
    assert papers(client, "/library?tag=to+read") == [ONE]
    there = {found.name: found.n_papers for found in list_collections(site.db, 1)}
    assert there == {"Imported: mine.rdf": 2, "Looms": 1, "Looms / Jacquard": 1}
    again = taken_in(client, "mine.rdf", LIBRARY)
    assert "1 tag" not in again
    assert get_note(site.db, 1, doc_no).text == text
    assert len(list_collections(site.db, 1)) == 4


def test_what_is_kept_goes_out_and_comes_in_with_zotero_rdf(
    client: TestClient, site: Site, tmp_path: Path
) -> None:
    taken_in(client, "mine.rdf", LIBRARY)
    out = client.get("/library/export?format=zotero").content
    with reading(other := a_site(tmp_path / "other")) as elsewhere:
        taken_in(elsewhere, "theirs.rdf", out)
        assert papers(elsewhere, "/library?tag=to+read") == [ONE]
        assert papers(elsewhere, "/library?q=zeugma") == [ONE]
        names = {found.name for found in list_collections(other.db, 1)}
        assert {"Looms", "Looms / Jacquard"} < names


def test_tags_and_notes_that_have_no_room_are_told(client: TestClient, site: Site) -> None:
    body = LIBRARY.replace(b"to read", b"long " * 20).replace(b"Looms", b"L" * 300)
    page = taken_in(client, "mine.rdf", body)
    assert "1 tag, note or collection had no room" in page
    assert max(len(found.name) for found in list_collections(site.db, 1)) <= 120


def test_an_import_can_be_undone_and_names_what_it_could_not_read(
    client: TestClient, site: Site
) -> None:
    rows = [{"id": "arxiv:2603.77777", "title": "A new one"}, {"id": ONE, "title": "Known"}, {}]
    body = "\n".join(json.dumps(row) for row in rows)
    answer = client.post(
        "/library/import",
        data={"token": form_token(client)},
        files={"file": ("../../<b>.jsonl", body)},
    )
    assert "1 row could not be read" in answer.text
    assert "&lt;b&gt;.jsonl" in answer.text
    assert set(papers(client, "/collection/1")) == {"arxiv:2603.77777", ONE}
    deed = next(
        e.attributes["value"] for e in read_sheet(answer.text).all("button") if "drop" in e.text
    )
    post(client, "/undo", deed=deed)
    assert list_collections(site.db, 1) == []


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("x.bib", b"%PDF-1.7"), ("x.bib", b"\x00" * 1_000), ("x.zip", b"PK\x03\x04"),
        ("x.json", b"{"), ("x.xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><feed>&b;'),
        ("", b""), ("x.bib.gz", b"\x1f\x8b\x08broken"), ("x" * 300, b"hello"), ("x.é\n", b"hello"),
    ],
)  # fmt: skip
def test_an_upload_that_is_not_what_it_says(
    client: TestClient, site: Site, name: str, body: bytes
) -> None:
    before = count_documents(site.db)
    answer = client.post(
        "/library/import", data={"token": form_token(client)}, files={"file": (name, body)}
    )
    assert answer.status_code == 400
    assert not read_sheet(answer.text).faults
    assert "passwd" not in answer.text
    assert count_documents(site.db) == before


def test_an_upload_too_large_is_refused(client: TestClient) -> None:
    answer = client.post(
        "/library/import",
        data={"token": form_token(client)},
        files={"file": ("x.bib", b"%" * 34_000_000)},
    )
    assert answer.status_code == 413


def test_rows_before_a_files_break_are_taken_in(tmp_path: Path) -> None:
    """Fewer than a batch of them, too."""
    rows = [{"id": f"arxiv:2603.{70_000 + n}", "title": f"Paper {n} of a file"} for n in range(40)]
    whole = gzip.compress("\n".join(json.dumps(row) for row in rows).encode(), mtime=0)
    site = a_site(tmp_path)
    with reading(site) as client:
        answer = client.post(
            "/library/import",
            data={"token": form_token(client)},
            files={"file": ("x.jsonl.gz", whole[:-8])},
        )
        assert "breaks off" in answer.text
        assert client.get("/paper/arxiv:2603.70000").status_code == 200
