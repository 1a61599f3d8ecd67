"""A clock that passes only when somebody waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from broadsheet.harvest.fetch import Clock


@dataclass
class FakeClock:
    moment: datetime = datetime(2026, 3, 13, 12, 0, tzinfo=UTC)
    waits_s: list[float] = field(default_factory=list)
    elapsed_s: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.waits_s.append(seconds)
        self.elapsed_s += seconds

    def clock(self) -> Clock:
        return Clock(
            now=lambda: self.moment + timedelta(seconds=self.elapsed_s),
            monotonic=lambda: self.elapsed_s,
            sleep=self.sleep,
        )
