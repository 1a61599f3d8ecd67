"""Where the door leads: hosts we mean to ask, and never an address inside this network.

A name is resolved here, its addresses are judged, and the connection goes to the very
address that was judged: a name that answers differently the second time gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import Any

import httpcore2
import httpx2

from broadsheet.errors import HarvestError

Resolve = Callable[[str, int], list[str]]

#: Hosts that the sources' own redirects lead to.
REDIRECT_HOSTS = frozenset(
    {
        "arxiv.org",
        "export.arxiv.org",
        "oaipmh.arxiv.org",
        "rss.arxiv.org",
        "huggingface.co",
        "api.openreview.net",
        "api2.openreview.net",
        "raw.githubusercontent.com",
        "aclanthology.org",
    }
)

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Door:
    """What may be asked: `hosts` by name, and `origins` (host, port) trusted as written.

    An origin is one that the reader configured by address or as localhost; no redirect
    and no name can lead to another private address.
    """

    hosts: frozenset[str]
    origins: frozenset[tuple[str, int]] = frozenset()

    def refusal(self, url: httpx2.URL) -> str | None:
        """Why this URL must not be asked, or None."""
        if url.scheme not in _PORTS:
            return f"its scheme is {url.scheme or 'missing'}, not http or https"
        if url.userinfo:
            return "it carries a user name"
        origin = (url.host, url.port or _PORTS[url.scheme])
        if url.host not in self.hosts and origin not in self.origins:
            return f"{url.host or 'no host'} is not a host this source uses"
        return None

    def allows_address(self, host: str, port: int, address: str) -> bool:
        return (host, port) in self.origins or is_public(address)


def door_to(urls: Iterable[str], more_hosts: Iterable[str] = REDIRECT_HOSTS) -> Door:
    """A door to the hosts of these configured URLs and of their known redirects."""
    hosts, origins = set(more_hosts), set()
    for url in map(httpx2.URL, urls):
        if is_private_literal(url.host):
            origins.add((url.host, url.port or _PORTS.get(url.scheme, 443)))
        elif url.host:
            hosts.add(url.host)
    return Door(frozenset(hosts), frozenset(origins))


def is_private_literal(host: str) -> bool:
    """Whether `host` is written as a private address, or is localhost."""
    if host == "localhost":
        return True
    try:
        return not _is_public(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """Whether this address literal lies outside every private, loopback or reserved range."""
    try:
        return _is_public(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return False


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return _is_public(inner)
        if address in _NAT64:
            return _is_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
        if address not in _GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: RFC 4291, 2.4. Outside stand older ways of writing an IPv4 address (::10.0.0.1,
#: ::ffff:0:10.0.0.1) and translators inside a network (RFC 8215), which no table calls private.
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


class GuardedBackend(httpcore2.SyncBackend):
    """Connects to addresses that `door` allows, and to no other; and only for as long as it may."""

    def __init__(self, door: Door, resolve: Resolve | None = None) -> None:
        self._door = door
        self._resolve = resolve or resolve_name
        self._ends_at = float("inf")

    def end_within(self, seconds: float) -> None:
        """Whatever is asked from now on has its answer within this time, or breaks off: a server
        that sends a byte now and then keeps every single wait, and would hold us for days."""
        self._ends_at = monotonic() + seconds

    def shortened(
        self, timeout: float | None, late: type[Exception] = httpcore2.ReadTimeout
    ) -> float | None:
        """`timeout` or what is left. Raises `late` where nothing is."""
        if self._ends_at == float("inf"):
            return timeout
        left_s = self._ends_at - monotonic()
        if left_s <= 0:
            raise late("no whole answer in time")
        return left_s if timeout is None else min(timeout, left_s)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            addresses = self._resolve(host, port)
        except OSError as error:
            raise httpcore2.ConnectError(
                f"{host} has no address here ({error.strerror or error})"
            ) from error
        allowed = [one for one in addresses if self._door.allows_address(host, port, one)]
        if not allowed:
            raise HarvestError(
                f"{host} leads to a private address ({', '.join(addresses) or 'none'}), which is "
                "never fetched; check the source's address in settings.toml",
                permanent=True,
            )
        for last, address in zip(range(len(allowed) - 1, -1, -1), allowed, strict=True):
            try:
                left = self.shortened(timeout, httpcore2.ConnectTimeout)
                stream = super().connect_tcp(address, port, left, local_address, socket_options)
                return _TimedStream(stream, self)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if not last:
                    raise
        raise AssertionError("unreachable: the last address either connects or raises")


class _TimedStream(httpcore2.NetworkStream):
    """A connection that ends when its backend's time does."""

    def __init__(self, stream: httpcore2.NetworkStream, backend: GuardedBackend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._backend.shortened(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._backend.shortened(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        timeout = self._backend.shortened(timeout, httpcore2.ConnectTimeout)
        return _TimedStream(
            self._stream.start_tls(ssl_context, server_hostname, timeout), self._backend
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def resolve_name(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificates takes a tenth of a second: once a process is enough."""
    return httpx2.create_ssl_context(trust_env=False)


class GuardedTransport(httpx2.HTTPTransport):
    """httpx2's transport over one connection whose addresses are judged."""

    def __init__(self, backend: httpcore2.NetworkBackend) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=_tls(),
            max_connections=1,
            max_keepalive_connections=1,
            keepalive_expiry=30.0,
            network_backend=backend,
        )
