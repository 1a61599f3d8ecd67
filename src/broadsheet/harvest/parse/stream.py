"""Bytes as UTF-8, lines and JSON values, whatever the file's size."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from broadsheet.errors import ParseError
from broadsheet.types import Reject

ITEM_BYTES_MAX = 32 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
REJECT_TEXT_CHARS = 200

_DECODER = json.JSONDecoder(parse_constant=lambda _: None)
_UTF16_BOMS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+")
_SPACE_OR_COMMA = re.compile(r"[\s,]*")


def reject(place: str, reason: str, source: object = "") -> Reject:
    """A Reject with the first characters of `source`, printable on one line."""
    if isinstance(source, bytes):
        text = source[: 4 * REJECT_TEXT_CHARS].decode("utf-8", "replace")
    elif isinstance(source, str):
        text = source[: 4 * REJECT_TEXT_CHARS]
    else:
        text = repr(source)[: 4 * REJECT_TEXT_CHARS]
    return Reject(place, reason, _INVISIBLE.sub(" ", text).strip()[:REJECT_TEXT_CHARS])


def some_of(stream: IO[bytes], n_bytes: int) -> bytes:
    """At most so many bytes, as soon as there are any; b"" at the end. `read` would gather them
    all, and lose what it has where the stream breaks off."""
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    return read(n_bytes)


def utf8(stream: IO[bytes]) -> io.BufferedReader:
    """`stream` without byte order mark; what the mark calls UTF-16 becomes UTF-8."""
    head = _read_exactly(stream, 3)
    if head == codecs.BOM_UTF8:
        head = b""
    elif encoding := _UTF16_BOMS.get(head[:2]):
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        return io.BufferedReader(_Rest(stream, head[2:], decoder), CHUNK_BYTES)
    return io.BufferedReader(_Rest(stream, head), CHUNK_BYTES)


def lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | Reject]]:
    """(number from 1, line without its end); blank lines are skipped, over-long ones rejected."""
    source = utf8(stream)
    number = 0
    while line := source.readline(ITEM_BYTES_MAX):
        number += 1
        if len(line) == ITEM_BYTES_MAX and not line.endswith(b"\n"):
            while (rest := source.readline(ITEM_BYTES_MAX)) and not rest.endswith(b"\n"):
                pass
            megabytes = ITEM_BYTES_MAX // (1024 * 1024)
            yield number, reject(f"line {number}", f"the line is over {megabytes} MB", line)
        elif line := line.strip():
            yield number, line


def json_lines(stream: IO[bytes]) -> Iterator[tuple[str, dict[str, Any] | Reject]]:
    """(place, object) of JSON lines; what is no object is rejected, its line only."""
    for number, line in lines(stream):
        place = f"line {number}"
        yield place, line if isinstance(line, Reject) else _json_object(place, line)


def json_objects(
    stream: IO[bytes], *, keys: tuple[str, ...] = ()
) -> Iterator[tuple[str, dict[str, Any] | Reject]]:
    """(place, object) of JSON lines, of one JSON array, or of the array under one of `keys`.

    An object without any of `keys` is itself the one item.
    Raises: ParseError where the array breaks off or is no JSON.
    """
    source = utf8(stream)
    while (first := source.peek(1)[:1]) and first in b" \t\r\n":
        source.read(1)
    if first == b"[":
        source.read(1)
        yield from _array_items(source)
    elif first == b"{" and _is_nested(source.peek(CHUNK_BYTES), keys):
        yield from _nested_items(source, keys)
    else:
        for place, item in json_lines(source):
            yield from _items_of(place, item, keys)


def _json_object(place: str, line: bytes) -> dict[str, Any] | Reject:
    try:
        value = _DECODER.decode(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        reason = f"byte {line[error.start]:#04x} at column {error.start + 1} is not UTF-8"
        return reject(place, f"{reason}: expected one JSON object a line, in UTF-8", line)
    except (ValueError, RecursionError) as error:
        return reject(place, f"no JSON ({error}): expected one JSON object a line", line)
    if isinstance(value, dict):
        return value
    return reject(place, f"a JSON {_kind(value)}: expected one JSON object a line", line)


def _kind(value: object) -> str:
    names: Mapping[type, str] = {list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _is_nested(head: bytes, keys: tuple[str, ...]) -> bool:
    """Whether a stream that begins with `{` is one object over many lines, not JSON lines."""
    if head.partition(b"\n")[0].strip() == b"{":
        return True
    first_key = re.match(rb'\{\s*"(\w+)"\s*:', head)
    return first_key is not None and first_key[1].decode("ascii", "replace") in keys


def _array_items(
    source: IO[bytes], text: str = ""
) -> Iterator[tuple[str, dict[str, Any] | Reject]]:
    """The objects of an array whose `[` has been read; `text` was read already."""
    buffer = _Buffer(source, text)
    number = 0
    while True:
        while not buffer.skip_separators() and buffer.more():
            pass
        if buffer.next_char() == "]":
            return
        number += 1
        place = f"item {number}"
        value = buffer.value(place)
        if isinstance(value, dict):
            yield place, value
        else:
            yield place, reject(place, f"a JSON {_kind(value)}: expected an object", value)


def _nested_items(
    source: IO[bytes], keys: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, Any] | Reject]]:
    """One top-level object: streamed if its first key leads to the array, else read whole."""
    buffer = _Buffer(source, "")
    buffer.more()
    start = re.match(r'\{\s*"(\w+)"\s*:\s*\[', buffer.text)
    if start and start[1] in keys:
        yield from _array_items(source, buffer.text[start.end() :])
        return
    yield from _items_of("item 1", buffer.value("the file"), keys)


def _items_of(
    place: str, whole: dict[str, Any] | Reject, keys: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, Any] | Reject]]:
    """The objects of the array under one of `keys`, else `whole` itself."""
    arrays = [] if isinstance(whole, Reject) else [whole.get(key) for key in keys]
    items = next((array for array in arrays if isinstance(array, list)), None)
    if items is None:
        yield place, whole
        return
    for number, item in enumerate(items, 1):
        where = f"item {number}"
        problem = f"a JSON {_kind(item)}: expected an object"
        yield where, item if isinstance(item, dict) else reject(where, problem, item)


class _Buffer:
    """Decoded text in front of a byte stream, from which JSON values are taken one by one."""

    def __init__(self, source: IO[bytes], text: str) -> None:
        self.text = text
        self._source = source
        self._at = 0
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def more(self, n_bytes: int = CHUNK_BYTES) -> bool:
        chunk = self._source.read(n_bytes)
        self.text = self.text[self._at :] + self._decode(chunk, not chunk)
        self._at = 0
        return bool(chunk)

    def skip_separators(self) -> bool:
        match = _SPACE_OR_COMMA.match(self.text, self._at)
        self._at = match.end() if match else self._at
        return self._at < len(self.text)

    def next_char(self) -> str:
        return self.text[self._at : self._at + 1]

    def value(self, place: str) -> Any:
        """The next value. Reads on in doubling steps, so that long items cost linear time."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self._at)
                if end < len(self.text) or not self.more():
                    self._at += end - self._at if self._at else end
                    return value
            except (json.JSONDecodeError, RecursionError) as error:
                if not self._may_go_on(error):
                    raise ParseError(f"the JSON breaks here ({error})", place=place) from None
                if not self.more(max(CHUNK_BYTES, len(self.text))):
                    raise ParseError("the file ends in the middle", place=place) from None
            except ValueError as error:
                raise ParseError(f"the JSON breaks here ({error})", place=place) from None

    def _may_go_on(self, error: Exception) -> bool:
        """Whether the error may only mean that the rest of the item has not been read yet."""
        if not isinstance(error, json.JSONDecodeError):
            return False
        is_unfinished = error.pos >= len(self.text) - 16 or error.msg.startswith("Unterminated")
        return is_unfinished and len(self.text) - self._at < ITEM_BYTES_MAX


