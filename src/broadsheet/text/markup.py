"""Notes between formats: HTML, as other programs keep them, made Markdown; Markdown made words."""

from __future__ import annotations

import re
from html import unescape

# Each pattern reads every character a bounded number of times, whatever it is given.
_TAG = re.compile(
    r"<(/?)([A-Za-z][A-Za-z0-9]{0,15})((?:[\s/][^<>]{0,2000})?)>|<!--[^<>]{0,2000}-->"
)
_HREF = re.compile(r"""\shref\s{0,9}=\s{0,9}["']?(https?://[^\s"'<>()]{1,2000})""", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_BLANK_LINES = re.compile(r"\n(?:[> ]*\n){2,}")
_LINE_SIGN = re.compile(r"^ {0,6}(?:#{1,6}|>|[-*+]|\d{1,3}\.)(?=\s)", re.MULTILINE)
_MARKED_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\([^()\s]{1,2000}\)")
_EMPHASIS = re.compile(r"(?<!\w)(?:\*{1,3}|_{1,3}|`|~~)(?=\S)|(?<=\S)(?:\*{1,3}|_{1,3}|`|~~)(?!\w)")

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = _HEADINGS | {"p", "div", "table", "ul", "ol", "pre", "section", "blockquote", "hr"}
_STRONG = frozenset({"b", "strong"})
_SLANTED = frozenset({"i", "em"})
_UNSHOWN = frozenset({"script", "style", "head", "title"})


def markdown_of(html: str, chars_max: int) -> str:
    """`html` as Markdown of at most `chars_max` characters: headings, lists, quotations, emphasis
    and links to the web; the rest is its text. What holds no tag is its own text. Never raises.
    """
    if _TAG.search(html) is None:
        return unescape(html).strip()[:chars_max]
    page = _Page()
    at = 0
    for tag in _TAG.finditer(html):
        page.say(html[at : tag.start()])
        page.turn((tag[2] or "").lower(), tag[3] or "", closes=bool(tag[1]))
        at = tag.end()
    page.say(html[at:])
    text = "".join(page.parts).replace(" \n", "\n")
    return _BLANK_LINES.sub("\n\n", text).strip()[:chars_max].rstrip()


def words_of(markdown: str) -> str:
    """What the note says, on one line, without the signs of its Markdown; for an opening of it."""
    text = _MARKED_LINK.sub(r"\1", _LINE_SIGN.sub("", markdown))
    return " ".join(_EMPHASIS.sub("", text).split())


class _Page:
    """Markdown as it is written, tag by tag."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._links: list[str] = []
        self._lists: list[str] = []
        self._unshown = ""
        self._quoted = False
        self._is_fresh = True

    def say(self, text: str) -> None:
        words = _SPACE.sub(" ", unescape(text))
        if not self._unshown:
            self._put(words.lstrip() if self._is_fresh else words)

    def turn(self, name: str, attributes: str, *, closes: bool) -> None:
        if self._unshown or name in _UNSHOWN:
            if name == self._unshown or not self._unshown:
                self._unshown = "" if closes else name
        elif name in _BLOCKS:
            self._block(name, closes=closes)
        elif name == "li":
            if not closes:
                ordered = bool(self._lists) and self._lists[-1] == "ol"
                self._line("\n" + "  " * (len(self._lists[:4]) - 1) + ("1. " if ordered else "- "))
        elif name in ("br", "tr"):
            self._line("\n" if not closes else "")
        elif name in _STRONG or name in _SLANTED:
            self._put("**" if name in _STRONG else "*")
        elif name == "a":
            self._link(attributes, closes=closes)

    def _block(self, name: str, *, closes: bool) -> None:
        if name in ("ul", "ol"):
            self._lists = self._lists[:-1] if closes else [*self._lists[:20], name]
        if name == "blockquote":
            self._quoted = not closes
        in_list = bool(self._lists) and name in ("p", "div", "ul", "ol")
        if not in_list or (closes and name not in ("p", "div")):
            self._line("\n\n" + ("> " if self._quoted else ""))
        if not closes and name in _HEADINGS:
            self._line("#" * int(name[1]) + " ")

    def _link(self, attributes: str, *, closes: bool) -> None:
        if not closes:
            href = _HREF.search(attributes)
            self._links.append(href[1] if href else "")
            self._put("[" if href else "")
        elif self._links and (href_text := self._links.pop()):
            self._put(f"]({href_text})")

    def _line(self, text: str) -> None:
        self.parts.append(text)
        self._is_fresh = True

    def _put(self, text: str) -> None:
        self.parts.append(text)
        self._is_fresh = self._is_fresh and not text.strip()
