"""Where the measuring data lie: $BROADSHEET_DATA, else beside the repository."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def data_folder(name: str) -> Path:
    """The folder of a data set; skips the test, saying so, where it is absent."""
    base = Path(os.environ.get("BROADSHEET_DATA") or ROOT.parent / "shared" / "data")
    if not (base / name).exists():
        pytest.skip(f"no data set {name} in {base} (set BROADSHEET_DATA)")
    return base / name
