"""The worker, the doctor and the command: what runs by itself, what it says of itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from broadsheet.errors import HarvestError
from broadsheet.jobs import worker
from broadsheet.jobs.doctor import examine
from broadsheet.jobs.steps import StepLog
from broadsheet.jobs.worker import run_worker
from broadsheet.settings import Settings
from broadsheet.store.mail_addresses import note_bounce
from broadsheet.store.steps import list_steps
from tests.deliver.post_office import open_office
from tests.deliver.presses import MONDAY, Hours, a_press, press_of, states_of, want
from tests.worlds import NOW, a_library


def until(done: Callable[[], bool], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_a_step_that_fails_is_noted_and_never_stops_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The harvest cannot be opened and trends break: digests go all the same."""
    with open_office() as office:
        press = a_press(tmp_path, office.port)
        number = want(press)
        monkeypatch.setattr(worker, "TRENDS_AFTER_S", 0.1)
        monkeypatch.setattr(worker, "LINKS_AFTER_S", 0.1)

        def no_client(settings: Settings) -> Any:
            raise HarvestError("no network here")

        def broken(*arguments: object, **named: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(worker, "refresh_trends", broken)
        stop = threading.Event()
        thread = threading.Thread(
            target=run_worker,
            args=(press.db, press.settings),
            kwargs={"clock": Hours(), "stop": stop, "make_client": no_client},
        )
        thread.start()
        try:
            until(lambda: states_of(press, number) == ["sent"])
            until(lambda: {"digests", "harvest", "trends", "people", "index",
                           "enrich"}
                  <= {step.step for step in list_steps(press.db)})  # fmt: skip
        finally:
            stop.set()
            thread.join(timeout=120)
        steps = {step.step: step for step in list_steps(press.db)}
        assert steps["harvest"].reason == "no network here"
        assert "ZeroDivisionError" in steps["trends"].reason
        assert steps["harvest"].ok_at is None
        assert steps["digests"].is_ok
        assert steps["people"].is_ok
        assert steps["enrich"].is_ok
        assert len(office.kept) == 1


def test_steps_are_written_when_they_change_and_not_each_time(tmp_path: Path) -> None:
    db = a_library(tmp_path)
    log = StepLog(db, lambda: NOW)

    def fail() -> None:
        raise HarvestError("down")

    for work in (lambda: None, lambda: None, fail, fail, lambda: None):
        log.run("index", work)
    (step,) = list_steps(db)
    assert (step.is_ok, step.n_runs, step.n_failures) == (True, 5, 2)
    log.run("index", lambda: None)
    assert list_steps(db)[0].n_runs == 5
    db.close()


def found(settings: Settings) -> dict[str, tuple[bool, str]]:
    return {finding.what: (finding.ok, finding.how) for finding in examine(lambda: settings)}


def test_the_doctor_says_what_keeps_digests_back(tmp_path: Path) -> None:
    with open_office("refuses-mail") as office:
        press = a_press(tmp_path, office.port, hours=Hours(datetime.now(UTC)), smtp_host="")
        assert found(press.settings)["mail"][0]
        want(press, schedule="daily 00:00")
        is_ok, how = found(press.settings)["mail"]
        assert not is_ok
        assert "1 subscriptions wait" in how
        press = press_of(press.db, tmp_path, office.port, hours=Hours(datetime.now(UTC)))
        from broadsheet.jobs.delivery import deliver_due

        deliver_due(press)
        told = found(press.settings)
        assert told["mail"] == (True, f"goes by 127.0.0.1:{office.port}, not signed "
                                "(dkim_key_file, dkim_selector)")  # fmt: skip
        assert not told["digests"][0]
        assert "554 5.7.1" in told["digests"][1]
        with press.db.transaction() as transaction:
            note_bounce(transaction, "x@y.org", "gone", permanent=True, now=MONDAY)
        assert "x@y.org" in found(press.settings)["addresses"][1]
        broken = press.settings.model_copy(
            update={"dkim_key_file": str(tmp_path / "none"), "dkim_selector": "s"}
        )
        assert not found(broken)["mail"][0]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    a_press(tmp_path, 1).db.close()

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "broadsheet", "--home", str(tmp_path), *arguments],
            capture_output=True, text=True, check=False, timeout=300,
            env={**os.environ, **environment},
        )  # fmt: skip
        sys.stderr.write(done.stderr)  # shown with the test if it fails
        return done

    return run


def test_a_preview_shows_and_sends_nothing(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    said = json.loads(run("digest", "preview", "--date", "2026-03-01", "--json").stdout)
    assert said["n_shown"] == len(said["papers"]) == 12
    assert said["date"] == "2026-03-01"
    text = run("digest", "preview").stdout
    assert text.startswith("Subject: ")
    assert "Here because it" in text
    assert run("digest", "preview", "--output", str(tmp_path / "d.html")).returncode == 0
    assert (tmp_path / "d.html").read_text().startswith("<!doctype html>")
    empty = json.loads(run("digest", "preview", "--date", "2026-02-01", "--json").stdout)
    assert empty["nothing_because"]
    for wrong, code in (
        (("--date", "soon"), 2),
        (("--interest", "none"), 1),
        (("--for", "x@y.z"), 1),
    ):
        done = run("digest", "preview", *wrong)
        assert (done.returncode, done.stdout) == (code, "")
        assert len(done.stderr.splitlines()) == 1


def test_send_sends_what_is_due(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    with open_office() as office:
        press = press_of(a_library(tmp_path), tmp_path, office.port)
        want(press, schedule="daily 00:00")
        press.db.close()
        environment = {
            "BROADSHEET_SMTP_HOST": "127.0.0.1", "BROADSHEET_SMTP_PORT": str(office.port),
            "BROADSHEET_SMTP_SECURITY": "none", "BROADSHEET_MAIL_FROM": "press@example.org",
        }  # fmt: skip
        said = json.loads(run("digest", "send", "--json", **environment).stdout)
        assert said["sent"] == len(office.kept) == 1
        again = json.loads(run("digest", "send", "--json", **environment).stdout)
        assert (again["sent"], again["due"]) == (0, 0)
        assert [entry["state"] for entry in again["digests"]] == ["sent"]
