"""What members of a group saved is told to its members, on each page and feed, and to no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from broadsheet.store.deeds import Deed, Verb, do
from tests.interests.world import an_interest
from tests.web.people import GUEST, LEAD, MEMBER, OTHER, OWNER, a_town
from tests.worlds import NOW

TOLD = re.compile(r"saved by \d+ in Lab")


@pytest.mark.parametrize(
    ("name", "hears"),
    [(LEAD, False), (MEMBER, True), (GUEST, True), (OTHER, False), (OWNER, False)],
)
def test_each_page_tells_only_what_the_reader_s_groups_show(
    tmp_path: Path, name: str, hears: bool
) -> None:
    """The lead saved papers 1 and 2, and privately judged, tagged and collected 3 and 4."""
    town = a_town(tmp_path)
    lead = town.readers[LEAD]
    with town.site.db.transaction() as transaction:
        for deed in (
            Deed(Verb.SAVE, 2),
            Deed(Verb.LIKE_FOR, 3, number=1),
            Deed(Verb.TAG, 3, "mine"),
            Deed(Verb.COLLECT, 4, number=1),
            Deed(Verb.DISLIKE, 4),
        ):
            do(transaction, lead, deed, now=NOW)
    reader_no = town.readers[name]
    number = an_interest(town.site.db, likes=[1], reader_no=reader_no).interest_no
    with town.client(name) as client:
        pages = {
            path: client.get(path)
            for path in (
                "/?tab=you",
                f"/interests/{number}",
                f"/interests/{number}.atom",
                f"/interests/{number}.json",
                f"/interests/{number}/preview?kind=must&value=networks",
            )
        }
        for path, answer in pages.items():
            assert answer.status_code == 200, path
            told = TOLD.findall(answer.text)
            assert len(told) <= 1, path
            if not hears:
                assert told == [], path
        assert bool(TOLD.search(pages["/?tab=you"].text)) is hears
        assert bool(TOLD.search(pages[f"/interests/{number}"].text)) is hears
        if name not in (LEAD, OWNER):
            others = [other for other in (LEAD, MEMBER, GUEST, OTHER) if other != name]
            for other in others:
                theirs = an_interest(town.site.db, likes=[1], reader_no=town.readers[other])
                assert client.get(f"/interests/{theirs.interest_no}").status_code == 404
