"""Zotero RDF: papers, and what their owner keeps with them: tags, notes, collections.

A graph written as a list of nodes: what a paper is part of, the notes on it and the collections
that hold it stand anywhere in the file and are referred to by name. So the file is read to its
end before the first paper of it can be told.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO
from xml.etree.ElementTree import Element

from broadsheet.errors import ParseError
from broadsheet.harvest.parse.bibliography import FILE_BYTES_MAX, entry_record, too_large
from broadsheet.harvest.parse.fields import (
    ABSTRACT_CHARS_MAX,
    AUTHORS_MAX,
    LIST_ITEMS_MAX,
    FieldError,
    check_n_authors,
    day_of,
)
from broadsheet.harvest.parse.stream import reject
from broadsheet.harvest.parse.xml_stream import child, children, elements, local_name, text_in
from broadsheet.text.clean import clean_text
from broadsheet.text.markup import markdown_of
from broadsheet.text.names import parse_name
from broadsheet.types import Author, Keeping, Record, Reject

SOURCE = "zotero"
NODES_MAX = 200_000
NOTE_CHARS_MAX = 200_000
DEPTH_MAX = 20

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
# Every class that Zotero's own exporter writes at the top of a file.
_NODES = frozenset(
    {"Article", "Book", "BookSection", "Thesis", "Letter", "Manuscript", "Interview"}
    | {"MotionPicture", "Illustration", "Document", "Memo", "Attachment", "Report"}
    | {"Legislation", "Patent", "Image", "Recording", "ConferenceProceedings", "Data"}
    | {"Description", "UserItem", "Journal", "Periodical", "Newspaper", "Series", "Part"}
    | {"CourtReporter", "Website", "Blog", "Forum", "Conference", "Collection"}
)
_NOT_WORKS = frozenset({"Series", "Part", "Collection"})
_CREATORS = ("authors", "presenters", "inventors", "programmers", "artists", "editors")
_YEAR = re.compile(r"(?<!\d)(?:1[89]|2[01])\d\d(?!\d)")
_DOI = re.compile(r"(?:doi:?\s*)?(10\.\S+)", re.IGNORECASE)


@dataclass(slots=True)
class _Node:
    """`texts` and `links` (to other nodes) by element name; `within` what it says it is part of."""

    kind: str
    name: str
    texts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    links: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    within: list[_Node] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    authors: tuple[Author, ...] = ()
    n_authors: int = 0

    def first(self, *names: str) -> str:
        return next((text for name in names for text in self.texts.get(name, ())), "")


def parse_zotero_rdf(stream: IO[bytes]) -> Iterator[Record | Reject]:
    """The papers of the file, in its order; of their tags only those that no person gave."""
    for item, _ in _papers(stream):
        yield item


def keepings_of_zotero_rdf(stream: IO[bytes]) -> Iterator[Keeping]:
    """What the file's owner keeps with each of its papers; papers with nothing are left out.

    Raises: ParseError, after what could be read.
    """
    for item, keeping in _papers(stream):
        if isinstance(item, Record) and (keeping.tags or keeping.notes or keeping.collections):
            yield keeping


def _papers(stream: IO[bytes]) -> Iterator[tuple[Record | Reject, Keeping]]:
    nodes, failure = _nodes(stream)
    by_name = {node.name: node for node in nodes if node.name}
    collections = _collections(node for node in nodes if node.kind == "Collection")
    spoken_of = Counter(name for node in nodes for names in node.links.values() for name in names)
    for number, node in enumerate(nodes, 1):
        if not _is_work(node):
            if node.kind in ("Memo", "Attachment") and node.name not in spoken_of:
                what = "a note" if node.kind == "Memo" else "a file"
                text = node.first("title", "value")
                yield reject(f"entry {number}", f"{what} that belongs to no paper", text), _NOTHING
            continue
        try:
            record = _record(node, by_name, spoken_of)
        except FieldError as error:
            yield reject(f"entry {number}", str(error), node.first("title") or node.name), _NOTHING
            continue
        yield record, _keeping(record, node, by_name, collections.get(node.name, []))
    if failure is not None:
        raise failure


_NOTHING = Keeping("", (), (), ())


def _is_work(node: _Node) -> bool:
    if node.kind in ("Memo", "Attachment", *_NOT_WORKS):
        return False
    kind = node.first("itemType")
    return kind not in ("note", "attachment") if kind else bool(node.n_authors)


def _nodes(stream: IO[bytes]) -> tuple[list[_Node], ParseError | None]:
    """All nodes that could be read, and why reading stopped before the end, if it did."""
    nodes: list[_Node] = []
    try:
        for element, _ in elements(_Bounded(stream), _NODES):  # type: ignore[arg-type]
            if len(nodes) >= NODES_MAX:
                raise ParseError(f"over {NODES_MAX:,} entries: split the file")
            nodes.append(_node(element))
    except ParseError as error:
        return nodes, error
    return nodes, None


class _Bounded:
    """A stream that ends in a ParseError after `FILE_BYTES_MAX`."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._n_bytes = 0

    def read(self, n_bytes: int = -1) -> bytes:
        chunk = self._stream.read(n_bytes)
        self._n_bytes += len(chunk)
        if self._n_bytes > FILE_BYTES_MAX:
            raise too_large()
        return chunk


