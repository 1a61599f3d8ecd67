import gzip
import json
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from broadsheet.errors import ParseError
from broadsheet.evaluate.author_readers import (
    choose_readers,
    load_corpus,
    papers_to_read,
)
from broadsheet.evaluate.bootstrap import bootstrap_ratio
from broadsheet.evaluate.citeulike import load_libraries, word_texts
from broadsheet.evaluate.interests import evaluate_interests
from broadsheet.evaluate.library_peers import decayed_mean, fit_svm, svm_scores, tfidf_rows
from broadsheet.evaluate.participants import misordered
from broadsheet.evaluate.promise import area_under_curve
from tests.evaluate.data import data_folder

TOPICS = ("graph node edge", "image pixel lens", "poem verse rhyme")


def embed(texts: Sequence[str]) -> np.ndarray:
    """A stand-in for the sentence model: which topic's words there are, and a constant."""
    rows = np.array(
        [[1.0 + sum(text.count(w) for w in topic.split()) for topic in TOPICS] for text in texts]
    )
    units: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return units


def write_citeulike(folder: Path, *, n_per_topic: int = 60) -> Path:
    """Papers of three topics, and readers who save papers of one topic."""
    rng = np.random.default_rng(0)
    papers = [
        {*rng.choice(10, 5, replace=False) + 10 * topic, *rng.choice(10, 5, replace=False) + 30}
        for topic in range(3)
        for _ in range(n_per_topic)
    ]
    lines = [" ".join([str(len(p)), *(f"{word}:1" for word in sorted(p))]) for p in papers]
    (folder / "mult.dat").write_text("\n".join(lines) + "\n")
    saves = []
    for reader in range(30):
        own = np.arange(n_per_topic) + (reader % 3) * n_per_topic
        saved = np.sort(rng.choice(own, 40, replace=False))
        saves.append(" ".join(map(str, [len(saved), *saved])))
    with gzip.open(folder / "users.dat.gz", "wt") as file:
        file.write("\n".join(saves) + "\n")
    return folder


def test_a_card_of_libraries(tmp_path: Path) -> None:
    ticks = count()
    card = evaluate_interests(
        write_citeulike(tmp_path), n_readers=6, n_interests=9, clock=lambda: float(next(ticks))
    )
    assert card.suite == "interests"
    assert card.n == 6
    for system in ("ours", "tf-idf + linear SVM", "ours + other readers' saves"):
        assert card.figures[system]["AUC"].value > 0.9
    assert card.figures["ours"]["R@100"].value == 1.0
    fellows = card.figures["ours + 10 like-minded readers' saves"]["AUC"].value
    assert fellows > card.figures["ours + 10 strangers' saves"]["AUC"].value - 0.05
    assert fellows > 0.9
    assert set(card.figures) >= {"dial 0.05", "dial 0.10", "dial 0.20", "speed", "item-CF"}
    assert card.figures["dial 0.20"]["promised"].value == 1.0
    assert card.figures["most telling first"]["AUC@5"].value > 0.8
    json.dumps(card.as_json())


def test_the_same_seed_gives_the_same_card(tmp_path: Path) -> None:
    folder = write_citeulike(tmp_path)
    cards = [
        evaluate_interests(folder, n_readers=3, seed=5, n_interests=2, clock=lambda: 0.0).as_json()
        for _ in range(2)
    ]
    assert json.dumps(cards[0]) == json.dumps(cards[1])


def test_a_list_that_is_none_is_named(tmp_path: Path) -> None:
    write_citeulike(tmp_path)
    (tmp_path / "mult.dat").write_text("1 3:1\n1 word\n")
    with pytest.raises(ParseError, match=r"mult\.dat:2"):
        load_libraries(tmp_path)
    (tmp_path / "mult.dat").unlink()
    with pytest.raises(ParseError, match=r"mult\.dat"):
        load_libraries(tmp_path)


def test_a_save_of_a_paper_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_citeulike(tmp_path)
    (tmp_path / "mult.dat").write_text("1 3:1\n")
    with pytest.raises(ParseError, match=r"users\.dat:1"):
        load_libraries(tmp_path)


def test_words_as_text_start_with_the_most_frequent(tmp_path: Path) -> None:
    (tmp_path / "mult.dat").write_text("2 0:1 1:3\n0\n")
    (tmp_path / "users.dat").write_text("1 0\n")
    (tmp_path / "vocabulary.dat").write_text("lens\npixel\n")
    assert word_texts(load_libraries(tmp_path)) == ["pixel lens", ""]


@pytest.mark.parametrize(
    ("file", "line", "reason"),
    [
        ("users", "1 2 3", "2 entries where the line begins with 1"),
        ("users", "1 -2", "not a list of papers"),
        ("mult", "2 1:1", "1 entries"),
        ("mult", "1 1:many", "not word:count"),
    ],
)
def test_a_list_that_says_another_length_is_named(
    file: str, line: str, reason: str, tmp_path: Path
) -> None:
    write_citeulike(tmp_path)
    (tmp_path / "users.dat.gz").unlink()
    (tmp_path / "users.dat").write_text("1 0\n")
    (tmp_path / f"{file}.dat").write_text(f"1 {'0' if file == 'users' else '3:1'}\n{line}\n")
    with pytest.raises(ParseError, match=rf"{file}\.dat:2: {reason}"):
        load_libraries(tmp_path)


