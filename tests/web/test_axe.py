"""axe-core finds nothing to complain of, on any page, light or dark.

The checker comes from npm at test time; without npm, or out of its reach, this is skipped.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from broadsheet.web.visitors import cookie_name
from tests.web.browsing import needs_browser, serving
from tests.web.newsroom import MANY_HANDS, REVISED, a_full_site
from tests.web.people import LEAD, OWNER, PAPER, a_town

pytestmark = needs_browser

PAGES = [
    "/", "/?tab=you", "/trending", "/day/2026-02-26", "/search", "/search?q=networks",
    "/search?q=nothingatall", f"/paper/{REVISED}", f"/paper/{MANY_HANDS}", "/author/ada-lovelace",
    "/library", "/collections", "/ledger", "/about", "/paper/none",
    "/author/none",
]  # fmt: skip
WITH_ACCOUNTS = [
    "/", "/login", "/enter/none", "/account", "/group/1", "/owner", "/collection/2",
    f"/paper/{PAPER}", "/library",
]  # fmt: skip


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm to get axe-core with")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), "axe-core@4"]
    try:
        got = subprocess.run(command, capture_output=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not answer")
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if got.returncode or not script.exists():
        pytest.skip("npm could not get axe-core")
    return script.read_text("utf-8")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[str, str, str]]]:
    """(origin, path, cookie as name=value) of every page."""
    town = a_town(tmp_path_factory.mktemp("town"))
    name = cookie_name(town.site.db)
    with (
        serving(a_full_site(tmp_path_factory.mktemp("axed"))) as one,
        serving(town.site) as other,
    ):
        who = {"/group/1": LEAD, "/collection/2": LEAD}
        yield [
            *((one, path, "") for path in PAGES),
            *(
                (other, path, f"{name}={town.cookies[who.get(path, OWNER)]}")
                for path in WITH_ACCOUNTS
            ),
        ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_bars_anybody(
    browser: Any, axe: str, places: list[tuple[str, str, str]], scheme: str
) -> None:
    violations = []
    for origin, path, cookie in places:
        context = browser.new_context(color_scheme=scheme)
        if cookie:
            name, _, value = cookie.partition("=")
            context.add_cookies([{"name": name, "value": value, "url": origin}])
        page = context.new_page()
        page.goto(origin + path)
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        violations += [
            (path, broken["id"], broken["nodes"][0]["html"][:200]) for broken in found["violations"]
        ]
        context.close()
    assert violations == []
