"""BibTeX and BibLaTeX files. A broken entry is rejected, the rest goes on."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import IO

from bibtexparser.entrypoint import parse_string
from bibtexparser.model import (
    Block,
    DuplicateBlockKeyBlock,
    DuplicateFieldKeyBlock,
    Entry,
    ParsingFailedBlock,
    String,
)

from broadsheet.errors import ParseError
from broadsheet.harvest.parse.bibliography import entry_record, text_of_file
from broadsheet.harvest.parse.fields import FieldError, check_n_authors
from broadsheet.harvest.parse.stream import reject
from broadsheet.text.clean import clean_text
from broadsheet.text.latex import outside_mathematics, unbraced
from broadsheet.text.names import parse_name
from broadsheet.types import Author, Record, Reject

SOURCE = "bibtex"

_CHUNK_CHARS = 2_000_000
_ENTRY_START = re.compile(r"^[ \t]*@", re.MULTILINE)
_STRING_START = re.compile(r"^[ \t]*@string\s*[{(].*$", re.MULTILINE | re.IGNORECASE)
_PIECE = re.compile(r'"((?:[^"{}]|\{[^{}]*\})*)"|\{((?:[^{}]|\{[^{}]*\})*)\}|([^\s#"{}]+)')
_DOI = re.compile(r"\b10\.\d.*")
_HOMONYM = re.compile(r"\s+0\d{3}$")  # DBLP's numbers for several people of one name
_OPEN, _CLOSE = "\ue000", "\ue001"  # private characters, in no text
_NO_PAPERS = frozenset({"proceedings", "collection", "online-collection", "set", "xdata"})
_KEPT = ("volume", "number", "pages", "publisher", "series", "editor", "school", "institution")
# The parser logs each broken entry; here those are Rejects.
logging.getLogger("bibtexparser").addFilter(lambda _: False)
logging.getLogger("bibtexparser.splitter").addFilter(lambda _: False)


def parse_bibtex(stream: IO[bytes]) -> Iterator[Record | Reject]:
    """Entries in the file's order. `extra["encoding"]` notes a file that was no UTF-8."""
    text, encoding = text_of_file(stream)
    if "@" not in text:
        raise ParseError("no BibTeX: there is no @entry in it")
    parents: dict[str, dict[str, str]] = {}
    strings = "\n".join(_STRING_START.findall(text[: 50 * _CHUNK_CHARS])[:5_000])
    for chunk, line in _chunks(text):
        for item in _read(chunk, line, strings if line else "", parents):
            if encoding != "utf-8" and isinstance(item, Record):
                item = replace(item, extra={**item.extra, "encoding": encoding})
            yield item


def _chunks(text: str) -> Iterator[tuple[str, int]]:
    """Parts of whole entries, so that memory follows the part, each with its first line."""
    start = line = 0
    while start < len(text):
        cut = _ENTRY_START.search(text, start + _CHUNK_CHARS)
        end = cut.start() if cut else len(text)
        yield text[start:end], line
        line += text.count("\n", start, end)
        start = end


def _read(
    chunk: str, first_line: int, strings: str, parents: dict[str, dict[str, str]]
) -> Iterator[Record | Reject]:
    n_added = strings.count("\n") + 1 if strings else 0
    text = f"{strings}\n{chunk}" if strings else chunk
    try:
        library = parse_string(text)
    except (ValueError, IndexError, KeyError, AttributeError, TypeError, RecursionError) as error:
        yield reject(f"line {first_line + 1}", f"unreadable BibTeX ({error})", chunk)
        return
    words = {block.key.lower(): _text(block.value, {}) for block in library.strings}
    entries: list[tuple[str, Entry] | Reject] = []
    for parsed in library.blocks:
        place = f"line {first_line + (parsed.start_line or 0) - n_added + 1}"
        block: Block | None = parsed
        if isinstance(parsed, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock):
            block = parsed.ignore_error_block
        if isinstance(block, Entry):
            entries.append((place, block))
        elif isinstance(block, ParsingFailedBlock) and not _is_string(block):
            entries.append(reject(place, _reason(block), block.raw or ""))
    for item in entries:
        if not isinstance(item, Reject):
            parents.setdefault(item[1].key.lower(), _fields(item[1], words))
    for item in entries:
        if isinstance(item, Reject):
            yield item
        elif (kind := item[1].entry_type.lower()) not in _NO_PAPERS:
            yield _record_or_reject(item[0], kind, item[1], _fields(item[1], words), parents)


def _is_string(block: ParsingFailedBlock) -> bool:
    """A second `@string` of one name: the first stands."""
    return isinstance(block.ignore_error_block, String)


def _reason(block: ParsingFailedBlock) -> str:
    error = " ".join(str(getattr(block.error, "abort_reason", "") or block.error).split())
    return f"broken BibTeX entry ({error[:200] or 'unclosed'})"


