"""Checkers that come from npm at test time; a test that cannot have one is skipped, and says so."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def from_npm(package: str, factory: pytest.TempPathFactory) -> Path:
    """The folder of a package, as npm installs it. It is named with its whole version: a later
    one may find more, on a day when nothing of ours has changed."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"no npm to get {package} with")
    folder = factory.mktemp("npm")
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), package]
    try:
        got = subprocess.run(command, capture_output=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not answer about {package}")
    found = folder / "node_modules" / package.rpartition("@")[0]
    if got.returncode or not found.exists():
        pytest.skip(f"npm could not get {package}")
    return found
