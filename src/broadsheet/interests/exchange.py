"""A reader's interests as one JSON document, out and in: nothing here is kept from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from broadsheet.errors import ParseError, UsageError
from broadsheet.interests.beginnings import begin
from broadsheet.store.database import Database
from broadsheet.store.documents import find_doc_no, load_documents
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

FORMAT = "broadsheet-interests-1"


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
                authors = [(str(a["author_key"]), str(a["name"])) for a in row.get("authors", ())]
                done = begin(transaction, reader_no, choices, authors=authors, now=now)
                for rule in row.get("rules", ()):
                    kept = Rule(RuleKind(rule["kind"]), str(rule["query"]))
                    put_rule(transaction, done.deed.number, kept, now=now)
                for entry in row.get("judgments", ()):
                    doc_no = find_doc_no(transaction, str(entry["doc_id"]))
                    if doc_no is None:
                        missing[str(entry["doc_id"])] = str(entry.get("title", ""))
                        continue
                    at = datetime.fromisoformat(str(entry["judged_at"]))
                    put_judgment(
                        transaction,
                        done.deed.number,
                        doc_no,
                        Judgment(entry["kind"]),
                        now=at if at.tzinfo else now,
                    )
                    n_judgments += 1
    except (KeyError, TypeError, ValueError, AttributeError, UsageError) as error:
        raise ParseError(f"this list of interests cannot be read: {error!r}") from error
    return Taken(tuple(names), n_judgments, tuple(missing.items()))


def _out(db: Database, interest: Interest) -> dict[str, Any]:
    holdings = holdings_of(db, interest.interest_no)
    documents = {
        document.doc_no: document
        for document in load_documents(db, [entry.doc_no for entry in holdings.judged])
    }
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
        "authors": [{"author_key": key, "name": name} for key, name in holdings.authors],
    }


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
