"""Reading people: the papers, names and co-authors of one person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from broadsheet.errors import NotFoundError
from broadsheet.store.documents import Reads, read_in
from broadsheet.store.people import (
    Kind,
    PersonGroup,
    Said,
    find_group,
    list_groups,
    list_said,
    papers_of_names,
)
from broadsheet.text.names import author_key


@dataclass(frozen=True, slots=True)
class Namesake:
    """Another person of the name. `author_id` is for addresses."""

    author_id: str
    n_docs: int


@dataclass(frozen=True, slots=True)
class AuthorSummary:
    """`author_key` is the name's; `author_id` this person's: the key, or `key~2` for the second
    of the name. `names` are the spellings seen, most frequent first; `coauthors` (name,
    author_key, documents together), most frequent first. `confidence` in [0, 1] that all papers
    are by one person, None where the name has not been looked at; `said` what readers said."""

    author_key: str
    names: tuple[str, ...]
    doc_nos: tuple[int, ...]
    coauthors: tuple[tuple[str, str, int], ...]
    group_no: int = 1
    confidence: float | None = None
    reason: str = ""
    namesakes: tuple[Namesake, ...] = ()
    said: tuple[Said, ...] = ()

    @property
    def author_id(self) -> str:
        return author_id(self.author_key, self.group_no)

    @property
    def follow_id(self) -> str:
        """What to follow: this person by number where others share the name, else the name."""
        return f"{self.author_key}~{self.group_no}" if self.namesakes else self.author_key


COAUTHORS_MAX = 12
JOINED_MAX = 50


def author_id(key: str, group_no: int) -> str:
    return key if group_no == 1 else f"{key}~{group_no}"


def split_author_id(name: str) -> tuple[str, int]:
    """(what stands before `~`, group number); 1 where there is none."""
    key, tilde, number = name.rpartition("~")
    if tilde and number.isascii() and number.isdigit() and 0 < len(number) < 7:
        return key, int(number)
    return name, 1


def get_author(db: Reads, name: str) -> AuthorSummary:
    """The author a name or author id stands for; documents newest first.

    Papers that came since the name was grouped are with its first person. Persons that a reader
    said to be the same, under whatever name, are one. Raises NotFoundError with near names as
    hints.
    """
    asked, group_no = split_author_id(name)
    key = asked if _known(db, asked) else author_key(asked)
    groups = list_groups(db, key)
    chosen = find_group(db, key, group_no)
    if not _known(db, key) or (chosen is None and group_no != 1):
        hints = near_authors(db, key)
        near = f"; near names: {', '.join(hints)}" if hints else ""
        raise NotFoundError(f"no author {name[:200]!r} here{near}", hints=hints)
    if chosen is None and groups:
        chosen = groups[0]
    chosen_no = chosen.group_no if chosen else 1
    mentions = mentions_of(db, key, chosen)
    doc_nos = _newest_first(db, {doc_no for _, doc_no in mentions})
    return AuthorSummary(
        key,
        _names(db, mentions),
        doc_nos,
        _coauthors(db, {key for key, _ in mentions}, doc_nos),
        chosen_no,
        chosen.confidence if chosen else None,
        chosen.reason if chosen else "",
        tuple(
            Namesake(author_id(key, group.group_no), len(group.doc_nos))
            for group in groups
            if group.group_no != chosen_no and (key, group.doc_nos[0]) not in mentions
        ),
        tuple(list_said(db, key)),
    )


def mentions_of(db: Reads, key: str, chosen: PersonGroup | None) -> set[tuple[str, int]]:
    """(author_key, doc_no) of a person: the group's, papers that are in no group yet with the first
    of the name, and those of whoever is said to be the same under another name. Without a group,
    of everybody of the name."""
    own = set(papers_of_names(db, key))
    if chosen is not None:
        groups = list_groups(db, key)
        grouped = {doc_no for group in groups for doc_no in group.doc_nos}
        loose = own - grouped if chosen.group_no == groups[0].group_no else set()
        own = set(chosen.doc_nos) | loose
    found = {(key, doc_no) for doc_no in own}
    waiting, seen = [key], {key}
    while waiting and len(seen) < JOINED_MAX:
        for said in list_said(db, waiting.pop()):
            if said.kind is not Kind.SAME or said.author_key == said.other_key:
                continue
            one = {(said.author_key, n) for n in said.doc_nos}
            other = {(said.other_key, n) for n in said.other_nos}
            for here, there in ((one, other), (other, one)):
                if here & found and not there <= found:
                    found |= there | _group_mates(db, there)
                    waiting.extend({k for k, _ in there} - seen)
                    seen |= {k for k, _ in there}
    return found


def _group_mates(db: Reads, mentions: set[tuple[str, int]]) -> set[tuple[str, int]]:
    return {
        (key, doc_no)
        for key in {key for key, _ in mentions}
        for group in list_groups(db, key)
        if any((key, n) in mentions for n in group.doc_nos)
        for doc_no in group.doc_nos
    }


def _newest_first(db: Reads, doc_nos: set[int]) -> tuple[int, ...]:
    rows = list(
        read_in(
            db,
            "SELECT coalesce(announced, year || '-01-01', ''), doc_id, doc_no FROM documents"
            " WHERE doc_no IN (?*)",
            sorted(doc_nos),
        )
    )
    by_id = sorted(rows, key=lambda row: str(row[1]))
    return tuple(row[2] for row in sorted(by_id, key=lambda row: str(row[0]), reverse=True))


def _names(db: Reads, mentions: set[tuple[str, int]]) -> tuple[str, ...]:
    """Spellings, most frequent first, ties by name."""
    counts: Counter[str] = Counter()
    for key in {key for key, _ in mentions}:
        docs = [doc_no for other, doc_no in mentions if other == key]
        sql = "SELECT name FROM mentions WHERE doc_no IN (?*) AND author_key = ?"
        counts.update(name for (name,) in read_in(db, sql, docs, key))
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def _coauthors(
    db: Reads, own: set[str], doc_nos: Sequence[int]
) -> tuple[tuple[str, str, int], ...]:
    names: dict[str, str] = {}
    docs: dict[str, set[int]] = {}
    sql = "SELECT name, author_key, doc_no FROM mentions WHERE doc_no IN (?*)"
    for name, key, doc_no in read_in(db, sql, doc_nos):
        if key not in own:
            names[key] = min(names.get(key, name), name)
            docs.setdefault(key, set()).add(doc_no)
    order = sorted(docs, key=lambda key: (-len(docs[key]), key))[:COAUTHORS_MAX]
    return tuple((names[key], key, len(docs[key])) for key in order)


def near_authors(db: Reads, key: str, *, limit: int = 5) -> tuple[str, ...]:
    """Names whose key ends in the same surname, most documents first."""
    surname = key.rsplit("-", 1)[-1]
    rows = db.read(
        "SELECT min(name) FROM mentions WHERE author_key LIKE ? ESCAPE '\\'"
        " GROUP BY author_key ORDER BY count(*) DESC, author_key LIMIT ?",
        ("%-" + surname.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"), limit),
    )
    return tuple(name for (name,) in rows)


def _known(db: Reads, key: str) -> bool:
    return bool(db.read("SELECT 1 FROM mentions WHERE author_key = ? LIMIT 1", (key,)))
