"""Which sentences of an abstract speak of background, of method, of result.

A small model with weights set by hand, so that anybody can read why a sentence was labelled:
the words of a sentence vote, its place in the abstract votes, and an abstract is taken to run
from background through method to result. Objectives ("we study the problem of …") are background.

Source: Teufel and Moens, "Summarizing Scientific Articles", Computational Linguistics 28(4), 2002,
for cue phrases and place as the evidence; docs/decisions/022-search-aspects.md for the figures.
"""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from broadsheet.types import Aspect as Aspect

ASPECTS = (Aspect.BACKGROUND, Aspect.METHOD, Aspect.RESULT)  # in the order abstracts run

# Votes in nats for (background, method, result), per pattern found as whole words in lower case.
_CUES: tuple[tuple[str, tuple[float, float, float]], ...] = (
    (r"however|although|despite|unfortunately|traditionally|nowadays", (1.2, 0.0, 0.2)),
    (r"recent(?:ly)?|in recent years|has been|have been|increasingly", (1.0, 0.0, 0.0)),
    (r"(?:is|are|plays?) an?|important|challeng\w+|crucial|fundamental\w*", (0.7, 0.0, 0.0)),
    (r"problem|task|existing|remains?|lack|little|limited|difficult", (0.5, 0.1, 0.0)),
    (r"goals?|aims?|objectives?|purpose|motivated|interested in", (1.0, 0.2, 0.0)),
    (
        r"(?:we|this (?:paper|article)) (?:address|study|consider|investigate|explore)(?:e?s)?",
        (0.6, 0.6, 0.0),
    ),
    (r"in this (?:paper|work|article)|this (?:paper|article)", (0.6, 0.4, 0.0)),
    (
        r"(?:we|paper|article|work) (?:\w+ )?(?:propose|present|introduce|describe|develop)s?",
        (0.3, 1.0, 0.0),
    ),
    (
        r"we (?:\w+ )?(?:use|apply|train|employ|build|design|formulate|combine|extend)",
        (0.0, 1.4, 0.0),
    ),
    (r"we (?:\w+ )?(?:construct|learn|leverage|adopt|derive|model)", (0.0, 1.4, 0.0)),
    (
        r"algorithm|based on|consists? of|using|framework|architecture|combines|trained|uses",
        (0.1, 0.7, 0.1),
    ),
    (r"first(?:ly)?|second(?:ly)?|then|finally|given|each|instead of", (0.0, 0.5, 0.0)),
    (r"results?|experiments?|experimental(?:ly)?|empirical(?:ly)?|evaluations?", (0.0, 0.2, 1.4)),
    (
        r"(?:show(?:s|n|ed)?|demonstrat\w+|indicat\w+|reveal\w*|confirm\w*) (?:that|how|the)",
        (0.0, 0.2, 1.2),
    ),
    (
        r"outperform\w*|achiev\w+|improv\w+|state[- ]of[- ]the[- ]art|superior|competitive",
        (0.1, 0.0, 1.0),
    ),
    (
        r"we (?:find|found|observe|evaluate|report|conclude)|suggest\w*|conclu\w+|significant\w*",
        (0.0, 0.0, 1.2),
    ),
    (r"accuracy|precision|recall|f1|f-score|bleu|baselines?|error rate|faster", (0.0, 0.0, 0.7)),
    (r"\d+(?:\.\d+)?\s?\\?%(?!\w)", (0.0, 0.0, 1.0)),
)
_COMPILED = tuple(
    (re.compile(rf"\b(?:{pattern})(?!\w)"), np.array(votes)) for pattern, votes in _CUES
)

# Where in the abstract (0 first, 1 last sentence) each aspect is at home, and how far it strays.
_HOME = np.array([0.0, 0.6, 1.0])
_STRAY = np.array([0.35, 0.30, 0.22])
_PLACE_MAX = 3.0  # nats: words can overrule the place

# Authors turn to their own work once: what stands before "we", "our", "this paper" is background.
_TURN = re.compile(r"\b(?:we|our|this (?:paper|article|work|study|thesis|report)|i|here)\b")
_BEFORE_TURN = np.array([1.5, 0.0, 0.0])
_AT_TURN = np.array([0.8, 0.0, -0.5])
_AFTER_TURN = np.array([-0.5, 0.2, 0.2])


def aspect_shares(sentences: Sequence[str]) -> npt.NDArray[np.float64]:
    """For each sentence the probabilities (n, 3) that it speaks of each of `ASPECTS`.

    Rows sum to 1. Among all ways to cut the abstract into a run of background, one of method and
    one of result (each may be empty), each way counts by the exponential of its votes.
    """
    n = len(sentences)
    votes = np.zeros((n, len(ASPECTS)))
    for row, sentence in enumerate(sentences):
        lowered = sentence.lower()
        for pattern, weights in _COMPILED:
            if pattern.search(lowered):
                votes[row] += weights
    votes += _turn_votes(sentences)
    place = np.arange(n)[:, None] / (n - 1) if n > 1 else np.full((n, 1), 0.5)
    votes -= np.minimum(((place - _HOME) / _STRAY) ** 2 / 2.0, _PLACE_MAX)
    return _share_of_cuts(votes)


def _turn_votes(sentences: Sequence[str]) -> npt.NDArray[np.float64]:
    votes = np.zeros((len(sentences), len(ASPECTS)))
    turn = next((row for row, text in enumerate(sentences) if _TURN.search(text.lower())), None)
    if turn is not None:
        votes[:turn] = _BEFORE_TURN
        votes[turn] = _AT_TURN
        votes[turn + 1 :] = _AFTER_TURN
    return votes


def _share_of_cuts(votes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Posterior of each label under all non-decreasing label sequences (forward-backward)."""
    n, n_labels = votes.shape
    forward, backward = np.zeros((n, n_labels)), np.zeros((n, n_labels))
    for row in range(n):
        before = forward[row - 1] if row else np.array([0.0, *[-np.inf] * (n_labels - 1)])
        forward[row] = np.logaddexp.accumulate(before) + votes[row]
    for row in range(n - 2, -1, -1):
        after = backward[row + 1] + votes[row + 1]
        backward[row] = np.logaddexp.accumulate(after[::-1])[::-1]
    total = forward + backward
    total -= total.max(axis=1, keepdims=True) if n else 0.0
    weights = np.exp(total)
    shares: npt.NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return shares
