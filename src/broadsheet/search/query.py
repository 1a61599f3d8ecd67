r"""The query language: text to a tree of frozen nodes, and back.

    word  "exact phrase"  prefix*  -not  a OR b  (groups)
    title: abstract: author: venue:    a word, phrase, prefix or group
    category:cs.CL  year:2019..2022  announced:2026-03-01..  has:code  like:DOC_ID  id:X

Terms next to each other must all hold; OR binds tighter than that, so `a b OR c` is
`a (b OR c)`. AND and NOT are understood; operators are written in capitals.

Reading never fails: what cannot be meant as written is read as plain words, and a notice
says so. `format_query` prints a tree so that reading it gives the same tree.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from broadsheet.text.identifiers import canonical_identifier

CHARS_MAX = 10_000
TERMS_MAX = 128
DEPTH_MAX = 20
NOTICES_MAX = 4
PREFIX_LETTERS_MIN = 2
PREFIXES_MAX = 8
YEAR_MAX = 9999

TextField = Literal["title", "abstract", "author", "venue"]
Flag = Literal["code", "figures", "venue"]


@dataclass(frozen=True, slots=True)
class Word:
    """Matched by stem; without a field it may stand in any text of the document."""

    text: str
    field: TextField | None = None


@dataclass(frozen=True, slots=True)
class Prefix:
    text: str
    field: TextField | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """These words, unstemmed, next to each other in this order."""

    text: str
    field: TextField | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """`cs.CL`, or the archive `cs` for all of its categories; case does not count."""

    name: str


@dataclass(frozen=True, slots=True)
class Years:
    """Both ends included; None is open."""

    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Announced:
    """Both ends included; None is open."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Has:
    flag: Flag


@dataclass(frozen=True, slots=True)
class Like:
    """Documents that resemble this one."""

    doc_id: str


@dataclass(frozen=True, slots=True)
class Identifier:
    name: str


@dataclass(frozen=True, slots=True)
class Not:
    node: Node


@dataclass(frozen=True, slots=True)
class And:
    """Two or more nodes, none of them an And."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Two or more nodes, none of them an Or."""

    nodes: tuple[Node, ...]


Leaf = Word | Prefix | Phrase | Category | Years | Announced | Has | Like | Identifier
Node = Leaf | Not | And | Or


@dataclass(frozen=True, slots=True)
class Query:
    """`root` is None where the text asks for nothing; `notices` say what was not understood."""

    root: Node | None
    notices: tuple[str, ...] = ()


def parse_query(text: str) -> Query:
    """Read `text`. Never raises; at most CHARS_MAX characters and TERMS_MAX terms are read."""
    reader = _Reader(text)
    root = reader.read()
    return Query(root, tuple(dict.fromkeys(reader.notices))[:NOTICES_MAX])


def plain_query(text: str) -> Query:
    """The words of `text` and nothing else: no operator, field, phrase or prefix is read in it.

    For texts that were not written in this language, such as a test collection's queries.
    """
    found = [Word(token) for run in text[:CHARS_MAX].split() if (token := _core(run))]
    return Query(join_and(found[:TERMS_MAX]))


def _core(run: str) -> str:
    """A run without what surrounds its first and last letter or digit."""
    inside = [place for place, ch in enumerate(run) if ch.isalnum()]
    return run[inside[0] : inside[-1] + 1] if inside else ""


def format_query(node: Node | None) -> str:
    """The query as text: `parse_query(format_query(n)).root == n` for what was parsed."""
    if node is None:
        return ""
    if isinstance(node, And):
        return " ".join(_format_part(part) for part in node.nodes)
    if isinstance(node, Or):
        return " OR ".join(_format_part(part) for part in node.nodes)
    if isinstance(node, Not):
        return "-" + _format_part(node.node)
    return _format_leaf(node)


def join_and(nodes: Iterable[Node]) -> Node | None:
    flat: list[Node] = []
    for node in nodes:
        flat += node.nodes if isinstance(node, And) else (node,)
    return flat[0] if len(flat) == 1 else And(tuple(flat)) if flat else None


