"""Mathematics in titles and abstracts as MathML, which browsers typeset by themselves.

What cannot be converted whole, or would hold anything but mathematics, stays as it was written.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape

from broadsheet.text.latex import MATHEMATICS
from broadsheet.text.wording import visible

FORMULA_CHARS_MAX = 1_000
#: MathML is ten times as long as its source; a page must not become so.
TYPESET_CHARS_MAX = 60_000
TEXTS_KEPT = 4_096
DEPTH_MAX = 60

_ELEMENTS = frozenset(
    [
        "math",
        "mrow",
        "mi",
        "mn",
        "mo",
        "ms",
        "mtext",
        "mspace",
        "msub",
        "msup",
        "msubsup",
        "munder",
        "mover",
        "munderover",
        "mfrac",
        "msqrt",
        "mroot",
        "mtable",
        "mtr",
        "mtd",
        "mstyle",
        "mpadded",
        "mphantom",
        "menclose",
        "mmultiscripts",
        "mprescripts",
    ]
)
#: Attributes whose values are keywords or lengths; links, styles, colours and ids are not.
_ATTRIBUTES = frozenset(
    [
        "display",
        "displaystyle",
        "scriptlevel",
        "mathvariant",
        "stretchy",
        "fence",
        "form",
        "accent",
        "accentunder",
        "movablelimits",
        "largeop",
        "lspace",
        "rspace",
        "width",
        "height",
        "depth",
        "minsize",
        "maxsize",
        "linethickness",
        "columnalign",
        "rowspacing",
        "columnspacing",
        "columnlines",
        "rowlines",
        "notation",
        "separator",
    ]
)
_VALUE = re.compile(r"[A-Za-z0-9.,+% -]{1,60}")


@lru_cache(maxsize=TEXTS_KEPT)
def typeset(text: str) -> Markup:
    """`text` escaped, its mathematics as MathML."""
    if "$" not in text and "\\" not in text:
        return escape(visible(text))
    parts: list[Markup] = []
    end = 0
    for match in MATHEMATICS.finditer(text):
        parts += (escape(visible(text[end : match.start()])), _formula(match[0]))
        end = match.end()
    parts.append(escape(visible(text[end:])))
    whole = Markup("").join(parts)
    return whole if len(whole) <= TYPESET_CHARS_MAX else escape(visible(text))


def _formula(source: str) -> Markup:
    latex = source[2:-2] if source.startswith(("$$", "\\(", "\\[")) else source[1:-1]
    try:
        tree = _harmless(_converted(latex), DEPTH_MAX)
    except Exception:
        return escape(visible(source))
    tree.set("alttext", visible(latex.strip()))
    return Markup(tostring(tree, encoding="unicode"))  # noqa: S704 - built from allowed parts


def _converted(latex: str) -> Element:
    if len(latex) > FORMULA_CHARS_MAX:
        raise ValueError("too long to be a formula in a sentence")
    tree: Element = convert_to_element(latex.strip())
    return tree


def _harmless(found: Element, depth: int) -> Element:
    """A copy with nothing but mathematics in it. Raises ValueError."""
    name = found.tag.rpartition("}")[2]
    if name not in _ELEMENTS or depth == 0:
        raise ValueError(f"{name} is no mathematics")
    # The converter keeps characters as entities, and would print them unescaped.
    text = visible(unescape(found.text or ""))
    if text.startswith("\\"):
        raise ValueError("a command that the converter does not know")
    allowed = {
        key: value
        for key, value in found.attrib.items()
        if key in _ATTRIBUTES and _VALUE.fullmatch(value)
    }
    copy = Element(name, allowed)
    copy.text = text
    copy.extend(_harmless(child, depth - 1) for child in found)
    return copy
