"""The vector index of a library: exact, small, and for one version of one model.

    vectors/<model version>/current      the name of the generation that is searched
    vectors/<model version>/g000001/     one generation, append-only:
        docs.i64     doc_no of each row; ~doc_no (negative) where the row says "removed"
        texts.i64    a digest of the text that each row's vector was made from
        docs.f16     a unit vector for each row
        codes.u8     its sign bits, less the centre's: what is searched first
        parts.i64    where the row's parts end, counted from the generation's first
        parts.i8     vectors of titles and sentences, each stretched to reach 127
        shares.u8    how much each part speaks of background, method, result, times 255
        centre.f32   the mean vector when the generation was begun
        commit.json  how many rows and parts count; written last, atomically

Of two rows of a document the later one counts. A crash between appending and committing leaves
rows beyond the commit, which are cut off by the next writer. The index can be deleted at any time
and built again from the store. One process writes; any number read.

Search is by Hamming distance of sign codes, then by the cosine of the best few hundred from the
float16 vectors. Source: Yamada et al., "Efficient Passage Retrieval with Hashing" (BPR,
arXiv:2106.00882), section 3, for codes first and vectors after.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from broadsheet.errors import SearchIndexError
from broadsheet.index.durable import file_stamp, write_file
from broadsheet.rank.similar import Parts, Pool

FORMAT = 2
N_RESCORED_MIN = 500
RESCORED_PER_HIT = 3
N_EXACT_MAX = 4_000  # so few allowed documents are compared one by one
DEAD_SHARE_MAX = 0.3  # beyond this share of overwritten rows the generation is written anew
COMPACT_ROWS_MIN = 2_000
COMPACT_BLOCK_ROWS = 2_000
N_ASPECTS = 3

Numbers = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]

_FILES: dict[str, tuple[type, str]] = {
    "docs.i64": (np.int64, "row"),
    "texts.i64": (np.int64, "row"),
    "docs.f16": (np.float16, "row"),
    "codes.u8": (np.uint8, "row"),
    "parts.i64": (np.int64, "row"),
    "parts.i8": (np.int8, "part"),
    "shares.u8": (np.uint8, "part"),
}
_PARTS = "parts.i8"


@dataclass(frozen=True, slots=True)
class Commit:
    """What counts of a generation. `position` is the writer's own mark (a change number)."""

    n_rows: int = 0
    n_parts: int = 0
    position: int = 0
    dimension: int = 0
    model_version: str = ""
    format: int = FORMAT


class _PartsFile:
    """The vectors of titles and sentences, read where they are asked for. They are most of the
    index: mapped, each page ever looked at would count as this process's memory."""

    def __init__(self, path: Path, n_parts: int, dimension: int) -> None:
        self._dimension = dimension
        self._file = path.open("rb", buffering=0) if n_parts else None
        if self._file and os.fstat(self._file.fileno()).st_size < n_parts * dimension:
            self._file.close()
            raise _damaged(path.parent, f"{path.name} is truncated")

    def __del__(self) -> None:
        file = getattr(self, "_file", None)
        if file:
            file.close()

    def rows(self, starts: Numbers, ends: Numbers) -> npt.NDArray[np.int8]:
        """Rows from each of `starts` to its end, one run after the other (n, dimension)."""
        if self._file is None:
            return np.zeros((0, self._dimension), dtype=np.int8)
        sizes = ((ends - starts) * self._dimension).tolist()
        places = (starts * self._dimension).tolist()
        read = b"".join(map(os.pread, repeat(self._file.fileno()), sizes, places))
        return np.frombuffer(read, dtype=np.int8).reshape(-1, self._dimension)


