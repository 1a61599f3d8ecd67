"""Whether the code that a paper links to is still there, by what was heard of it. Pure.

Precision before recall, as with finding links: a link is dead when it was gone three times over
four days or more, so that no bad day of a host kills any; one good answer brings it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from urllib.parse import urlsplit

GONE_MIN = 3
GONE_WAITS = (timedelta(days=1), timedelta(days=3))
DEAD_WAIT = timedelta(days=30)
THERE_WAIT = timedelta(days=60)
UNSURE_WAIT, UNSURE_WAIT_MAX = timedelta(days=1), timedelta(days=30)
#: Waits are longer by up to this share: what came in on one day is not one day's work.
SPREAD = 0.2

#: 404 and 410 (RFC 9110, 15.5.5 and 15.5.11), 451 (RFC 7725): nobody can read it there.
_GONE = frozenset({404, 410, 451})
#: Where GitLab leads everybody for a project that is not there, or that only its members see.
_LOGINS = ("/users/sign_in", "/login", "/signin")


class Heard(StrEnum):
    """there, gone, or neither: refused, broken, leading elsewhere."""

    THERE = "there"
    GONE = "gone"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Look:
    heard: Heard
    reason: str


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of a link: how often in a row it was gone, or nobody could say. `next_at` is
    when it is looked at again; `dead_since` None while it lives."""

    n_gone: int = 0
    n_unsure: int = 0
    reason: str = ""
    next_at: datetime | None = None
    dead_since: datetime | None = None


def judge_look(status: int, url: str) -> Look:
    """`url` is where redirects led."""
    if 200 <= status < 300:
        if urlsplit(url).path.lower().startswith(_LOGINS):
            return Look(Heard.GONE, "only its owners can log in to see it, or it is not there")
        return Look(Heard.THERE, "")
    if status in _GONE:
        return Look(Heard.GONE, f"answered {status}")
    return Look(Heard.UNSURE, f"answered {status}")


def decide_life(before: Life, look: Look, key: str, *, now: datetime) -> Life:
    """What is known after this look. An answer that says nothing leaves the count of those that
    said it is gone."""
    if look.heard is Heard.THERE:
        return Life(next_at=now + _spread(THERE_WAIT, key))
    if look.heard is Heard.UNSURE:
        n_unsure = before.n_unsure + 1
        next_at = now + _spread(doubled(UNSURE_WAIT, n_unsure, most=UNSURE_WAIT_MAX), key)
        return Life(before.n_gone, n_unsure, look.reason, next_at, before.dead_since)
    n_gone = before.n_gone + 1
    if n_gone < GONE_MIN:
        return Life(n_gone, 0, look.reason, now + GONE_WAITS[n_gone - 1])
    return Life(n_gone, 0, look.reason, now + _spread(DEAD_WAIT, key), before.dead_since or now)


def doubled(first: timedelta, n: int, *, most: timedelta) -> timedelta:
    """The wait after the n-th time in a row (n >= 1): twice as long each time, up to `most`."""
    wait: timedelta = min(first * 2 ** min(n - 1, 10), most)
    return wait


def _spread(wait: timedelta, key: str) -> timedelta:
    """Longer by a share that is this link's own."""
    share = blake2b(key.encode("utf-8", "replace"), digest_size=1).digest()[0] / 255
    return wait * (1 + SPREAD * share)
