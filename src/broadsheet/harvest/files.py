"""Files that a reader imports: opened, unpacked, recognised, read record by record."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from broadsheet.errors import ParseError, UsageError
from broadsheet.harvest.parse.acl_xml import parse_acl_xml
from broadsheet.harvest.parse.arxiv_atom import parse_arxiv_atom
from broadsheet.harvest.parse.arxiv_feed import parse_arxiv_feed
from broadsheet.harvest.parse.arxiv_snapshot import parse_arxiv_snapshot
from broadsheet.harvest.parse.bibtex import parse_bibtex
from broadsheet.harvest.parse.csl import parse_csl
from broadsheet.harvest.parse.hf_daily import parse_hf_daily
from broadsheet.harvest.parse.jsonl import parse_jsonl
from broadsheet.harvest.parse.oai import parse_oai_file
from broadsheet.harvest.parse.openreview import parse_openreview
from broadsheet.harvest.parse.pwc import parse_pwc
from broadsheet.harvest.parse.ris import parse_ris
from broadsheet.harvest.parse.zotero_rdf import keepings_of_zotero_rdf, parse_zotero_rdf
from broadsheet.types import Keeping, Record, Reject

HEAD_BYTES = 64 * 1024


def _parse_feed(stream: IO[bytes]) -> Iterator[Record | Reject]:
    for entry in parse_arxiv_feed(stream):
        yield entry if isinstance(entry, Reject) else entry.record


#: What `--format` may name -> its parser.
FORMATS: dict[str, Callable[[IO[bytes]], Iterator[Record | Reject]]] = {
    "jsonl": parse_jsonl,
    "arxiv-snapshot": parse_arxiv_snapshot,
    "arxiv-atom": parse_arxiv_atom,
    "arxiv-feed": _parse_feed,
    "oai-pmh": parse_oai_file,
    "hf-daily": parse_hf_daily,
    "acl": parse_acl_xml,
    "openreview": parse_openreview,
    "bibtex": parse_bibtex,
    "ris": parse_ris,
    "csl-json": parse_csl,
    "zotero-rdf": parse_zotero_rdf,
    "pwc": parse_pwc,
}
#: Those that carry more than papers: what their owner keeps with them.
_WITH_KEEPINGS: dict[str, Callable[[IO[bytes]], Iterator[Keeping]]] = {
    "zotero-rdf": keepings_of_zotero_rdf,
}

_PACKED: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"\xfd7zXZ\x00": lzma.LZMAFile,
    b"BZh": bz2.BZ2File,
}
_FOREIGN = {
    b"PK\x03\x04": "a ZIP archive: unpack it first",
    b"\x28\xb5\x2f\xfd": "packed with zstd: unpack it first",
    b"%PDF": "a PDF: papers are imported by their bibliographic data",
    b"SQLite format 3": "an SQLite database: `broadsheet restore` reads our backups",
}
_SUFFIXES = {
    ".bib": "bibtex",
    ".ris": "ris",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
# A JSON file's format by keys that only it has; the first that fits.
_JSON_KEYS = (
    ("pwc", ("repo_url", "paper_title")),
    ("arxiv-snapshot", ("authors_parsed",)),
    ("arxiv-snapshot", ("update_date", "categories", "id")),
    ("hf-daily", ("paper", "title", "publishedAt")),
    ("openreview", ("notes",)),
    ("openreview", ("content", "forum")),
    ("openreview", ("content", "invitation")),
    ("openreview", ("content", "ssId")),
    ("csl-json", ("date-parts",)),
    ("csl-json", ("container-title",)),
    ("csl-json", ("family", "given", "type")),
)
_JSON_KEY = re.compile(rb'"([A-Za-z_][\w-]{0,40})"\s*:')
_ROOT = re.compile(rb"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)[\s/>]")
_BIBTEX = re.compile(rb"^[ \t]*@\s*[A-Za-z]+\s*[{(]", re.MULTILINE)
_RIS = re.compile(rb"^[ \t]*TY\s{1,3}-", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ImportFile:
    """`items` reads the file as it is iterated, and closes it at its end.

    `fraction_read()` is the share of the file's bytes read so far; None for a pipe.
    Iterating raises ParseError, naming the file, after what could be read.
    """

    format: str
    items: Iterator[Record | Reject]
    fraction_read: Callable[[], float | None]


def open_import(
    path: str | os.PathLike[str], format: str | None = None, *, bytes_max: int | None = None
) -> ImportFile:
    """A file to import, or stdin for `-`; `format` None means recognise it by its content.
    Of one that unpacks to more than `bytes_max`, what stands before that is read.

    Raises: OSError where it cannot be opened, UsageError for an unknown `format`,
    ParseError where it is empty or of no known format.
    """
    if format is not None and format not in FORMATS:
        raise UsageError(f"unknown format {format!r}; one of {', '.join(FORMATS)}")
    name = os.fspath(path)
    source = _Source(name, bytes_max)
    with source.opened() as stream:
        head = stream.peek(HEAD_BYTES)[:HEAD_BYTES]
        chosen = format or _recognised(head, name)
    return ImportFile(chosen, _items(FORMATS[chosen], source), source.fraction_read)


def read_keepings(
    path: str | os.PathLike[str], format: str | None = None, *, bytes_max: int | None = None
) -> Iterator[Keeping]:
    """What the owner of a file keeps with its papers; of most formats nothing.

    Of a file that breaks off, what could be read: `open_import` has said why. Raises: OSError.
    """
    name = os.fspath(path)
    source = _Source(name, bytes_max)
    with source.opened() as stream, suppress(ParseError):
        chosen = format or _recognised(stream.peek(HEAD_BYTES)[:HEAD_BYTES], name)
        if chosen in _WITH_KEEPINGS:
            yield from _WITH_KEEPINGS[chosen](stream)


def _items(
    parse: Callable[[IO[bytes]], Iterator[Record | Reject]], source: _Source
) -> Iterator[Record | Reject]:
    n_items = 0
    try:
        with source.opened() as stream:
            for item in parse(stream):
                n_items += 1
                yield item
        if n_items == 0:
            raise ParseError("there is no record in it")
    except ParseError as error:
        if source.name in error.place:
            raise
        place = f"{source.name}, {error.place}" if error.place else source.name
        raise ParseError(error.reason, place=place) from None


class _Source:
    """A path, opened anew each time, or stdin, of which there is one."""

    def __init__(self, name: str, bytes_max: int | None = None) -> None:
        self.name = name
        self._bytes_max = bytes_max
        self._stdin: io.BufferedReader | None = None
        self._file: IO[bytes] | None = None
        self._size = 0

    @contextmanager
    def opened(self) -> Iterator[io.BufferedReader]:
        if self.name == "-":
            self._stdin = self._stdin or _unpacked(sys.stdin.buffer, "stdin", self._bytes_max)
            yield self._stdin
            return
        with Path(self.name).open("rb") as file:
            self._file, self._size = file, os.fstat(file.fileno()).st_size
            yield _unpacked(file, self.name, self._bytes_max)

    def fraction_read(self) -> float | None:
        if self._file is None or not self._size:
            return None
        return 1.0 if self._file.closed else min(1.0, self._file.tell() / self._size)


def _unpacked(raw: IO[bytes], name: str, bytes_max: int | None) -> io.BufferedReader:
    """The file's content: packed files, told by their first bytes, are unpacked on the way."""
    buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)  # type: ignore[type-var]
    head = buffered.peek(16)
    for magic, opened in _PACKED.items():
        if head.startswith(magic):
            return io.BufferedReader(_Unpacked(opened(buffered), name, bytes_max), HEAD_BYTES * 4)
    return io.BufferedReader(_Unpacked(buffered, name, bytes_max), HEAD_BYTES * 4)


