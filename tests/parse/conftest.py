"""The folder of recorded answers, which is not part of the repository."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

DATA = Path(os.environ.get("BROADSHEET_DATA") or Path(__file__).parents[3] / "shared" / "data")


@pytest.fixture
def recorded() -> Callable[[str], list[Path]]:
    """Files of the data folder that match a pattern; skips where there is no such folder."""

    def files(pattern: str) -> list[Path]:
        if not DATA.is_dir():
            pytest.skip(f"no recorded answers in {DATA} (BROADSHEET_DATA)")
        return sorted(DATA.glob(pattern))

    return files


@pytest.fixture
def content() -> Callable[[Path], bytes]:
    def read(path: Path) -> bytes:
        body = path.read_bytes()
        return gzip.decompress(body) if path.suffix == ".gz" else body

    return read
