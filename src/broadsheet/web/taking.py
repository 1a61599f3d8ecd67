"""Files that readers bring: read, taken into the library, put into a collection."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from broadsheet.errors import ParseError
from broadsheet.harvest.files import open_import, read_keepings
from broadsheet.store.collections import collect_all
from broadsheet.store.deeds import Deed, Done, Verb, do
from broadsheet.store.documents import find_doc_no
from broadsheet.store.keepings import Kept, put_keepings
from broadsheet.store.readers import Reader
from broadsheet.types import IngestReport, Record, Reject
from broadsheet.web.site import Site

BATCH_RECORDS = 500
RECORDS_MAX = 20_000
#: A few kilobytes can unpack to gigabytes, and keep whoever makes pages from making any.
UNPACKED_BYTES_MAX = 64_000_000
REJECTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Taken:
    """`done` made the collection; None where nothing came in. `failure` says why reading
    stopped before the end, "" where it did not. `kept` is what the file's owner kept with the
    papers, now this reader's."""

    counts: IngestReport
    n_papers: int
    collection_no: int
    done: Done | None
    rejects: tuple[Reject, ...]
    failure: str
    kept: Kept


def take_file(site: Site, reader: Reader, file: IO[bytes], file_name: str) -> Taken:
    """Raises nothing for a file that is not what it says: `failure` tells."""
    name = PurePosixPath(file_name.replace("\\", "/")).name[:80] or "file"
    counts, failure = IngestReport(), ""
    doc_nos: list[int] = []
    rejects: list[Reject] = []
    with tempfile.TemporaryDirectory(prefix="broadsheet-") as folder:
        suffix = PurePosixPath(name).suffix.lower()
        path = Path(folder) / f"upload{suffix if suffix.isascii() and suffix.isprintable() else ''}"
        with path.open("wb") as stream:
            shutil.copyfileobj(file, stream)
        for batch, failure in _batches(path):
            if batch and counts.read >= RECORDS_MAX:
                failure = (
                    f"Reading stopped after {RECORDS_MAX:,} rows; the command "
                    "broadsheet import takes files of any length."
                )
                break
            assert site.take_in is not None
            counts += site.take_in(batch)
            doc_nos += _found(site, batch)
            rejects += [item for item in batch if isinstance(item, Reject)]
        keepings = read_keepings(path, bytes_max=UNPACKED_BYTES_MAX) if doc_nos else ()
        kept = put_keepings(site.db, reader.reader_no, keepings, clock=site.clock)
    doc_nos = list(dict.fromkeys(doc_nos))
    done, number = _collect(site, reader, name, doc_nos) if doc_nos else (None, 0)
    return Taken(counts, len(doc_nos), number, done, tuple(rejects[:REJECTS_SHOWN]), failure, kept)


def _batches(path: Path) -> Iterator[tuple[list[Record | Reject], str]]:
    """Some rows at a time; with the last ones why reading stopped there, "" at the file's end."""
    batch: list[Record | Reject] = []
    failure = ""
    try:
        for item in open_import(path, bytes_max=UNPACKED_BYTES_MAX).items:
            batch.append(item)
            if len(batch) == BATCH_RECORDS:
                yield batch, ""
                batch = []
    except ParseError as error:
        failure = error.reason
    yield batch, failure


def _found(site: Site, items: Sequence[Record | Reject]) -> list[int]:
    names = [item.identifiers[0] for item in items if isinstance(item, Record) and item.identifiers]
    return [doc_no for name in names if (doc_no := find_doc_no(site.db, name)) is not None]


def _collect(site: Site, reader: Reader, name: str, doc_nos: list[int]) -> tuple[Done, int]:
    with site.db.transaction() as transaction:
        done = do(
            transaction,
            reader.reader_no,
            Deed(Verb.MAKE_COLLECTION, value=f"Imported: {name}"),
            now=site.clock(),
        )
        number = done.deed.number
        collect_all(transaction, reader.reader_no, number, doc_nos, now=site.clock())
    return done, number
