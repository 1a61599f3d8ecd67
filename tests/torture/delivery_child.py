"""One round of the outbox in a process of its own, killed at a numbered step.

Steps are counted before and after every transaction, and before and after a letter is handed
over. Arguments: home, the mail server's port, hours since Monday morning, the step to die at
(0: none). Prints the number of steps.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from broadsheet.deliver import mail
from broadsheet.jobs.delivery import deliver_due
from broadsheet.store.database import Database, Transaction, open_database
from tests.deliver.presses import MONDAY, Hours, press_of


class Steps:
    def __init__(self, die_at: int) -> None:
        self.n, self.die_at = 0, die_at

    def step(self) -> None:
        self.n += 1
        if self.n == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)


def main(home: Path, port: int, hours: int, die_at: int) -> int:
    db = open_database(home, create=False)
    press = press_of(db, home, port, hours=Hours(MONDAY + timedelta(hours=hours)))
    steps = Steps(die_at)
    begin, transmit = Database.transaction, mail._transmit

    @contextmanager
    def transaction(self: Database) -> Iterator[Transaction]:
        steps.step()
        with begin(self) as standing:
            yield standing
            steps.step()
        steps.step()

    async def counted(*arguments: Any) -> Any:
        steps.step()
        outcome = await transmit(*arguments)
        steps.step()
        return outcome

    Database.transaction = transaction  # type: ignore[method-assign]
    mail._transmit = counted  # type: ignore[assignment]
    deliver_due(press)
    return steps.n


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), *(int(text) for text in sys.argv[2:])))