def _node(element: Element, depth: int = 0) -> _Node:
    node = _Node(local_name(element), element.get(f"{_RDF}about") or _own_name(element))
    for part in element:
        name = local_name(part)
        if resource := part.get(f"{_RDF}resource"):
            node.links[name].append(resource)
        elif len(part) == 0:
            if (text := (part.text or "").strip()) and len(node.texts[name]) < LIST_ITEMS_MAX:
                node.texts[name].append(text[: max(NOTE_CHARS_MAX, ABSTRACT_CHARS_MAX) * 2])
        elif name in ("isPartOf", "presentedAt") and depth < DEPTH_MAX:
            node.within.extend(_node(inner, depth + 1) for inner in part)
        elif name == "identifier":
            node.addresses.extend(text_in(inner, "value") for inner in children(part, "URI"))
        elif name == "subject":
            node.keywords.extend(text_in(inner, "value") for inner in part)
        elif name == "publisher":
            node.texts[name].extend(text_in(inner, "name") for inner in part)
    sequences = (child(element, name) for name in _CREATORS)
    people = next((found for found in sequences if found is not None), None)
    if people is not None:
        names = [name for person in people.iter() if (name := _person(person))]
        node.n_authors = len(names)
        node.authors = tuple(map(Author, names[:AUTHORS_MAX]))
    return node


def _own_name(element: Element) -> str:
    own = element.get(f"{_RDF}ID") or element.get(f"{_RDF}nodeID")
    return f"#{own}" if own else ""


def _person(element: Element) -> str:
    if local_name(element) != "Person":
        return ""
    given = text_in(element, "givenName") or text_in(element, "givenname")
    return parse_name(f"{given} {text_in(element, 'surname')}"[:1_000])


def _record(node: _Node, by_name: Mapping[str, _Node], spoken_of: Mapping[str, int]) -> Record:
    check_n_authors(node.n_authors)
    works = [node, *_containers(node, by_name)]
    venue = next((work.first("title") for work in works[1:] if work.first("title")), "")
    # Zotero writes a paper's DOI at its journal, where that node is this paper's alone.
    named = [work for work in works if work is node or spoken_of.get(work.name, 0) <= 1]
    dois = [
        doi for work in named for said in work.texts.get("identifier", ()) if (doi := _doi(said))
    ]
    pdf = next((file for file in _files(node, by_name) if file), "")
    addresses = [text for text in (*node.addresses, node.name) if text.startswith("http")]
    note = node.first("description")
    date = next((text for work in works if (text := _date(work.first("date")))), "")
    return entry_record(
        source=SOURCE,
        title=node.first("title") or None,
        authors=node.authors,
        abstract=node.first("abstract"),
        venue=venue,
        date=date,
        url=addresses[0] if addresses else "",
        pdf=pdf,
        note=note,
        keywords=node.keywords,
        claims=[*(f"doi:{doi}" for doi in dois[:1]), *addresses],
        mentions=[note, *node.texts.get("number", ()), *node.texts.get("identifier", ()), venue],
        extra={
            "type": node.first("itemType"),
            "citation_key": node.first("citationKey"),
            "volume": _said(works, "volume"),
            "number": _said(works, "number"),
            "pages": node.first("pages"),
            "publisher": _said(works, "publisher"),
        },
    )


