"""A harvest killed at any moment, resumed, ends with the library of one never killed.

BROADSHEET_TORTURE_MOMENTS says at how many random moments (`make torture`: 50).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.harvest.libraries import contents, ledger
from tests.harvest.replay_server import ReplayServer
from tests.harvest.synthetic_arxiv import World, make_world
from tests.harvest.test_other_sources import hf_entry

pytestmark = pytest.mark.torture

N_MOMENTS = int(os.environ.get("BROADSHEET_TORTURE_MOMENTS", "4"))
REPOSITORY = Path(__file__).resolve().parents[2]
CHILD_S_MAX = 300.0


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer(make_world(n_a_day=20), page_size=20) as running:
        for n in range(13):
            day = date(2026, 3, 1) + timedelta(days=n)
            papers = _papers_of(running.world, day)
            running.hf_lists[day.isoformat()] = [hf_entry(p, k, day) for k, p in enumerate(papers)]
        yield running


def _papers_of(world: World, day: date) -> list[str]:
    return sorted(paper.number for paper in world.listed_on(day, "cs.CL"))[:5]


@pytest.fixture(scope="module")
def undisturbed(
    server: ReplayServer, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, list[Any]], int]:
    """Its library, and how many requests it took."""
    home = tmp_path_factory.mktemp("undisturbed")
    server.requests.clear()
    assert _start(server, home).wait(CHILD_S_MAX) == 0
    return contents(home), len(server.requests)


@pytest.mark.parametrize("moment", range(N_MOMENTS))
def test_killed_and_resumed(
    server: ReplayServer,
    undisturbed: tuple[dict[str, list[Any]], int],
    tmp_path: Path,
    moment: int,
) -> None:
    expected, n_requests = undisturbed
    rng = random.Random(7000 + moment)
    for _ in range(rng.choice((1, 1, 2))):
        _kill_at(server, tmp_path, rng.randint(1, n_requests), rng.uniform(0.0, 0.08))
    assert _start(server, tmp_path).wait(CHILD_S_MAX) == 0
    held = contents(tmp_path)
    for name, rows in expected.items():
        assert held[name] == rows, f"{name} differ after the kills of moment {moment}"
    assert not [row for row in ledger(tmp_path).values() if row.missing]


def _kill_at(server: ReplayServer, home: Path, n_requests: int, after_s: float) -> None:
    """Kill a harvest as the server gets its n-th request, or a little later."""
    server.requests.clear()
    child = _start(server, home)
    until = time.monotonic() + CHILD_S_MAX
    while len(server.requests) < n_requests and child.poll() is None:
        assert time.monotonic() < until, "the harvest hangs"
        time.sleep(0.002)
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    child.wait(CHILD_S_MAX)


def _start(server: ReplayServer, home: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            sys.executable,
            str(REPOSITORY / "tests" / "torture" / "harvest_child.py"),
            str(home),
            server.url,
            server.world.now.isoformat(),
        ],
        cwd=REPOSITORY,
    )
