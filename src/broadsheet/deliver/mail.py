"""The door that sends mail."""

from __future__ import annotations

import logging
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

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
    """Give one letter to the server. Raises nothing of the network's.

    `at_the_brink` is called when the server has accepted sender and recipient, before a byte of
    the letter is sent: until it returns, the letter is known not to have gone.
    """
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
        refusal = await _introduce(client, letter)
        if refusal is not None:
            return refusal
        at_the_brink()
        outcome = await _transmit(client, letter)
        await _take_leave(client)
        return outcome
    finally:
        client.close()


async def _introduce(client: aiosmtplib.SMTP, letter: Letter) -> Outcome | None:
    """Everything before the letter itself; None where the server is ready for it."""
    try:
        await client.connect()
        await client.mail(letter.return_path)
        await client.rcpt(letter.to)
    except aiosmtplib.SMTPAuthenticationError as error:
        reason = f"the mail server refuses our login ({error.code}); check smtp_username"
        return Outcome(Fate.NOT_SENT, reason)
    except aiosmtplib.SMTPRecipientRefused as error:
        return of_smtp(error.code, error.message, at_address=True)
    except aiosmtplib.SMTPResponseException as error:
        # Refused before anybody was named: it is us they will not have, and that can be mended.
        outcome = of_smtp(error.code, error.message, at_address=False)
        return Outcome(Fate.NOT_SENT, outcome.reason)
    except (aiosmtplib.SMTPException, ssl.SSLError, OSError, ValueError) as error:
        return Outcome(Fate.NOT_SENT, f"the mail server cannot be reached ({_name(error)})")
    return None


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


async def _take_leave(client: aiosmtplib.SMTP) -> None:
    """RFC 5321, 4.1.1.10; what was answered before stands, whatever comes of this."""
    try:
        await client.quit(timeout=QUIT_TIMEOUT_S)
    except (aiosmtplib.SMTPException, OSError):
        pass


def _name(error: Exception) -> str:
    return type(error).__name__
