"""The door that sends mail."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Literal

import aiosmtplib

log = logging.getLogger(__name__)

TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Mailer:
    """A server that takes our mail. `security` is tls, starttls or none."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    sender: str
    username: str = ""
    password: str = ""


async def send(mailer: Mailer, *, to: str, subject: str, text: str) -> bool:
    """Whether the server took it; a failure is logged, without the text."""
    message = EmailMessage()
    message["From"] = mailer.sender
    message["To"] = to
    message["Subject"] = " ".join(subject.split())
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = make_msgid(domain=mailer.sender.rpartition("@")[2].strip(" >"))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    try:
        await aiosmtplib.send(
            message,
            hostname=mailer.host,
            port=mailer.port,
            username=mailer.username or None,
            password=mailer.password or None,
            use_tls=mailer.security == "tls",
            start_tls=mailer.security == "starttls",
            timeout=TIMEOUT_S,
        )
    except (aiosmtplib.SMTPException, OSError) as error:
        log.error("event=mail_failed server=%s reason=%s", mailer.host, type(error).__name__)
        return False
    log.info("event=mail_sent server=%s", mailer.host)
    return True
