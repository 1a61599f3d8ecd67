"""Who may ask, and what every answer carries."""

from __future__ import annotations

from collections.abc import Callable, Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
        "img-src 'self' data:; font-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
}
#: Of an answer that says nothing of it: 301, 404, 405 and 410 are else kept by whoever passes them
#: on (RFC 9110, 15.1), with the name and the form's token of the reader they were made for.
UNKEPT = "private, no-store"


def secure(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", UNKEPT)
    return response


def host_name(host: str) -> str:
    """The name in a Host header, lower case, without its port: `[::1]:8000` is `[::1]`."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isascii() and port.isdigit() else host.lower()


class Guard:
    """Refuses hosts that are not ours: a page elsewhere whose name is made to point at this
    machine (DNS rebinding) would otherwise read the library through the reader's browser."""

    def __init__(
        self, app: ASGIApp, allowed_hosts: Collection[str], refuse: Callable[[str], Response]
    ) -> None:
        self._app = app
        self._allowed = {host_name(host) for host in allowed_hosts}
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) == 1 and host_name(hosts[0]) in self._allowed:
            app = self._app
        else:
            app = self._refuse(", ".join(hosts))

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", UNKEPT)
            await send(message)

        await app(scope, receive, send_secured)
