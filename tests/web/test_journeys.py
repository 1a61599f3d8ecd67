"""What readers come for, done in a real browser: by mouse, by keyboard, without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broadsheet.store.documents import find_doc_no
from broadsheet.store.follows import list_follows
from broadsheet.store.interests import holdings_of
from broadsheet.store.marks import Mark, marked
from broadsheet.store.notes import get_note
from broadsheet.web.site import Site
from broadsheet.web.visitors import cookie_name
from tests.interests.world import subject_records
from tests.web.browsing import arrived, needs_browser, opened, serving
from tests.web.newsroom import a_site
from tests.web.people import LEAD, MEMBER, PAPER, a_town
from tests.worlds import NOW, a_record

pytestmark = needs_browser

WIDER_BY = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
BIB = b"""@article{one, title = {On warbler and finch plumage}, author = {Ann Birds},
 year = {2025}, doi = {10.1000/warbler}}"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    first = a_record(1, abstract="We bound $x_i^2 \\leq \\frac{1}{2}$ from above.", upvotes=99)
    return a_site(tmp_path, first, *(a_record(number) for number in range(2, 12)))


@pytest.fixture
def origin(site: Site) -> Iterator[str]:
    with serving(site) as origin:
        yield origin


def doc_nos(site: Site, mark: Mark) -> list[int]:
    return marked(site.db, 1, mark)


def test_a_vote_and_a_save_without_a_reload_and_undone(
    browser: Any, origin: str, site: Site
) -> None:
    with opened(browser, origin + "/") as page:
        page.evaluate("window.stays = true")
        story = page.locator(".story").first
        story.get_by_role("button", name="Vote").click()
        page.wait_for_selector("#flash >> text=Voted for")
        story.get_by_role("button", name="Save").click()
        page.wait_for_selector("#flash >> text=Saved")
        assert story.locator("[aria-pressed=true]").count() == 2
        assert doc_nos(site, Mark.SAVED) == doc_nos(site, Mark.LIKED) != []
        page.get_by_role("button", name="Undo").click()
        page.wait_for_selector("#flash >> text=Undone")
        assert doc_nos(site, Mark.SAVED) == []
        assert page.evaluate("window.stays")
        page.reload()
        assert page.locator(".story").first.locator("[aria-pressed=true]").count() == 1


def test_an_author_is_followed_in_place(browser: Any, origin: str, site: Site) -> None:
    with opened(browser, f"{origin}/paper/{PAPER}") as page:
        button = page.locator("#authors button").first
        name = page.locator("#authors a").first.inner_text()
        assert button.inner_text() == "+"
        button.click()
        page.wait_for_selector("#flash >> text=Following")
        assert button.get_attribute("aria-pressed") == "true"
        assert button.get_attribute("aria-label") == f"Follow {name}"
        assert [entry.name for entry in list_follows(site.db, 1)] == [name]
        page.locator("#authors a").first.click()
        page.get_by_role("button", name="Follow").click()
        page.wait_for_selector("#flash >> text=No longer following")
        assert list_follows(site.db, 1) == []


def test_a_dismissed_paper_shrinks_and_comes_back(browser: Any, origin: str) -> None:
    with opened(browser, origin + "/") as page:
        story = page.locator(".story").nth(2)
        whole = story.bounding_box()["height"]
        story.get_by_role("button", name="Dismiss").click()
        page.wait_for_selector("#flash >> text=Dismissed")
        assert story.locator(".by").is_hidden()
        assert story.locator(".acts").bounding_box()["height"] < whole
        story.get_by_role("button", name="Dismiss").click()
        page.wait_for_selector("#flash >> text=Brought back")
        assert story.locator(".by").is_visible()


def test_a_day_by_keyboard_alone(browser: Any, origin: str, site: Site) -> None:
    with opened(browser, origin + "/") as page:
        keys = page.keyboard
        keys.press("j")
        keys.press("j")
        keys.press("s")
        page.wait_for_selector("#flash >> text=Saved")
        keys.press("v")
        page.wait_for_selector("#flash >> text=Voted for")
        assert page.locator(".story.at button[aria-pressed=true]").count() == 2
        keys.press("k")
        keys.press("x")
        page.wait_for_selector("#flash >> text=Dismissed")
        assert len(doc_nos(site, Mark.DISMISSED)) == 1
        assert doc_nos(site, Mark.DISMISSED) != doc_nos(site, Mark.SAVED)
        keys.press("?")
        assert page.locator("dialog[open]").is_visible()
        keys.press("j")
        keys.press("Escape")
        assert page.locator("dialog[open]").count() == 0
        keys.press("/")
        assert page.evaluate("document.activeElement.id") == "find-q"
        keys.type("js")
        assert page.input_value("#find-q") == "js"
        keys.press("Tab")
        keys.press("j")
        title = page.locator(".story.at h2").inner_text()
        keys.press("o")
        page.wait_for_url("**/paper/**")
        assert page.locator("h1").inner_text() == title
        keys.press("n")
        assert page.evaluate("document.activeElement.name") == "text"
        page.locator("h1").click()
        page.evaluate("document.activeElement.blur()")
        page.clock.set_fixed_time(NOW)  # of the two keys the second has to come soon
        keys.press("g")
        keys.press("l")
        page.wait_for_url("**/library")


