"""Text from outside made fit to keep: one line, NFC, no markup, no debris, bounded."""

from __future__ import annotations

import re
import unicodedata
from html.entities import html5

from broadsheet.text.latex import outside_mathematics, unlatex

_PASSES_MAX = 12

# Control, surrogate, zero-width, bidirectional control, tag and non-characters. Letters of
# right-to-left scripts are none of these.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufdd0-\ufdef\ufe0f\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff"
    + "".join(
        f"{chr(plane * 0x10000 + 0xFFFE)}-{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17)
    )
    + "]"
)
_SOFT_HYPHEN = re.compile("(?<=\\w)\u00ad\\s+(?=[a-z])|\u00ad")
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
)
_LIGATURE = re.compile("[ﬀ-ﬆ]")
_CID_HYPHEN = re.compile(r"(?<=\w)\s?\(cid:(?:173|45)\)\s*(?=[a-z])")
# Glyphs 11-15 of TeX's text fonts (OT1), which PDF extractors print by number.
_CID_LIGATURES = {"11": "ff", "12": "fi", "13": "fl", "14": "ffi", "15": "ffl"}
_CID = re.compile(r"\(cid:(\d{1,6})\)")
_ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BLOCK_TAG = re.compile(
    r"</?(?:p|br|div|li|ul|ol|h[1-6]|table|tr|td|hr|blockquote|(?:jats:)?(?:p|sec|title|list"
    r"|list-item|disp-formula|abstract))(?:\s[^<>]{0,300})?\s*/?>",
    re.IGNORECASE,
)
_INLINE_TAG = re.compile(
    r"</?(?:em|strong|sub|sup|span|small|font|tt|italic|bold|sc|"
    r"(?:jats|mml):[a-z-]{1,30}|(?P<short>[iba]))(?:\s[^<>]{0,300})?\s*/?>",
    re.IGNORECASE,
)
_SHORT_CLOSED = re.compile(r"</([iba])>", re.IGNORECASE)
_TEXT_MARKUP = ("\\", "--", "~", "<", "``")
_PLAIN_BYTES = bytes(code for code in range(0x20, 0x7F) if chr(code) not in "\\$&<~`")


def clean_text(raw: str, *, chars_max: int) -> str:
    r"""One line of NFC text of at most `chars_max` characters. Idempotent; never raises.

    Out go control, zero-width and bidirectional control characters, HTML tags and entities,
    PDF debris such as `(cid:173)`, ligatures, and LaTeX text commands and accents. What
    stands between dollars, `\(…\)` or `\[…\]` is mathematics and stays as it is.
    """
    if _is_plain(raw) and len(raw) <= chars_max:
        return raw
    text = raw[: 4 * chars_max + 1_000]
    for _ in range(_PASSES_MAX):
        before, text = text, _one_pass(text)[:chars_max].rstrip()
        if text == before:
            break
    return text


def _is_plain(text: str) -> bool:
    return (
        text.isascii()
        and not text.encode().translate(None, _PLAIN_BYTES)
        and "--" not in text
        and "  " not in text
        and "(cid:" not in text
        and text[:1] != " "
        and text[-1:] != " "
    )


def _one_pass(text: str) -> str:
    if "&" in text:
        text = _ENTITY.sub(_unescaped, text)
    if not text.isascii():
        text = _readable(text)
    text = _INVISIBLE.sub("", " ".join(text.split())) if not text.isprintable() else _spaced(text)
    if "(cid:" in text:
        text = _CID.sub(_glyph, _CID_HYPHEN.sub("", text))
    if any(mark in text for mark in _TEXT_MARKUP):
        text = outside_mathematics(text, _plain_of)
    return _spaced(text)


def _spaced(text: str) -> str:
    return " ".join(text.split()) if "  " in text else text.strip()


def _readable(text: str) -> str:
    if "\u00ad" in text:
        text = _SOFT_HYPHEN.sub("", text)
    if _LIGATURE.search(text):
        text = text.translate(_LIGATURES)
    if not text.isprintable():
        text = _INVISIBLE.sub("", " ".join(text.split()))
    return unicodedata.normalize("NFC", text)


def _plain_of(text: str) -> str:
    if "<" in text:
        text = _BLOCK_TAG.sub(" ", text)
        closed = {name.lower() for name in _SHORT_CLOSED.findall(text)}
        text = _INLINE_TAG.sub(lambda m: _kept_tag(m, closed), text)
    return unlatex(text)


def _kept_tag(match: re.Match[str], closed: set[str]) -> str:
    """`<i>` may be an index or a token: it is markup only where a closing tag stands too."""
    short = match["short"]
    return match[0] if short and short.lower() not in closed else ""


def _unescaped(match: re.Match[str]) -> str:
    name = match[1]
    if not name.startswith("#"):
        return html5.get(name + ";", match[0])
    digits = name[1:].lower()
    code = int(digits[1:], 16) if digits.startswith("x") else int(digits)
    return chr(code) if 0 < code < 0x110000 else ""


def _glyph(match: re.Match[str]) -> str:
    return _CID_LIGATURES.get(match[1], " ")
