"""The commands about interests, as a script would use them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from broadsheet.cli import app
from broadsheet.errors import BroadsheetError, NotFoundError, ParseError, UsageError
from broadsheet.people import regroup_people
from broadsheet.store.database import open_database
from tests.interests.test_following import a_common_name
from tests.interests.world import DAY, a_corpus, papers_of
from tests.worlds import NOW, take_in

BIB = """
@article{one, title = {On warbler and finch plumage}, author = {Ann Birds}, year = {2025},
  doi = {10.1000/warbler}}
@article{two, title = {Nesting of the songbird}, author = {Ann Birds}, year = {2024},
  doi = {10.1000/nesting}}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BROADSHEET_MODELS_FOLDER", str(tmp_path / "models"))
    home = tmp_path / "home"
    corpus = a_corpus(home)
    corpus.db.close()
    return home


def run(home: Path, *words: object) -> str:
    result = CliRunner().invoke(
        app, ["--home", str(home), "interest", *map(str, words)], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return result.stdout


def told(home: Path, *words: object) -> str:
    """What a command says beside its answer."""
    words = ("--home", home, "interest", *words)
    return CliRunner().invoke(app, [*map(str, words)], catch_exceptions=False).stderr


def asked(home: Path, *words: object) -> Any:
    return json.loads(run(home, *words, "--json"))


def refused(home: Path, error: type[BroadsheetError], *words: object) -> str:
    with pytest.raises(error) as caught:
        run(home, *words)
    return str(caught.value)


def counts(row: Any) -> tuple[int, ...]:
    return tuple(row[f"n_{what}"] for what in ("likes", "dislikes", "rules", "authors"))


def doc_ids(home: Path, subject: str) -> list[str]:
    from broadsheet.store.database import open_database

    db = open_database(home)
    numbers = papers_of(db, subject)
    found = [db.read("SELECT doc_id FROM documents WHERE doc_no = ?", (n,))[0][0] for n in numbers]
    db.close()
    return found


def test_an_interest_from_a_library_file_brings_its_subject(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.bib"
    file.write_text(BIB, "utf-8")
    made = asked(home, "add", "Birds", "--from", file, "--dial", "0.2")
    assert made["likes"] == 2
    slate = asked(home, "preview", "birds", "--date", DAY)
    assert slate["alpha"] == 0.2
    assert slate["papers"]
    assert all(paper["reasons"] for paper in slate["papers"])
    shown = asked(home, "show", made["interest"])
    assert {judged["doc_id"] for judged in shown["judgments"]} == {
        "doi:10.1000/warbler",
        "doi:10.1000/nesting",
    }
    file.write_text(BIB.replace("10.1000/", "10.2000/").replace("On ", "Of "), "utf-8")
    run(home, "like", "Birds", "--from", file)
    assert asked(home, "list")["interests"][0]["n_likes"] >= 3
    refused(home, UsageError, "like", "Birds")
    run(home, "undo", made["deed"])
    assert asked(home, "list") == {"interests": []}


def test_an_author_a_description_and_judging_begin_one_too(home: Path) -> None:
    by_author = asked(home, "add", "Stars", "--author", "Ann Stars")
    assert by_author["authors"] == 1
    assert by_author["likes"] > 10
    asked(home, "add", "Tides", "--about", "estuary lagoon current salinity")
    assert asked(home, "preview", "Tides")["papers"]
    blank = asked(home, "add", "Anything")
    papers = asked(home, "judge", blank["interest"], "-n", 12)["papers"]
    assert len({paper["doc_id"] for paper in papers}) == 12
    run(home, "like", "Anything", papers[0]["doc_id"])
    again = asked(home, "judge", "Anything")["papers"]
    assert again[0]["doc_id"] != papers[0]["doc_id"]


def test_judgments_rules_and_authors_are_made_and_dropped(home: Path) -> None:
    birds = doc_ids(home, "birds")
    number = asked(home, "add", "Birds", "--category", "nat")["interest"]
    run(home, "like", number, birds[0], birds[1])
    said = told(home, "dislike", number, birds[1])
    assert said.startswith("Disliked for an interest: ")
    assert "; undo: broadsheet interest undo " in said
    assert re.search(r"1 +Birds +active +1 +1 +0 +0 +10%", run(home, "list"))
    run(home, "rule", number, "never", "plumage")
    run(home, "follow", number, "Ann Birds")
    shown = asked(home, "show", number)
    assert counts(shown) == (1, 1, 1, 1)
    assert shown["categories"] == ["nat"]
    run(home, "forget", number, birds[0])
    run(home, "rule", number, "never", "plumage", "--drop")
    run(home, "follow", number, "Ann Birds", "--drop")
    run(home, "set", number, "--name", "Owls", "--state", "paused", "--dial", "0.05")
    (row,) = asked(home, "list")["interests"]
    assert row["name"] == "Owls"
    assert row["state"] == "paused"
    assert counts(row) == (0, 1, 0, 0)
    run(home, "remove", number)
    assert asked(home, "list")["interests"] == []


def test_a_preview_says_what_would_change_and_saves_nothing(home: Path) -> None:
    birds = doc_ids(home, "birds")
    number = asked(home, "add", "Birds", "--places", 8)["interest"]
    run(home, "like", number, *birds[:3])
    before = asked(home, "preview", number)
    tried = asked(home, "preview", number, "--never", "warbler", "--like", birds[9])
    assert all("warbler" not in json.dumps(paper["title"]) for paper in tried["papers"])
    kept = {p["doc_id"] for p in before["papers"] if not p["explores"]}
    then = {p["doc_id"] for p in tried["papers"] if not p["explores"]}
    assert {p["doc_id"] for p in tried["comes"]} == then - kept
    assert {p["doc_id"] for p in tried["goes"]} == kept - then
    assert asked(home, "preview", number) == before
    assert "come" not in run(home, "preview", number)


@pytest.mark.parametrize("which", ["1", "Birds", "bIRDS"])
def test_a_digest_takes_an_interest_by_number_or_name_in_any_case(home: Path, which: str) -> None:
    run(home, "add", "Birds", "--about", "warbler plumage")
    words = ["--home", str(home), "digest", "preview", "--interest", which, "--json"]
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert json.loads(result.stdout)["papers"]


def test_what_cannot_be_is_said_and_nothing_changes(home: Path, tmp_path: Path) -> None:
    number = asked(home, "add", "Birds")["interest"]
    assert "list" in refused(home, NotFoundError, "show", "Owls")
    assert "no document" in refused(home, NotFoundError, "like", number, "arxiv:0000.00000")
    assert "another name" in refused(home, UsageError, "add", "BIRDS")
    assert "dial" in refused(home, UsageError, "set", number, "--dial", "1.5")
    assert "no account" in refused(home, NotFoundError, "list", "--for", "nobody@example.org")
    empty = tmp_path / "empty.bib"
    empty.write_text("% nothing", "utf-8")
    refused(home, BroadsheetError, "add", "Empty", "--from", empty)
    refused(home, BroadsheetError, "add", "None", "--from", tmp_path / "none.bib")
    refused(home, NotFoundError, "add", "Nobody", "--author", "Nobody Atall")
    assert [row["name"] for row in asked(home, "list")["interests"]] == ["Birds"]


def test_interests_go_out_and_come_in_again(home: Path, tmp_path: Path) -> None:
    birds = doc_ids(home, "birds")
    number = asked(home, "add", "Birds", "--about", "feathers", "--author", "Ann Birds")["interest"]
    run(home, "dislike", number, birds[0])
    run(home, "rule", number, "must", "warbler OR finch")
    file = tmp_path / "interests.json"
    run(home, "export", "--output", file)
    once = json.loads(file.read_text("utf-8"))
    taken = asked(home, "import", file)
    assert taken["interests"] == ["Birds 2"]
    assert taken["missing"] == []
    both = json.loads(run(home, "export"))["interests"]
    again = {**both[1], "name": "Birds", "created_at": both[0]["created_at"]}
    assert again == once["interests"][0]

    once["interests"][0]["judgments"].append(
        {"doc_id": "doi:10.1/none", "title": "Gone", "kind": "liked", "judged_at": "2026-01-01"}
    )
    file.write_text(json.dumps(once), "utf-8")
    assert asked(home, "import", file)["missing"] == [{"doc_id": "doi:10.1/none", "title": "Gone"}]


def test_judgments_of_another_time_zone_come_in_in_their_order(home: Path, tmp_path: Path) -> None:
    birds = doc_ids(home, "birds")
    moments = ("2026-03-01T23:00:00-05:00", "2026-03-02T01:00:00+00:00")
    judgments = [
        {"doc_id": doc_id, "kind": "liked", "judged_at": at}
        for doc_id, at in zip(birds, moments, strict=False)
    ]
    made = {
        "format": "broadsheet-interests-1",
        "interests": [{"name": "A", "judgments": judgments}],
    }
    file = tmp_path / "interests.json"
    file.write_text(json.dumps(made), "utf-8")
    assert asked(home, "import", file)["judgments"] == 2
    (interest,) = json.loads(run(home, "export"))["interests"]
    assert [entry["doc_id"] for entry in interest["judgments"]] == birds[:2]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": "broadsheet-interests-1"}', "\x00",
     '{"format": "broadsheet-interests-1", "interests": [{"name": "A", "alpha": "many"}]}',
     '{"format": "broadsheet-interests-1", "interests": [{"name": "A", "alpha": 7}]}',
     '{"format": "broadsheet-interests-1", "interests": [{"name": "A", "rules": [{}]}]}',
     '{"format": "broadsheet-interests-1", "interests": 3}'],
)  # fmt: skip
def test_what_is_no_list_of_interests_changes_nothing(
    home: Path, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(text, "utf-8")
    refused(home, ParseError, "import", file)
    assert asked(home, "list")["interests"] == []


def test_the_doctor_names_rules_that_shut_everything_out(home: Path) -> None:
    def finding() -> dict[str, Any]:
        result = CliRunner().invoke(app, ["--home", str(home), "doctor", "--json"])
        (found,) = [
            row for row in json.loads(result.stdout)["findings"] if row["what"] == "interests"
        ]
        return dict(found)

    number = asked(home, "add", "Birds")["interest"]
    run(home, "rule", number, "must", "warbler")
    assert finding()["ok"]
    run(home, "rule", number, "never", "warbler")
    assert not finding()["ok"]
    assert "1 (Birds)" in finding()["how"]


def test_a_shared_name_is_followed_as_a_whole_or_by_one_of_its_people(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = open_database(home)
    take_in(db, *a_common_name())
    regroup_people(db, now=NOW)
    db.close()

    def followed() -> list[str]:
        return [entry["author_id"] for entry in asked(home, "show", 1)["authors"]]

    run(home, "add", "Names")
    said = CliRunner().invoke(app, ["--home", str(home), "interest", "follow", "1", "Wei Wang"])
    assert said.exit_code == 0
    assert "2 people here have this name, and all are followed" in said.stderr
    assert "wei-wang~2  3 papers, with Cy Moon and Di Moon" in said.stderr
    assert followed() == ["wei-wang"]
    run(home, "follow", 1, "wei-wang~2")
    run(home, "follow", 1, "--drop", "Wei Wang")
    assert followed() == ["wei-wang~2"]
    assert asked(home, "show", 1)["authors"][0]["author_key"] == "wei-wang"
    assert "follows Wei Wang (wei-wang~2)" in run(home, "show", 1)
    run(home, "follow", 1, "--drop", "Wei Wang")
    assert followed() == []
    refused(home, NotFoundError, "follow", 1, "wei-wang~9")
    made = asked(home, "add", "Hers", "--author", "Wei Wang")
    assert made["likes"] == 4
    assert [entry["author_id"] for entry in asked(home, "show", 2)["authors"]] == ["wei-wang~1"]
