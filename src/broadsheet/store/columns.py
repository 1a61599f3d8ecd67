"""How values stand in columns: moments and days as ISO 8601, a list with a line each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

#: Between categories in their column; a category may hold spaces.
CATEGORY_GAP = "\n"


def moment_of(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def day_of(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def text_of(when: date | None) -> str | None:
    """Of a moment or a day."""
    return when.isoformat() if when else None


def categories_of(text: str) -> tuple[str, ...]:
    return tuple(text.split(CATEGORY_GAP)) if text else ()


def categories_text(categories: Iterable[str]) -> str:
    return CATEGORY_GAP.join(categories)