class _Unpacked(io.RawIOBase):
    """A stream whose failures (truncated, corrupt, unreadable, endless) are ParseErrors with its
    name."""

    def __init__(self, stream: Any, name: str, bytes_max: int | None) -> None:
        self._stream = stream
        self._name = name
        self._bytes_max = bytes_max
        self._n_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            chunk = self._stream.read1(len(buffer))
        except EOFError:
            reason = "the packed file breaks off; the rows before that are read"
            raise ParseError(reason, place=self._name) from None
        except (zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
            raise ParseError(f"the packed file is damaged ({error})", place=self._name) from None
        except OSError as error:
            reason = f"cannot be read on ({error.strerror or error})"
            raise ParseError(reason, place=self._name) from None
        self._n_bytes += len(chunk)
        if self._bytes_max is not None and self._n_bytes > self._bytes_max:
            megabytes = self._bytes_max // 1_000_000
            raise ParseError(
                f"it unpacks to more than {megabytes} MB; the command broadsheet import takes "
                "files of any length",
                place=self._name,
            )
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _recognised(head: bytes, name: str) -> str:
    text = _ascii_of(head).lstrip()
    if not text:
        raise ParseError("the file is empty", place=name)
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise ParseError(what, place=name)
    found = _by_content(text) or _by_name(name, text)
    if found is None:
        known = ", ".join(FORMATS)
        raise ParseError(f"no format that we know; name one with --format: {known}", place=name)
    return found


def _ascii_of(head: bytes) -> bytes:
    """UTF-16 seen as ASCII, which is enough to recognise a format."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head[2:].replace(b"\x00", b"")
    return head.removeprefix(b"\xef\xbb\xbf")


def _by_content(text: bytes) -> str | None:
    match text[:1]:
        case b"<":
            return _by_root(text)
        case b"{" | b"[":
            return _by_keys(text)
        case _ if b"\x00" in text:
            return None
        case _ if _RIS.search(text):
            return "ris"
        case _:
            return "bibtex" if _BIBTEX.search(text) else None


def _by_root(text: bytes) -> str | None:
    root = _ROOT.search(re.sub(rb"<!--.*?-->|<\?.*?\?>|<!.*?>", b"", text, flags=re.DOTALL))
    match root[2].lower() if root else b"":
        case b"oai-pmh" | b"record" | b"listrecords" | b"records":
            return "oai-pmh"
        case b"collection":
            return "acl"
        case b"rdf" if b"http://www.zotero.org/namespaces/export#" in text:
            return "zotero-rdf"
        case b"rss" | b"rdf":
            return "arxiv-feed"
        case b"feed":
            is_feed = b"announce_type" in text or b"<id>oai:arXiv.org" in text
            return "arxiv-feed" if is_feed or b" updates on arXiv.org" in text else "arxiv-atom"
        case _:
            return None


def _by_keys(text: bytes) -> str | None:
    keys = {key.decode() for key in _JSON_KEY.findall(text)}
    for name, wanted in _JSON_KEYS:
        if keys.issuperset(wanted):
            return name
    return "jsonl" if keys & {"title", "text", "id", "_id", "paper_title"} else None


def _by_name(name: str, text: bytes) -> str | None:
    suffixes = [suffix for suffix in Path(name).suffixes if suffix in _SUFFIXES]
    return _SUFFIXES[suffixes[-1]] if suffixes and b"\x00" not in text else None
