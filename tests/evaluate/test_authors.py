"""The authors suite on a small world, and its measure by hand."""

import json
from pathlib import Path

import pytest

from broadsheet.errors import ParseError
from broadsheet.evaluate.authors import (
    COAUTHOR,
    NAME,
    OURS,
    b_cubed_sums,
    evaluate_authors,
    linked,
    read_blocks,
)
from tests.evaluate.data import data_folder


def test_b_cubed_by_hand() -> None:
    """Gold {0,1,2} {3,4}, found {0,1} {2,3,4}."""
    precision, recall = b_cubed_sums([0, 0, 0, 1, 1], [0, 0, 1, 1, 1])
    assert precision == pytest.approx(1 + 1 + 1 / 3 + 2 / 3 + 2 / 3)
    assert recall == pytest.approx(2 / 3 + 2 / 3 + 1 / 3 + 1 + 1)


def test_co_authors_tell_people_apart_in_a_small_world(tmp_path: Path) -> None:
    rows = [
        {
            "block": f"name {block}",
            "author_id": f"~{block}_{person}",
            "name": f"Name {block}",
            "paper_id": f"p{block}_{person}_{paper}",
            "title": f"title of {block} {person}",
            "year": 2024,
            "coauthors": [f"Friend {block} {person}"],
        }
        for block in range(40)
        for person in range(2)
        for paper in range(3)
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "some_mentions.jsonl").write_text(lines, "utf-8")
    card = evaluate_authors(tmp_path)
    assert card.n == 40
    assert card.figures[OURS]["B3-F1"].value == pytest.approx(1.0)
    assert card.figures[COAUTHOR]["B3-F1"].value == pytest.approx(1.0)
    assert card.figures[NAME]["B3-P"].value == pytest.approx(0.5)


def mention(block: int, person: int, paper: int, **more: object) -> dict[str, object]:
    row: dict[str, object] = {
        "block": f"b{block}",
        "author_id": f"~{person}",
        "name": f"Name {block}",
    }
    return row | {"paper_id": f"p{block}_{person}_{paper}"} | more


def put(folder: Path, rows: list[dict[str, object]]) -> Path:
    (folder / "mentions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return folder


@pytest.mark.parametrize("n_blocks", [1, 2, 60])
def test_few_blocks_one_mention_and_nothing_but_names(n_blocks: int, tmp_path: Path) -> None:
    """Too few to learn from: the product's own weights judge. A block of one is one person."""
    rows = [mention(b, p, n) for b in range(n_blocks) for p in range(2) for n in range(2)]
    card = evaluate_authors(put(tmp_path, [*rows, mention(99, 0, 0)]))
    assert card.n == n_blocks + 1
    for figures in card.figures.values():
        assert all(
            0.0 <= figure.low <= figure.value <= figure.high <= 1.0 for figure in figures.values()
        )
    assert card.figures[NAME]["B3-R"].value == 1.0


def test_fields_of_other_types(tmp_path: Path) -> None:
    odd = {"year": "2020", "keywords": "a; b", "coauthors": None, "orcid": 5, "venue": None}
    (block,) = read_blocks(put(tmp_path, [mention(0, 0, 0, **odd), mention(0, 0, 1)]))
    assert block.mentions[0].year == 2020
    assert block.mentions[0].ids == {"orcid": "5"}
    with pytest.raises(ParseError, match="author_id"):
        read_blocks(put(tmp_path, [{"block": "b", "name": "N", "paper_id": "p"}]))


def test_without_a_file_it_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="mentions"):
        evaluate_authors(tmp_path)


def test_the_known_baseline_is_reproduced() -> None:
    """Co-author or affiliation: F1 .914 as handed down with the data; ours folds names."""
    blocks = read_blocks(data_folder("author_disambiguation"))
    sums = [b_cubed_sums(block.truth, linked(block, with_affiliation=True)) for block in blocks]
    n = sum(len(block.truth) for block in blocks)
    precision, recall = (sum(pair[side] for pair in sums) / n for side in (0, 1))
    assert 2 * precision * recall / (precision + recall) == pytest.approx(0.914, abs=0.005)