def join_or(nodes: Iterable[Node]) -> Node | None:
    flat: list[Node] = []
    for node in nodes:
        flat += node.nodes if isinstance(node, Or) else (node,)
    return flat[0] if len(flat) == 1 else Or(tuple(flat)) if flat else None


def negate(node: Node) -> Node:
    return node.node if isinstance(node, Not) else Not(node)


def bare_words(root: Node | None) -> list[Word]:
    """The words at the top of the query that no field, group or minus concerns."""
    parts = root.nodes if isinstance(root, And) else () if root is None else (root,)
    return [part for part in parts if isinstance(part, Word) and part.field is None]


def said(root: Node | None) -> str:
    """The words of the query that speak of a topic, in their order; not names and filters."""
    return " ".join(
        leaf.text
        for leaf in leaves(root)
        if isinstance(leaf, Word | Phrase) and leaf.field in (None, "title", "abstract")
    )


def leaves(node: Node | None, *, negated: bool = False) -> list[Leaf]:
    """The leaves in order; those under a Not only when `negated`."""
    if node is None:
        return []
    if isinstance(node, Not):
        return leaves(node.node, negated=True) if negated else []
    if isinstance(node, And | Or):
        return [leaf for part in node.nodes for leaf in leaves(part, negated=negated)]
    return [node]


# Reading

_TEXT_FIELDS: dict[str, TextField] = {
    "title": "title", "abstract": "abstract", "author": "author", "venue": "venue",
    "ti": "title", "abs": "abstract", "au": "author", "authors": "author",
}  # fmt: skip
_FLAGS: dict[str, Flag] = {"code": "code", "figures": "figures", "venue": "venue"}
_FIELD_HINT = "title, abstract, author, category, venue, year, announced, has, like, id"
_OPERATORS = frozenset({"OR", "AND", "NOT"})
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "＂": '"'})

