"""What a request asks for, read forgivingly: a parameter that makes no sense is left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from starlette.requests import Request

from broadsheet.addresses import DAY

PARAMETER_CHARS_MAX = 300
PAGE_DIGITS_MAX = 6
NUMBER_DIGITS_MAX = 15


@dataclass(frozen=True, slots=True)
class Paging:
    """Page `number` (from 1) of `n_pages` holds items [start, stop) of `total`."""

    number: int
    n_pages: int
    start: int
    stop: int
    total: int


def paginate(total: int, wanted: int, per_page: int) -> Paging:
    """The page nearest to the wanted one; one empty page where there is nothing."""
    n_pages = max(1, -(-total // per_page))
    number = min(max(wanted, 1), n_pages)
    start = (number - 1) * per_page
    return Paging(number, n_pages, start, min(start + per_page, total), total)


def page_asked(request: Request) -> int:
    """The page number, from 1; 1 where it cannot be read."""
    text = request.query_params.get("page", "")
    readable = text.isascii() and text.isdigit() and len(text) <= PAGE_DIGITS_MAX
    return max(1, int(text)) if readable else 1


def number_of(digits: str) -> int:
    """A number of ours; 0, which nothing has, where it cannot be read."""
    readable = digits.isascii() and digits.isdigit() and len(digits) <= NUMBER_DIGITS_MAX
    return int(digits) if readable else 0


def text_asked(request: Request, name: str, *, chars_max: int = PARAMETER_CHARS_MAX) -> str:
    return request.query_params.get(name, "").strip()[:chars_max]


def day_of(text: str) -> date | None:
    """The day that `2026-03-01` names; None for any other spelling or no such day."""
    if not DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