def test_a_folder_in_none_of_the_layouts_says_which_there_are(tmp_path: Path) -> None:
    (tmp_path / "papers.jsonl").write_text("")
    with pytest.raises(ParseError, match="--authors"):
        evaluate_interests(tmp_path)


def test_few_readers_and_empty_libraries(tmp_path: Path) -> None:
    write_citeulike(tmp_path)
    (tmp_path / "users.dat.gz").unlink()
    saved = " ".join(map(str, range(12)))
    (tmp_path / "users.dat").write_text(f"0\n\n12 {saved}\r\n3 1 2 3\n\n\n")
    card = evaluate_interests(tmp_path, n_interests=2)
    assert card.n == 1, "the others have nothing to hide"
    assert load_libraries(tmp_path).saved[1].size == 0
    (tmp_path / "users.dat").write_text("3 1 2 3\n")
    with pytest.raises(ParseError, match="no reader"):
        evaluate_interests(tmp_path)


def write_participants(folder: Path) -> Path:
    papers, people, scored = [], [], ["participant\tpaper\texpertise_1to5"]
    for topic, words in enumerate(TOPICS):
        papers += [
            {"_id": f"{topic}-{n}", "title": words, "text": f"{words} study {n}"} for n in range(12)
        ]
        own = [f"{topic}-{n}" for n in range(6)]
        profiles = {"a": own[:3], "b": own[3:]}
        people.append({"participant": f"p{topic}", "papers": own, "profiles_20": profiles})
        scored += [f"p{topic}\t{topic}-{n}\t5" for n in range(8, 12)]
        scored += [f"p{topic}\t{(topic + 1) % 3}-{n}\t1.5" for n in range(8, 12)]
    (folder / "papers.jsonl").write_text("\n".join(map(json.dumps, papers)))
    (folder / "participants.jsonl").write_text("\n".join(map(json.dumps, people)))
    (folder / "expertise.tsv").write_text("\n".join(scored) + "\n")
    return folder


def test_a_card_of_participants(tmp_path: Path) -> None:
    card = evaluate_interests(write_participants(tmp_path), embed=embed)
    assert card.n == 3
    for system in ("ours", "tf-idf + linear SVM", "decayed mean cosine"):
        assert card.figures[system]["loss"].value == 0.0, system
    assert "decayed mean cosine" not in evaluate_interests(tmp_path).figures, "it needs vectors"


def test_participants_however_written(tmp_path: Path) -> None:
    """Header or none, columns in another order, profiles under another name: the same card."""
    write_participants(tmp_path)
    plain = evaluate_interests(tmp_path, embed=embed, clock=lambda: 0.0)
    scored = (tmp_path / "expertise.tsv").read_text().splitlines()
    turned = ["\t".join(reversed(line.split("\t"))) for line in scored]
    people = (tmp_path / "participants.jsonl").read_text()
    (tmp_path / "participants.jsonl").write_text(people.replace("profiles_20", "profiles_10"))
    for rows in (scored[1:], turned, [line + " " for line in scored]):
        (tmp_path / "expertise.tsv").write_text("\r\n".join(rows))
        assert evaluate_interests(tmp_path, embed=embed, clock=lambda: 0.0) == plain


def test_who_scored_everything_alike_is_not_measured(tmp_path: Path) -> None:
    write_participants(tmp_path)
    scored = (tmp_path / "expertise.tsv").read_text()
    (tmp_path / "expertise.tsv").write_text(scored.replace("p0\t1-", "p0\t0-"))
    card = evaluate_interests(tmp_path, embed=embed)
    assert card.n == 2
    assert card.notices == ("1 participant left out: no known paper, or no two scores",)
    (tmp_path / "expertise.tsv").write_text("p0\t0-8\t3\np0\t0-9\t3\n")
    with pytest.raises(ParseError, match="nobody"):
        evaluate_interests(tmp_path, embed=embed)


def test_the_loss_weighs_pairs_by_their_difference_and_ties_half() -> None:
    truth = np.array([5.0, 3.0, 2.0])
    assert misordered(np.array([3.0, 2.0, 1.0]), truth) == (0.0, 6.0)
    assert misordered(np.array([1.0, 2.0, 3.0]), truth) == (6.0, 6.0)
    assert misordered(np.array([1.0, 1.0, 0.0]), truth) == (1.0, 6.0)
    assert misordered(np.zeros(2), np.ones(2)) == (0.0, 0.0)


