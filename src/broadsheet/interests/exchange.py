"""A reader's interests as one JSON document, out and in: nothing here is kept from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from broadsheet.errors import ParseError, UsageError
from broadsheet.interests.beginnings import begin
from broadsheet.store.authors import split_author_id
from broadsheet.store.database import Database, Transaction
from broadsheet.store.documents import Reads, find_doc_no, load_documents
from broadsheet.store.followed import Person, find_people
from broadsheet.store.interests import (
    Choices,
    Interest,
    Judgment,
    Rule,
    RuleKind,
    State,
    holdings_of,
    list_interests,
    put_judgment,
    put_rule,
)
from broadsheet.store.people import list_groups

FORMAT = "broadsheet-interests-1"
#: Of a followed person: enough that another library knows which of the name it is.
PAPERS_TOLD = 50


@dataclass(frozen=True, slots=True)
class Taken:
    """`missing` are papers (doc_id, title) of the file that are not here; their judgments are not
    taken in."""

    interests: tuple[str, ...]
    n_judgments: int
    missing: tuple[tuple[str, str], ...]


def interests_out(db: Database, reader_no: int) -> dict[str, Any]:
    """All interests of a reader: choices, judgments with their days, rules, followed authors."""
    with db.snapshot():
        return {
            "format": FORMAT,
            "interests": [_out(db, interest) for interest in list_interests(db, reader_no)],
        }


def interests_in(db: Database, reader_no: int, made: Any, *, now: datetime) -> Taken:
    """Make the interests of `interests_out`; one whose name is taken gets a number behind it.

    All or nothing. Raises ParseError for what is no such document.
    """
    if not isinstance(made, dict) or made.get("format") != FORMAT:
        raise ParseError(f"this is no list of interests; its format should be {FORMAT!r}")
    names: list[str] = []
    missing: dict[str, str] = {}
    n_judgments = 0
    try:
        with db.transaction() as transaction:
            taken = {found.name.casefold() for found in list_interests(transaction, reader_no)}
            for row in made["interests"]:
                choices = _choices(row, taken)
                taken.add(choices.name.casefold())
                names.append(choices.name)
                authors = [_followed(transaction, entry) for entry in row.get("authors", ())]
                done = begin(transaction, reader_no, choices, authors=authors, now=now)
                for rule in row.get("rules", ()):
                    kept = Rule(RuleKind(rule["kind"]), str(rule["query"]))
                    put_rule(transaction, done.deed.number, kept, now=now)
                told = row.get("judgments", ())
                absent = _take_judgments(transaction, done.deed.number, told, now)
                n_judgments += len(told) - len(absent)
                missing.update(absent)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, UsageError) as error:
        raise ParseError(f"this list of interests cannot be read: {error!r}") from error
    return Taken(tuple(names), n_judgments, tuple(missing.items()))


def _take_judgments(
    transaction: Transaction, interest_no: int, told: Sequence[Any], now: datetime
) -> list[tuple[str, str]]:
    """(doc_id, title) of those whose papers are not here. A day without a time zone is now."""
    missing = []
    for entry in told:
        doc_no = find_doc_no(transaction, str(entry["doc_id"]))
        if doc_no is None:
            missing.append((str(entry["doc_id"]), str(entry.get("title", ""))))
            continue
        at = datetime.fromisoformat(str(entry["judged_at"]))
        at = at.astimezone(UTC) if at.tzinfo else now  # moments are compared as they are written
        put_judgment(transaction, interest_no, doc_no, Judgment(entry["kind"]), now=at)
    return missing


def _out(db: Database, interest: Interest) -> dict[str, Any]:
    holdings = holdings_of(db, interest.interest_no)
    documents = {
        document.doc_no: document
        for document in load_documents(db, [entry.doc_no for entry in holdings.judged])
    }
    people = find_people(db, [author_id for author_id, _ in holdings.authors])
    return {
        **asdict(interest.choices),
        "created_at": interest.created_at.isoformat(),
        "judgments": [
            {
                "doc_id": documents[entry.doc_no].doc_id,
                "title": documents[entry.doc_no].title,
                "kind": entry.kind.value,
                "judged_at": entry.judged_at.isoformat(),
            }
            for entry in holdings.judged
            if entry.doc_no in documents
        ],
        "rules": [{"kind": rule.kind.value, "query": rule.query} for rule in holdings.rules],
        "authors": [
            {
                "author_key": split_author_id(person.author_id)[0],
                "name": name,
                "papers": _papers_of(db, person),
            }
            for person, (_, name) in zip(people, holdings.authors, strict=True)
        ],
    }


def _papers_of(db: Database, person: Person) -> list[str]:
    """What says in another library which person of a name is meant; [] where the name is."""
    if "~" not in person.author_id:
        return []
    documents = load_documents(db, sorted(person.own, reverse=True)[:PAPERS_TOLD])
    return [document.doc_id for document in documents]


def _followed(db: Reads, entry: Mapping[str, Any]) -> tuple[str, str]:
    """(id, name): the person of this library's with most of the papers, else the name."""
    key, papers = str(entry["author_key"]), {str(doc_id) for doc_id in entry.get("papers", ())}
    found = {doc_no for doc_id in papers if (doc_no := find_doc_no(db, doc_id)) is not None}
    groups = list_groups(db, key) if found else []
    best = max(groups, key=lambda group: len(found & set(group.doc_nos)), default=None)
    if best is None or len(groups) < 2 or not found & set(best.doc_nos):
        return key, str(entry["name"])
    return f"{key}~{best.group_no}", str(entry["name"])


def _choices(row: Mapping[str, Any], taken: set[str]) -> Choices:
    name, number = str(row["name"]), 2
    while name.casefold() in taken:
        name, number = f"{row['name']} {number}", number + 1
    blank = asdict(Choices(name))
    given = {key: row[key] for key in blank if key in row}
    return Choices(
        **{
            **blank,
            **given,
            "name": name,
            "alpha": float(given.get("alpha", blank["alpha"])),
            "places": int(given.get("places", blank["places"])),
            "exploration": float(given.get("exploration", blank["exploration"])),
            "categories": tuple(str(c) for c in given.get("categories", ())),
            "state": State(given.get("state", State.ACTIVE)),
        }
    )
