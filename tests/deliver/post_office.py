"""Mail servers that behave as real ones do on their bad days, and one that keeps what it gets."""

from __future__ import annotations

import socket
import threading
from asyncio import AbstractServer
from collections import Counter
from collections.abc import Coroutine, Iterator
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
    before-data (closes when the letter is announced), one-a-call (421 to the second letter of a
    connection), gone-after-one (closes at the second), refuses-some (550 5.1.1, those that begin
    with "no").
    """

    mood: str = "takes"
    port: int = 0
    kept: list[tuple[str, str, bytes]] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    n_calls: int = 0

    @property
    def letters(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=default) for _, _, raw in self.kept]

    async def handle_EHLO(
        self, server: SMTP, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:  # fmt: skip
        self.n_calls += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:  # fmt: skip
        had_one = getattr(session, "had_one", False)
        if had_one and self.mood == "one-a-call":
            return "421 4.7.0 too many letters on this connection"
        if had_one and self.mood == "gone-after-one":
            _hang_up(server)
        if self.mood == "refuses-us":
            return "530 5.7.0 we do not know you"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:  # fmt: skip
        self.seen[address] += 1
        is_unknown = self.mood == "refuses-some" and address.startswith("no")
        if is_unknown or self.mood == "refuses-address":
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
        session.had_one = True
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
    with serving_mail(office) as office.port:
        yield office


@contextmanager
def serving_mail(handler: Any) -> Iterator[int]:
    """The port of a mail server with this handler of aiosmtpd's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        controller = _Listening(handler, listener)
        controller.start()
        try:
            yield controller.port
        finally:
            controller.stop()


class _Listening(Controller):
    """A port that is chosen first and taken later may be another's by then: this one listens
    from the beginning."""

    def __init__(self, handler: Any, listener: socket.socket) -> None:
        host, port = listener.getsockname()
        super().__init__(handler, hostname=host, port=port, ready_timeout=60.0)
        self._listener = listener

    def _create_server(self) -> Coroutine[Any, Any, AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._listener)


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
    line.settimeout(60)
    line.sendall(b"220 here\r\n")
    while data := line.recv(4_096):
        if data.upper().startswith(b"DATA"):
            line.sendall(b"354 go on\r\n")
            read = 0
            while read < n_bytes and (part := line.recv(min(4_096, n_bytes - read))):
                read += len(part)
            return
        line.sendall(b"250 OK\r\n")
