"""A mail server on this machine that keeps what it is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from threading import Condition
from typing import Any

from aiosmtpd.handlers import Message

from tests.deliver.post_office import serving_mail


class Letters(Message):
    def __init__(self) -> None:
        super().__init__(EmailMessage)
        self.kept: list[Any] = []
        self._came = Condition()

    def handle_message(self, message: Any) -> None:
        with self._came:
            self.kept.append(message)
            self._came.notify_all()

    def wait_for(self, n: int) -> None:
        """Until so many have come: letters go after the page that promises them."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.kept) >= n, timeout=60)


@contextmanager
def a_mail_server() -> Iterator[tuple[Letters, int]]:
    """Its letters, and the port it listens on."""
    letters = Letters()
    with serving_mail(letters) as port:
        yield letters, port


def mail_settings(port: int) -> dict[str, object]:
    return {
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": "none",
        "mail_from": "Broadsheet <press@example.org>",
    }
