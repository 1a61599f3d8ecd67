"""Researchers who scored papers by their own expertise: `papers.jsonl`, `participants.jsonl`,
`expertise.tsv`.

The loss is the share of the weight of mis-ordered pairs among the papers that a person scored;
a pair weighs the difference of its scores, and a tie in the ranking is half a mistake.
Source: Stelmakh, Wieting, Neubig and Shah, "A Gold Standard Dataset for the Reviewer Assignment
Problem" (arXiv:2303.16750), section 4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from broadsheet.errors import ParseError
from broadsheet.evaluate.bootstrap import Figure, bootstrap_ratio
from broadsheet.evaluate.card import SEED, figure_of
from broadsheet.evaluate.contenders import Rows, contenders, make_world
from broadsheet.evaluate.datasets import CorpusDocument, find_file, open_text, read_jsonl
from broadsheet.evaluate.paper_columns import Embed, paper_columns
from broadsheet.rank.background import Floats


@dataclass(frozen=True, slots=True)
class Participant:
    """`profiles`: some of the person's own papers, each a way to say who they are; `expertise`:
    paper -> score. Papers by row."""

    name: str
    profiles: tuple[Rows, ...]
    expertise: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Participants:
    name: str
    documents: tuple[CorpusDocument, ...]
    people: tuple[Participant, ...]


def load_participants(folder: Path) -> Participants:
    """Papers that `papers.jsonl` does not have are left out; a person without profiles is known by
    all their papers. Raises UsageError for a missing file, ParseError for a bad line."""
    documents = tuple(
        CorpusDocument(
            str(row.get("_id") or row.get("id")),
            str(row.get("title") or ""),
            str(row.get("text") or row.get("abstract") or ""),
        )
        for row in read_jsonl(find_file(folder, "papers", "jsonl"))
    )
    rows = {document.doc_id: row for row, document in enumerate(documents)}
    expertise = _expertise(folder, rows)
    people = []
    for row in read_jsonl(find_file(folder, "participants", "jsonl")):
        name = str(row.get("participant"))
        named = row.get("profiles_20") or {}
        lists = list(named.values()) if isinstance(named, dict) else list(named)
        profiles = [_known(ids, rows) for ids in lists or [row.get("papers") or []]]
        people.append(
            Participant(name, tuple(p for p in profiles if len(p)), expertise.get(name, {}))
        )
    return Participants(folder.name, documents, tuple(people))


def participants_figures(
    participants: Participants, *, embed: Embed | None
) -> tuple[int, dict[str, dict[str, Figure]]]:
    """The number of people, and each system's `loss`: over all pairs of all people (each person
    the mean of their profiles), and the mean of people's own."""
    everything = np.arange(len(participants.documents), dtype=np.int64)
    columns = paper_columns(participants.documents, everything, embed)
    world = make_world(columns.papers, everything)
    people = [person for person in participants.people if person.profiles and person.expertise]
    figures: dict[str, dict[str, Figure]] = {}
    for system, contender in contenders(world, with_facts=False).items():
        lost, weight = [], []
        for person in people:
            judged = np.array(sorted(person.expertise), dtype=np.int64)
            truth = np.array([person.expertise[int(row)] for row in judged])
            stream = world.stream(judged)
            pairs = [
                misordered(contender(profile, ())(stream), truth) for profile in person.profiles
            ]
            lost.append(float(np.mean([bad for bad, _ in pairs])))
            weight.append(pairs[0][1])
        able = [place for place, total in enumerate(weight) if total > 0]
        rng = np.random.default_rng(SEED)
        figures[system] = {
            "loss": bootstrap_ratio(lost, weight, rng=rng),
            "loss, mean of people": figure_of([lost[place] / weight[place] for place in able]),
        }
    return len(people), figures


def misordered(scores: Floats, truth: Floats) -> tuple[float, float]:
    """(weight of pairs in the wrong order, weight of all pairs); a pair weighs its difference of
    `truth` (n,), ties in `scores` (n,) count half."""
    difference = truth[:, None] - truth[None, :]
    above = np.maximum(difference, 0.0)
    order = np.sign(scores[:, None] - scores[None, :])
    return float((above * (1.0 - order) / 2.0).sum()), float(above.sum())


def _expertise(folder: Path, rows: Mapping[str, int]) -> dict[str, dict[int, float]]:
    found: dict[str, dict[int, float]] = {}
    with open_text(find_file(folder, "expertise", "tsv")) as file:
        for number, line in enumerate(file, 1):
            cells = line.rstrip("\r\n").split("\t")
            if number == 1 or cells == [""]:
                continue
            try:
                name, paper, score = cells[0], cells[1], float(cells[2])
            except (IndexError, ValueError) as error:
                raise ParseError("not a judgment", place=f"expertise.tsv:{number}") from error
            if paper in rows:
                found.setdefault(name, {})[rows[paper]] = score
    return found


def _known(ids: Sequence[object], rows: Mapping[str, int]) -> Rows:
    return np.array([rows[str(i)] for i in ids if str(i) in rows], dtype=np.int64)
