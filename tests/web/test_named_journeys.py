"""What a newcomer does on the first day, from end to end, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broadsheet.store.follows import list_follows
from broadsheet.store.people import list_said
from broadsheet.web.visitors import cookie_name
from tests.test_people import KEY, a_common_world
from tests.web.browsing import arrived, needs_browser, opened, serving
from tests.web.mail_server import a_mail_server, mail_settings
from tests.web.newsroom import REVISED, a_full_site, a_site
from tests.web.people import GUEST, LEAD, MEMBER, OTHER, Town, a_town, address_of

pytestmark = needs_browser

TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[str]:
    with serving(a_full_site(tmp_path)) as origin:
        yield origin


def press(page: Any, name: str, *, inside: Any = None) -> None:
    (inside or page).get_by_role("button", name=re.compile(f"^{name}")).first.click()
    arrived(page)


def follow_link(page: Any, name: str | re.Pattern[str], *, inside: str = "body") -> None:
    page.locator(inside).get_by_role("link", name=name).first.click()
    arrived(page)


def test_the_day_is_read(browser: Any, origin: str) -> None:
    with opened(browser, origin + "/") as page:
        assert page.locator("h1").inner_text() == "Sunday, 1 March 2026"
        story = page.locator(".story").first
        press(page, "Read", inside=story)
        page.wait_for_selector("#flash >> text=Marked as read")
        press(page, "Vote", inside=page.locator(".story").nth(1))
        page.wait_for_selector("#flash >> text=Voted for")
        follow_link(page, re.compile("27 Feb"), inside=".turn")
        page.wait_for_url("**/day/2026-02-27*")
        follow_link(page, re.compile("25 February"), inside=".calendar")
        page.wait_for_url("**/day/2026-02-25")
        n_all = page.locator(".story").count()
        follow_link(page, re.compile("cs.CV"), inside=".sections")
        page.wait_for_url("**category=cs.CV*")
        assert set(page.locator(".story .kicker").all_inner_texts()) == {"cs.CV"}
        follow_link(page, re.compile("^All"), inside=".sections")
        follow_link(page, re.compile("Page 2"), inside=".paging")
        assert 0 < page.locator(".story").count() <= n_all
        follow_link(page, re.compile("Trending"), inside=".tabs")
        assert page.locator("h1").inner_text() == "Trending"
        page.goto(origin + "/")
        assert page.locator(".story").first.locator("[aria-pressed=true]").inner_text() == "Read"
        page.locator("#find-day").fill("2026-02-28")
        press(page, "Go")
        assert "nothing on Saturdays" in page.locator("main").inner_text()


def test_a_search_is_refined_and_taken_back(browser: Any, origin: str) -> None:
    with opened(browser, origin + "/") as page:
        page.fill("#find-q", "networks surprises")
        page.press("#find-q", "Enter")
        first = int(page.locator(".tally b").inner_text().split()[0].replace(",", ""))
        follow_link(page, re.compile("cs.CV"), inside=".facet")
        page.wait_for_url("**category%3Acs.CV*")
        second = int(page.locator(".tally b").inner_text().split()[0])
        assert 0 < second < first
        assert page.locator("#q").input_value() == "networks surprises category:cs.CV"
        follow_link(page, "Most attention")
        assert page.locator("[aria-current=true]").filter(has_text="Most attention").count() == 1
        votes = [int(text.split()[0]) for text in page.locator(".facts li").all_inner_texts()
                 if "upvote" in text]  # fmt: skip
        assert votes == sorted(votes, reverse=True) != []
        follow_link(page, re.compile("cs.CV"), inside=".facet")
        assert page.locator("#q").input_value() == "networks surprises"
        page.go_back()
        assert page.locator("#q").input_value() == "networks surprises category:cs.CV"
        page.fill("#q", '"sparse attention" -dense')
        page.press("#q", "Enter")
        page.wait_for_selector("text=Nothing found")
        page.fill("#q", "sparse attenton")
        page.press("#q", "Enter")
        page.locator(".deck a, .hit h2 a").first.click()
        page.wait_for_selector("mark, h1 >> text=Sparse")


def test_papers_are_saved_found_again_and_taken_away(
    browser: Any, origin: str, tmp_path: Path
) -> None:
    with opened(browser, origin + "/search?q=networks", accept_downloads=True) as page:
        titles = []
        for place in (0, 2):
            hit = page.locator(".hit").nth(place)
            titles.append(hit.locator("h2").inner_text())
            press(page, "Save", inside=hit)
            hit.locator("[aria-pressed=true]").wait_for()
        follow_link(page, "Library")
        assert set(page.locator(".hit h2").all_inner_texts()) == set(titles)
        for kind, sign in (("BibTeX", "@"), ("RIS", "TY  -"), ("CSL-JSON", '"title"')):
            with page.expect_download() as download:
                follow_link(page, kind, inside=".found")
            file = tmp_path / download.value.suggested_filename
            download.value.save_as(file)
            assert file.read_text("utf-8").count(sign) >= 2
        page.set_input_files("#file", str(next(tmp_path.glob("*.bib"))))
        press(page, "Import")
        assert "2 papers from" in page.locator("main").inner_text()


def test_an_author_is_followed_and_left(browser: Any, tmp_path: Path) -> None:
    site = a_full_site(tmp_path)
    with serving(site) as origin, opened(browser, f"{origin}/paper/{REVISED}") as page:
        page.locator("#authors a").first.click()
        name = page.locator("h1").inner_text()
        press(page, "Follow")
        page.wait_for_selector("#flash >> text=Following")
        assert [entry.name for entry in list_follows(site.db, 1)] == [name]
        follow_link(page, "Library")
        follow_link(page, name, inside=".side")
        assert page.locator("h1").inner_text() == name
        assert page.request.get(origin + page.locator("a >> text=Feed").get_attribute("href")).ok
        press(page, "Follow")
        page.wait_for_selector("#flash >> text=No longer following")
        assert list_follows(site.db, 1) == []


def test_an_author_is_followed_without_leaving_the_list(browser: Any, tmp_path: Path) -> None:
    site = a_full_site(tmp_path)
    with serving(site) as origin, opened(browser, origin + "/") as page:
        story = page.locator(".story").nth(1)
        story.get_by_role("link", name="Follow").click()
        story.locator(".whom button").first.click()
        page.wait_for_selector("#flash >> text=Following")
        assert len(list_follows(site.db, 1)) == 1
        assert story.locator(".whom [aria-pressed=true]").count() == 1
        press(page, "Save", inside=story)
        page.wait_for_selector("#flash >> text=Saved")
        story.get_by_role("link", name="Follow").click()
        assert story.locator(".whom").count() == 0
        assert page.url == origin + "/"


def test_an_author_is_split_and_joined_again(browser: Any, tmp_path: Path) -> None:
    a_common_world(tmp_path).close()
    site = a_site(tmp_path)
    with serving(site) as origin, opened(browser, f"{origin}/author/{KEY}") as page:
        assert page.locator(".tally").inner_text().startswith("3 papers")
        page.locator("summary >> text=These are two people").click()
        other = page.locator(".ticks label").first
        title = other.inner_text()
        other.click()
        press(page, "They are by somebody else")
        assert page.locator(".tally").inner_text().startswith("2 papers")
        assert title not in page.locator(".story").all_inner_texts()
        follow_link(page, f"{KEY}~3", inside=".side")
        assert page.locator(".story h3").all_inner_texts() == [title]
        page.go_back()
        page.locator(".said").get_by_role("button", name="Undo").click()
        assert page.locator(".tally").inner_text().startswith("3 papers")
        assert list_said(site.db, KEY) == []


def test_a_mailed_link_lets_in_once_and_the_session_can_be_ended(
    browser: Any, tmp_path: Path
) -> None:
    with a_mail_server() as (letters, port):
        town = a_town(tmp_path, **mail_settings(port))
        with serving(town.site) as origin:
            with opened(browser, origin + "/library?shelf=saved") as page:
                assert "/login" in page.url
                page.fill("#email", address_of(OTHER))
                press(page, "Mail me a link instead")
                page.wait_for_selector("text=a link is on its way")
                letters.wait_for(1)
                (letter,) = letters.kept
                link = re.search(r"http://\S+/enter/\S+", letter.get_payload())
                assert link is not None
                assert link[0].startswith(origin)
                page.goto(link[0])
                assert address_of(OTHER) in page.locator("main").inner_text()
                press(page, "Come in")
                assert page.locator("h1").inner_text() == "Sunday, 1 March 2026"
                follow_link(page, "Other")
                assert page.locator("h1").inner_text() == "Other"
                assert "(this one)" in page.locator("table").first.inner_text()
                press(page, "Log out")
                page.goto(origin + "/library")
                assert "/login" in page.url
            context = browser.new_context()
            page = context.new_page()
            assert page.goto(link[0]).status == 410
            assert "leads nowhere any more" in page.locator("h1").inner_text()
            context.close()


def cookie(town: Town, who: str) -> str:
    return f"{cookie_name(town.site.db)}={town.cookies[who]}"


def test_a_group_shares_papers_votes_and_notes_and_nobody_else_sees_them(
    browser: Any, tmp_path: Path
) -> None:
    town = a_town(tmp_path)
    second = "arxiv:2603.00002"
    with serving(town.site) as origin:
        with opened(browser, f"{origin}/paper/{second}", cookie=cookie(town, LEAD)) as page:
            press(page, "Save")
            page.wait_for_selector("#flash >> text=Saved")
            page.select_option("#collection", label="Shared (Lab)")
            press(page, "Put")
            page.wait_for_selector("#flash >> text=Put in a collection")
            page.locator("summary >> text=Write for Lab").click()
            page.fill("#note-1-text", "Read the *proof* first.")
            page.locator("#note-1-text + button").click()
            arrived(page)
        with opened(browser, f"{origin}/paper/{second}", cookie=cookie(town, MEMBER)) as page:
            assert page.locator(".fellows").all_inner_texts() == ["Lead saved"]
            assert page.locator(".noted em").inner_text() == "proof"
            follow_link(page, "Shared", inside=".side")
            assert page.locator(".hit").count() == 2
            press(page, "Vote", inside=page.locator(".hit").first)
            page.wait_for_selector("#flash >> text=Voted for")
        with opened(browser, f"{origin}/collection/2", cookie=cookie(town, GUEST)) as page:
            assert "Member voted" in page.locator("main").inner_text()
            assert page.get_by_role("button", name="Rename").count() == 0
        with opened(browser, f"{origin}/paper/{second}", cookie=cookie(town, OTHER)) as page:
            assert page.locator(".fellows, .noted").count() == 0


def test_an_invitation_makes_a_fellow(browser: Any, tmp_path: Path) -> None:
    town = a_town(tmp_path)
    with serving(town.site) as origin:
        with opened(browser, origin + "/group/1", cookie=cookie(town, LEAD)) as page:
            page.fill("#email", "new@example.org")
            press(page, "Invite")
            link = page.locator("#secret code").inner_text()
        with opened(browser, link) as page:
            press(page, "Come in")
            page.fill("#new", "a long pass phrase")
            page.locator("#new").press("Enter")
            arrived(page)
            page.goto(origin + "/group/1")
            assert page.locator("tbody tr").count() == 4


@pytest.mark.parametrize("options", [
    {"viewport": {"width": 320, "height": 568}, "has_touch": True},
    {"color_scheme": "dark"},
], ids=["320 px", "dark"])  # fmt: skip
def test_the_whole_way_in_a_narrow_window_and_in_the_dark(
    browser: Any, origin: str, options: dict[str, Any]
) -> None:
    with opened(browser, origin + "/", **options) as page:

        def look() -> None:
            arrived(page)
            assert page.evaluate(TOO_WIDE) <= 0, page.url
            ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
            is_dark = max(int(n) for n in re.findall(r"\d+", ground)[:3]) < 64
            assert is_dark == (options.get("color_scheme") == "dark")

        look()
        press(page, "Save", inside=page.locator(".story").nth(1))
        page.wait_for_selector("#flash >> text=Saved")
        look()
        page.fill("#find-q", "sparse attention")
        page.press("#find-q", "Enter")
        look()
        page.locator(".hit h2 a").first.click()
        look()
        page.locator("summary").first.click()
        page.fill("[data-note]", "word" * 60)
        press(page, "Save the note")
        look()
        page.locator("#authors a").first.click()
        look()
        for name in ("Trending", "Topics", "Library", "Ledger", "About", "Search", "Today"):
            follow_link(page, name, inside=".bar nav")
            look()


def test_a_note_in_two_tabs_after_the_clock_went_back(browser: Any, tmp_path: Path) -> None:
    """Which of two texts is newer is counted, never timed."""
    site = a_full_site(tmp_path)
    moments = [site.clock(), site.clock().replace(year=2020), site.clock()]
    turning = replace(site, clock=lambda: moments[0] if len(moments) == 1 else moments.pop(0))
    with serving(turning) as origin, opened(browser, f"{origin}/paper/{REVISED}") as page:
        page.fill("[data-note]", "first")
        press(page, "Save the note")
        page.locator("summary >> text=Edit").click()
        page.fill("[data-note]", "second")
        press(page, "Save the note")
        assert page.locator(".noted").inner_text().strip() == "second"
