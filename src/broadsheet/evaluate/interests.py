"""The interests suite: how well a reader's library foretells what they would want to read.

Three layouts, told apart by their files: citeulike, participants, and a corpus whose authors are
the readers (asked for by `authors`).
"""

import time
from collections.abc import Callable
from pathlib import Path

from broadsheet.errors import ParseError
from broadsheet.evaluate.author_readers import author_figures, load_corpus
from broadsheet.evaluate.card import Card
from broadsheet.evaluate.citeulike import citeulike_figures, load_libraries
from broadsheet.evaluate.files import has_file
from broadsheet.evaluate.paper_columns import Embed
from broadsheet.evaluate.participants import load_participants, participants_figures

N_READERS = 1_000
N_INTERESTS = 1_000
SEED = 1


def evaluate_interests(
    data: Path,
    *,
    authors: bool = False,
    n_readers: int | None = None,
    seed: int = SEED,
    embed: Embed | None = None,
    n_interests: int = N_INTERESTS,
    clock: Callable[[], float] = time.perf_counter,
) -> Card:
    """Measure ours and the peers on the readers of a folder.

    `embed` turns texts into unit vectors (n, d); without it meaning is latent semantic analysis
    (citeulike) or left out, and so is the peer that needs it. `n_readers` readers are drawn by
    `seed`, `N_READERS` if no number is given. `n_interests` are fitted for the speed figure.
    Raises ParseError for a folder in none of the layouts, for one with nobody to measure, and for
    a line that cannot be read.
    """
    started = clock()
    notices: tuple[str, ...] = ()
    if authors:
        n, figures = author_figures(
            load_corpus(data),
            n_readers=n_readers or N_READERS,
            seed=seed,
            embed=embed,
            n_interests=n_interests,
            clock=clock,
        )
    elif has_file(data, "participants", "jsonl"):
        participants = load_participants(data)
        notices = participants.notices
        n, figures = participants_figures(participants, embed=embed)
    elif data.is_dir() and not has_file(data, "mult", "dat"):
        layouts = "users.dat with mult.dat, nor participants.jsonl"
        reason = f"no {layouts}; a corpus whose authors are the readers needs --authors"
        raise ParseError(reason, place=str(data))
    else:
        n, figures = citeulike_figures(
            load_libraries(data),
            n_readers=n_readers or N_READERS,
            seed=seed,
            embed=embed,
            n_interests=n_interests,
            clock=clock,
        )
    return Card("interests", data.name, n, clock() - started, figures, notices)
