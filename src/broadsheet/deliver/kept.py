"""A digest as it is kept, to be read as a page long after it was brought. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

import orjson

from broadsheet.deliver.digest import Digest, Item, Section, Thumbnail, Title, Topic
from broadsheet.errors import ParseError


def to_kept(digest: Digest) -> bytes:
    return zlib.compress(orjson.dumps(asdict(digest), default=str), 6)


def read_kept(content: bytes) -> Digest:
    """Raises ParseError for what `to_kept` has not made."""
    try:
        said = orjson.loads(zlib.decompress(content))
        days = {name: date.fromisoformat(said[name]) for name in ("day", "first", "last")}
        return Digest(
            **{
                **said,
                **days,
                "topic": Topic(said["topic"]),
                "sections": tuple(
                    Section(section["title"], tuple(_item(item) for item in section["items"]))
                    for section in said["sections"]
                ),
                "more": tuple(Title(**entry) for entry in said["more"]),
                "below": tuple(Title(**entry) for entry in said["below"]),
            }
        )
    except (zlib.error, ValueError, TypeError, KeyError) as error:
        raise ParseError("this digest was not kept whole") from error


def _item(said: Mapping[str, Any]) -> Item:
    thumbnail = Thumbnail(**said["thumbnail"]) if said["thumbnail"] else None
    return Item(**{**said, "authors": tuple(said["authors"]), "thumbnail": thumbnail})