def test_single_keys_can_be_switched_off(browser: Any, origin: str, site: Site) -> None:
    with opened(browser, origin + "/") as page:
        page.keyboard.press("?")
        page.uncheck("#keys-on")
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        page.keyboard.press("s")
        assert page.locator(".story.at").count() == 0
        page.reload()
        page.keyboard.press("j")
        assert page.locator(".story.at").count() == 0
        assert doc_nos(site, Mark.SAVED) == []


def test_everything_without_scripts(browser: Any, origin: str, site: Site) -> None:
    with opened(browser, origin + "/", java_script_enabled=False) as page:
        page.locator(".story").nth(3).get_by_role("button", name="Save").click()
        assert "done=1#arxiv:" in page.url
        page.get_by_role("button", name="Undo").click()
        assert doc_nos(site, Mark.SAVED) == []
        page.locator(".story h2 a").first.click()
        page.get_by_role("button", name=re.compile("Follow")).first.click()
        assert len(list_follows(site.db, 1)) == 1
        page.fill("#tag", "to read")
        page.get_by_role("button", name="Add").click()
        page.fill("[data-note]", "Mind the *second* table.")
        page.get_by_role("button", name="Save the note").click()
        assert page.locator(".noted em").inner_text() == "second"
        page.get_by_role("link", name="Make a collection").click()
        page.fill("#name", "Bounds")
        page.get_by_role("button", name="Make it").click()
        assert page.locator("h1").inner_text() == "Bounds"
        page.get_by_role("link", name="to read").click()
        arrived(page)
        assert page.locator(".hit").count() == 1
        page.fill("#in-q", "second table")
        page.get_by_role("button", name="Search here").click()
        arrived(page)
        assert page.locator(".hit").count() == 1


def test_search_answers_while_typing_and_becomes_an_alert(
    browser: Any, origin: str, site: Site
) -> None:
    with opened(browser, origin + "/search") as page:
        page.evaluate("window.stays = true")
        page.locator("#q").press_sequentially("networks", delay=20)
        page.wait_for_selector(".hit mark")
        page.wait_for_url("**/search?q=networks*")
        page.locator("#q").press_sequentially(" -surprises", delay=5)
        page.wait_for_url("**q=networks+-surprises*")
        assert page.evaluate("window.stays")
        page.fill("#q", "networks")
        page.wait_for_url("**q=networks")
        page.get_by_role("button", name="Alert").click()
        page.wait_for_selector("#flash >> text=Saved as an alert")
        assert [entry.value for entry in list_follows(site.db, 1)] == ["networks"]
        page.locator(".hit").first.get_by_role("button", name="Save").click()
        page.wait_for_selector("#flash >> text=Saved")


def test_n_writes_a_note_from_the_list_and_again_where_one_stands(
    browser: Any, origin: str
) -> None:
    with opened(browser, f"{origin}/") as page:
        page.keyboard.press("j")
        page.keyboard.press("n")
        page.wait_for_function("document.activeElement.matches('[data-note]')")
        page.keyboard.type("First thoughts.")
        page.get_by_role("button", name="Save the note").click()
        page.wait_for_selector(".noted >> text=First thoughts.")
        arrived(page)
        assert not page.locator("[data-note]").is_visible()
        page.keyboard.press("n")
        assert page.evaluate("document.activeElement.value") == "First thoughts."


COPYING: dict[str, Any] = {"permissions": ["clipboard-read", "clipboard-write"]}


def test_a_paper_is_cited_by_one_key_in_one_format_after_another(browser: Any, origin: str) -> None:
    with opened(browser, f"{origin}/paper/{PAPER}", **COPYING) as page:
        for name, begins in (
            ("BibTeX", "@"),
            ("RIS", "TY  - "),
            ("CSL-JSON", "["),
            ("BibTeX", "@"),
        ):
            page.keyboard.press("c")
            page.wait_for_selector(f"#flash >> text=Copied as {name}.")
            assert page.evaluate("navigator.clipboard.readText()").startswith(begins)
        page.get_by_role("button", name="Copy").click()
        page.wait_for_selector("#flash >> text=/^Copied.$/")


