"""Which records are one document: the decisions, through the library they lead to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from broadsheet.errors import NotFoundError
from broadsheet.store.apply import undo_merge
from broadsheet.store.documents import count_documents, find_doc_no, get_document, merges_of
from broadsheet.store.health import find_contradictions
from broadsheet.types import Author, IngestReport
from tests.worlds import NOW, a_library, a_record, take_in


def test_the_same_record_again_changes_nothing(tmp_path: Path) -> None:
    db = a_library(tmp_path, a_record(1))
    before = db.read("SELECT max(change_no) FROM documents")
    assert take_in(db, a_record(1)) == IngestReport(read=1, unchanged=1)
    assert db.read("SELECT max(change_no) FROM documents") == before


def test_a_changed_record_is_an_update_and_a_version(tmp_path: Path) -> None:
    db = a_library(tmp_path, a_record(1))
    assert take_in(db, a_record(1, title="A better title for the same paper")).updated == 1
    document = get_document(db, "arxiv:2603.00001")
    assert document.title == "A better title for the same paper"
    assert [version.number for version in document.versions] == [1, 2]
    assert document.versions[1].changed == {"title": a_record(1).title}


def test_an_older_record_never_replaces_a_newer_one(tmp_path: Path) -> None:
    db = a_library(tmp_path, a_record(1, datestamp="2026-03-05", title="The newer title of this"))
    older = a_record(1, datestamp="2026-03-01")
    assert take_in(db, older).unchanged == 1
    assert get_document(db, "arxiv:2603.00001").title == "The newer title of this"


def test_two_rows_of_one_file_that_disagree_settle_at_once(tmp_path: Path) -> None:
    first, second = a_record(1), a_record(1, abstract="Another account of the same.")
    db = a_library(tmp_path)
    assert take_in(db, first, second) == IngestReport(read=2, added=1, updated=1)
    assert take_in(db, first, second) == IngestReport(read=2, unchanged=2)


def test_a_shared_identifier_makes_one_document(tmp_path: Path) -> None:
    db = a_library(tmp_path, a_record(1))
    other = a_record(1, source="hf-daily", title="Renamed wholly since", upvotes=12)
    assert take_in(db, other).merged == 1
    document = get_document(db, "arxiv:2603.00001")
    assert (count_documents(db), document.upvotes) == (1, 12)
    assert {via.source for via in document.via} == {"arxiv-oai", "hf-daily"}
    (merge,) = merges_of(db, document.doc_no)
    assert merge.reason == "same identifier arxiv:2603.00001"


VENUE = {"source": "file", "key": "venue:9", "identifiers": ("venue:9",), "venue": "ICML"}


def test_title_authors_and_year_that_agree_make_one_document(tmp_path: Path) -> None:
    db = a_library(tmp_path, a_record(1))
    assert take_in(db, a_record(1, **VENUE)).merged == 1
    assert get_document(db, "venue:9").doc_id == "arxiv:2603.00001"
    assert get_document(db, "venue:9").venue == "ICML"


def test_the_same_three_authors_in_another_order_are_the_same_authors(tmp_path: Path) -> None:
    names = (Author("Ada Stone"), Author("Bo Reed"), Author("Cy Lane"))
    db = a_library(tmp_path, a_record(1, authors=names))
    assert take_in(db, a_record(1, **{**VENUE, "authors": names[::-1]})).merged == 1


@pytest.mark.parametrize(
    "change",
    [
        {"authors": (Author("Zoe Else"), Author("Bo Other"))},
        {"authors": ()},
        {"announced": date(2019, 1, 1), "submitted": None},
        {"identifiers": ("venue:9", "arxiv:2511.99999")},
        {"title": "Preface"},
    ],
    ids=["other authors", "no authors", "years apart", "rival arXiv id", "generic title"],
)
def test_doubt_keeps_papers_apart(tmp_path: Path, change: dict[str, object]) -> None:
    first = a_record(1, title=change.get("title", a_record(1).title))
    db = a_library(tmp_path, first)
    assert take_in(db, a_record(1, **{**VENUE, **change})).added == 1
    assert count_documents(db) == 2


def test_a_proceedings_doi_on_every_paper_does_not_fold_them(tmp_path: Path) -> None:
    shared = "doi:10.1000/proceedings"
    records = [a_record(n, identifiers=(f"arxiv:2603.{n:05d}", shared)) for n in (1, 400, 9000)]
    db = a_library(tmp_path, *records)
    assert count_documents(db) == 3


def test_a_record_that_names_two_documents_joins_them(tmp_path: Path) -> None:
    arxiv = a_record(1)
    journal = a_record(
        1, source="csl", key="10.1/x", identifiers=("doi:10.1/x",), title="Renamed in the journal"
    )
    db = a_library(tmp_path, arxiv, journal)
    assert count_documents(db) == 2
    both = a_record(
        1, source="bibtex", key="10.1/x", identifiers=("arxiv:2603.00001", "doi:10.1/x")
    )
    assert take_in(db, both).merged == 1
    assert count_documents(db) == 1
    assert find_doc_no(db, "doi:10.1/x") == find_doc_no(db, "arxiv:2603.00001")
    assert not find_contradictions(db)


def test_an_undone_merge_stays_undone(tmp_path: Path) -> None:
    db = a_library(tmp_path, a_record(1))
    take_in(db, a_record(1, **VENUE))
    merge_no = merges_of(db, find_doc_no(db, "venue:9") or 0)[0].merge_no
    with db.transaction() as transaction:
        assert undo_merge(transaction, merge_no, now=NOW) == ("arxiv:2603.00001", "venue:9")
    assert get_document(db, "venue:9").doc_id == "venue:9"
    # The next harvest brings both again, changed: they stay two.
    take_in(db, a_record(1, comment="v2"), a_record(1, **{**VENUE, "comment": "camera ready"}))
    assert get_document(db, "venue:9").doc_id == "venue:9"
    assert count_documents(db) == 2
    assert not find_contradictions(db)
    with pytest.raises(NotFoundError), db.transaction() as transaction:
        undo_merge(transaction, merge_no, now=NOW)


def test_an_undone_merge_stays_undone_though_the_identifier_is_shared(tmp_path: Path) -> None:
    db = a_library(tmp_path, a_record(1))
    take_in(db, a_record(1, source="hf-daily", upvotes=1))
    merge_no = merges_of(db, find_doc_no(db, "arxiv:2603.00001") or 0)[0].merge_no
    with db.transaction() as transaction:
        undo_merge(transaction, merge_no, now=NOW)
    take_in(db, a_record(1, comment="v2"), a_record(1, source="hf-daily", upvotes=2))
    assert count_documents(db) == 2
    assert not find_contradictions(db)


def test_an_undone_join_gives_back_the_old_doc_id(tmp_path: Path) -> None:
    test_a_record_that_names_two_documents_joins_them(tmp_path)
    db = a_library(tmp_path)
    doc_no = find_doc_no(db, "arxiv:2603.00001") or 0
    join = next(merge for merge in merges_of(db, doc_no) if merge.from_doc_id)
    with db.transaction() as transaction:
        undo_merge(transaction, join.merge_no, now=NOW)
    assert get_document(db, "doi:10.1/x").title == "Renamed in the journal"
    assert count_documents(db) == 2


def test_a_deletion_keeps_the_paper_and_says_so(tmp_path: Path) -> None:
    db = a_library(tmp_path, a_record(1))
    gone = a_record(1, title="", abstract="", authors=(), deleted=True, datestamp="2026-03-09")
    assert take_in(db, gone).updated == 1
    document = get_document(db, "arxiv:2603.00001")
    assert document.title == a_record(1).title
    assert document.via[0].deleted
    assert take_in(db, gone).unchanged == 1


def test_a_deletion_of_the_unknown_makes_no_document(tmp_path: Path) -> None:
    db = a_library(tmp_path)
    take_in(db, a_record(1, title="", deleted=True))
    assert count_documents(db) == 0


def test_bare_ids_of_two_files_do_not_fold_different_papers(tmp_path: Path) -> None:
    one = a_record(1, source="file", key="17", identifiers=("id:17",))
    other = a_record(500, source="acl", key="17", identifiers=("id:17",))
    db = a_library(tmp_path, one, other)
    assert count_documents(db) == 2
    assert get_document(db, "17").title == one.title


def test_the_same_row_number_in_two_files_loses_no_paper(tmp_path: Path) -> None:
    one = a_record(1, source="file", key="id:17", identifiers=("id:17",))
    other = a_record(500, source="file", key="id:17", identifiers=("id:17",))
    db = a_library(tmp_path, one)
    assert take_in(db, other).added == 1
    assert count_documents(db) == 2
    assert get_document(db, "17").title == one.title
    assert take_in(db, one, other) == IngestReport(read=2, unchanged=2)
    # The same paper under the same number, revised, is an update all the same.
    assert take_in(db, replace(other, abstract="Revised.")).updated == 1


def test_order_of_arrival_does_not_change_the_library(tmp_path: Path) -> None:
    records = [a_record(1), a_record(1, **VENUE), a_record(2)]
    one, other = a_library(tmp_path / "a"), a_library(tmp_path / "b")
    for record in records:
        take_in(one, record)
    take_in(other, *reversed(records))
    first, second = get_document(one, "venue:9"), get_document(other, "venue:9")
    assert (first.title, first.venue, first.authors) == (second.title, second.venue, second.authors)
    assert set(first.identifiers) == set(second.identifiers)
