"""Work that takes long: done once, beside the pages."""

from __future__ import annotations

from threading import Event

import pytest

from broadsheet.errors import StoreError
from broadsheet.web.reckoning import Reckoning

SOON_S = 60.0


def test_quick_work_is_there_at_once() -> None:
    assert Reckoning(SOON_S).find("sum", 1, lambda: 42) == 42


def test_slow_work_keeps_nobody_waiting_and_is_done_once() -> None:
    reckoning, started, go = Reckoning(0.0), [], Event()
    finished = Event()

    def slow() -> str:
        started.append(1)
        assert go.wait(SOON_S)
        return "done"

    assert reckoning.find("slow", 1, slow) is None
    assert reckoning.find("slow", 1, slow) is None
    go.set()
    while reckoning.find("slow", 1, slow) is None:
        finished.wait(0.01)
    assert reckoning.find("slow", 1, slow) == "done"
    assert started == [1]


def test_what_was_found_before_is_shown_until_the_new_is_there() -> None:
    reckoning, go = Reckoning(SOON_S), Event()
    assert reckoning.find("name", 1, lambda: "old") == "old"
    assert reckoning.find("name", 2, lambda: go.wait(SOON_S) and "new") == "old"
    go.set()
    while reckoning.find("name", 2, lambda: "never") == "old":
        Event().wait(0.01)
    assert reckoning.find("name", 2, lambda: "never") == "new"


def test_a_failure_is_told_and_tried_again() -> None:
    reckoning = Reckoning(SOON_S)

    def broken() -> str:
        raise StoreError("the disk is full")

    with pytest.raises(StoreError, match="disk is full"):
        reckoning.find("name", 1, broken)
    assert reckoning.find("name", 1, lambda: "mended") == "mended"