def write_corpus(folder: Path) -> Path:
    """Nine authors, each of one topic, over eight months; one name is two people."""
    rng = np.random.default_rng(1)
    rows = []
    for month in range(1, 9):
        for number in range(45):
            topic = number % 3
            words = rng.permutation(TOPICS[topic].split() * 3 + ["the", "method", "study"])
            rows.append(
                {
                    "id": f"{month}-{number}",
                    "title": f"{' '.join(words[:3])} {month} {number}",
                    "abstract": " ".join(words),
                    "authors": [f"Author {'abcdefghi'[number % 9]}", "Two People"],
                    "openreview_ids": ["", f"~Two_{number % 2}"],
                    "first_listed": f"2025-{month:02}-{1 + number % 28:02}",
                    "categories": [f"cs.{topic}"],
                }
            )
    rows.append({"id": "x", "title": "without a date", "authors": ["Author a"]})
    with gzip.open(folder / "papers.jsonl.gz", "wt") as file:
        file.write("\n".join(map(json.dumps, rows)))
    return folder


def test_a_card_of_authors(tmp_path: Path) -> None:
    card = evaluate_interests(
        write_corpus(tmp_path), authors=True, n_readers=4, n_interests=9, embed=embed
    )
    assert card.n == 4
    measure = "papers to read at 90 % recall"
    for system in ("ours", "ours, text alone", "tf-idf + linear SVM", "decayed mean cosine"):
        assert card.figures[system][measure].value <= 15.0, "their topic is a third of the stream"
    assert "fewer than tf-idf + linear SVM" in card.figures["ours"]
    assert card.figures["dial 0.20"]["promised"].value == 1.0


def test_readers_are_authors_with_a_past_who_are_one_person(tmp_path: Path) -> None:
    corpus = load_corpus(write_corpus(tmp_path))
    readers = choose_readers(corpus, n_readers=100, seed=0)
    assert sorted(reader.name for reader in readers) == [f"author-{c}" for c in "abcdefghi"]
    for reader in readers:
        assert set(reader.later) == {"2025-07", "2025-08"}
        days = [corpus[row].appeared for row in reader.earlier]
        assert days == sorted(days, reverse=True)
        assert {corpus[row].period for row in reader.earlier}.isdisjoint(reader.later)


def test_a_folder_without_papers_says_so(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=r"papers\.jsonl"):
        evaluate_interests(tmp_path, authors=True)
    with pytest.raises(ParseError, match="mult"):
        evaluate_interests(tmp_path)


def test_papers_to_read_is_the_depth_of_the_last_one_needed() -> None:
    scores = np.array([9.0, 8.0, 7.0, 6.0, 5.0])
    assert papers_to_read(scores, np.array([0, 3])) == 4
    assert papers_to_read(scores, np.array([0, 3]), share=0.5) == 1
    assert papers_to_read(np.zeros(5), np.array([0])) == 5, "of equals the wanted come last"


def test_the_svm_separates_and_meets_its_optimum() -> None:
    rng = np.random.default_rng(0)
    likes = rng.standard_normal((5, 4)) + np.array([3.0, 0, 0, 0])
    others = rng.standard_normal((50, 4))
    weights = fit_svm(sparse.csr_array(likes), sparse.csr_array(others), cost=1.0)
    scores = svm_scores(weights, sparse.csr_array(np.vstack([likes, others])))
    assert area_under_curve(scores[:5], scores[5:]) > 0.95
    rows = np.column_stack([np.vstack([likes, others]), np.ones(55)])
    signs = np.repeat([1.0, -1.0], [5, 50])
    costs = np.repeat([55 / 2 / 5, 55 / 2 / 50], [5, 50])
    slack = np.maximum(1.0 - signs * (rows @ weights), 0.0)
    assert weights == pytest.approx(rows.T @ (2.0 * costs * signs * slack), abs=2e-3)


def test_the_newest_of_the_library_counts_most() -> None:
    library = np.eye(2)
    first, second = decayed_mean(library, np.eye(2))
    assert first / second == pytest.approx(1.0 + np.log10(2.0))


def test_tfidf_rows_are_unit_or_empty() -> None:
    rows = tfidf_rows(sparse.csr_array([[1.0, 2.0], [0.0, 0.0]]), np.ones(2)).toarray()
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1.0, 0.0])


def test_area_under_curve_counts_ties_half() -> None:
    assert area_under_curve(np.array([2.0, 1.0]), np.array([1.0, 0.0])) == 0.875
    assert np.isnan(area_under_curve(np.array([]), np.array([1.0])))


def test_a_ratio_of_sums_has_an_interval() -> None:
    figure = bootstrap_ratio([1.0, 3.0], [2.0, 6.0], rng=np.random.default_rng(0))
    assert (figure.value, figure.low, figure.high) == pytest.approx((0.5, 0.5, 0.5))
    assert np.isnan(bootstrap_ratio([], [], rng=np.random.default_rng(0)).value)


def test_real_libraries_are_read_whole() -> None:
    libraries = load_libraries(data_folder("citeulike_t"))
    assert len(libraries.saved) == 7_947
    assert libraries.counts.shape[0] == 25_975
    assert len(libraries.terms) == libraries.counts.shape[1]
