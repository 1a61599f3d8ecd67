"""What readers care about: interests with their judgments, rules and followed authors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum

from broadsheet.errors import NotFoundError, UsageError
from broadsheet.store.columns import categories_of, categories_text
from broadsheet.store.database import Row, Transaction
from broadsheet.store.documents import Reads, parts_of, read_in

INTERESTS_MAX = 100
NAME_CHARS_MAX = 120
DESCRIPTION_CHARS_MAX = 2_000
RULES_MAX = 50
RULE_CHARS_MAX = 1_000
AUTHORS_MAX = 500
PLACES_MAX = 100
CATEGORIES_MAX = 50
CATEGORY_CHARS_MAX = 60
ALPHA_MAX = 0.5
EXPLORATION_MAX = 0.5


class State(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"


class Judgment(StrEnum):
    LIKED = "liked"
    DISLIKED = "disliked"


class RuleKind(StrEnum):
    """must: every paper meets it. never: none does."""

    MUST = "must"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Choices:
    """What a reader sets for an interest. `description` says in words what it is about. `alpha` is
    the dial: the share of wanted papers that may be missed; `places` how many papers a slate shows
    in full, of which `exploration` (a share) explore. `categories`: of these alone; none for all.
    """

    name: str
    description: str = ""
    alpha: float = 0.10
    places: int = 20
    exploration: float = 0.10
    categories: tuple[str, ...] = ()
    state: State = State.ACTIVE


@dataclass(frozen=True, slots=True)
class Interest:
    interest_no: int
    reader_no: int
    choices: Choices
    created_at: datetime

    @property
    def name(self) -> str:
        return self.choices.name


@dataclass(frozen=True, slots=True)
class Rule:
    kind: RuleKind
    query: str


@dataclass(frozen=True, slots=True)
class Judged:
    doc_no: int
    kind: Judgment
    judged_at: datetime


@dataclass(frozen=True, slots=True)
class Holdings:
    """What an interest is learnt from. `judged` newest first, each document once; `authors` are
    (id, name) by name: an id stands for a name or for one of its people (`store.followed`)."""

    judged: tuple[Judged, ...] = ()
    rules: tuple[Rule, ...] = ()
    authors: tuple[tuple[str, str], ...] = ()

    @property
    def likes(self) -> tuple[int, ...]:
        return tuple(entry.doc_no for entry in self.judged if entry.kind is Judgment.LIKED)

    @property
    def dislikes(self) -> tuple[int, ...]:
        return tuple(entry.doc_no for entry in self.judged if entry.kind is Judgment.DISLIKED)


def checked(choices: Choices) -> Choices:
    """The same with names trimmed. Raises UsageError for what no interest can have."""
    name, description = " ".join(choices.name.split()), choices.description.strip()
    categories = tuple(dict.fromkeys(" ".join(c.split()) for c in choices.categories if c.strip()))
    if not name or len(name) > NAME_CHARS_MAX:
        raise UsageError(f"an interest's name has 1 to {NAME_CHARS_MAX} characters")
    if len(description) > DESCRIPTION_CHARS_MAX:
        raise UsageError(f"a description has at most {DESCRIPTION_CHARS_MAX:,} characters")
    if not 0.0 < choices.alpha <= ALPHA_MAX:
        raise UsageError(f"the dial goes from above 0 to {ALPHA_MAX:.0%} of papers missed")
    if not 1 <= choices.places <= PLACES_MAX:
        raise UsageError(f"a slate has 1 to {PLACES_MAX} places")
    if not 0.0 <= choices.exploration <= EXPLORATION_MAX:
        raise UsageError(f"at most {EXPLORATION_MAX:.0%} of the places can explore")
    if len(categories) > CATEGORIES_MAX or any(len(c) > CATEGORY_CHARS_MAX for c in categories):
        raise UsageError(f"there are at most {CATEGORIES_MAX} categories, such as cs.CL")
    return replace(choices, name=name, description=description, categories=categories)


def written(choices: Choices) -> str:
    return json.dumps(asdict(choices))


def choices_of(text: str) -> Choices:
    """As `written`."""
    fields = json.loads(text)
    return Choices(
        **{**fields, "categories": tuple(fields["categories"]), "state": State(fields["state"])}
    )


_COLUMNS = (
    "interest_no, reader_no, name, description, alpha, places, exploration, categories, state,"
    " created_at"
)


def list_interests(db: Reads, reader_no: int) -> list[Interest]:
    """A reader's, oldest first, without dropped ones."""
    rows = db.read(
        f"SELECT {_COLUMNS} FROM interests WHERE reader_no = ? AND dropped_at IS NULL"  # noqa: S608
        " ORDER BY interest_no",
        (reader_no,),
    )
    return [_interest(row) for row in rows]


