"""These are two people, these are one: by form, with undo."""

from __future__ import annotations

from pathlib import Path

from starlette.testclient import TestClient

from broadsheet.people import take_back, tell_same
from broadsheet.store.authors import get_author
from broadsheet.web.site import Site
from tests.interests.world import an_interest
from tests.test_people import KEY, a_common_world
from tests.web.newsroom import a_site, post, read_sheet, reading
from tests.worlds import NOW


def test_dividing_joining_and_undoing_on_the_page(tmp_path: Path) -> None:
    a_common_world(tmp_path).close()
    site = a_site(tmp_path)
    with reading(site) as client:
        page = client.get(f"/author/{KEY}")
        sheet = read_sheet(page.text)
        assert not sheet.faults
        assert f"/author/{KEY}~2" in sheet.hrefs()
        assert "One person, with confidence" in page.text
        box = next(e.attributes["name"] for e in sheet.all("input") if "doc-" in str(e.attributes))
        answer = post(client, "/who/apart", author=KEY, **{box: "1"})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/author/{KEY}")
        page = client.get(f"/author/{KEY}")
        assert f"/author/{KEY}~3" in read_sheet(page.text).hrefs()
        assert "are by two people" in " ".join(page.text.split())
        said = next(
            e.attributes["value"]
            for e in read_sheet(page.text).all("input")
            if e.attributes.get("name") == "said"
        )
        assert post(client, "/who/unsay", said=said).status_code == 303
        assert f"/author/{KEY}~3" not in client.get(f"/author/{KEY}").text
        assert post(client, "/who/same", author=KEY, other=f"{KEY}~2").status_code == 303
        assert f"/author/{KEY}~2" not in read_sheet(client.get(f"/author/{KEY}").text).hrefs()


def test_nonsense_is_told_and_changes_nothing(tmp_path: Path) -> None:
    a_common_world(tmp_path).close()
    with reading(a_site(tmp_path)) as client:
        assert post(client, "/who/apart", author=KEY).status_code == 400
        assert post(client, "/who/same", author=KEY, other="nobody-here").status_code == 404
        assert post(client, "/who/same", author=KEY, other=KEY).status_code == 400
        assert post(client, "/who/unsay", said="77").status_code == 404
        assert client.post("/who/apart", data={"author": KEY, "doc-1": "1"}).status_code == 403


def test_one_of_several_people_is_followed_from_their_page(tmp_path: Path) -> None:
    """And still is when the two become one, and when that is undone."""
    a_common_world(tmp_path).close()
    site = a_site(tmp_path)

    def pressed(client: TestClient, path: str) -> dict[str, str]:
        """What each Follow button of a page would do, by whether it is pressed."""
        sheet = read_sheet(client.get(path, follow_redirects=True).text)
        assert not sheet.faults
        return {
            button.attributes["value"]: button.attributes["aria-pressed"]
            for button in sheet.all("button")
            if "follow " in button.attributes.get("value", "")
        }

    with reading(site) as client:
        assert pressed(client, f"/author/{KEY}") == {f"follow {KEY}~1": "false"}
        assert post(client, "/act", do=f"follow {KEY}~2").status_code == 303
        assert pressed(client, f"/author/{KEY}~2") == {f"unfollow {KEY}~2": "true"}
        assert pressed(client, f"/author/{KEY}") == {f"follow {KEY}~1": "false"}
        paper = get_author(site.db, f"{KEY}~2").doc_nos[0]
        doc_id = get_document_id(site, paper)
        assert pressed(client, f"/paper/{doc_id}")[f"unfollow {KEY}~2"] == "true"
        assert f"/author/{KEY}~2" in read_sheet(client.get(f"/paper/{doc_id}").text).hrefs()
        assert f"unfollow {KEY}~2" in pressed(client, "/library")

        said_no = tell_same(site.db, (KEY, 1), (KEY, 2), now=NOW)
        assert pressed(client, f"/author/{KEY}") == {f"unfollow {KEY}~2": "true"}
        answer = client.get(f"/author/{KEY}~2")
        assert (answer.status_code, answer.headers["location"]) == (302, f"/author/{KEY}")
        take_back(site.db, said_no, now=NOW)
        assert pressed(client, f"/author/{KEY}") == {f"follow {KEY}~1": "false"}

        post(client, "/act", do=f"follow {KEY}")
        assert pressed(client, f"/author/{KEY}~2") == {
            f"unfollow {KEY}~2": "true",
            f"unfollow {KEY}": "true",
        }
        for target in (f"{KEY}~2", KEY):
            post(client, "/act", do=f"unfollow {target}")
        assert pressed(client, f"/author/{KEY}~2") == {f"follow {KEY}~2": "false"}
        assert post(client, "/act", do=f"follow {KEY}~9").status_code == 404


def get_document_id(site: Site, doc_no: int) -> str:
    return str(site.db.read("SELECT doc_id FROM documents WHERE doc_no = ?", (doc_no,))[0][0])


def test_an_interest_s_page_says_whom_a_shared_name_stands_for(tmp_path: Path) -> None:
    a_common_world(tmp_path).close()
    site = a_site(tmp_path)
    with reading(site) as client:
        interest = an_interest(site.db, authors=((KEY, "Wei Wang"),)).interest_no
        page = client.get(f"/interests/{interest}").text
        assert "any of 2 people" in page
        preview = client.get(f"/interests/{interest}/preview?author=Wei+Wang")
        sheet = read_sheet(preview.text)
        assert not sheet.faults
        assert "Which of 2?" in preview.text
        choices = [href for href in sheet.hrefs() if "preview?author=" in href]
        assert choices == [f"/interests/{interest}/preview?author={KEY}~{n}" for n in (1, 2)]
        assert "Which of" not in client.get(choices[1]).text
        post(client, f"/interests/{interest}", do="author", value=f"{KEY}~2")
        post(client, f"/interests/{interest}", do="unfollow", value=KEY)
        page = client.get(f"/interests/{interest}").text
        assert "one of 2 people" in page
        assert f'href="/author/{KEY}~2"' in page