def _containers(node: _Node, by_name: Mapping[str, _Node]) -> list[_Node]:
    """What the paper is part of (its journal, its book), nearest first; series and sections
    are looked through, and a circle is left where it closes."""
    found: list[_Node] = []
    ways = [node]
    while ways and len(found) < DEPTH_MAX:
        way = ways.pop(0)
        names = [*way.links.get("isPartOf", ()), *way.links.get("presentedAt", ())]
        named = (by_name[name] for name in names[:DEPTH_MAX] if name in by_name)
        for outer in (*way.within, *named):
            if outer is not node and outer not in found:
                found.append(outer)
                ways.append(outer)
    return [outer for outer in found if outer.kind not in _NOT_WORKS]


def _files(node: _Node, by_name: Mapping[str, _Node]) -> Iterator[str]:
    """Addresses of the PDFs kept with the paper."""
    for name in node.links.get("link", ())[:LIST_ITEMS_MAX]:
        file = by_name.get(name)
        if file is not None and "application/pdf" in file.texts.get("type", ()):
            yield from file.addresses


def _said(works: list[_Node], name: str) -> str:
    return next((text for work in works if (text := work.first(name))), "")


def _doi(text: str) -> str:
    match = _DOI.fullmatch(text[:1_000].strip())
    return match[1] if match else ""


def _date(text: str) -> str:
    """`2017-05-14` as it is; of `May 2017` and `07/26/2017` the year."""
    if day_of(text):
        return text
    year = _YEAR.search(text[:100])
    return year[0] if year else ""


def _keeping(
    record: Record, node: _Node, by_name: Mapping[str, _Node], collections: list[str]
) -> Keeping:
    memos = (by_name.get(name) for name in node.links.get("isReferencedBy", ())[:LIST_ITEMS_MAX])
    notes = [memo.first("value") for memo in memos if memo is not None and memo.kind == "Memo"]
    tags = (clean_text(tag, chars_max=300) for tag in node.texts.get("subject", ()))
    return Keeping(
        identifier=record.identifiers[0],
        tags=tuple(dict.fromkeys(filter(None, tags))),
        notes=tuple(filter(None, (markdown_of(note, NOTE_CHARS_MAX) for note in notes))),
        collections=tuple(dict.fromkeys(collections)),
    )


def _collections(nodes: Iterable[_Node]) -> dict[str, list[str]]:
    """The collections of each paper, by the paper's name in the file: `Outer / Inner`."""
    by_name = {node.name: node for node in nodes if node.name}
    outer_of = {
        part: node.name
        for node in by_name.values()
        for part in node.links.get("hasPart", ())
        if part in by_name
    }
    found: dict[str, list[str]] = defaultdict(list)
    for node in by_name.values():
        path = _path(node.name, by_name, outer_of)
        for part in node.links.get("hasPart", ()):
            if path and part not in by_name:
                found[part].append(path)
    return found


def _path(name: str, by_name: Mapping[str, _Node], outer_of: Mapping[str, str]) -> str:
    steps: list[str] = []
    at: str | None = name
    while at is not None and at not in steps and len(steps) < DEPTH_MAX:
        steps.append(at)
        at = outer_of.get(at)
    titles = (clean_text(by_name[step].first("title"), chars_max=200) for step in reversed(steps))
    return " / ".join(filter(None, titles))