def _fields(entry: Entry, words: Mapping[str, str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for field in entry.fields:
        fields.setdefault(field.key.lower().strip(), _text(field.value, words))
    return fields


def _text(value: object, words: Mapping[str, str]) -> str:
    """The value with `@string` names and `#` resolved."""
    text = str(value).strip()
    if text.lower() in words:
        return words[text.lower()]
    if "#" not in text or not re.search(r'["}\w]\s*#\s*["{\w]', text):
        return text
    pieces = [m[1] or m[2] or words.get((m[3] or "").lower(), m[3] or "") for m in
              _PIECE.finditer(text)]  # fmt: skip
    is_joined = text.count("#") == len(pieces) - 1 and text.startswith(('"', "{", *words))
    return "".join(pieces) if is_joined else text


def _record_or_reject(
    place: str,
    kind: str,
    entry: Entry,
    fields: Mapping[str, str],
    parents: Mapping[str, Mapping[str, str]],
) -> Record | Reject:
    crossref = fields.get("crossref", "").strip().lower()
    parent = parents.get(crossref, {}) if crossref else {}  # some entries have no key
    try:
        return _record(kind, entry.key, {**_inherited(parent), **fields})
    except FieldError as error:
        return reject(place, str(error), entry.raw or entry.key)


def _inherited(parent: Mapping[str, str]) -> dict[str, str]:
    """What an entry takes from its `crossref`: all but what is the parent's own."""
    own = ("author", "doi", "url", "abstract", "pages", "key", "eprint", "title", "note")
    inherited = {name: value for name, value in parent.items() if name not in own}
    if "title" in parent:
        inherited.setdefault("booktitle", parent["title"])
    return inherited


def _record(kind: str, key: str, fields: Mapping[str, str]) -> Record:
    def plain(name: str, chars_max: int = 20_000) -> str:
        return _plain(fields.get(name, ""), chars_max)

    title = plain("title", 200_000)
    if subtitle := plain("subtitle"):
        title = f"{title}: {subtitle}" if title else subtitle
    venue = next(
        filter(None, map(plain, ("journal", "journaltitle", "booktitle", "conference"))), ""
    )
    links = [fields.get(name, "") for name in ("url", "howpublished", "link", "ee", "bdsk-url-1")]
    addresses = [unbraced(clean_text(link, chars_max=3_000)) for link in links if link]
    note = plain("note") or plain("annote")
    return entry_record(
        source=SOURCE,
        title=title or None,
        authors=_authors(fields.get("author") or fields.get("editor", "")),
        abstract=plain("abstract", 100_000),
        venue=venue,
        date=plain("date") or plain("year"),
        url=next((a for a in addresses if a.startswith("http")), ""),
        pdf=plain("pdf"),
        note=note,
        keywords=plain("keywords") or plain("keyword"),
        claims=[*_eprint(fields), _doi(plain("doi")), *addresses],
        mentions=[venue, note, plain("volume"), plain("number"), *addresses],
        extra={
            "bibkey": key[:200],
            "type": kind[:60],
            **{name: plain(name, 500) for name in _KEPT if fields.get(name)},
        },
    )


def _plain(text: str, chars_max: int) -> str:
    """Without the braces that only protect; `\\{` and `\\}`, which are meant to be seen, stay."""
    marked = outside_mathematics(
        text, lambda part: part.replace("\\{", _OPEN).replace("\\}", _CLOSE)
    )
    plain = unbraced(clean_text(marked, chars_max=chars_max)).strip()
    return plain.replace(_OPEN, "{").replace(_CLOSE, "}")


def _doi(text: str) -> str:
    """`10.1/x`, `doi:10.1/x`, `dx.doi.org/10.1/x` or an address of it."""
    found = _DOI.search(text)
    return f"doi:{found[0]}" if found else text


def _eprint(fields: Mapping[str, str]) -> list[str]:
    archive = (fields.get("archiveprefix") or fields.get("eprinttype") or "arxiv").strip().lower()
    eprint = fields.get("eprint", "").strip()
    return [f"arxiv:{eprint.removeprefix('arXiv:')}"] if eprint and archive == "arxiv" else []


def _authors(text: str) -> tuple[Author, ...]:
    """Names between `and` outside braces; `{A Group, Inc}` is one name as it stands."""
    names = _names(text)
    check_n_authors(len(names))
    authors = []
    for name in names:
        is_whole = name.startswith("{") and name.endswith("}") and name.count("{") == 1
        display = parse_name(name.replace(",", "") if is_whole else _HOMONYM.sub("", name))
        if display and display.lower() not in ("others", "et al."):
            authors.append(Author(display))
    return tuple(authors)


def _names(text: str) -> list[str]:
    names: list[str] = []
    current: list[str] = []
    depth = 0
    for word in text.split():
        if word.lower() == "and" and depth <= 0:
            names.append(" ".join(current))
            current = []
        else:
            current.append(word)
            depth += word.count("{") - word.count("}")
    names.append(" ".join(current))
    return [name for name in names if name]
