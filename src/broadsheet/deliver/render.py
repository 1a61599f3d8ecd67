"""A digest as a subject line, an HTML part and a text part. Pure; the markup is in templates."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from broadsheet.addresses import paper_path
from broadsheet.deliver.digest import Digest, Item, covered, subject_line, without_last
from broadsheet.text import wording

#: What mail programs show whole: Gmail clips a message at 102 kB.
HTML_BYTES_MAX = 100_000
TITLE_CHARS_MAX = 300
SENTENCE_CHARS_MAX = 420
WHY_CHARS_MAX = 240
AUTHORS_SHOWN = 4
TEXT_COLUMNS = 72


@dataclass(frozen=True)
class Links:
    """Where a mail's links lead, whole. `act` gives the address that does something ("save",
    "dismiss") to a document, None for readers who keep nothing here (strangers)."""

    origin: str
    unsubscribe: str
    manage: str = ""
    act: Callable[[str, int], str] | None = None

    def page(self, path: str) -> str:
        return self.origin + path


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    html: str
    text: str


def render(digest: Digest, links: Links) -> Rendered:
    """Both parts say the same. An HTML part of over HTML_BYTES_MAX loses papers from its end to
    the list of titles until it fits."""
    html = _print("digest.html", digest, links)
    while len(html.encode()) > HTML_BYTES_MAX and digest.n_shown > 1:
        digest = without_last(digest)
        html = _print("digest.html", digest, links)
    text = _print("digest.txt", digest, links)
    subject = wording.visible(" ".join(subject_line(digest).split()))
    return Rendered(subject, html, text.strip() + "\n")


def _print(template: str, digest: Digest, links: Links) -> str:
    return _environment().get_template(template).render(
        digest=digest,
        links=links,
        covered=covered(digest),
        title_chars=TITLE_CHARS_MAX,
        sentence_chars=SENTENCE_CHARS_MAX,
        why_chars=WHY_CHARS_MAX,
    )  # fmt: skip


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("broadsheet.deliver", "templates"),
        autoescape=select_autoescape(default=True, disabled_extensions=("txt",)),
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "clip": wording.clip,
        "counted": wording.counted,
        "grouped": wording.grouped,
        "long_day": wording.long_day,
        "short_day": wording.short_day,
        "byline": byline,
        "wrapped": wrapped,
        "paper_path": paper_path,
        "sentence": ended,
    }
    return environment


def byline(item: Item) -> str:
    """`Ada Lovelace, Bo Fis and 3 others`."""
    shown = [wording.clip(name, 60) for name in item.authors[:AUTHORS_SHOWN]]
    n_others = len(item.authors) - len(shown)
    if n_others:
        return f"{', '.join(shown)} and {wording.counted(n_others, 'other')}"
    return wording.listed(shown) if shown else ""


@lru_cache(maxsize=8_192)
def wrapped(text: str, indent: str = "", *, hanging: str = "") -> str:
    """Lines of at most TEXT_COLUMNS, all but the first behind `hanging`; addresses stay whole.

    Kept, as one paper goes to many readers.
    """
    return textwrap.fill(
        " ".join(text.split()),
        TEXT_COLUMNS,
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def ended(text: str) -> str:
    """`text` as a sentence's end, with one full stop."""
    return text if text.endswith((".", "!", "?", "…")) else text + "."


def _finalize(value: Any) -> Any:
    """Every value a template prints passes here before it is escaped."""
    return wording.visible(value) if type(value) is str else value
