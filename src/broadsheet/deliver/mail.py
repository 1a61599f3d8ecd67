"""The door that sends mail."""

from __future__ import annotations

import asyncio
import logging
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

import aiosmtplib

from broadsheet.deliver.dkim import DkimKey, load_key
from broadsheet.deliver.message import Letter, Sender, compose_letter
from broadsheet.deliver.outcome import Fate, Outcome, of_smtp
from broadsheet.settings import Settings

log = logging.getLogger(__name__)

TIMEOUT_S = 20.0
#: A server may take its time to judge a whole mail (RFC 5321, 4.5.3.2.6).
TIMEOUT_AFTER_DATA_S = 120.0
QUIT_TIMEOUT_S = 2.0
#: Of one connection; servers that take letters for others end it after about as many.
LETTERS_MAX = 100
_CLOSING = 421  # RFC 5321, 3.8: the answer to anything, from a server that ends the connection


@dataclass(frozen=True, slots=True)
class Mailer:
    """A server that takes our mail. `security` is tls, starttls or none."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    sender: str
    username: str = ""
    password: str = ""
    key: DkimKey | None = None


def mailer_of(settings: Settings) -> Mailer | None:
    """None where no mail can be sent. Raises UsageError where the DKIM key cannot be read."""
    if not settings.smtp_host or not settings.mail_from:
        return None
    key = None
    if settings.dkim_key_file and settings.dkim_selector:
        domain = Sender(settings.mail_from).domain
        key = load_key(
            Path(settings.dkim_key_file).expanduser(),
            domain=domain,
            selector=settings.dkim_selector,
        )
    return Mailer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.mail_from,
        settings.smtp_username,
        settings.smtp_password,
        key,
    )


async def send(mailer: Mailer, *, to: str, subject: str, text: str) -> bool:
    """A short mail that somebody is waiting for, tried once: whether the server took it. A
    failure is logged, without the text."""
    letter = compose_letter(
        sender=Sender(mailer.sender, number=secrets.token_hex(12)),
        to=to,
        return_path="",
        subject=subject,
        text=text,
        now=datetime.now(UTC),
        key=mailer.key,
    )
    outcome = await hand_over(mailer, letter)
    if outcome.fate is Fate.SENT:
        log.info("event=mail_sent server=%s", mailer.host)
        return True
    log.error("event=mail_failed server=%s reason=%r", mailer.host, outcome.reason)
    return False


async def hand_over(
    mailer: Mailer, letter: Letter, *, at_the_brink: Callable[[], None] = lambda: None
) -> Outcome:
    """Give one letter to the server, on a connection of its own; as Postman.hand_over does."""
    line = _Line(mailer)
    try:
        return await line.hand_over(letter, at_the_brink)
    finally:
        await line.close()


class Postman:
    """Gives letters to the server one after the other, on one connection while it lasts.

    Once the server could not be reached, or refused our login, it is not asked again: whoever
    waits for it twenty seconds a letter would bring nothing else to anybody.
    """

    def __init__(self, mailer: Mailer) -> None:
        self._runner = asyncio.Runner()
        self._line = _Line(mailer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._line.is_open:
            self._runner.run(self._line.close())
        self._runner.close()

    def hand_over(
        self, letter: Letter, *, at_the_brink: Callable[[], None] = lambda: None
    ) -> Outcome:
        """Raises nothing of the network's, and what `at_the_brink` raises.

        `at_the_brink` is called when the server has accepted sender and recipient, before a byte
        of the letter is sent: until it returns, the letter is known not to have gone.
        """
        return self._runner.run(self._line.hand_over(letter, at_the_brink))


class _ClosedError(Exception):
    """Nobody is there to take letters; `outcome` is what becomes of each."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class _Line:
    """A connection to the server; made when it is needed, and made anew when it has ended."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer
        self._client: aiosmtplib.SMTP | None = None
        self._n_letters = 0
        self._closed: _ClosedError | None = None

    @property
    def is_open(self) -> bool:
        return self._client is not None

    async def hand_over(self, letter: Letter, at_the_brink: Callable[[], None]) -> Outcome:
        if self._n_letters >= LETTERS_MAX:
            await self.close()
        try:
            client, refusal = await self._introduce(letter)
        except _ClosedError as error:
            return error.outcome
        if refusal is not None:
            await self._start_over()
            return refusal
        try:
            at_the_brink()
        except BaseException:
            await self._start_over()
            raise
        outcome = await _transmit(client, letter)
        self._n_letters += 1
        if outcome.fate is Fate.UNKNOWN:
            await self.close()  # a late answer must not be taken for the next letter's
        elif outcome.fate is not Fate.SENT:
            await self._start_over()
        return outcome

    async def close(self) -> None:
        """RFC 5321, 4.1.1.10; what was answered before stands, whatever comes of this."""
        client, self._client, self._n_letters = self._client, None, 0
        if client is None:
            return
        try:
            await client.quit(timeout=QUIT_TIMEOUT_S)
        except (aiosmtplib.SMTPException, OSError):
            pass
        finally:
            client.close()

    async def _introduce(self, letter: Letter) -> tuple[aiosmtplib.SMTP, Outcome | None]:
        """Everything before the letter itself; the outcome is None where the server is ready for
        it. A connection that has ended since the last letter is made anew, once."""
        is_kept = self._client is not None
        client = self._client or await self._connect()
        refusal, has_ended = await _name_both(client, letter)
        if has_ended:
            await self.close()
        if has_ended and is_kept:
            client = await self._connect()
            refusal, has_ended = await _name_both(client, letter)
            if has_ended:
                await self.close()
        return client, refusal

    async def _connect(self) -> aiosmtplib.SMTP:
        """Raises _ClosedError, now and from now on."""
        if self._closed is not None:
            raise self._closed
        mailer = self._mailer
        client = aiosmtplib.SMTP(
            hostname=mailer.host,
            port=mailer.port,
            use_tls=mailer.security == "tls",
            start_tls=mailer.security == "starttls",
            username=mailer.username or None,
            password=mailer.password or None,
            local_hostname=Sender(mailer.sender).domain,  # else asked of the DNS, once a letter
            timeout=TIMEOUT_S,
        )
        try:
            await client.connect()
        except aiosmtplib.SMTPAuthenticationError as error:
            reason = f"the mail server refuses our login ({error.code}); check smtp_username"
        except aiosmtplib.SMTPResponseException as error:
            reason = f"the mail server answered {error.code} {error.message}"
        except (aiosmtplib.SMTPException, ssl.SSLError, OSError, ValueError) as error:
            reason = f"the mail server cannot be reached ({_name(error)})"
        else:
            self._client = client
            return client
        self._closed = _ClosedError(Outcome(Fate.NOT_SENT, reason))
        raise self._closed

    async def _start_over(self) -> None:
        """RFC 5321, 4.1.1.5: the server forgets the letter; one that cannot is left."""
        try:
            if self._client is not None:
                await self._client.rset()
        except (aiosmtplib.SMTPException, OSError):
            await self.close()


async def _name_both(client: aiosmtplib.SMTP, letter: Letter) -> tuple[Outcome | None, bool]:
    """Sender and recipient: why they are not accepted, and whether the connection has ended."""
    try:
        await client.mail(letter.return_path)
        await client.rcpt(letter.to)
    except aiosmtplib.SMTPRecipientRefused as error:
        return of_smtp(error.code, error.message, at_address=True), error.code == _CLOSING
    except aiosmtplib.SMTPResponseException as error:
        # Refused before anybody was named: it is us they will not have, and that can be mended.
        outcome = of_smtp(error.code, error.message, at_address=False)
        return Outcome(Fate.NOT_SENT, outcome.reason), error.code == _CLOSING
    except (aiosmtplib.SMTPException, ssl.SSLError, OSError, ValueError) as error:
        return Outcome(Fate.NOT_SENT, f"the mail server cannot be reached ({_name(error)})"), True
    return None, False


async def _transmit(client: aiosmtplib.SMTP, letter: Letter) -> Outcome:
    try:
        response = await client.data(letter.raw, timeout=TIMEOUT_AFTER_DATA_S)
    except aiosmtplib.SMTPResponseException as error:
        if error.code < 400:
            return Outcome(Fate.UNKNOWN, f"the mail server answered {error.code}, which is no yes")
        return of_smtp(error.code, error.message, at_address=False)
    except (aiosmtplib.SMTPException, ssl.SSLError, OSError) as error:
        return Outcome(Fate.UNKNOWN, f"the mail server broke off ({_name(error)})")
    return Outcome(Fate.SENT, f"the mail server took it: {response.message}"[:200])


def _name(error: Exception) -> str:
    return type(error).__name__
