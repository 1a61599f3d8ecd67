"""Debian's Chromium, and a live server for it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from broadsheet.web.app import create_app
from broadsheet.web.site import Site

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    # It ends the process that paints where that gets no turn for ten seconds.
    "--disable-gpu-watchdog",
]  # fmt: skip

needs_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}"),
]


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """The address of a live server of this library."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(site), log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=60)
    listener.close()
    site.db.close()


def arrived(page: Any) -> None:
    """The page that was asked for is there whole: a click waits only for its beginning."""
    page.wait_for_load_state()


@contextmanager
def opened(browser: Any, address: str, *, cookie: str = "", **options: Any) -> Iterator[Any]:
    """A page that complains of nothing and asks nobody but its own server."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    if cookie:
        name, _, value = cookie.partition("=")
        home = "/".join(address.split("/", 3)[:3])
        context.add_cookies([{"name": name, "value": value, "url": home}])
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    yield page
    context.close()
    assert not trouble, trouble
    home = "/".join(address.split("/", 3)[:3])
    assert [url for url in asked if not url.startswith(home)] == []
