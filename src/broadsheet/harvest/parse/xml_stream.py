"""XML from outside, element by element: no entities, bounded depth and size, bad bytes mended."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import Element
from xml.etree.ElementTree import ParseError as XmlSyntaxError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from broadsheet.errors import ParseError
from broadsheet.harvest.parse.stream import ITEM_BYTES_MAX, some_of

DEPTH_MAX = 60

# Characters that XML 1.0 forbids and that feeds contain all the same.
_FORBIDDEN = bytes(code for code in range(0x20) if code not in b"\t\n\r")
_FORBIDDEN_REFERENCE = re.compile(
    rb"&#(?:x0*(?:[0-8bcefBCEF]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2\d|3[01]));"
)
_ENCODING = re.compile(rb"""<\?xml[^>]{0,100}encoding\s*=\s*["']([A-Za-z0-9._-]+)""")


def elements(
    stream: IO[bytes], wanted: frozenset[str]
) -> Iterator[tuple[Element, tuple[Element, ...]]]:
    """(element, its ancestors, outermost first) of each outermost element named in `wanted`.

    Names are without namespace. An element is emptied once the next is asked for.
    Raises: ParseError for broken or hostile XML, after the elements before it.
    """
    source = _Mended(stream)
    ancestors: list[Element] = []
    opened: Element | None = None
    try:
        for event, element in iterparse(source, events=("start", "end")):
            if event == "start":
                if len(ancestors) >= DEPTH_MAX:
                    raise ParseError(f"XML nested deeper than {DEPTH_MAX} levels")
                if opened is None and local_name(element) in wanted:
                    opened = element
                ancestors.append(element)
                continue
            ancestors.pop()
            if opened is not None and element is opened:
                yield opened, tuple(ancestors)
                opened = None
                source.n_bytes_since_item = 0
            if opened is None and ancestors:
                element.clear()
                ancestors[-1].remove(element)
    except XmlSyntaxError as error:
        line = error.position[0]
        raise ParseError(f"broken XML ({error})", place=f"line {line}") from None
    except DefusedXmlException:
        raise ParseError("XML with entity declarations is not read") from None
    except (LookupError, ValueError) as error:
        raise ParseError(f"unreadable XML ({error})") from None


def local_name(element: Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if local_name(child) == name)


def child(element: Element, name: str) -> Element | None:
    return next(children(element, name), None)


def text_in(element: Element | None, name: str = "") -> str:
    """All text in the element, or in its first child of that name; "" where there is none."""
    found = child(element, name) if element is not None and name else element
    return "".join(found.itertext()).strip() if found is not None else ""


def texts_in(element: Element, name: str) -> list[str]:
    return [text for found in children(element, name) if (text := text_in(found))]


class _Mended:
    """A byte stream without what XML forbids; broken UTF-8 becomes U+FFFD, not a broken file."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decoder: codecs.IncrementalDecoder | None = None
        self._is_first = True
        self._keeps_bytes = False
        self.n_bytes_since_item = 0

    def read(self, n_bytes: int = 65_536) -> bytes:
        chunk = some_of(self._stream, n_bytes)
        if self._is_first:
            self._is_first = False
            chunk = chunk.lstrip(b" \t\r\n")
            self._look_at(chunk)
        self.n_bytes_since_item += len(chunk)
        if self.n_bytes_since_item > ITEM_BYTES_MAX:
            raise ParseError(f"one XML record of over {ITEM_BYTES_MAX // 2**20} MB")
        if self._keeps_bytes or not chunk:
            return chunk
        if self._decoder is not None:
            # A character cut by the chunk's end waits in the decoder.
            chunk = self._decoder.decode(chunk).encode("utf-8", "replace") or b"\n"
        return _FORBIDDEN_REFERENCE.sub(b"", chunk.translate(None, _FORBIDDEN)) or b"\n"

    def _look_at(self, head: bytes) -> None:
        declared = _ENCODING.match(head.removeprefix(codecs.BOM_UTF8))
        encoding = declared[1].lower() if declared else b"utf-8"
        self._keeps_bytes = head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or (
            encoding.startswith((b"utf-16", b"utf-32", b"ucs"))
        )
        if encoding in (b"utf-8", b"utf8"):
            self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
