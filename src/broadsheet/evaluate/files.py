"""Data sets as files: found by name, unpacked, read as JSON lines or as columns.

Files are UTF-8 (a byte order mark is passed over), plain or packed with gzip or xz, told by their
first bytes. Whatever cannot be read is a ParseError that names file and line.
"""

import gzip
import json
import lzma
import math
import re
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from broadsheet.errors import ParseError

SUFFIXES = ("", ".gz", ".xz")
#: Where a set has several splits and none is asked for: the first of these that is there.
SPLITS = ("test", "dev")
_GZIP, _XZ = b"\x1f\x8b", b"\xfd7zXZ\x00"


def find_file(folder: Path, stem: str, kind: str, *, splits: Sequence[str] = ()) -> Path:
    """The file `stem.kind`, however packed; where there is none, the first of the `splits` that is
    there as `stem_SPLIT.kind` or `stem/SPLIT.kind`, or the only one of these.

    Raises: ParseError where there is no such file, or several and nothing says which.
    """
    if not folder.is_dir():
        raise ParseError("there is no such folder", place=str(folder))
    for suffix in SUFFIXES:
        path = folder / f"{stem}.{kind}{suffix}"
        if path.is_file():
            return path
    found = _by_split(folder, stem, kind)
    if found and (name := _chosen(found, splits)):
        return found[name]
    reason = f"no file that could be {stem}.{kind} (or .gz, .xz)"
    if found:
        reason = f"more than one {stem}.{kind}: choose {_either(found)} with --split"
    raise ParseError(reason, place=str(folder))


def find_split(folder: Path, stem: str, kind: str, split: str) -> Path:
    """The file of that split alone. Raises: ParseError where there is none, naming those there."""
    found = _by_split(folder, stem, kind)
    if split not in found:
        there = f"; there is {_either(found)}" if found else ""
        raise ParseError(f"no {split} split of {stem}.{kind}{there}", place=str(folder))
    return found[split]


def split_of(path: Path, stem: str) -> str:
    """The split that a file is named after: `test` of `qrels/test.tsv.gz`; "" of `qrels.tsv`."""
    name = path.name.partition(".")[0].removeprefix(stem)
    return name.removeprefix("_")


def has_file(folder: Path, stem: str, kind: str) -> bool:
    """Whether `stem.kind` is there, however packed."""
    return any((folder / f"{stem}.{kind}{suffix}").is_file() for suffix in SUFFIXES)


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, from 1, without their ends."""
    number = 0
    try:
        with _opened(path) as file:
            for number, line in enumerate(file, 1):
                yield number, line.rstrip("\r\n")
    except (UnicodeDecodeError, EOFError, zlib.error, lzma.LZMAError, OSError) as error:
        reason = f"cannot be read on ({getattr(error, 'reason', None) or error})"
        raise ParseError(reason, place=f"{path.name}:{number + 1}") from error


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Objects of a JSON-lines file; blank lines are passed over."""
    for number, line in read_lines(path):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ParseError(str(error), place=f"{path.name}:{number}") from error
        if not isinstance(row, dict):
            raise ParseError("not an object", place=f"{path.name}:{number}")
        yield row


def read_columns(
    path: Path, columns: Sequence[Collection[str]]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line numbers and cells of a table whose last wanted column is a number.

    `columns`: each one's names in a header line; the order is the header's where it has all of
    them, else as given. There need not be a header. Cells are between tabs, or blanks where a
    line has no tab, and lose the blanks around them; TREC's second column, a 0, is no cell.
    """
    places = tuple(range(len(columns)))
    is_first = True
    for number, line in read_lines(path):
        cells = [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()
        if not any(cells):
            continue
        if is_first and (header := _header(cells, columns)):
            is_first, places = False, header
            continue
        if is_first and _is_trec(cells, len(columns)):
            places = (0, *range(2, len(columns) + 1))
        is_first = False
        if len(cells) <= max(places):
            raise ParseError(f"not {len(columns)} columns", place=f"{path.name}:{number}")
        yield number, tuple(cells[place] for place in places)


def text_of(value: object) -> str:
    """A field as text: "" for null, sentences of a list joined."""
    if isinstance(value, list):
        return " ".join(text_of(one) for one in value)
    return "" if value is None else str(value)


def id_of(row: Mapping[str, Any], path: Path, *names: str) -> str:
    """The first of the named fields as an id, numbers as their digits, without blanks around.

    Raises: ParseError where there is none.
    """
    for name in names:
        value = row.get(name)
        if isinstance(value, str | int | float) and str(value).strip():
            return str(value).strip()
    raise ParseError(f"a row without {names[0]}: {str(row)[:60]}", place=path.name)


def number_of(text: str, place: str) -> float:
    """A finite number. Raises: ParseError."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ParseError(f"no number: {text[:40]!r}", place=place)
    return value


def _by_split(folder: Path, stem: str, kind: str) -> dict[str, Path]:
    """Files of single splits by the split's name, plain ones before packed ones."""
    ending = re.compile(rf"\.{re.escape(kind)}(\.gz|\.xz)?$")
    found: dict[str, Path] = {}
    for pattern in (f"{stem}_*.{kind}*", f"{stem}/*.{kind}*"):
        for path in sorted(folder.glob(pattern)):
            if ending.search(path.name) and path.is_file():
                found.setdefault(split_of(path, stem), path)
    return found


def _chosen(found: Collection[str], splits: Sequence[str]) -> str | None:
    if len(found) == 1:
        return next(iter(found))
    return next((name for name in splits if name in found), None)


def _either(found: Collection[str]) -> str:
    return " or ".join(sorted(found))


def _opened(path: Path) -> TextIO:
    with path.open("rb") as file:
        head = file.read(len(_XZ))
    if head.startswith(_GZIP):
        return gzip.open(path, "rt", encoding="utf-8-sig")
    if head == _XZ:
        return lzma.open(path, "rt", encoding="utf-8-sig")
    return path.open(encoding="utf-8-sig")


def _header(cells: Sequence[str], columns: Sequence[Collection[str]]) -> tuple[int, ...] | None:
    """Where the columns stand, if this line is a header: it names them, or has no number where
    one belongs."""
    known = {cell.lower().replace("_", "-"): place for place, cell in enumerate(cells)}
    named = [next((known[name] for name in names if name in known), None) for names in columns]
    if None not in named:
        return tuple(place for place in named if place is not None)
    rest = cells[len(columns) - 1 :]
    if rest and not any(_is_number(cell) for cell in rest):
        return tuple(range(len(columns)))
    return None


def _is_trec(cells: Sequence[str], n_columns: int) -> bool:
    return len(cells) > n_columns and cells[1] in ("0", "Q0") and _is_number(cells[n_columns])


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
