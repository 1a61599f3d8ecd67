"""The door by which something is posted to an address that a reader gave: guarded like the one
that fetches, never redirected, never repeated. Whether it arrived is what the answer's status says;
its body is nobody's business and is not read, however long it may be."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import httpx2

from broadsheet.errors import HarvestError, UsageError
from broadsheet.harvest.fetch import user_agent
from broadsheet.harvest.guard import (
    Door,
    GuardedBackend,
    GuardedTransport,
    Resolve,
    door_to,
    is_private_literal,
)

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 10.0
#: From the first byte sent to the last of the answer's head.
ANSWER_WITHIN_S = 20.0
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Posted:
    """`status` 0: no answer. Then `may_have_arrived` says if any of it was sent."""

    status: int
    headers: Mapping[str, str]
    may_have_arrived: bool
    reason: str = ""


def check_hook(url: str, origins: Iterable[str]) -> str:
    """The host of a URL that may be posted to. Raises UsageError for one that may not: no https
    (but to `origins`, which the owner allows), a user name in it, a private address."""
    try:
        target = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise UsageError(f"{url[:80]!r} is no address") from error
    allowed = {_origin(httpx2.URL(origin)) for origin in origins}
    if _origin(target) in allowed and target.scheme in _PORTS:
        return target.host
    if target.scheme != "https" or not target.host or target.userinfo:
        raise UsageError("a webhook's address begins with https:// and names a host")
    if is_private_literal(target.host):
        raise UsageError(
            f"{target.host} is inside this network; whoever runs this server can allow it with "
            "the setting webhook_origins"
        )
    return target.host


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    contact: str,
    origins: Iterable[str] = (),
    resolve: Resolve | None = None,
) -> Posted:
    """Post once. Raises nothing of the network's."""
    origins = tuple(origins)
    try:
        host = check_hook(url, origins)
    except UsageError as error:
        return Posted(0, {}, False, str(error))
    backend = GuardedBackend(Door(frozenset({host}), door_to(origins, ()).origins), resolve)
    backend.end_within(CONNECT_TIMEOUT_S + ANSWER_WITHIN_S)
    try:
        with (
            httpx2.Client(
                transport=GuardedTransport(backend),
                headers={"User-Agent": user_agent(contact), "Content-Type": "application/json"},
                timeout=httpx2.Timeout(ANSWER_WITHIN_S, connect=CONNECT_TIMEOUT_S),
                trust_env=False,
                follow_redirects=False,
            ) as client,
            client.stream("POST", url, content=body, headers=dict(headers)) as response,
        ):
            pass
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        return Posted(0, {}, False, f"{host} cannot be reached ({type(error).__name__})")
    except HarvestError as error:
        return Posted(0, {}, False, str(error))
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return Posted(0, {}, True, f"{host} broke off ({type(error).__name__})")
    log.info("event=posted host=%s status=%d", host, response.status_code)
    plain = {name.lower(): value for name, value in response.headers.items()}
    return Posted(response.status_code, plain, True)


def _origin(url: httpx2.URL) -> tuple[str, int]:
    return url.host, url.port or _PORTS.get(url.scheme, 443)
