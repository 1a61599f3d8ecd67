"""Records as the store keeps them, and documents as they are composed of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from broadsheet.content import digest, dump_record, load_record
from broadsheet.document import StoredRecord, compose
from broadsheet.types import Author, Record, RecordVersion
from tests.worlds import a_record

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
authors = st.builds(Author, name=texts, orcid=st.none() | texts, affiliation=st.none() | texts)
records = st.builds(
    Record,
    source=st.just("file"),
    key=st.just("k"),
    title=texts,
    identifiers=st.lists(texts, min_size=1, max_size=3).map(tuple),
    abstract=texts,
    authors=st.lists(authors, max_size=3).map(tuple),
    year=st.none() | st.integers(1800, 2200),
    announced=st.none() | st.dates(),
    upvotes=st.none() | st.integers(0, 10**6),
    ratings=st.lists(st.floats(0, 10), max_size=3).map(tuple),
    deleted=st.booleans(),
    extra=st.dictionaries(texts, st.none() | texts | st.integers(-(2**63), 2**63 - 1), max_size=3),
)


@given(records)
def test_what_is_stored_is_what_was_sent(record: Record) -> None:
    assert load_record("file", "k", dump_record(record)) == _without_empty_ids(record)


def _without_empty_ids(record: Record) -> Record:
    kept = tuple(
        replace(author, orcid=author.orcid or None, affiliation=author.affiliation or None)
        for author in record.authors
    )
    return replace(record, authors=kept)


@given(records, records)
def test_digests_differ_where_contents_differ(one: Record, other: Record) -> None:
    same = dump_record(one) == dump_record(other)
    assert (digest(dump_record(one)) == digest(dump_record(other))) == same


def _stored(number: int, record: Record) -> StoredRecord:
    return StoredRecord(number, record, date(2026, 3, 2))


def test_the_original_source_is_believed_before_a_copy() -> None:
    copy = a_record(1, source="hf-daily", title="A copy's title", upvotes=9, venue="ICLR")
    document = compose(1, "arxiv:2603.00001", [_stored(1, copy), _stored(2, a_record(1))])
    assert document.title == a_record(1).title
    assert (document.upvotes, document.venue) == (9, "ICLR")


def test_the_authors_abstract_stands_before_any_summary() -> None:
    summary = a_record(1, source="arxiv-oai", abstract="Ours.", extra={"summary_by": "broadsheet"})
    own = a_record(1, source="bibtex", abstract="Theirs.")
    both = compose(1, "x:1", [_stored(1, summary), _stored(2, own)])
    alone = compose(1, "x:1", [_stored(1, summary)])
    assert (both.abstract, both.abstract_by) == ("Theirs.", "")
    assert (alone.abstract, alone.abstract_by) == ("Ours.", "broadsheet")


def test_versions_are_numbered_as_the_source_numbers_them() -> None:
    listed = (RecordVersion(1, date(2026, 1, 1)), RecordVersion(2, date(2026, 1, 9)),
              RecordVersion(3, date(2026, 2, 2)))  # fmt: skip
    old = a_record(1, title="The first title of it", versions=listed[:2])
    stored = StoredRecord(
        1, a_record(1, versions=listed), date(2026, 2, 3), ((old, date(2026, 2, 3)),)
    )
    versions = compose(1, "arxiv:2603.00001", [stored]).versions
    assert [version.number for version in versions] == [1, 2, 3]
    assert [version.dated for version in versions] == [version.submitted for version in listed]
    assert versions[2].changed == {"title": "The first title of it"}
    assert not versions[1].changed