def test_a_paper_is_cited_from_the_list(browser: Any, origin: str) -> None:
    with opened(browser, f"{origin}/", **COPYING) as page:
        page.keyboard.press("c")
        page.keyboard.press("j")
        href = page.evaluate("document.activeElement.pathname")
        page.keyboard.press("c")
        page.wait_for_selector("#flash >> text=Copied as BibTeX.")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.strip() == page.request.get(f"{origin}{href}.bib").text().strip()


def test_mathematics_is_typeset_by_the_browser(browser: Any, origin: str) -> None:
    with opened(browser, f"{origin}/paper/{PAPER}") as page:
        box = page.locator("mfrac").bounding_box()
        assert box["height"] > page.locator("math mi").first.bounding_box()["height"]
        assert "$" not in page.locator(".abstract").inner_text()


def test_two_tabs_that_write_one_note(browser: Any, origin: str, site: Site) -> None:
    address = f"{origin}/paper/{PAPER}"
    with opened(browser, address) as one:
        other = one.context.new_page()
        other.goto(address)
        one.fill("[data-note]", "from one")
        one.get_by_role("button", name="Save the note").click()
        other.fill("[data-note]", "from the other")
        other.get_by_role("button", name="Save the note").click()
        assert "changed elsewhere" in other.locator("h1").inner_text()
        assert other.input_value("textarea") == "from the other"
        other.fill("textarea", "from one and the other")
        other.get_by_role("button", name="Save this").click()
        assert "from one and the other" in other.locator(".noted").inner_text()
        note = get_note(site.db, 1, find_doc_no(site.db, PAPER) or 0)
        assert (note.text, note.revision) == ("from one and the other", 2)
        other.close()


def test_a_group_shares_what_its_members_save(browser: Any, tmp_path: Path) -> None:
    town = a_town(tmp_path)
    with serving(town.site) as origin:
        for who in (LEAD, MEMBER):
            context = browser.new_context()
            context.add_cookies(
                [{"name": cookie_name(town.site.db), "value": town.cookies[who], "url": origin}]
            )
            page = context.new_page()
            page.goto(f"{origin}/paper/{PAPER}")
            seen = page.locator(".fellows").all_inner_texts()
            assert seen == ([] if who == LEAD else ["Lead saved"])
            assert "a shared thought" in page.locator("main").inner_text()
            page.goto(origin + "/account")
            page.get_by_role("link", name=re.compile("Lab")).click()
            arrived(page)
            assert page.locator("tbody tr").count() == 3
            context.close()


def test_a_day_on_paper_holds_no_buttons(browser: Any, origin: str) -> None:
    with opened(browser, origin + "/") as page:
        page.emulate_media(media="print")
        for selector in (".acts", ".bar", ".tabs", ".calendar", ".imprint"):
            assert page.locator(selector).first.is_hidden(), selector
        assert page.locator(".story h2").first.is_visible()


@pytest.mark.parametrize("with_script", [True, False])
def test_a_journey_from_a_library_file_to_an_undone_dislike(
    browser: Any, tmp_path: Path, with_script: bool
) -> None:
    site = a_site(tmp_path, *subject_records())
    file = tmp_path / "mine.bib"
    file.write_bytes(BIB)
    with (
        serving(site) as origin,
        opened(browser, origin + "/?tab=you", java_script_enabled=with_script) as page,
    ):
        page.get_by_role("link", name="Begin an interest").click()
        page.locator("#name").fill("Birds")
        page.locator("#file").set_input_files(str(file))
        page.get_by_role("button", name="Begin", exact=True).click()
        page.wait_for_url("**/interests/1?done=*")
        assert page.get_by_role("heading", level=1).inner_text() == "Birds"
        page.goto(origin + "/?tab=you")
        first = page.locator(".story").first
        assert first.locator(".why").inner_text().startswith("It ")
        titles = page.locator(".story h3").all_inner_texts()
        page.locator(".story").nth(1).get_by_role("button", name="Less like this").click()
        page.locator('[aria-pressed="true"]', has_text="Less like this").wait_for()
        arrived(page)
        assert "Disliked for an interest" in page.locator("#flash").inner_text()
        assert page.locator(".story h3").all_inner_texts() == titles
        assert len(holdings_of(site.db, 1).dislikes) == 1
        page.locator("#flash").get_by_role("button", name="Undo").click()
        page.get_by_text("Undone:").wait_for()
        arrived(page)
        assert page.locator('[aria-pressed="true"]').count() == 0
        assert holdings_of(site.db, 1).dislikes == ()
        for width in (320, 360, 768, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            for path in ("/?tab=you", "/interests", "/interests/1", "/interests/1/judge",
                         "/interests/1/preview?kind=never&value=warbler"):  # fmt: skip
                page.goto(origin + path)
                over = page.evaluate(WIDER_BY) if with_script else 0
                assert over <= 0, f"{path} is {over} px too wide at {width}"
