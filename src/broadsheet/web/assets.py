"""Static files, held in memory and addressed by their content, so that browsers keep them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from importlib import resources
from pathlib import PurePosixPath

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class Asset:
    name: str
    path: str
    media_type: str
    body: bytes


def load_assets() -> dict[str, Asset]:
    """Each static file by its name."""
    folder = resources.files("broadsheet.web") / "static"
    bodies = {
        entry.name: entry.read_bytes()
        for entry in folder.iterdir()
        if PurePosixPath(entry.name).suffix in MEDIA_TYPES
    }
    assets = {
        name: _asset(name, _plain(body) if name.endswith(".js") else body)
        for name, body in bodies.items()
        if not name.endswith(".css")
    }
    sheets = {
        name: _asset(name, _dense(_with_addresses(body, assets)))
        for name, body in bodies.items()
        if name.endswith(".css")
    }
    return assets | sheets


def _asset(name: str, body: bytes) -> Asset:
    stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
    mark = blake2b(body, digest_size=6).hexdigest()
    return Asset(name, f"/static/{stem}.{mark}{suffix}", MEDIA_TYPES[suffix], body)


def _with_addresses(css: bytes, assets: Mapping[str, Asset]) -> bytes:
    """A style sheet names files as they lie beside it. Raises KeyError for one that does not."""

    def address(found: re.Match[bytes]) -> bytes:
        return f"url({assets[found[1].decode()].path})".encode()

    return re.sub(rb'url\("([^"]+)"\)', address, css)


def _dense(css: bytes) -> bytes:
    """The style sheet without comments, line breaks and spaces, which only its authors need."""
    flat = re.sub(rb"\s+", b" ", re.sub(rb"/\*.*?\*/", b"", css, flags=re.DOTALL))
    return re.sub(rb" ?([{};,]) ?", rb"\1", flat).strip()


def _plain(script: bytes) -> bytes:
    """The script without indents and lines that are only comments; its lines stay lines."""
    return re.sub(rb"^[ \t]*(?://[^\n]*\n)?", b"", script, flags=re.MULTILINE)
