"""What composing and sending digests work with; and how one that breaks stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from broadsheet.deliver.mail import Mailer, mailer_of
from broadsheet.errors import BroadsheetError
from broadsheet.harvest.guard import Resolve
from broadsheet.jobs.composing import Sources
from broadsheet.settings import Settings
from broadsheet.store.database import Database

log = logging.getLogger(__name__)

NO_MAILER = "no mail server is set; see smtp_host and mail_from"

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Press:
    """What delivering needs. `resolve` answers for the names of webhooks' hosts (tests)."""

    db: Database
    settings: Settings
    clock: Clock
    mailer: Mailer | None
    resolve: Resolve | None = None

    @property
    def origin(self) -> str:
        return origin_of(self.settings)

    @cached_property
    def sources(self) -> Sources:
        return Sources(self.db, self.settings)


def origin_of(settings: Settings) -> str:
    """How readers reach the pages: as the settings say, else on this machine."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return settings.address.rstrip("/") or f"http://{host}:{settings.port}"


def open_press(
    db: Database, settings: Settings, *, clock: Clock, resolve: Resolve | None = None
) -> Press:
    """Raises UsageError for mail settings that cannot be used."""
    return Press(db, settings, clock, mailer_of(settings), resolve)


@contextmanager
def each(step: str, number: int) -> Iterator[None]:
    """One subscription or digest that breaks never stops the others."""
    try:
        yield
    except BroadsheetError as error:
        log.warning("event=delivery_failed step=%s number=%d reason=%s", step, number, error)
    except Exception:
        log.exception("event=delivery_broke step=%s number=%d", step, number)
