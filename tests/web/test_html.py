"""The HTML of every page, asked of the validator that the W3C uses (vnu, run here, offline).

It comes from npm at test time; without npm or Java, or out of their reach, this is skipped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from broadsheet.web.app import ROUTES
from tests.web.every_page import ALONE, TOGETHER, every_page
from tests.web.from_npm import from_npm
from tests.web.newsroom import read_sheet

#: What is there for programs, has no page, or is only left again.
NO_PAGE = {"/day", "/health", "/metrics", "/static/{name:path}", "/robots.txt", "/favicon.ico",
           "/library/export", "/search.bib", "/search.ris", "/search.csl"}  # fmt: skip


@pytest.fixture(scope="module")
def jar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("java") is None:
        pytest.skip("no Java to run the validator with")
    return from_npm("vnu-jar@26.9.16", tmp_path_factory) / "build" / "dist" / "vnu.jar"


def test_every_page_is_valid_html(jar: Path, tmp_path: Path) -> None:
    pages = every_page(tmp_path / "libraries")
    folder = tmp_path / "pages"
    folder.mkdir()
    for number, page in enumerate(pages):
        (folder / f"{number}.html").write_text(page.text, "utf-8")
    command = [
        "java",
        "-Xss8m",
        "-jar",
        str(jar),
        "--format",
        "json",
        "--exit-zero-always",
        str(folder),
    ]
    told = subprocess.run(command, capture_output=True, timeout=1_200, check=True)
    complaints = [
        (pages[int(Path(told["url"]).stem)].name, told["message"], told.get("extract", "")[:160])
        for told in json.loads(told.stderr)["messages"]
        if told["type"] == "error" or told.get("subType") == "warning"
    ]
    assert complaints == []


def test_every_page_is_sound_by_our_own_reader(tmp_path: Path) -> None:
    """As above, by far less, wherever there is no validator."""
    pages = every_page(tmp_path)
    assert {page.name: read_sheet(page.text).faults for page in pages} == {
        page.name: [] for page in pages
    }


def test_no_page_is_forgotten() -> None:
    asked = [path.partition("?")[0] for path in [*ALONE, *(path for _, path in TOGETHER)]]
    for route in ROUTES:
        if "GET" in (route.methods or ()) and not route.path.endswith((".atom", ".json")):
            known = route.path in NO_PAGE or any(route.path_regex.match(path) for path in asked)
            assert known, route.path
