"""The pages in a real browser: nothing overflows, nothing leaves, focus is seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.browsing import arrived, needs_browser, serving
from tests.web.newsroom import MANY_HANDS, REVISED, a_full_site

PAGES = [
    "/",
    "/day/2026-02-25",
    "/day/2026-02-26",
    "/search?q=networks",
    "/search",
    f"/paper/{REVISED}",
    f"/paper/{MANY_HANDS}",
    "/author/ada-lovelace",
    "/ledger",
    "/trending",
    "/?tab=you",
    "/interests",
    "/interests/new",
    "/library",
    "/collections",
    "/about",
    "/paper/none",
]
WIDTHS = [320, 360, 768, 1280, 1600]

pytestmark = needs_browser


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a live server with the full library."""
    with serving(a_full_site(tmp_path_factory.mktemp("browser"))) as origin:
        yield origin


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_ask_nobody_and_complain_of_nothing(
    browser: Any, origin: str, scheme: str
) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in PAGES:
        answer = page.goto(origin + path)
        assert answer.status == (404 if path.endswith("none") else 200)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            over = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert over <= 0, f"{path} is {over} px too wide at {width}"
    context.close()
    assert {url for url in asked if not url.startswith(origin)} == set()
    assert [text for text in complaints if "404" not in text] == []


def test_the_keyboard_reaches_everything_and_shows_where_it_is(browser: Any, origin: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(origin + "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the papers"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    focused = []
    for _ in range(25):
        page.keyboard.press("Tab")
        style = page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement);"
            " return [document.activeElement.tagName, s.outlineStyle,"
            " parseFloat(s.outlineWidth)] })()"
        )
        focused.append(style[0])
        assert style[1] == "solid"
        assert style[2] >= 2
    assert {"A", "INPUT", "BUTTON"} <= set(focused)
    page.close()


def test_the_skip_link_jumps_over_the_masthead(browser: Any, origin: str) -> None:
    page = browser.new_page()
    page.goto(origin + "/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    page.close()


def test_search_by_keyboard_without_scripts(browser: Any, origin: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(origin + "/")
    page.fill("#find-q", "sparse attention")
    page.press("#find-q", "Enter")
    assert page.url == origin + "/search?q=sparse+attention"
    page.click("h2 a >> nth=0")
    arrived(page)
    assert "/paper/" in page.url
    page.click("summary >> nth=0")
    assert page.is_visible("p.change >> nth=0")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(browser: Any, origin: str, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1, whatever the size."""
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    for path in ("/", "/search?q=networks", f"/paper/{REVISED}", "/ledger"):
        page.goto(origin + path)
        worst = page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, f"{path}: {worst}"
    context.close()


CONTRAST = """() => {
  const light = c => { c /= 255; return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4 };
  const parse = t => {
    const m = t.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m };
  const luminance = c => .2126 * light(c[0]) + .7152 * light(c[1]) + .0722 * light(c[2]);
  const ground = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 0) return c; }
    return [255, 255, 255, 1]; };
  const opacity = e => { let o = 1; for (; e; e = e.parentElement) o *= getComputedStyle(e).opacity;
    return o; };
  let worst = [99, ""];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, box = e.getBoundingClientRect();
    if (!walk.currentNode.data.trim() || box.width < 2 || !e.checkVisibility()) continue;
    const style = getComputedStyle(e), under = ground(e), o = opacity(e) * parse(style.color)[3];
    const ink = parse(style.color).map((c, i) => c * o + under[i] * (1 - o));
    const [a, b] = [luminance(ink), luminance(under)].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < worst[0]) worst = [ratio, e.className + ": " + walk.currentNode.data.trim()];
  }
  return worst;
}"""
