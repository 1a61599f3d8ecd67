"""Links that act for whoever holds them: signed, for one purpose, for a time. Pure.

A link says what it does, to what, and until when, and carries a signature of all three under the
library's own key. No login is needed and nothing is stored; a link for one purpose is none for
another. Looking at it (GET) changes nothing, its button (POST) does.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import blake2b

SIGNATURE_BYTES = 16
LINK_CHARS_MAX = 200
_PERSON = b"mailed link"


class Purpose(StrEnum):
    """One letter each: links are long enough."""

    SAVE = "s"
    DISMISS = "d"
    UNSUBSCRIBE = "u"
    CONFIRM = "c"
    BOUNCE = "b"
    READ = "r"


VALID_FOR = {
    Purpose.SAVE: timedelta(days=60),
    Purpose.DISMISS: timedelta(days=60),
    Purpose.UNSUBSCRIBE: timedelta(days=400),
    Purpose.CONFIRM: timedelta(days=3),
    Purpose.BOUNCE: timedelta(days=30),
    Purpose.READ: timedelta(days=60),
}


@dataclass(frozen=True, slots=True)
class Act:
    """`numbers` say to what: a reader and a document, a subscription, a digest."""

    purpose: Purpose
    numbers: tuple[int, ...]
    expires_at: datetime


def sign_link(key: bytes, purpose: Purpose, *numbers: int, now: datetime) -> str:
    """The link's last part: letters, digits, `-` and `_`."""
    expires = int((now + VALID_FOR[purpose]).timestamp()) // 60
    said = ".".join([purpose.value, f"{expires:x}", *(f"{number:x}" for number in numbers)])
    return _packed(said.encode() + _signature(key, said.encode()))


def read_link(key: bytes, text: str, *, now: datetime) -> Act | None:
    """What a link of ours says; None for one that is forged, cut, or out of date."""
    try:
        raw = urlsafe_b64decode(text[:LINK_CHARS_MAX] + "=" * (-len(text) % 4))
        said, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
        if _packed(raw) != text or not hmac.compare_digest(_signature(key, said), signature):
            return None
        purpose, expires, *numbers = said.decode("ascii").split(".")
        act = Act(
            Purpose(purpose),
            tuple(int(number, 16) for number in numbers),
            datetime.fromtimestamp(int(expires, 16) * 60, UTC),
        )
    except (ValueError, OverflowError):
        return None
    return act if now < act.expires_at else None


def bounce_address(key: bytes, address: str, digest_no: int) -> str:
    """`bounces+17-…@host`: where a mail that cannot be delivered comes back to, telling which.
    Mail systems do not keep the case of letters, so the signature is in hexadecimal digits."""
    name, _, host = address.rpartition("@")
    return f"{name}+{digest_no}-{_verp_signature(key, digest_no)}@{host}"


def read_bounce_address(key: bytes, text: str) -> int | None:
    """The digest that a bounce address of ours stands for; None for any other address."""
    tail = text.strip("<> ").rpartition("@")[0].rpartition("+")[2].lower()
    number, _, signature = tail.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) <= 15):
        return None
    expected = _verp_signature(key, int(number))
    is_ours = hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode())
    return int(number) if is_ours else None


def _verp_signature(key: bytes, digest_no: int) -> str:
    return _signature(key, f"{Purpose.BOUNCE.value}.{digest_no:x}".encode())[:8].hex()


def _signature(key: bytes, said: bytes) -> bytes:
    return blake2b(said, key=key, digest_size=SIGNATURE_BYTES, person=_PERSON).digest()


def _packed(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
