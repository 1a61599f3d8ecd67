"""Mail servers that behave as real ones do on their bad days, and one that keeps what it gets."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


@dataclass
class PostOffice:
    """A handler of aiosmtpd. `mood` says how it treats the next mails:

    takes, refuses-address (550 5.1.1), refuses-mail (554), later (451 at the end), greylists
    (451 the first time an address is named), full (452 at the address), refuses-us (MAIL FROM),
    hangs-up (takes the letter, then closes without an answer), takes-and-hangs-up (keeps it too),
    before-data (closes when the letter is announced).
    """

    mood: str = "takes"
    port: int = 0
    kept: list[tuple[str, str, bytes]] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    @property
    def letters(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=default) for _, _, raw in self.kept]

    async def handle_MAIL(
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:  # fmt: skip
        if self.mood == "refuses-us":
            return "530 5.7.0 we do not know you"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:  # fmt: skip
        self.seen[address] += 1
        if self.mood == "refuses-address":
            return "550 5.1.1 no such person"
        if self.mood == "full":
            return "452 4.2.2 mailbox full"
        if self.mood == "greylists" and self.seen[address] == 1:
            return "451 4.7.1 greylisted, come again"
        if self.mood == "before-data":
            _hang_up(server)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        if self.mood == "refuses-mail":
            return "554 5.7.1 this is not wanted"
        if self.mood == "later":
            return "451 4.3.0 try again later"
        if self.mood == "hangs-up":
            _hang_up(server)
            return "250 OK"
        for address in envelope.rcpt_tos:
            self.kept.append((envelope.mail_from, address, envelope.content))
        if self.mood == "takes-and-hangs-up":
            _hang_up(server)
        return "250 2.0.0 taken"


def _hang_up(server: SMTP) -> None:
    assert server.transport is not None
    server.transport.close()


def text_of(letter: EmailMessage) -> str:
    """The text part of a mail."""
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@contextmanager
def open_office(mood: str = "takes") -> Iterator[PostOffice]:
    office = PostOffice(mood)
    with socket.create_server(("127.0.0.1", 0)) as free:
        office.port = free.getsockname()[1]
    controller = Controller(office, hostname="127.0.0.1", port=office.port)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


@contextmanager
def cut_off_after(n_bytes: int) -> Iterator[int]:
    """The port of a server that closes in the middle of a letter, having read `n_bytes` of it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            while True:
                line, _ = listener.accept()
                with line:
                    _converse(line, n_bytes)
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def _converse(line: socket.socket, n_bytes: int) -> None:
    line.settimeout(5)
    line.sendall(b"220 here\r\n")
    while data := line.recv(4_096):
        if data.upper().startswith(b"DATA"):
            line.sendall(b"354 go on\r\n")
            read = 0
            while read < n_bytes and (part := line.recv(min(4_096, n_bytes - read))):
                read += len(part)
            return
        line.sendall(b"250 OK\r\n")