def every_interest(db: Reads) -> list[Interest]:
    """All active ones of readers who may come in: what there is to deliver."""
    rows = db.read(
        f"SELECT {_COLUMNS} FROM interests WHERE dropped_at IS NULL AND state = 'active'"  # noqa: S608
        " AND reader_no IN (SELECT reader_no FROM readers WHERE disabled_at IS NULL)"
        " ORDER BY interest_no"
    )
    return [_interest(row) for row in rows]


def get_interest(db: Reads, reader_no: int, interest_no: int) -> Interest:
    """An interest of this reader's. Raises NotFoundError for any other."""
    rows = db.read(
        f"SELECT {_COLUMNS} FROM interests"  # noqa: S608
        " WHERE interest_no = ? AND reader_no = ? AND dropped_at IS NULL",
        (interest_no, reader_no),
    )
    if not rows:
        raise NotFoundError(f"no interest {interest_no} of yours; `broadsheet interest list`")
    return _interest(rows[0])


def holdings_of(db: Reads, interest_no: int) -> Holdings:
    """Documents that became one are judged once: as was said last."""
    judged = db.read(
        "SELECT coalesce(d.merged_into, j.doc_no) AS living, j.kind, max(j.judged_at)"
        " FROM judgments j JOIN documents d USING (doc_no) WHERE j.interest_no = ?"
        " GROUP BY living ORDER BY max(j.judged_at) DESC, living DESC",
        (interest_no,),
    )
    rules = db.read(
        "SELECT kind, query FROM rules WHERE interest_no = ? ORDER BY kind, made_at, query",
        (interest_no,),
    )
    authors = db.read(
        "SELECT author_key, name FROM interest_authors WHERE interest_no = ?"
        " ORDER BY name COLLATE NOCASE, author_key",
        (interest_no,),
    )
    return Holdings(
        tuple(
            Judged(doc_no, Judgment(kind), datetime.fromisoformat(at))
            for doc_no, kind, at in judged
        ),
        tuple(Rule(RuleKind(kind), query) for kind, query in rules),
        tuple((key, name) for key, name in authors),
    )


def judgments_of(
    db: Reads, reader_no: int, doc_nos: Sequence[int]
) -> dict[tuple[int, int], Judgment]:
    """What a reader said of these documents, by (interest_no, doc_no); of documents that became
    one, what was said last."""
    living = parts_of(db, doc_nos)
    rows = read_in(
        db,
        "SELECT j.judged_at, j.interest_no, j.doc_no, j.kind FROM judgments j"
        " JOIN interests i USING (interest_no)"
        " WHERE j.doc_no IN (?*) AND i.reader_no = ? AND i.dropped_at IS NULL",
        list(living),
        reader_no,
    )
    return {
        (interest_no, living[doc_no]): Judgment(kind)
        for _, interest_no, doc_no, kind in sorted(rows)
    }


def judged_in_any(db: Reads, reader_no: int, doc_nos: Sequence[int]) -> set[int]:
    """Those of the documents that a reader judged for some interest, dropped ones among them."""
    living = parts_of(db, doc_nos)
    rows = read_in(
        db,
        "SELECT doc_no FROM judgments WHERE doc_no IN (?*)"
        " AND interest_no IN (SELECT interest_no FROM interests WHERE reader_no = ?)",
        list(living),
        reader_no,
    )
    return {living[doc_no] for (doc_no,) in rows}


def make_interest(
    transaction: Transaction, reader_no: int, choices: Choices, *, now: datetime
) -> int:
    return transaction.run(
        "INSERT INTO interests (reader_no, name, description, alpha, places, exploration,"
        " categories, state, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (reader_no, *_values(choices), now.isoformat()),
    )


def put_choices(transaction: Transaction, interest_no: int, choices: Choices) -> None:
    transaction.run(
        "UPDATE interests SET name = ?, description = ?, alpha = ?, places = ?, exploration = ?,"
        " categories = ?, state = ? WHERE interest_no = ?",
        (*_values(choices), interest_no),
    )


def drop_interest(transaction: Transaction, interest_no: int, *, now: datetime) -> None:
    transaction.run(
        "UPDATE interests SET dropped_at = ? WHERE interest_no = ?", (now.isoformat(), interest_no)
    )


