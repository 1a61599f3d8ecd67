"""Measures of one ranking, as trec_eval and `ir-measures` compute them.

A ranking is a sequence of document ids, best first, each at most once. Judgments map a document
id to its grade; a document without judgment has grade 0. Gains are linear (the grade itself), the
discount of rank r (0-based) is log2(r + 2). Without any relevant document every measure is 0.

Source: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4),
2002, for nDCG; Voorhees and Harman, "TREC", 2005, chapter 3, for AP, RR, R@k and P@k.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

Judgments = Mapping[str, int]
Measure = Callable[[Sequence[str], Judgments], float]


def dcg(grades: Sequence[float] | npt.NDArray[np.float64]) -> float:
    """Discounted cumulated gain of grades in ranked order."""
    gains = np.asarray(grades, dtype=np.float64)
    return float(gains @ (1.0 / np.log2(np.arange(2, len(gains) + 2))))


def ndcg(ranking: Sequence[str], judgments: Judgments, k: int) -> float:
    """nDCG@k in [0, 1]; the ideal ranking is of all judged documents, found or not."""
    ideal = dcg(sorted((max(grade, 0) for grade in judgments.values()), reverse=True)[:k])
    found = dcg([max(judgments.get(doc, 0), 0) for doc in ranking[:k]])
    return found / ideal if ideal > 0 else 0.0


def average_precision(ranking: Sequence[str], judgments: Judgments, level: int = 1) -> float:
    """AP: mean over relevant documents (grade >= level) of the precision at their rank.

    A relevant document that is not in the ranking counts as precision 0.
    """
    relevant = _relevant(judgments, level)
    hits, total = 0, 0.0
    for rank, doc in enumerate(ranking):
        if doc in relevant:
            hits += 1
            total += hits / (rank + 1)
    return total / len(relevant) if relevant else 0.0


def reciprocal_rank(ranking: Sequence[str], judgments: Judgments, level: int = 1) -> float:
    """1 / (1-based rank of the first relevant document), 0 where none is found."""
    relevant = _relevant(judgments, level)
    first = next((rank for rank, doc in enumerate(ranking) if doc in relevant), None)
    return 0.0 if first is None else 1.0 / (first + 1)


def recall(ranking: Sequence[str], judgments: Judgments, k: int, level: int = 1) -> float:
    """Share of the relevant documents that are among the first k."""
    relevant = _relevant(judgments, level)
    return len(relevant.intersection(ranking[:k])) / len(relevant) if relevant else 0.0


def precision(ranking: Sequence[str], judgments: Judgments, k: int, level: int = 1) -> float:
    """Share of the first k places that hold a relevant document; empty places count against."""
    return len(_relevant(judgments, level).intersection(ranking[:k])) / k


def ndcg_share(ranking: Sequence[str], judgments: Judgments, share: float) -> float:
    """nDCG at `share` of the ranking's own length (csfcube: 0.2 of the pool), at least at 1.

    Source: Mysore et al., "CSFCube" (arXiv:2103.12906), section 5: linear gain, the cut rounded
    down; as in its published script, whose figures for SPECTER this reproduces.
    """
    return ndcg(ranking, judgments, max(1, math.floor(share * len(ranking))))


def measure_named(name: str) -> Measure:
    """The measure of an `ir-measures` name: AP, AP(rel=2), RR, nDCG@10, nDCG%20, R@100, P@5.

    Raises ValueError for a name that is none of these.
    """
    level = 1
    plain = name
    if "(rel=" in name:
        plain, _, rest = name.partition("(rel=")
        number, _, tail = rest.partition(")")
        level, plain = int(number), plain + tail
    base, cut = plain, 0
    for sign in "@%":
        if sign in plain:
            base, _, number = plain.partition(sign)
            cut = int(number)
    cuts: dict[str, Measure] = {
        "AP": lambda ranking, judged: average_precision(ranking, judged, level),
        "RR": lambda ranking, judged: reciprocal_rank(ranking, judged, level),
    }
    if cut > 0 and "%" in plain:
        cuts = {"nDCG": lambda ranking, judged: ndcg_share(ranking, judged, cut / 100)}
    elif cut > 0:
        cuts = {
            "nDCG": lambda ranking, judged: ndcg(ranking, judged, cut),
            "R": lambda ranking, judged: recall(ranking, judged, cut, level),
            "P": lambda ranking, judged: precision(ranking, judged, cut, level),
        }
    if base not in cuts:
        raise ValueError(f"no measure is called {name!r}")
    return cuts[base]


def _relevant(judgments: Judgments, level: int) -> set[str]:
    return {doc for doc, grade in judgments.items() if grade >= level}