# A quotation mark after a backslash is LaTeX's umlaut, part of the word.
_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<minus>-(?=[^\s\-)]))
    | (?P<doi>(?i:https?://(?:dx\.)?doi\.org/|doi:)?10\.\d{4,9}/[^\s"]+)
    | (?P<field>[A-Za-z_]{1,20}):(?=[^\s)])
    | (?P<phrase>"(?:[^"\\]|\\.)*")
    | (?P<quote>")
    | (?P<run>(?:[^\s()"\\]|\\"?)+)
    """,
    re.VERBOSE | re.DOTALL,
)
_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s()"]+')
_ID_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')
_YEARS = re.compile(r"(\d{1,18})?(?:(\.\.|-)(\d{1,18})?)?")
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


class _Reader:
    """Recursive descent over the tokens; each problem adds a notice and goes on."""

    def __init__(self, text: str) -> None:
        self.notices: list[str] = []
        if len(text) > CHARS_MAX:
            text = text[:CHARS_MAX]
            self._notice(f"Only the first {CHARS_MAX:,} characters of the query were read.")
        # Half characters, which a badly decoded text can hold, are no text to any index.
        self._text = text.encode("utf-8", "replace").decode("utf-8").translate(_QUOTES)
        self._at = 0
        self._n_terms = 0
        self._n_prefixes = 0
        self._depth = 0

    def read(self) -> Node | None:
        nodes: list[Node] = []
        while True:
            node = self._group()
            nodes += [node] if node is not None else []
            if self._at >= len(self._text):
                return join_and(nodes)
            self._at += 1  # a closing bracket that nothing opened
            self._notice("A closing bracket without an opening one was left out.")

    def _group(self) -> Node | None:
        """Terms up to a closing bracket or the end, which is not consumed."""
        parts: list[Node] = []
        alternatives: list[Node] = []
        after_or = False
        while (operator := self._operator()) != "end":
            if operator in ("OR", "AND"):
                if operator == "OR" and alternatives and not after_or:
                    after_or = True
                elif operator == "OR":
                    self._notice("OR needs a term on both sides; one was left out.")
                continue
            node = self._term(negative=operator == "NOT")
            if node is None:
                continue
            if not after_or:
                parts += self._alternatives(alternatives)
                alternatives = []
            alternatives.append(node)
            after_or = False
        if after_or:
            self._notice("OR needs a term on both sides; one was left out.")
        return join_and([*parts, *self._alternatives(alternatives)])

    @staticmethod
    def _alternatives(nodes: list[Node]) -> list[Node]:
        joined = join_or(nodes)
        return [] if joined is None else [joined]

    def _operator(self) -> str:
        """OR, AND or NOT, consumed; `end` before a closing bracket or the end; else "term"."""
        self._skip_space()
        if self._at >= len(self._text) or self._text[self._at] == ")":
            return "end"
        match = _TOKEN.match(self._text, self._at)
        if match and match.lastgroup == "run" and match.group() in _OPERATORS:
            self._at = match.end()
            return match.group()
        return "term"

    def _term(self, *, negative: bool = False) -> Node | None:
        """The next term, or None where there is nothing to search for in it."""
        while True:
            self._skip_space()
            match = _TOKEN.match(self._text, self._at)
            if match is None or match.lastgroup == "close":
                if negative:
                    self._notice("A minus or NOT needs a term after it; it was left out.")
                return None
            operator = match.group() if match.lastgroup == "run" else ""
            if operator in ("OR", "AND"):
                self._notice(f"{operator} needs a term on both sides; one was left out.")
                return None
            self._at = match.end()
            if operator == "NOT" or match.lastgroup == "minus":
                negative = not negative
            elif match.lastgroup == "quote":
                self._notice("A quotation mark is never closed; the words were read as they are.")
            else:
                node = self._positive(match)
                return negate(node) if negative and node is not None else node

    def _positive(self, match: re.Match[str]) -> Node | None:
        """The term that begins with this token, which is consumed already."""
        if match.lastgroup == "open":
            return self._bracketed()
        if match.lastgroup == "field":
            return self._field(match["field"])
        if match.lastgroup == "doi":
            return self._doi(match["doi"])
        if match.lastgroup == "phrase":
            return self._counted(self._phrase(match.group()[1:-1], None))
        return self._words(match.group())

    def _bracketed(self) -> Node | None:
        """What stands in brackets; the opening one is consumed already."""
        if self._depth >= DEPTH_MAX:
            self._notice(f"Brackets deeper than {DEPTH_MAX} were left out.")
            return None
        self._depth += 1
        node = self._group()
        self._depth -= 1
        if self._at < len(self._text):
            self._at += 1
        else:
            self._notice("A bracket is never closed; it was read as if it were, at the end.")
        return node

    def _field(self, written: str) -> Node | None:
        """A field with its value; the colon is consumed already."""
        name = written.lower()
        make = _FIELDS.get(name)
        if make is None:
            return self._unknown_field(written)
        if self._text[self._at] == "(" and name not in ("like", "id"):
            self._at += 1
            inner = self._bracketed()
            return None if inner is None else self._with_field(inner, written, make)
        pattern = _ID_VALUE if name in ("like", "id") else _VALUE
        match = pattern.match(self._text, self._at)
        if match is None:
            self._notice(f"{written}: needs a value; it was read as a plain word.")
            return self._words(written)
        self._at = match.end()
        raw = match.group()
        quoted = raw.startswith('"')
        value = raw[1:-1] if quoted else raw
        if make is _category and "," in value:
            made = (self._counted(_category(part, quoted)) for part in value.split(","))
            return join_or(part for part in made if part is not None)
        if not quoted and name in ("like", "id"):
            value = self._give_back_brackets(value)
        elif not quoted and raw.endswith("\\") and self._text[self._at : self._at + 1] == '"':
            # title:Schr\"odinger: the umlaut's mark belongs to the word.
            rest = _TOKEN.match(self._text, self._at - 1)
            if rest is not None and rest.lastgroup == "run":
                self._at = rest.end()
                value = raw[:-1] + rest.group()
        node = make(value, quoted)
        if node is None:
            self._notice(f"{written}:{value[:40]} could not be read; its words were searched for.")
            return self._words(re.sub(r'[\s()"]+', ":", f"{written}:{value}"))
        return self._counted(node)

    def _unknown_field(self, written: str) -> Node | None:
        match = _TOKEN.match(self._text, self._at)
        if match is None or match.lastgroup != "run":
            return self._words(written)
        self._at = match.end()
        if canonical_identifier(f"{written}:{match.group()}") is None:
            self._notice(f"There is no field {written}: (fields are {_FIELD_HINT}).")
        return self._words(f"{written}:{match.group()}")

    def _with_field(self, node: Node, written: str, make: _Make) -> Node | None:
        """The node with the field laid on each of its bare leaves."""
        if isinstance(node, Not):
            inner = self._with_field(node.node, written, make)
            return None if inner is None else negate(inner)
        if isinstance(node, And | Or):
            parts = [self._with_field(part, written, make) for part in node.nodes]
            joined = join_and if isinstance(node, And) else join_or
            return joined(part for part in parts if part is not None)
        if isinstance(node, Word | Phrase | Prefix) and node.field is None:
            text = f"{node.text}*" if isinstance(node, Prefix) else node.text
            made = make(text, isinstance(node, Phrase))
            if made is None:
                self._notice(f"{written}:{text[:40]} could not be read; its words were searched.")
            return made or node
        return node

    def _give_back_brackets(self, value: str) -> str:
        """A closing bracket at the end that the value did not open closes a group."""
        kept = value
        while kept.endswith(")") and kept.count(")") > kept.count("("):
            kept = kept[:-1]
        self._at -= len(value) - len(kept)
        return kept

    def _doi(self, written: str) -> Node | None:
        """A DOI, which may have brackets in it; it is consumed already."""
        value = self._give_back_brackets(written)
        name = canonical_identifier(value)
        if name is None:
            return self._words(re.sub(r"[()]+", ":", value))
        return self._counted(Identifier(name))

    def _phrase(self, text: str, field: TextField | None) -> Leaf | None:
        node = _phrase_node(text, field)
        if node is None:
            self._notice("An empty phrase was left out.")
        return node

    def _words(self, run: str) -> Node | None:
        """A run of characters: an identifier, a word, or several where it has colons in it."""
        if (name := canonical_identifier(run)) is not None:
            return self._counted(Identifier(name))
        nodes = [self._counted(self._word(part)) for part in run.split(":")]
        return join_and(node for node in nodes if node is not None)

    def _word(self, text: str) -> Leaf | None:
        node = _word_node(text, None)
        if isinstance(node, Word) and text.endswith("*"):
            self._notice(f"{text[:20]} is too short for a prefix; it was read as a word.")
        return node

    def _counted(self, node: Leaf | None) -> Leaf | None:
        """The node while there is room for one more, else None and no more reading."""
        if node is None:
            return None
        if self._n_terms >= TERMS_MAX:
            self._notice(f"Only the first {TERMS_MAX} terms of the query were used.")
            return None
        self._n_terms += 1
        if isinstance(node, Prefix):
            self._n_prefixes += 1
            if self._n_prefixes > PREFIXES_MAX:
                self._notice(f"Only the first {PREFIXES_MAX} prefixes were used as such.")
                return Word(node.text, node.field)
        return node

    def _skip_space(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def _notice(self, text: str) -> None:
        self.notices.append(text)


# Leaves from text: None where the text cannot be meant so.

_Make = Callable[[str, bool], "Leaf | None"]


def _word_node(text: str, field: TextField | None) -> Leaf | None:
    stripped = text.rstrip("*")
    if field is None:
        stripped = stripped.lstrip("-")
        stripped = stripped.lower() if stripped in _OPERATORS else stripped
    if not any(map(str.isalnum, stripped)):
        return None
    name = canonical_identifier(stripped) if field is None and not text.endswith("*") else None
    if name is not None:
        return Identifier(name)
    if text.endswith("*") and sum(map(str.isalnum, stripped)) >= PREFIX_LETTERS_MIN:
        return Prefix(stripped, field)
    return Word(stripped, field)


def _phrase_node(text: str, field: TextField | None) -> Leaf | None:
    text = _settled(text)
    return Phrase(text, field) if any(map(str.isalnum, text)) else None


def _settled(text: str) -> str:
    """One space between words, and no backslash before a closing quotation mark."""
    before = None
    while text != before:
        before, text = text, " ".join(text.split()).rstrip("\\")
    return text


def _text_field(field: TextField) -> _Make:
    return lambda value, quoted: (_phrase_node if quoted else _word_node)(value, field)


def _name(value: str) -> str:
    """A name that is no text: quotation marks and backslashes are never part of it."""
    return " ".join(value.replace('"', "").replace("\\", "").split())


def _category(value: str, quoted: bool) -> Leaf | None:
    name = _name(value).removesuffix(".*").rstrip("*")
    return Category(_name(name)) if any(map(str.isalnum, name)) else None


def _years(value: str, quoted: bool) -> Leaf | None:
    match = _YEARS.fullmatch(value.strip())
    if match is None or not (match[1] or match[3]):
        return None
    first = min(int(match[1]), YEAR_MAX) if match[1] else None
    last = min(int(match[3]), YEAR_MAX) if match[3] else None if match[2] else first
    if first is not None and last is not None and first > last:
        first, last = last, first
    return Years(first, last)


def _announced(value: str, quoted: bool) -> Leaf | None:
    start, dots, end = value.strip().partition("..")
    first, last = _day_span(start), _day_span(end if dots else start)
    if (start and first is None) or (end and last is None) or not (first or last):
        return None
    low, high = first and first[0], last and last[1]
    if low and high and low > high:
        low, high = (last or first or (low, high))[0], (first or last or (low, high))[1]
    return Announced(low, high)


def _day_span(text: str) -> tuple[date, date] | None:
    """First and last day of a day, month or year; None for what is none."""
    match = _DAY.fullmatch(text)
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    try:
        if match[3]:
            return date(year, month, day), date(year, month, day)
        if match[2]:
            return date(year, month, 1), date(year, month, monthrange(year, month)[1])
        return date(year, 1, 1), date(year, 12, 31)
    except ValueError:
        return None


def _has(value: str, quoted: bool) -> Leaf | None:
    flag = _FLAGS.get(value.strip().lower())
    return Has(flag) if flag else None


def _like(value: str, quoted: bool) -> Leaf | None:
    name = _name(value)
    return Like(name) if any(map(str.isalnum, name)) else None


def _identifier(value: str, quoted: bool) -> Leaf | None:
    name = _name(value)
    return Identifier(name) if any(map(str.isalnum, name)) else None


_FIELDS: dict[str, _Make] = {
    **{name: _text_field(field) for name, field in _TEXT_FIELDS.items()},
    "category": _category,
    "cat": _category,
    "year": _years,
    "announced": _announced,
    "has": _has,
    "like": _like,
    "id": _identifier,
}


# Printing


def _format_part(node: Node) -> str:
    return f"({format_query(node)})" if isinstance(node, And | Or) else format_query(node)


def _format_leaf(leaf: Leaf) -> str:
    match leaf:
        case Word(text, field):
            return f"{_field_prefix(field)}{text}"
        case Prefix(text, field):
            return f"{_field_prefix(field)}{text}*"
        case Phrase(text, field):
            return f'{_field_prefix(field)}"{text}"'
        case Category(name):
            return f"category:{_value(name)}"
        case Years(first, last):
            return f"year:{_span(first, last)}"
        case Announced(first, last):
            return f"announced:{_span(first, last)}"
        case Has(flag):
            return f"has:{flag}"
        case Like(doc_id):
            return f"like:{_value(doc_id)}"
        case Identifier(name):
            return f"id:{_value(name)}"


def _field_prefix(field: TextField | None) -> str:
    return f"{field}:" if field else ""


def _value(text: str) -> str:
    return f'"{text}"' if re.search(r'[\s()"\\]', text) else text


def _span(first: int | date | None, last: int | date | None) -> str:
    low, high = _end(first), _end(last)
    return low if first == last else f"{low}..{high}"


def _end(value: int | date | None) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)
