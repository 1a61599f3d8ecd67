"""XML written element by element; names and shapes are its callers'."""

from __future__ import annotations

import io
from collections.abc import Mapping
from xml.sax.saxutils import XMLGenerator

from broadsheet.export.fields import one_line


class Xml:
    """Elements written into a buffer that is emptied by `taken`."""

    def __init__(self) -> None:
        self._buffer = io.StringIO()
        self._writer = XMLGenerator(self._buffer, "utf-8", short_empty_elements=True)
        self._writer.startDocument()

    def start(self, name: str, attributes: Mapping[str, str] | None = None) -> None:
        safe = {key: one_line(value) for key, value in (attributes or {}).items()}
        self._writer.startElement(name, safe)  # type: ignore[arg-type]

    def end(self, name: str) -> None:
        self._writer.endElement(name)
        self._writer.ignorableWhitespace("\n")

    def leaf(self, name: str, text: str = "", attributes: Mapping[str, str] | None = None) -> None:
        self.start(name, attributes)
        if text:
            self._writer.characters(one_line(text))
        self.end(name)

    def taken(self) -> str:
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return text
