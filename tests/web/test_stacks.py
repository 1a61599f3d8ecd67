"""Documents kept for pages: the same as read anew, whatever changed meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from broadsheet.index.changes import StoreChanges
from broadsheet.store.documents import find_doc_no, load_documents
from broadsheet.types import Record
from broadsheet.web.stacks import DOCUMENTS_KEPT, fetch_documents
from tests.web.newsroom import REVISED, a_site, read_sheet, reading
from tests.worlds import a_library, a_record, take_in


def test_they_are_the_documents_of_the_library_in_the_order_asked(tmp_path: Path) -> None:
    db = a_library(tmp_path, *(a_record(number) for number in range(1, 6)))
    for asked in ([3, 1, 2], [1, 1, 99, 4], [], [5, 4, 3, 2, 1]):
        assert fetch_documents(db, asked) == load_documents(db, asked)
    assert fetch_documents(db, [2])[0] is fetch_documents(db, [2])[0]


def test_what_changes_or_merges_is_read_anew(tmp_path: Path) -> None:
    first = a_record(1)
    db = a_library(tmp_path, first, a_record(2))
    before = fetch_documents(db, [1, 2])
    take_in(db, replace(first, title="A title that changed", datestamp="2026-05-01"))
    after = fetch_documents(db, [1, 2])
    assert (before[0].title != after[0].title, before[1] is after[1]) == (True, True)
    take_in(
        db,
        Record("acl", "x", "A title that changed", identifiers=("acl:x", "arxiv:2603.00001")),
        Record("acl", "y", "Y", identifiers=("acl:x", "arxiv:2603.00002")),
    )
    assert fetch_documents(db, [1, 2]) == load_documents(db, [1, 2])


def test_two_libraries_share_nothing_and_neither_grows_for_ever(tmp_path: Path) -> None:
    one = a_library(tmp_path / "one", a_record(1, title="One"))
    two = a_library(tmp_path / "two", a_record(1, title="Two"))
    assert [fetch_documents(db, [1])[0].title for db in (one, two)] == ["One", "Two"]
    assert DOCUMENTS_KEPT * 10_000 <= 20_000_000


def test_a_papers_page_tells_of_papers_that_came_since(tmp_path: Path) -> None:
    same = "Sparse attention for documents of great length"
    site = a_site(tmp_path, a_record(1, title=same), a_record(2))
    with reading(site) as client:
        titles = _alike(client.get(f"/paper/{REVISED}").text)
        take_in(site.db, a_record(3, title=f"{same}, again"))
        site.index.follow(StoreChanges(site.db))
        assert f"{same}, again" in _alike(client.get(f"/paper/{REVISED}").text)
        assert f"{same}, again" not in titles
        assert find_doc_no(site.db, REVISED) == 1


def _alike(text: str) -> list[str]:
    return [" ".join(e.text.split()) for e in read_sheet(text).all("h3")]
