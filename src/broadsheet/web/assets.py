"""Static files, held in memory and addressed by their content, so that browsers keep them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from importlib import resources
from pathlib import PurePosixPath

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
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
    return {
        entry.name: _asset(entry.name, entry.read_bytes())
        for entry in folder.iterdir()
        if PurePosixPath(entry.name).suffix in MEDIA_TYPES
    }


def _asset(name: str, body: bytes) -> Asset:
    if name.endswith(".css"):
        body = _dense(body)
    stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
    mark = blake2b(body, digest_size=6).hexdigest()
    return Asset(name, f"/static/{stem}.{mark}{suffix}", MEDIA_TYPES[suffix], body)


def _dense(css: bytes) -> bytes:
    """The style sheet without comments and line breaks, which only its authors need."""
    return re.sub(rb"\s+", b" ", re.sub(rb"/\*.*?\*/", b"", css, flags=re.DOTALL)).strip()