def restore_interest(transaction: Transaction, reader_no: int, interest_no: int) -> None:
    transaction.run(
        "UPDATE interests SET dropped_at = NULL WHERE interest_no = ? AND reader_no = ?",
        (interest_no, reader_no),
    )


def judgment_of(db: Reads, interest_no: int, doc_no: int) -> Judgment | None:
    rows = db.read(
        "SELECT j.kind FROM judgments j JOIN documents d USING (doc_no) WHERE j.interest_no = ?"
        " AND (j.doc_no = ? OR d.merged_into = ?) ORDER BY j.judged_at DESC LIMIT 1",
        (interest_no, doc_no, doc_no),
    )
    return Judgment(rows[0][0]) if rows else None


def put_judgment(
    transaction: Transaction, interest_no: int, doc_no: int, kind: Judgment, *, now: datetime
) -> None:
    """In place of whatever was said before."""
    remove_judgment(transaction, interest_no, doc_no)
    transaction.run(
        "INSERT INTO judgments (interest_no, doc_no, kind, judged_at) VALUES (?, ?, ?, ?)",
        (interest_no, doc_no, kind.value, now.isoformat()),
    )


def put_likes(
    transaction: Transaction, interest_no: int, doc_nos: Sequence[int], *, now: datetime
) -> list[int]:
    """Many at once; returns those that were news. What was judged before stays as it was."""
    known = {entry.doc_no for entry in holdings_of(transaction, interest_no).judged}
    news = [doc_no for doc_no in dict.fromkeys(doc_nos) if doc_no not in known]
    transaction.run_many(
        "INSERT OR IGNORE INTO judgments (interest_no, doc_no, kind, judged_at)"
        " VALUES (?, ?, 'liked', ?)",
        [(interest_no, doc_no, now.isoformat()) for doc_no in news],
    )
    return news


def remove_judgment(transaction: Transaction, interest_no: int, doc_no: int) -> None:
    transaction.run(
        "DELETE FROM judgments WHERE interest_no = ? AND (doc_no = ?"
        " OR doc_no IN (SELECT doc_no FROM documents WHERE merged_into = ?))",
        (interest_no, doc_no, doc_no),
    )


def put_rule(transaction: Transaction, interest_no: int, rule: Rule, *, now: datetime) -> bool:
    """Whether that was news."""
    if rule in holdings_of(transaction, interest_no).rules:
        return False
    transaction.run(
        "INSERT INTO rules (interest_no, kind, query, made_at) VALUES (?, ?, ?, ?)",
        (interest_no, rule.kind.value, rule.query, now.isoformat()),
    )
    return True


def remove_rule(transaction: Transaction, interest_no: int, rule: Rule) -> bool:
    """Whether there was one."""
    there = rule in holdings_of(transaction, interest_no).rules
    transaction.run(
        "DELETE FROM rules WHERE interest_no = ? AND kind = ? AND query = ?",
        (interest_no, rule.kind.value, rule.query),
    )
    return there


def put_author(
    transaction: Transaction, interest_no: int, author_key: str, name: str, *, now: datetime
) -> bool:
    """Whether that was news."""
    if author_key in dict(holdings_of(transaction, interest_no).authors):
        return False
    transaction.run(
        "INSERT INTO interest_authors (interest_no, author_key, name, followed_at)"
        " VALUES (?, ?, ?, ?)",
        (interest_no, author_key, name, now.isoformat()),
    )
    return True


def remove_author(transaction: Transaction, interest_no: int, author_key: str) -> str | None:
    """The name it had; None where the author was not followed."""
    name = dict(holdings_of(transaction, interest_no).authors).get(author_key)
    transaction.run(
        "DELETE FROM interest_authors WHERE interest_no = ? AND author_key = ?",
        (interest_no, author_key),
    )
    return name


def _values(choices: Choices) -> tuple[object, ...]:
    return (
        choices.name,
        choices.description,
        choices.alpha,
        choices.places,
        choices.exploration,
        categories_text(choices.categories),
        choices.state.value,
    )


def _interest(row: Row) -> Interest:
    number, reader_no, *chosen, categories, state, created = row
    name, description, alpha, places, exploration = chosen
    return Interest(
        number,
        reader_no,
        Choices(
            name,
            description,
            alpha,
            places,
            exploration,
            categories_of(categories),
            State(state),
        ),
        datetime.fromisoformat(created),
    )