class _Rest(io.RawIOBase):
    """A stream with bytes put back in front, decoded to UTF-8 on the way if need be."""

    def __init__(
        self, stream: IO[bytes], head: bytes, decoder: codecs.IncrementalDecoder | None = None
    ) -> None:
        self._stream = stream
        self._decoder = decoder
        self._head = self._encoded(head) if decoder else head

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = len(buffer) - len(self._head)
        chunk = self._head + (self._next(wanted) if wanted > 0 else b"")
        self._head = chunk[len(buffer) :]
        chunk = chunk[: len(buffer)]
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def _next(self, n_bytes: int) -> bytes:
        chunk = some_of(self._stream, n_bytes)
        if self._decoder is None:
            return chunk
        while chunk and not (text := self._encoded(chunk)):
            chunk = some_of(self._stream, n_bytes)
        return text if chunk else self._encoded(b"", final=True)

    def _encoded(self, chunk: bytes, *, final: bool = False) -> bytes:
        assert self._decoder is not None
        return self._decoder.decode(chunk, final).encode("utf-8", "replace")


def _read_exactly(stream: IO[bytes], n_bytes: int) -> bytes:
    head = b""
    while len(head) < n_bytes and (chunk := stream.read(n_bytes - len(head))):
        head += chunk
    return head
