"""The bundled sample library: facts well formed, summaries short and of our own wording."""

import json
import lzma
import os
import re
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

Paper = dict[str, Any]

FIELDS_REQUIRED = {
    "id",
    "title",
    "abstract",
    "summary_by",
    "authors",
    "announced",
    "submitted",
    "upvotes",
    "num_comments",
}
FIELDS_OPTIONAL = {"github_repo", "github_stars", "project_page", "organization"}
COUNTS = ("upvotes", "num_comments", "github_stars")
LINKS = ("github_repo", "project_page")
SHARED_WORDS_MAX = 7


def get_papers() -> list[Paper]:
    text = (resources.files("broadsheet") / "sample" / "papers.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


PAPERS = get_papers()
IDS = [paper["id"] for paper in PAPERS]
each_paper = pytest.mark.parametrize("paper", PAPERS, ids=IDS)


def ngrams(text: str, n_words: int) -> set[tuple[str, ...]]:
    """Every run of `n_words` consecutive words, lowercased and without punctuation."""
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + n_words]) for i in range(len(words) - n_words + 1)}


def data_folder() -> Path:
    beside_the_repository = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("BROADSHEET_DATA") or beside_the_repository)


def source_abstracts() -> dict[str, str]:
    """Source abstract by sample id. Skips the test, saying why, where the data is absent."""
    path = data_folder() / "hf_daily_papers" / "papers.jsonl.xz"
    if not path.is_file():
        reason = f"no source listing at {path} (set BROADSHEET_DATA to the data folder)"
        print(reason)
        pytest.skip(reason)
    wanted = set(IDS)
    abstracts: dict[str, str] = {}
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if (paper_id := f"arxiv:{record['arxiv_id']}") in wanted:
                abstracts[paper_id] = record["abstract"]
    return abstracts


def test_enough_papers_over_enough_days() -> None:
    assert len(PAPERS) >= 200
    assert len({paper["announced"] for paper in PAPERS}) >= 10


def test_ids_are_unique() -> None:
    assert len(IDS) == len(set(IDS))


def test_ordered_by_day_then_most_upvotes() -> None:
    keys = [(paper["announced"], -paper["upvotes"]) for paper in PAPERS]
    assert keys == sorted(keys)


@each_paper
def test_facts_are_well_formed(paper: Paper) -> None:
    assert set(paper) >= FIELDS_REQUIRED
    assert set(paper) <= FIELDS_REQUIRED | FIELDS_OPTIONAL
    assert re.fullmatch(r"arxiv:\d{4}\.\d{5}", paper["id"])
    assert paper["title"]
    assert paper["title"] == " ".join(paper["title"].split())
    assert paper["authors"]
    assert all(name and name == name.strip() for name in paper["authors"])
    assert date.fromisoformat(paper["submitted"]) <= date.fromisoformat(paper["announced"])
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", paper[key]) for key in ("submitted", "announced"))
    assert all(type(paper[key]) is int and paper[key] >= 0 for key in COUNTS if key in paper)
    assert all(re.fullmatch(r"https://[^/\s]+\S*", paper[key]) for key in LINKS if key in paper)
    assert paper.get("organization", "present") == paper.get("organization", "present").strip()
    assert not re.search(r"\S@\w[\w-]*\.\w", json.dumps(paper))


@each_paper
def test_summary_is_short_and_signed(paper: Paper) -> None:
    assert paper["summary_by"] == "broadsheet"
    assert 15 <= len(paper["abstract"].split()) <= 60
    assert paper["abstract"].endswith(".")


def test_few_summaries_open_alike() -> None:
    openings = [" ".join(paper["abstract"].lower().split()[:2]) for paper in PAPERS]
    assert max(openings.count(opening) for opening in openings) <= len(PAPERS) // 20


def test_ngrams_ignore_case_and_punctuation() -> None:
    assert ngrams("A cat, sat.", 2) == {("a", "cat"), ("cat", "sat")}
    assert ngrams("a cat", 3) == set()


def test_no_summary_copies_its_abstract() -> None:
    abstracts = source_abstracts()
    assert abstracts.keys() == set(IDS)
    n_words = SHARED_WORDS_MAX + 1
    copied = {
        paper["id"]: shared
        for paper in PAPERS
        if (shared := ngrams(paper["abstract"], n_words) & ngrams(abstracts[paper["id"]], n_words))
    }
    assert copied == {}
