"""Secrets: made, and hashed before they are kept."""

from __future__ import annotations

import secrets
from functools import lru_cache
from hashlib import blake2b

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from broadsheet.errors import UsageError

SECRET_BYTES = 24
PASSWORD_CHARS_MIN = 10
#: Argon2 reads all of it, so its length is work that a stranger could make us do.
PASSWORD_CHARS_MAX = 256

# The memory one guess costs: 19 MiB, twice. Eight at once stay under 160 MiB.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def new_secret() -> str:
    """192 bits of chance in 32 characters."""
    return secrets.token_urlsafe(SECRET_BYTES)


def is_secret(text: str) -> bool:
    """Whether it could be one of ours; says nothing about whether it is."""
    plain = text.replace("-", "a").replace("_", "a")
    return len(text) == 4 * SECRET_BYTES // 3 and plain.isascii() and plain.isalnum()


def hash_secret(secret: str) -> bytes:
    """Enough for what chance has made: nobody can go through 2**192 of them."""
    return blake2b(secret.encode("utf-8", "replace"), digest_size=32, person=b"broadsheet").digest()


def hash_password(password: str) -> str:
    """argon2id. Raises UsageError for one that is too short or too long."""
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        raise UsageError(f"a password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters")
    return _hasher.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Takes as long where there is no account, so that nobody learns who has one."""
    try:
        matches = _hasher.verify(password_hash or _nobodys(), password[:PASSWORD_CHARS_MAX])
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return _hasher.hash(new_secret())
