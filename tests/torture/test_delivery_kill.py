"""`kill -9` between every two steps of the outbox: no mail twice, none lost without a word."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from broadsheet.store.database import open_database
from tests.deliver.post_office import PostOffice, open_office, text_of
from tests.deliver.presses import a_press, entries_of, press_of, want, want_as_stranger

ROOT = Path(__file__).parents[2]
#: Five moments in the suite; `make torture` dies at every step.
EVERY_STEP = int(os.environ.get("BROADSHEET_TORTURE_MOMENTS", "4")) > 4
STEPS_MAX = 120


def run_round(home: Path, port: int, hours: int, die_at: int = 0) -> int:
    """The number of steps of a round; 0 where it was killed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.torture.delivery_child", str(home), str(port), str(hours),
         str(die_at)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == -signal.SIGKILL:
        return 0
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two readers' subscriptions and a stranger's, due on Monday morning."""
    home = tmp_path_factory.mktemp("library")
    press = a_press(home, 1)
    want(press)
    want(press, topic="search", value="surprises", name="Surprises")
    want_as_stranger(press)
    press.db.close()
    return home


def check_life(home: Path, library: Path, office: PostOffice, die_at: int) -> set[str]:
    """Killed once at this step, then run on as if nothing had been. Returns the states seen."""
    shutil.copytree(library, home)
    before = len(office.kept)
    assert run_round(home, office.port, 0, die_at) == 0
    for hours in (1, 2, 24, 25):
        run_round(home, office.port, hours)
    press = press_of(open_database(home, create=False), home, office.port)
    entries = entries_of(press)
    press.db.close()
    letters = office.letters[before:]
    ids = Counter(letter["Message-ID"] for letter in letters)
    assert max(ids.values()) == 1, f"a mail went twice when killed at step {die_at}"
    papers = Counter(
        (letter["To"], paper)
        for letter in letters
        for paper in re.findall(r"^   \S+/paper/(\S+)$", text_of(letter), re.MULTILINE)
    )
    assert max(papers.values()) == 1, f"a paper went twice when killed at step {die_at}"
    arrived = {int(name.strip("<").partition(".")[0]) for name in ids}
    for entry in entries:
        assert entry.state in ("sent", "unknown", "empty"), (die_at, entry)
        if entry.state == "sent":
            assert entry.digest_no in arrived, (die_at, entry)
        if entry.state == "unknown":
            assert "not sent a second time" in entry.reason
    assert {entry.subscription_no for entry in entries} == {1, 2, 3}
    assert sum(entry.state == "unknown" for entry in entries) <= 1
    return {entry.state for entry in entries}


@pytest.mark.torture
def test_killed_between_any_two_steps(tmp_path: Path, library: Path) -> None:
    with open_office() as office:
        shutil.copytree(library, tmp_path / "whole")
        n_steps = run_round(tmp_path / "whole", office.port, 0)
        assert 20 < n_steps < STEPS_MAX
        # Around the first letter: claimed, about to be sent, sent, and its fate written down.
        moments = (
            range(1, n_steps + 1) if EVERY_STEP else sorted({2, 9, *_around_a_letter(n_steps)})
        )
        states = [
            check_life(tmp_path / f"step{moment}", library, office, moment) for moment in moments
        ]
    assert any("unknown" in seen for seen in states)
    assert any("unknown" not in seen for seen in states)


def _around_a_letter(n_steps: int) -> list[int]:
    """The last letter's steps: claim (three), hand over (two), fate (three)."""
    return [n_steps - 8, n_steps - 4, n_steps - 3]
