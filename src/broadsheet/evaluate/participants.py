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
from typing import Any

import numpy as np

from broadsheet.errors import ParseError
from broadsheet.evaluate.bootstrap import Figure, bootstrap_ratio
from broadsheet.evaluate.card import SEED, figure_of
from broadsheet.evaluate.contenders import Rows, contenders, make_world
from broadsheet.evaluate.datasets import CorpusDocument, documents_of
from broadsheet.evaluate.files import find_file, id_of, number_of, read_columns, read_jsonl
from broadsheet.evaluate.paper_columns import Embed, paper_columns
from broadsheet.rank.background import Floats
from broadsheet.text.wording import counted

PROFILES = "profiles_20"
#: Columns of the scores by what headers call them.
EXPERTISE_COLUMNS = (
    ("participant", "participant-id", "participantid", "reviewer", "person"),
    ("paper", "paper-id", "paperid", "corpus-id"),
    ("expertise-1to5", "expertise", "score", "rating"),
)


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
    notices: tuple[str, ...] = ()


def load_participants(folder: Path) -> Participants:
    """People with a known paper and two known papers scored differently: they can be measured.

    Papers that `papers.jsonl` does not have are left out; a person without `profiles_20` is known
    by other `profiles…`, and without any by all their papers. Raises ParseError for a missing
    file, for a bad line, and where nobody can be measured.
    """
    documents = documents_of(find_file(folder, "papers", "jsonl"))
    rows = {document.doc_id: row for row, document in enumerate(documents)}
    expertise = _expertise(folder, rows)
    path = find_file(folder, "participants", "jsonl")
    people: dict[str, Participant] = {}
    for row in read_jsonl(path):
        name = id_of(row, path, "participant", "_id", "id")
        profiles = [known for ids in _profiles(row) if len(known := _known(ids, rows))]
        people[name] = Participant(name, tuple(profiles), expertise.get(name, {}))
    able = tuple(
        one for one in people.values() if one.profiles and len(set(one.expertise.values())) > 1
    )
    if not able:
        reason = "nobody has a known paper and two known papers with different scores"
        raise ParseError(f"{reason}: are the ids the same?", place=str(folder))
    left_out = len(people) - len(able)
    notices = (f"{counted(left_out, 'participant')} left out: no known paper, or no two scores",)
    return Participants(folder.name, documents, able, notices if left_out else ())


def participants_figures(
    participants: Participants, *, embed: Embed | None
) -> tuple[int, dict[str, dict[str, Figure]]]:
    """The number of people, and each system's `loss`: over all pairs of all people (each person
    the mean of their profiles), and the mean of people's own."""
    everything = np.arange(len(participants.documents), dtype=np.int64)
    columns = paper_columns(participants.documents, everything, embed)
    world = make_world(columns.papers, everything)
    people = participants.people
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
        rng = np.random.default_rng(SEED)
        figures[system] = {
            "loss": bootstrap_ratio(lost, weight, rng=rng),
            "loss, mean of people": figure_of(
                [bad / whole for bad, whole in zip(lost, weight, strict=True)]
            ),
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
    path = find_file(folder, "expertise", "tsv")
    for number, (name, paper, score) in read_columns(path, EXPERTISE_COLUMNS):
        value = number_of(score, f"{path.name}:{number}")
        if paper in rows:
            found.setdefault(name, {})[rows[paper]] = value
    return found


def _profiles(row: Mapping[str, Any]) -> list[Sequence[object]]:
    """The lists of ids by which a person is known."""
    others = sorted(key for key in row if key.startswith("profiles"))
    named = next((row[key] for key in (PROFILES, *others) if row.get(key)), None)
    lists = list(named.values()) if isinstance(named, dict) else named
    found: list[Sequence[object]] = [ids for ids in lists or () if isinstance(ids, list)]
    if not found and isinstance(named, list):
        found = [named]  # one profile, without a name
    papers = row.get("papers")
    return found or ([papers] if isinstance(papers, list) else [])


def _known(ids: Sequence[object], rows: Mapping[str, int]) -> Rows:
    names = dict.fromkeys(str(one).strip() for one in ids)
    return np.array([rows[name] for name in names if name in rows], dtype=np.int64)
