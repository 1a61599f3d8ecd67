from pathlib import Path

import numpy as np
import pytest

from broadsheet.errors import SearchIndexError
from broadsheet.index.vectors import COMPACT_BLOCK_ROWS, N_EXACT_MAX, VectorIndex, _singles
from broadsheet.rank.similar import Parts

D = 64


def unit(rng: np.random.Generator, n: int, d: int = D) -> np.ndarray:
    vectors = rng.normal(size=(n, d))
    rows: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return rows


def opened(folder: Path, version: str = "v1") -> VectorIndex:
    return VectorIndex(folder, model_version=version, dimension=D)


def brute(vectors: np.ndarray, numbers: np.ndarray, query: np.ndarray, k: int) -> list[int]:
    cosines = vectors.astype(np.float16).astype(np.float32) @ query.astype(np.float32)
    return [int(number) for number in numbers[np.lexsort((numbers, -cosines))[:k]]]


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    index = opened(tmp_path)
    numbers, scores = index.search(np.ones(D), 5)
    assert len(numbers) == len(scores) == index.n_docs == index.position == 0
    assert np.isnan(index.cosines(np.ones(D), np.array([1, 2]))).all()
    assert index.parts(np.array([1])) == [None]


def test_search_is_exact_where_candidates_suffice(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    vectors, numbers = unit(rng, 400), rng.permutation(10_000)[:400]
    index = opened(tmp_path)
    index.add(numbers, vectors)
    query = unit(rng, 1)[0]
    found, scores = index.search(query, 20)
    assert found.tolist() == brute(vectors, numbers, query, 20)
    assert np.all(np.diff(scores) <= 0)
    assert index.cosines(query, found) == pytest.approx(scores)
    assert index.vectors(np.array([numbers[3], -5]))[0] == pytest.approx(vectors[3], abs=1e-3)


@pytest.mark.parametrize("n_allowed", [0, 1, 50, 5_500])
def test_filters_hold_before_the_cut(tmp_path: Path, n_allowed: int) -> None:
    rng = np.random.default_rng(1)
    centres = unit(rng, 60)
    vectors = centres[rng.integers(0, 60, 6_000)] + rng.normal(0, 0.08, (6_000, D))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    numbers = np.arange(6_000)
    index = opened(tmp_path)
    index.add(numbers, vectors)
    query = centres[0]
    allowed = np.sort(rng.permutation(6_000)[:n_allowed])
    assert (n_allowed > N_EXACT_MAX) == (n_allowed == 5_500)
    found, _ = index.search(query, 10, allowed=allowed)
    expected = brute(vectors[allowed], allowed, query, 10)
    assert set(found) <= set(allowed)
    assert len(set(found) & set(expected)) >= 0.9 * len(expected)


def test_later_rows_replace_and_removals_hold(tmp_path: Path) -> None:
    index = opened(tmp_path)
    index.add(np.array([1, 2, 3]), np.eye(D)[:3], position=7)
    index.add(np.array([2]), np.eye(D)[5:6])
    index.remove(np.array([3, 99]), position=9)
    again = opened(tmp_path)
    for seen in (index, again):
        assert seen.doc_nos().tolist() == [1, 2]
        assert seen.position == 9
        assert seen.search(np.eye(D)[5], 1)[0].tolist() == [2]
    index.add(np.array([3]), np.eye(D)[2:3])
    assert again.doc_nos().tolist() == [1, 2, 3], "a reader sees what was committed since"


def test_parts_come_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    papers = [Parts(unit(rng, n).astype(np.float32), rng.random((n, 3))) for n in (3, 1)]
    index = opened(tmp_path)
    index.add(np.array([10, 20]), unit(rng, 2), papers)
    index.add(np.array([30]), unit(rng, 1))
    first, second, none = index.parts(np.array([20, 10, 30]))
    assert none is None
    assert first is not None
    assert second is not None
    assert first.vectors == pytest.approx(papers[1].vectors, abs=0.01)
    assert second.shares == pytest.approx(papers[0].shares, abs=0.01)


def test_what_a_crash_left_beyond_the_commit_does_not_count(tmp_path: Path) -> None:
    index = opened(tmp_path)
    index.add(np.array([1, 2]), np.eye(D)[:2])
    generation = tmp_path / "v1" / "g000001"
    for name in ("docs.f16", "codes.u8", "docs.i64", "parts.i64"):
        with (generation / name).open("ab") as file:
            file.write(b"\x01" * 777)  # torn rows
    again = opened(tmp_path)
    assert again.doc_nos().tolist() == [1, 2]
    again.add(np.array([3]), np.eye(D)[2:3])
    assert opened(tmp_path).search(np.eye(D)[2], 1)[0].tolist() == [3]


@pytest.mark.parametrize("name", ["docs.f16", "codes.u8", "commit.json", "centre.f32"])
def test_a_truncated_file_is_told_not_searched(tmp_path: Path, name: str) -> None:
    opened(tmp_path).add(np.arange(50), unit(np.random.default_rng(3), 50))
    path = tmp_path / "v1" / "g000001" / name
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(SearchIndexError, match="--rebuild"):
        opened(tmp_path).search(np.ones(D), 3)


def test_models_do_not_mix(tmp_path: Path) -> None:
    opened(tmp_path).add(np.array([1]), np.eye(D)[:1])
    assert opened(tmp_path, "v2").n_docs == 0
    with pytest.raises(SearchIndexError, match="do not fit"):
        opened(tmp_path).add(np.array([1]), np.ones((1, 32)))


def test_worn_generations_are_written_anew(tmp_path: Path) -> None:
    n = COMPACT_BLOCK_ROWS + 500
    index, vectors = opened(tmp_path), unit(np.random.default_rng(4), n)
    reader = opened(tmp_path)
    axes = np.eye(D, dtype=np.float32)
    pieces = [
        Parts(axes[number % 40 :][: number % 3], np.ones((number % 3, 3))) for number in range(n)
    ]
    for _ in range(3):
        index.add(np.arange(n), vectors, pieces, position=5)
        assert reader.n_docs == n
    folders = [path.name for path in (tmp_path / "v1").iterdir() if path.is_dir()]
    assert len(folders) == 1
    assert folders != ["g000001"]
    assert reader.position == 5
    for number in (7, n - 2):
        assert reader.search(vectors[number], 1)[0].tolist() == [number]
    sizes = [0 if found is None else len(found.vectors) for found in reader.parts(np.arange(n))]
    assert sizes == [len(piece.vectors) for piece in pieces]
    (last,) = reader.parts(np.array([n - 2]))
    assert last is not None
    assert last.vectors.tolist() == pieces[n - 2].vectors.tolist()


def test_parts_of_many_are_laid_end_to_end(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    papers = [Parts(unit(rng, n).astype(np.float32), rng.random((n, 3))) for n in (3, 1, 2)]
    index = opened(tmp_path)
    index.add(np.array([10, 20, 40]), unit(rng, 3), papers)
    index.add(np.array([30]), unit(rng, 1))
    pool, known = index.pool(np.array([40, 30, 99, 10]))
    assert known.tolist() == [0, 3], "30 has no parts, 99 no vector"
    assert pool.starts.tolist() == [0, 2, 5]
    assert pool.vectors == pytest.approx(
        np.concatenate([papers[2].vectors, papers[0].vectors]), abs=0.01
    )
    assert pool.shares == pytest.approx(
        np.concatenate([papers[2].shares, papers[0].shares]), abs=0.01
    )
    empty, known = index.pool(np.array([30]))
    assert len(empty.vectors) == len(known) == 0


def test_half_precision_is_read_as_it_is() -> None:
    every = np.arange(0x7C00, dtype=np.uint16)  # all finite numbers that are not negative
    halves = np.concatenate([every, every | 0x8000]).view(np.float16)[None]
    assert np.array_equal(_singles(halves), halves.astype(np.float32))
