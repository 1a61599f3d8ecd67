"""A rendered digest as a mail, with everything that lets a receiver trust it and leave it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from textwrap import wrap

from broadsheet.deliver.dkim import DkimKey, signature_header

HEADER_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, ready to go: `raw` is what is sent, byte for byte, however often it is tried."""

    to: str
    return_path: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom our mail is from; `list_name` names the list it belongs to, `number` this mail."""

    address: str
    list_name: str = ""
    list_id: str = ""
    number: str = ""

    @property
    def plain(self) -> str:
        return parseaddr(self.address)[1]

    @property
    def domain(self) -> str:
        return self.plain.rpartition("@")[2]


def compose_letter(
    *,
    sender: Sender,
    to: str,
    return_path: str,
    subject: str,
    text: str,
    now: datetime,
    html: str = "",
    unsubscribe: str = "",
    key: DkimKey | None = None,
) -> Letter:
    """`unsubscribe` is a whole address that a POST without cookie obeys (RFC 8058)."""
    message = EmailMessage(policy=SMTP)
    name = parseaddr(sender.address)[0]
    message["From"] = Address(_line(name), addr_spec=sender.plain)
    message["To"] = Address(addr_spec=to)
    message["Date"] = format_datetime(now, usegmt=True)
    message["Message-ID"] = f"<{sender.number}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if sender.list_id:
        message["List-Id"] = f"{_phrase(sender.list_name)} <{sender.list_id}.{sender.domain}>"
    # quoted-printable keeps lines below 998 bytes and the signature whole on any way.
    message.set_content(text, cte="quoted-printable")
    if html:
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        message.set_boundary(f"=_{sender.number}_broadsheet")
    raw = _leaving(unsubscribe) + _subject(subject) + bytes(message)
    if key is not None:
        raw = signature_header(raw, key, now=now) + raw
    return Letter(to, return_path or sender.plain, raw)


def _leaving(unsubscribe: str) -> bytes:
    """Written by hand: the standard library would cut the address into encoded words, which no
    receiver of RFC 8058 puts together again."""
    if not unsubscribe:
        return b""
    lines = (
        f"List-Unsubscribe: <{unsubscribe}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click"
    )
    return lines.encode("ascii") + b"\r\n"


def _subject(text: str) -> bytes:
    """Written by hand too: the standard library doubles spaces where it cuts a text that is not
    ASCII into encoded words."""
    line = _line(text)
    if line.isascii() and "=?" not in line:
        parts = wrap(line, 68, break_long_words=False, break_on_hyphens=False)
        folded = "\r\n ".join(parts)
    else:
        header = Header(line, "utf-8", header_name="Subject", maxlinelen=76)
        folded = header.encode(linesep="\r\n")
    return f"Subject: {folded}\r\n".encode("ascii")


def _line(text: str) -> str:
    """One line of a header: no end of line, no control, whatever a title holds."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(shown.split())[:HEADER_CHARS_MAX].strip()


def _phrase(text: str) -> str:
    """A phrase of RFC 5322 in quotation marks, ASCII alone: many programs read no more here."""
    plain = "".join(char for char in _line(text) if char.isascii() and char not in '"\\<>')
    return f'"{plain[:60].strip() or "Broadsheet"}"'
