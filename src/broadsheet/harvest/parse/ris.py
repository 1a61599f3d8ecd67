"""RIS files, as reference managers export them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import IO

from broadsheet.errors import ParseError
from broadsheet.harvest.parse.bibliography import entry_record, text_of_file
from broadsheet.harvest.parse.fields import FieldError, authors_of
from broadsheet.harvest.parse.stream import reject
from broadsheet.types import Record, Reject

SOURCE = "ris"

_TAG = re.compile(r"\s*([A-Z][A-Z0-9])  -(?:\s(.*))?$")
_LOOSE_TAG = re.compile(r"\s*([A-Z][A-Z0-9])\s{1,3}-(?:\s(.*))?$")
_STRICT_TYPE = re.compile(r"^\s*TY  -", re.MULTILINE)
_YEAR = re.compile(r"(?<!\d)(?:1[89]|2[01])\d\d(?!\d)")

_Fields = dict[str, list[str]]


def parse_ris(stream: IO[bytes]) -> Iterator[Record | Reject]:
    """Entries in the file's order. `extra["encoding"]` notes a file that was no UTF-8."""
    text, encoding = text_of_file(stream)
    n_entries = 0
    for line, fields in _entries(text):
        n_entries += 1
        try:
            record = _record(fields)
        except FieldError as error:
            yield reject(f"line {line}", str(error), str(fields))
            continue
        if encoding != "utf-8":
            record = replace(record, extra={**record.extra, "encoding": encoding})
        yield record
    if n_entries == 0:
        raise ParseError("no RIS: there is no line `TY  - …` in it")


def _entries(text: str) -> Iterator[tuple[int, _Fields]]:
    """(line of TY, fields) of each entry; one that lacks ER ends where the next begins."""
    fields: _Fields | None = None
    start, tag = 0, ""
    # One blank before the dash may be text: "AI - based", unless the whole file is written so.
    tags = _TAG if _STRICT_TYPE.search(text) else _LOOSE_TAG
    for number, line in enumerate(text.splitlines(), 1):
        match = tags.match(line)
        if match is None:
            if fields and tag and line.strip():
                fields[tag][-1] = f"{fields[tag][-1]} {line.strip()}"
            continue
        tag, value = match[1], (match[2] or "").strip()
        if tag in ("TY", "ER"):
            if fields is not None:
                yield start, fields
            fields = {"TY": [value]} if tag == "TY" else None
            start, tag = number, "" if tag == "ER" else tag
        elif fields is not None:
            fields.setdefault(tag, []).append(value)
    if fields is not None:
        yield start, fields


def _record(fields: _Fields) -> Record:
    def first(*tags: str) -> str:
        return next((value for tag in tags for value in fields.get(tag, ()) if value), "")

    links = [value for tag in ("UR", "L1", "L2", "LK") for value in fields.get(tag, ())]
    doi = first("DO", "M3") or next((link for link in links if "doi.org/" in link), "")
    title = first("TI", "T1", "CT", "BT")
    venue = first("T2", "JO", "JF", "JA", "BT", "J2", "C3")
    note = first("N1")
    pages = "–".join(filter(None, (first("SP"), first("EP"))))
    return entry_record(
        source=SOURCE,
        title=title or None,
        authors=authors_of([name for tag in ("AU", "A1") for name in fields.get(tag, ())]),
        abstract=first("AB", "N2"),
        venue="" if venue == title else venue,
        date=_date([first(tag) for tag in ("DA", "PY", "Y1")]),
        url=next((link for link in links if link.startswith("http")), ""),
        note=note,
        keywords=[key for key in fields.get("KW", ()) if key],
        claims=[doi if doi.startswith(("http", "10.")) else f"doi:{doi}", *links],
        mentions=[venue, note, first("M1"), first("AN")],
        extra={
            "type": first("TY"),
            "ris_id": first("ID"),
            "volume": first("VL"),
            "number": first("IS"),
            "pages": pages,
            "publisher": first("PB"),
        },
    )


def _date(texts: list[str]) -> str:
    """The first whole day (`2019/05/17/` as `2019-05-17`), else the first year (`May 2017`)."""
    for text in texts:
        parts = [part for part in re.split(r"[/-]", text) if part]
        if len(parts) >= 3 and all(part.isdigit() for part in parts[:3]):
            return f"{parts[0]}-{parts[1]:0>2}-{parts[2]:0>2}"
    years = (_YEAR.search(text) for text in texts)
    return next((year[0] for year in years if year), "")