@dataclass(frozen=True)
class _State:
    """One commit, mapped: rows that count, in ascending order of their doc_no."""

    generation: Path
    commit: Commit
    doc_nos: Numbers
    rows: Numbers
    texts: Numbers
    vectors: npt.NDArray[np.float16]
    part_ends: Numbers
    parts: _PartsFile
    shares: npt.NDArray[np.uint8]
    centre: Vectors
    codes: faiss.IndexBinaryFlat


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows to append: doc_nos (or ~doc_no), digests, vectors and parts, one each a row."""

    doc_nos: Numbers
    texts: Numbers
    vectors: Vectors
    parts: Sequence[Parts]


class VectorIndex:
    """The index in `folder` for one model. Safe to read from several threads.

    Raises SearchIndexError where what is there cannot be used.
    """

    def __init__(self, folder: Path, *, model_version: str, dimension: int) -> None:
        if dimension % 8:
            raise SearchIndexError(f"cannot index vectors of {dimension} numbers: not whole bytes")
        self.folder = folder / model_version
        self.model_version = model_version
        self.dimension = dimension
        self._opened: tuple[object, _State] | None = None

    # Reading -----------------------------------------------------------------------------------

    @property
    def n_docs(self) -> int:
        return len(self._state().doc_nos)

    @property
    def position(self) -> int:
        """The mark given with the last commit; 0 for an empty index."""
        return self._state().commit.position

    def doc_nos(self) -> Numbers:
        """All documents with a vector, ascending."""
        return self._state().doc_nos

    def count(self, allowed: Numbers | None = None) -> int:
        """How many documents have a vector, of those `allowed` where given."""
        places = _places(self._state().doc_nos, allowed)
        return self.n_docs if places is None else len(places)

    def search(
        self, query: npt.NDArray[np.floating], k: int, *, allowed: Numbers | None = None
    ) -> tuple[Numbers, Vectors]:
        """The k documents of largest cosine with `query` (d,): doc_nos and cosines, best first.

        `allowed`, ascending doc_nos, is what filters leave: only these are considered, before
        the cut. Ties by doc_no. Fewer than k where there are no more.
        """
        state = self._state()
        places = _places(state.doc_nos, allowed)
        if places is not None and len(places) <= N_EXACT_MAX:
            near = places
        else:
            near = self._near(state, query, max(N_RESCORED_MIN, RESCORED_PER_HIT * k), places)
        cosines = _cosines(state, near, query)
        order = np.lexsort((state.doc_nos[near], -cosines))[:k]
        return state.doc_nos[near[order]], cosines[order]

    def cosines(self, query: npt.NDArray[np.floating], doc_nos: Numbers) -> Vectors:
        """Cosines (n,) of these documents with `query`; nan where one has no vector."""
        state = self._state()
        found = np.full(len(doc_nos), np.nan, dtype=np.float32)
        places, known = _find(state.doc_nos, doc_nos)
        found[known] = _cosines(state, places[known], query)
        return found

    def vectors(self, doc_nos: Numbers) -> Vectors:
        """Unit vectors (n, d) of these documents; rows of nan where one has no vector."""
        state = self._state()
        found = np.full((len(doc_nos), self.dimension), np.nan, dtype=np.float32)
        places, known = _find(state.doc_nos, doc_nos)
        found[known] = state.vectors[state.rows[places[known]]]
        return found

    def texts(self, doc_nos: Numbers) -> Numbers:
        """Digests (n,) of the texts these documents' vectors were made from; 0 without vector."""
        state = self._state()
        found = np.zeros(len(doc_nos), dtype=np.int64)
        places, known = _find(state.doc_nos, doc_nos)
        found[known] = state.texts[state.rows[places[known]]]
        return found

    def parts(self, doc_nos: Numbers) -> list[Parts | None]:
        """Title and sentences of these documents, None where one has none (or no vector)."""
        pool, known = self.pool(doc_nos)
        found: list[Parts | None] = [None] * len(doc_nos)
        for row, place in enumerate(known.tolist()):
            found[place] = pool.paper(row)
        return found

    def pool(self, doc_nos: Numbers) -> tuple[Pool, Numbers]:
        """Title and sentences of those of these documents that have any, and their places among
        `doc_nos`, ascending."""
        state = self._state()
        places, known = _find(state.doc_nos, doc_nos)
        at = np.flatnonzero(known)
        rows = state.rows[places[at]]
        starts, ends = _spans(state, rows)
        having = ends > starts
        return _pool_of(state, rows[having]), at[having]

    # Writing -----------------------------------------------------------------------------------

    def add(
        self,
        doc_nos: Numbers,
        vectors: npt.NDArray[np.floating],
        parts: Sequence[Parts] | None = None,
        *,
        texts: Numbers | None = None,
        position: int | None = None,
    ) -> None:
        """Add or replace documents, durably: `vectors` (n, d) unit rows, `parts` one a document,
        `texts` (n,) digests of what they were made from.

        All of it counts afterwards, or, after a crash, none of it.
        """
        rows = np.asarray(vectors, dtype=np.float32)
        if rows.shape != (len(doc_nos), self.dimension):
            raise SearchIndexError(
                f"vectors of shape {rows.shape} do not fit {len(doc_nos)} documents"
                f" of dimension {self.dimension}"
            )
        pieces = list(parts) if parts is not None else [_NO_PARTS] * len(doc_nos)
        numbers = np.asarray(doc_nos, dtype=np.int64)
        made_from = np.zeros_like(numbers) if texts is None else texts
        self._append(_Block(numbers, made_from, rows, pieces), position)

    def remove(self, doc_nos: Numbers, *, position: int | None = None) -> None:
        """Forget documents; those not in the index are ignored."""
        gone = np.intersect1d(np.asarray(doc_nos, dtype=np.int64), self._state().doc_nos)
        blank = np.zeros((len(gone), self.dimension), dtype=np.float32)
        block = _Block(~gone, np.zeros_like(gone), blank, [_NO_PARTS] * len(gone))
        self._append(block, position)

    def clear(self) -> None:
        """Forget everything; readers keep what they have mapped."""
        generation = self._generation()
        if generation is not None:
            (self.folder / "current").unlink()
            shutil.rmtree(generation, ignore_errors=True)

    def _append(self, block: _Block, position: int | None) -> None:
        state = self._state() if self._generation() else None
        try:
            if state is None:
                state = self._begin(block.vectors)
            self._write_rows(state, block, position)
        except OSError as error:
            raise SearchIndexError(
                f"cannot write the vector index in {self.folder} ({error.strerror});"
                " check its owner and space"
            ) from error
        self._compact_if_worn()

    def _begin(self, vectors: npt.NDArray[np.floating]) -> _State:
        known = [int(path.name[1:]) for path in self.folder.glob("g[0-9]*")]
        generation = self.folder / f"g{max(known, default=0) + 1:06d}"
        generation.mkdir(parents=True)
        for name in _FILES:
            (generation / name).touch()
        centre = vectors.mean(0, dtype=np.float32) if len(vectors) else np.zeros(self.dimension)
        centre.astype(np.float32).tofile(generation / "centre.f32")
        empty = Commit(0, 0, 0, self.dimension, self.model_version)
        _write_json(generation / "commit.json", asdict(empty))
        write_file(self.folder / "current", generation.name)
        return self._state()

    def _write_rows(self, state: _State, block: _Block, position: int | None) -> None:
        commit, parts = state.commit, block.parts
        sizes = np.array([len(piece.vectors) for piece in parts], dtype=np.int64)
        ends = commit.n_parts + np.cumsum(sizes)
        flat = [piece.vectors for piece in parts if len(piece.vectors)]
        shares = [piece.shares for piece in parts if len(piece.vectors)]
        blocks: dict[str, npt.NDArray[Any]] = {
            "docs.i64": block.doc_nos,
            "texts.i64": block.texts,
            "docs.f16": block.vectors.astype(np.float16),
            "codes.u8": _codes(block.vectors, state.centre),
            "parts.i64": ends,
            "parts.i8": _bytes([_stretched(part) for part in flat], self.dimension, np.int8),
            "shares.u8": _bytes([share * 255 for share in shares], N_ASPECTS, np.uint8),
        }
        counts = {"row": commit.n_rows, "part": commit.n_parts}
        for name, values in blocks.items():
            kind, unit = _FILES[name]
            size = counts[unit] * _width(name, self.dimension) * np.dtype(kind).itemsize
            _append_at(state.generation / name, size, np.ascontiguousarray(values, dtype=kind))
        after = Commit(
            commit.n_rows + len(block.doc_nos),
            int(ends[-1]) if len(ends) else commit.n_parts,
            commit.position if position is None else position,
            self.dimension,
            self.model_version,
        )
        _write_json(state.generation / "commit.json", asdict(after))

    def _compact_if_worn(self) -> None:
        state = self._state()
        dead = state.commit.n_rows - len(state.doc_nos)
        if state.commit.n_rows > COMPACT_ROWS_MIN and dead > DEAD_SHARE_MAX * state.commit.n_rows:
            self.compact()

    def compact(self) -> None:
        """Write the rows that count into a new generation and search that one from then on."""
        old = self._state()
        aside = self.folder / "compacting"
        shutil.rmtree(aside, ignore_errors=True)
        fresh = VectorIndex(aside, model_version=self.model_version, dimension=self.dimension)
        state = fresh._begin(old.vectors[old.rows])
        # A block at a time: the sentences of a large library would fill the memory.
        for start in range(0, len(old.rows), COMPACT_BLOCK_ROWS):
            rows = old.rows[start : start + COMPACT_BLOCK_ROWS]
            parts = _pool_of(old, rows)
            block = _Block(
                old.doc_nos[start : start + COMPACT_BLOCK_ROWS],
                old.texts[rows],
                old.vectors[rows].astype(np.float32),
                [parts.paper(row) for row in range(len(rows))],
            )
            fresh._write_rows(state, block, old.commit.position)
            state = fresh._state()
        target = self.folder / f"g{int(old.generation.name[1:]) + 1:06d}"
        shutil.rmtree(target, ignore_errors=True)
        state.generation.rename(target)
        write_file(self.folder / "current", target.name)
        shutil.rmtree(aside, ignore_errors=True)
        shutil.rmtree(old.generation, ignore_errors=True)  # readers keep what they have mapped

    # State -------------------------------------------------------------------------------------

    def _generation(self) -> Path | None:
        try:
            name = (self.folder / "current").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SearchIndexError(f"cannot read {self.folder}: {error.strerror}") from error
        return self.folder / name

    def _state(self) -> _State:
        for attempt in range(3):
            opened = self._opened
            if opened is not None and opened[0] == self._stamp(opened[1].generation):
                return opened[1]
            generation = self._generation()
            if generation is None:
                return _empty_state(self.folder, self.dimension, self.model_version)
            stamp = self._stamp(generation)
            try:
                state = self._open(generation)
            except SearchIndexError:
                if attempt == 2 or self._generation() == generation:
                    raise
                continue  # compacted meanwhile
            self._opened = (stamp, state)
            return state
        raise SearchIndexError(f"the vector index in {self.folder} keeps changing; try again")

    def _stamp(self, generation: Path) -> object:
        """Changes with every commit, and when another generation becomes the current one."""
        return file_stamp(self.folder / "current"), file_stamp(generation / "commit.json")

    def _open(self, generation: Path) -> _State:
        try:
            commit = Commit(**json.loads((generation / "commit.json").read_text(encoding="utf-8")))
            centre = np.fromfile(generation / "centre.f32", dtype=np.float32)
        except (OSError, ValueError, TypeError) as error:
            raise _damaged(generation, str(error)) from error
        expected = (FORMAT, self.dimension, self.model_version)
        if (commit.format, commit.dimension, commit.model_version) != expected:
            raise _damaged(generation, "it is of another model or version")
        if centre.shape != (self.dimension,):
            raise _damaged(generation, "centre.f32 is truncated")
        maps = {
            name: _mapped(generation / name, commit, self.dimension)
            for name in _FILES
            if name != _PARTS
        }
        doc_nos, rows = _living(np.asarray(maps["docs.i64"]))
        codes = _code_index(np.asarray(maps["codes.u8"])[rows], self.dimension)
        return _State(
            generation,
            commit,
            doc_nos,
            rows,
            np.asarray(maps["texts.i64"]),
            maps["docs.f16"],
            np.asarray(maps["parts.i64"]),
            _open_parts(generation / _PARTS, commit),
            maps["shares.u8"],
            centre,
            codes,
        )

    def _near(
        self,
        state: _State,
        query: npt.NDArray[np.floating],
        n_near: int,
        places: Numbers | None,
    ) -> Numbers:
        """Places of the documents with the nearest codes, among `places` where given."""
        n_near = min(n_near, len(state.doc_nos) if places is None else len(places))
        if n_near == 0:
            return np.zeros(0, dtype=np.int64)
        code = _codes(np.asarray(query, dtype=np.float32)[None, :], state.centre)
        # One thread (a setting of the calling thread): the scan takes 0.5 ms, waking a second
        # thread on a busy machine took 30.
        faiss.omp_set_num_threads(1)
        if places is None:
            _, found = state.codes.search(code, n_near)
        else:
            mask = np.zeros(len(state.doc_nos), dtype=bool)
            mask[places] = True
            bits = np.packbits(mask, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(bits) * 8, faiss.swig_ptr(bits))
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
            _, found = state.codes.search(code, n_near, params=parameters)
        return np.asarray(found[0][found[0] >= 0], dtype=np.int64)


