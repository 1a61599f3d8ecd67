"""Notes: Markdown as readers write it, rendered without any markup of their own."""

from __future__ import annotations

from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from broadsheet.addresses import safe_return, web_address
from broadsheet.text.wording import visible

NOTES_KEPT = 256
#: Beyond this a note is shown as it was written: rendering must not keep a page waiting.
RENDERED_CHARS_MAX = 20_000
#: A note stands below a heading of the second level.
HEADING = "h3"

_markdown = (
    MarkdownIt("commonmark", {"html": False, "maxNesting": 12})
    .enable(["table", "strikethrough"])
    .disable(["image", "html_block", "html_inline"])
)


@lru_cache(maxsize=NOTES_KEPT)
def prose(text: str) -> Markup:
    """`text` rendered: no markup of its own, no picture, no link but to the web or to here."""
    if len(text) > RENDERED_CHARS_MAX:
        return escape(visible(text))
    tokens = _markdown.parse(visible(text))
    for token in tokens:
        _tame(token)
        for child in token.children or ():
            _tame(child)
    return Markup(_markdown.renderer.render(tokens, _markdown.options, {}))  # noqa: S704


def _tame(token: Token) -> None:
    if token.type in ("heading_open", "heading_close"):
        token.tag = HEADING
    if token.type == "link_open":
        href = str(token.attrs.pop("href", ""))
        token.attrs.clear()
        if web_address(href):
            token.attrs = {"href": href, "class": "out", "rel": "noopener noreferrer external"}
        elif safe_return(href) == href:
            token.attrs = {"href": href}
    elif token.type not in ("ordered_list_open", "th_open", "td_open"):
        token.attrs.clear()
    elif "style" in token.attrs:
        del token.attrs["style"]
