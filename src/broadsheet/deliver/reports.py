"""Reports of mail that came back, or that somebody complained of, in the shapes they come in. Pure.

Source: RFC 3464 (delivery status), RFC 5965 (complaints, "abuse reporting format"); and a JSON of
our own for services that report otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import default

from broadsheet.errors import ParseError

REASON_CHARS_MAX = 300
PARTS_MAX = 50


@dataclass(frozen=True, slots=True)
class MailReport:
    """`came_to` are addresses the report names as where the mail was from or came back to: one of
    ours tells which mail it was. `address` is whom it was for, where the report says so.
    `permanent`: no mail should go there again (a complaint, or a mailbox that is not there).
    `is_vouched`: what it says is said by who sent it to us; a mail was only passed on, and anybody
    can write one."""

    came_to: tuple[str, ...]
    address: str
    permanent: bool
    reason: str
    is_vouched: bool = False


def read_report(body: bytes, media_type: str) -> MailReport:
    """Raises ParseError where it is neither a report in JSON nor a mail that is one."""
    return _of_json(body) if media_type.startswith("application/json") else _of_mail(body)


def _of_json(body: bytes) -> MailReport:
    """`{"return_path" | "address": …, "kind": "bounce" | "complaint", "permanent": bool,
    "reason": …}`."""
    try:
        said = json.loads(body)
        kind = said["kind"]
        came_to, address = str(said.get("return_path") or ""), str(said.get("address") or "")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ParseError("this is no report of a bounce or a complaint") from error
    if kind not in ("bounce", "complaint") or not (came_to or address):
        raise ParseError("a report says kind (bounce or complaint) and return_path or address")
    reason = f"{kind}: {said.get('reason') or 'no reason given'}"
    permanent = kind == "complaint" or said.get("permanent") is True
    return MailReport((came_to,) if came_to else (), address, permanent, _short(reason), True)


def _of_mail(body: bytes) -> MailReport:
    mail = message_from_bytes(body, policy=default)
    came_to = tuple(
        str(value)
        for part in _parts(mail)
        for name in ("To", "Delivered-To", "X-Original-To", "Return-Path", "Original-Mail-From")
        for value in part.get_all(name, [])
    )
    fields = [part for part in _parts(mail) if _has(part, "Action", "Feedback-Type")]
    for part in fields:
        if part.get("Feedback-Type"):
            return MailReport(came_to, _recipient(part), True, "complaint: marked as unwanted")
        action = str(part.get("Action", "")).strip().lower()
        if action in ("failed", "delayed"):
            status = str(part.get("Status", "")).strip()
            said = str(part.get("Diagnostic-Code", "")).partition(";")[2].strip()
            # RFC 3463: 5.1.x is the address, 5.2.1 a mailbox that takes none any more.
            permanent = action == "failed" and status.startswith(("5.1.", "5.2.1"))
            return MailReport(
                came_to, _recipient(part), permanent, _short(f"bounce: {status} {said}")
            )
    raise ParseError("this mail reports neither a bounce nor a complaint")


def _parts(mail: Message) -> Iterator[Message]:
    """The mail and everything in it: a delivery status is a list of headers of its own."""
    for n, part in enumerate(mail.walk()):
        if n >= PARTS_MAX:
            return
        yield part
        if part.get_content_type() == "message/feedback-report":
            inner = part.get_payload(0) if part.is_multipart() else part.get_payload()
            yield message_from_bytes(str(inner).encode("utf-8", "replace"), policy=default)


def _has(part: Message, *names: str) -> bool:
    return any(part.get(name) for name in names)


def _recipient(part: Message) -> str:
    for name in ("Original-Recipient", "Final-Recipient", "Original-Rcpt-To"):
        if value := part.get(name):
            return str(value).rpartition(";")[2].strip().strip("<>").lower()
    return ""


def _short(text: str) -> str:
    return " ".join(text.split())[:REASON_CHARS_MAX]
