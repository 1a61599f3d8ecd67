"""axe-core finds nothing to complain of, on any page in any state, light or dark.

The checker comes from npm at test time; without npm, or out of its reach, this is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.browsing import needs_browser, serving
from tests.web.every_page import Page, every_page
from tests.web.from_npm import from_npm
from tests.web.newsroom import a_full_site

pytestmark = needs_browser

#: Everything it knows: WCAG at every level, good practice, what it is still trying out, and the
#: rules that it runs only where they are asked for.
LEVELS = ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa"]
ASKED_FOR = [
    "color-contrast-enhanced", "identical-links-same-purpose", "meta-refresh-no-exceptions",
    "target-size",
]  # fmt: skip
ALL = {
    "runOnly": [*LEVELS, "best-practice", "experimental", "ACT"],
    "rules": {rule: {"enabled": True} for rule in ASKED_FOR},
}
#: What else a scheme of colours, or a narrow window, can change.
IN_COLOUR = ["color-contrast", "color-contrast-enhanced", "link-in-text-block"]
COLOURS = {"runOnly": {"type": "rule", "values": IN_COLOUR}}
ROOM = {"runOnly": {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]}}


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    return (from_npm("axe-core@4.14.1", tmp_path_factory) / "axe.min.js").read_text("utf-8")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Page]:
    return every_page(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A live server for what the pages refer to: styles, script, type."""
    with serving(a_full_site(tmp_path_factory.mktemp("served"))) as origin:
        yield origin


@pytest.mark.parametrize(
    ("scheme", "width", "rules"),
    [("light", 1280, ALL), ("dark", 1280, COLOURS), ("light", 320, ROOM)],
    ids=["light", "dark", "narrow"],
)
def test_no_page_bars_anybody(
    browser: Any, axe: str, origin: str, pages: list[Page], scheme: str, width: int, rules: Any
) -> None:
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce"
    )
    tab = context.new_page()

    def show(route: Any) -> None:
        text = pages[int(route.request.url.rpartition("/")[2])].text
        route.fulfill(body=text, content_type="text/html; charset=utf-8")

    tab.route("**/shown/*", show)
    violations = []
    if rules is ALL:
        tab.goto(f"{origin}/shown/0")
        tab.evaluate(axe)
        known = tab.evaluate("axe.getRules().filter((rule) => rule.tags.includes('wcag2aaa'))")
        assert {rule["ruleId"] for rule in known} <= set(ASKED_FOR)
    for number, page in enumerate(pages):
        tab.goto(f"{origin}/shown/{number}")
        tab.evaluate(axe)
        found = tab.evaluate("rules => axe.run(document, rules)", rules)
        violations += [
            (page.name, broken["id"], node["html"][:200])
            for broken in found["violations"]
            for node in broken["nodes"]
        ]
    context.close()
    assert violations == []
