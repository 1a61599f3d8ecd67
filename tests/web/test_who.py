"""These are two people, these are one: by form, with undo."""

from __future__ import annotations

from pathlib import Path

from tests.test_people import KEY, a_common_world
from tests.web.newsroom import a_site, post, read_sheet, reading


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