_NO_PARTS = Parts(np.zeros((0, 0), np.float32), np.zeros((0, N_ASPECTS)))


def _width(name: str, dimension: int) -> int:
    widths = {"docs.f16": dimension, "parts.i8": dimension, "codes.u8": dimension // 8}
    return widths.get(name, N_ASPECTS if name == "shares.u8" else 1)


def _mapped(path: Path, commit: Commit, dimension: int) -> npt.NDArray[Any]:
    kind, unit = _FILES[path.name]
    n, width = (commit.n_rows if unit == "row" else commit.n_parts), _width(path.name, dimension)
    shape = (n, width) if width > 1 else (n,)
    if n == 0:
        return np.zeros(shape, dtype=kind)
    try:
        return np.memmap(path, dtype=kind, mode="r", shape=shape)
    except (OSError, ValueError) as error:
        raise _damaged(path.parent, f"{path.name} is truncated") from error


def _open_parts(path: Path, commit: Commit) -> _PartsFile:
    try:
        return _PartsFile(path, commit.n_parts, commit.dimension)
    except OSError as error:
        raise _damaged(path.parent, f"{path.name} cannot be read") from error


def _living(numbers: Numbers) -> tuple[Numbers, Numbers]:
    """doc_nos that count, ascending, and the row of each: its last, unless that removes it."""
    keys = np.where(numbers < 0, ~numbers, numbers)
    reverse = keys[::-1]
    unique, first = np.unique(reverse, return_index=True)
    rows = len(keys) - 1 - first
    alive = numbers[rows] >= 0
    return unique[alive], rows[alive]


def _places(doc_nos: Numbers, allowed: Numbers | None) -> Numbers | None:
    if allowed is None:
        return None
    places, known = _find(doc_nos, np.asarray(allowed, dtype=np.int64))
    return places[known]


def _find(doc_nos: Numbers, wanted: Numbers) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """Place of each wanted doc_no among `doc_nos`, and whether it is there."""
    places = np.searchsorted(doc_nos, wanted)
    inside = places < len(doc_nos)
    known = inside.copy()
    known[inside] = doc_nos[places[inside]] == np.asarray(wanted)[inside]
    return places.astype(np.int64), known


def _cosines(state: _State, places: Numbers, query: npt.NDArray[np.floating]) -> Vectors:
    rows = _singles(np.asarray(state.vectors)[state.rows[places]])
    cosines: Vectors = rows @ np.asarray(query, dtype=np.float32)
    return cosines


def _singles(halves: npt.NDArray[np.float16]) -> Vectors:
    """The same finite numbers as float32: their bits moved to where float32 has them, and the
    exponent mended by a product that is exact. numpy's own way takes four times as long."""
    bits = halves.view(np.int16).astype(np.int32) << 13
    singles: Vectors = (bits & ~0x70000000).view(np.float32)
    singles *= np.float32(2.0**112)
    return singles


def _spans(state: _State, rows: Numbers) -> tuple[Numbers, Numbers]:
    """Where the parts of each row begin and end."""
    return np.where(rows > 0, state.part_ends[rows - 1], 0), state.part_ends[rows]


def _pool_of(state: _State, rows: Numbers) -> Pool:
    """The parts of all rows; made unit vectors all at once, as a page asks for some hundred."""
    starts, ends = _spans(state, rows)
    bounds = np.concatenate([[0], np.cumsum(ends - starts)])
    vectors = state.parts.rows(starts, ends).astype(np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    vectors /= np.maximum(lengths, 1e-9)[:, None]
    wanted = np.arange(bounds[-1]) + np.repeat(starts - bounds[:-1], ends - starts)
    return Pool(vectors, np.asarray(state.shares[wanted], dtype=np.float64) / 255.0, bounds)


def _codes(vectors: Vectors, centre: Vectors) -> npt.NDArray[np.uint8]:
    return np.packbits(vectors > centre, axis=1)


def _code_index(codes: npt.NDArray[np.uint8], dimension: int) -> faiss.IndexBinaryFlat:
    index = faiss.IndexBinaryFlat(dimension)
    index.add(np.ascontiguousarray(codes.reshape(-1, dimension // 8)))
    return index


def _stretched(part: Vectors) -> Vectors:
    """Each row so that its largest number is 127: reading makes it a unit vector again. (Times
    127, most of a unit vector's 384 numbers would be one of about twelve integers.)"""
    largest = np.abs(part).max(axis=1, keepdims=True)
    rows: Vectors = part * (127.0 / np.maximum(largest, 1e-9))
    return rows


def _bytes(blocks: Sequence[npt.NDArray[np.floating]], width: int, kind: type) -> npt.NDArray[Any]:
    if not blocks:
        return np.zeros((0, width), dtype=kind)
    whole: npt.NDArray[Any] = np.rint(np.concatenate(blocks)).astype(kind)
    return whole


def _append_at(path: Path, size: int, block: npt.NDArray[Any]) -> None:
    """Write `block` at byte `size`, cutting off what a crash left behind it; durable."""
    with path.open("r+b") as file:
        file.truncate(size)
        file.seek(size)
        file.write(block.tobytes())
        file.flush()
        os.fsync(file.fileno())


def _write_json(path: Path, values: dict[str, Any]) -> None:
    write_file(path, json.dumps(values))


def _empty_state(folder: Path, dimension: int, model_version: str) -> _State:
    commit = Commit(0, 0, 0, dimension, model_version)
    maps = {name: _mapped(folder / name, commit, dimension) for name in _FILES if name != _PARTS}
    none = np.zeros(0, dtype=np.int64)
    return _State(
        folder,
        commit,
        none,
        none,
        none,
        maps["docs.f16"],
        none,
        _PartsFile(folder / _PARTS, 0, dimension),
        maps["shares.u8"],
        np.zeros(dimension, dtype=np.float32),
        faiss.IndexBinaryFlat(dimension),
    )


def _damaged(generation: Path, reason: str) -> SearchIndexError:
    return SearchIndexError(
        f"the vector index in {generation} cannot be used ({reason});"
        " run `broadsheet index --rebuild`"
    )
