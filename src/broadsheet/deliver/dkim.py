"""DKIM signatures of our mail, so that receivers know it is from our domain.

Source: RFC 6376 (relaxed/relaxed; 3.4, 3.5, 3.7, 5.4), RFC 8301 (rsa-sha256, 2,048 bits),
RFC 8463 (ed25519-sha256).
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from broadsheet.errors import UsageError

#: RFC 6376, 5.4.1, and what one-click needs signed (RFC 8058, 4).
SIGNED = (
    "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type",
    "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted",
)  # fmt: skip
RSA_BITS_MIN = 2_048
_SPACES = re.compile(rb"[ \t]+")
_FOLD = re.compile(rb"\r\n(?=[ \t])")


@dataclass(frozen=True, slots=True)
class DkimKey:
    """The key of `selector._domainkey.domain`."""

    domain: str
    selector: str
    key: RSAPrivateKey | Ed25519PrivateKey

    @property
    def algorithm(self) -> str:
        return "rsa-sha256" if isinstance(self.key, RSAPrivateKey) else "ed25519-sha256"


def load_key(path: Path, *, domain: str, selector: str) -> DkimKey:
    """Raises UsageError for a file that holds no private RSA or Ed25519 key in PEM."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(f"dkim_key_file {path} cannot be read: {error}") from error
    if isinstance(key, RSAPrivateKey) and key.key_size < RSA_BITS_MIN:
        raise UsageError(f"dkim_key_file {path} has {key.key_size} bits; {RSA_BITS_MIN} are needed")
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise UsageError(f"dkim_key_file {path} is neither an RSA nor an Ed25519 key")
    return DkimKey(domain, selector, key)


def signature_header(message: bytes, key: DkimKey, *, now: datetime) -> bytes:
    """The whole `DKIM-Signature: …` line (with CRLF) to set before `message`, which has CRLF."""
    head, _, body = message.partition(b"\r\n\r\n")
    headers = [_split(line) for line in _FOLD.sub(b"", head).split(b"\r\n") if line]
    there = [name for name in SIGNED if any(name.lower() == n.lower() for n, _ in headers)]
    # From is named once more than it stands there, so that none can be added (5.4, oversigning).
    named = [*there, "From"]
    fields = {
        "v": "1", "a": key.algorithm, "c": "relaxed/relaxed", "d": key.domain, "s": key.selector,
        "t": str(int(now.timestamp())), "h": ":".join(name.lower() for name in named),
        "bh": b64encode(sha256(relaxed_body(body)).digest()).decode(), "b": "",
    }  # fmt: skip
    unsigned = "; ".join(f"{name}={value}" for name, value in fields.items())
    chosen = [
        relaxed_header(name, next(value for n, value in headers if n.lower() == name.lower()))
        for name in there
    ]
    own = relaxed_header("DKIM-Signature", unsigned.encode()).removesuffix(b"\r\n")
    signed = _sign(key, b"".join(chosen) + own)
    return _folded(f"DKIM-Signature: {unsigned}", b64encode(signed).decode())


def relaxed_header(name: str, value: bytes) -> bytes:
    """RFC 6376, 3.4.2."""
    return name.lower().encode() + b":" + _SPACES.sub(b" ", value).strip(b" \t") + b"\r\n"


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376, 3.4.4: spaces at line ends gone, runs of them one, empty lines at the end gone."""
    text = _SPACES.sub(b" ", body + b"\r\n").replace(b" \r\n", b"\r\n")
    while text.endswith(b"\r\n\r\n"):
        text = text[:-2]
    return b"" if text == b"\r\n" else text


def _sign(key: DkimKey, data: bytes) -> bytes:
    if isinstance(key.key, RSAPrivateKey):
        return key.key.sign(data, PKCS1v15(), SHA256())
    return key.key.sign(sha256(data).digest())  # RFC 8463, 3: the hash is what is signed


def _split(line: bytes) -> tuple[str, bytes]:
    name, _, value = line.partition(b":")
    return name.decode("ascii", "replace").strip(), value


def _folded(unsigned: str, signature: str) -> bytes:
    """Lines of at most 76 characters; the signature itself may be cut anywhere (3.5)."""
    lines = [""]
    for word in unsigned.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) > 74:
            lines.append(word)
        else:
            lines[-1] += (" " if lines[-1] else "") + word
    lines += [signature[start : start + 70] for start in range(0, len(signature), 70)]
    return ("\r\n ".join(lines) + "\r\n").encode("ascii")
