"""Mathematics in titles and abstracts as MathML, which browsers typeset by themselves.

What cannot be converted whole, or would hold anything but mathematics, stays as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from itertools import zip_longest
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape

from broadsheet.text.latex import find_mathematics
from broadsheet.text.wording import visible

FORMULA_CHARS_MAX = 1_000
#: MathML is ten times as long as its source; a page must not become so.
TYPESET_CHARS_MAX = 60_000
FORMULAS_MAX = 400
TEXTS_KEPT = 4_096
DEPTH_MAX = 60
LONG_CHARS_MIN = 16

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
#: Commands that many authors define alike; KaTeX knows most of them too.
_KNOWN = {
    **{f"\\{letter}": rf"\mathbb{{{letter}}}" for letter in "CEFNPQRZ"},
    r"\reals": r"\mathbb{R}",
    r"\eps": r"\epsilon",
    r"\cO": r"\mathcal{O}",
    r"\Tilde": r"\tilde",
    r"\wt": r"\widetilde",
    r"\Hat": r"\hat",
    r"\Bar": r"\bar",
    r"\nicefrac": r"\frac",
    r"\textsc": r"\text",
}
#: Variants, as Unicode names the letters that have them: browsers know none but `normal`.
_STYLES = {
    "bold": ("MATHEMATICAL BOLD",),
    "italic": ("MATHEMATICAL ITALIC",),
    "bold-italic": ("MATHEMATICAL BOLD ITALIC", "MATHEMATICAL BOLD"),
    "double-struck": ("MATHEMATICAL DOUBLE-STRUCK", "DOUBLE-STRUCK"),
    "script": ("MATHEMATICAL SCRIPT", "SCRIPT"),
    "fraktur": ("MATHEMATICAL FRAKTUR", "BLACK-LETTER"),
    "sans-serif": ("MATHEMATICAL SANS-SERIF",),
    "monospace": ("MATHEMATICAL MONOSPACE",),
}
#: Operators after which TeX would break a line.
_BREAKS = frozenset("=≠≡≈∼≃≅<>≤≥≪≫∝→←↔⇒⇔↦∈∉⊂⊆⊃⊇:,;+−±×⋅∪∩⊕⊗∧∨∣")
#: Signs that the converter takes for letters, which would stand without space around them.
_RELATIONS = {"~": "∼", ":": ":"}
_COMMAND = re.compile(r"\\[A-Za-z]+")
_TAKING = re.compile(r"\\[A-Za-z]+(?=\s*[{\[])")
_NAME = re.compile(r"\\([A-Za-z]{1,24})")


def typeset(text: str) -> Markup:
    """`text` escaped, its mathematics as MathML."""
    return _typeset(text) if "$" in text or "\\" in text else escape(visible(text))


@lru_cache(maxsize=TEXTS_KEPT)
def _typeset(text: str) -> Markup:
    parts: list[Markup] = []
    end = n_chars = 0
    for number, match in enumerate(find_mathematics(text)):
        parts += (escape(visible(text[end : match.start()])), _formula(match[0]))
        end = match.end()
        n_chars += len(parts[-2]) + len(parts[-1])
        if number >= FORMULAS_MAX or n_chars > TYPESET_CHARS_MAX:
            return escape(visible(text))
    parts.append(escape(visible(text[end:])))
    whole = Markup("").join(parts)
    return whole if len(whole) <= TYPESET_CHARS_MAX else escape(visible(text))


def _formula(source: str) -> Markup:
    latex = source[2:-2] if source.startswith(("$$", "\\(", "\\[")) else source[1:-1]
    try:
        plain = _COMMAND.sub(lambda found: _KNOWN.get(found[0], found[0]), latex)
        tree = _harmless(_converted(plain), DEPTH_MAX, frozenset(_TAKING.findall(plain)))
    except Exception:
        return escape(visible(source))
    pieces = _pieces(tree)
    if len(pieces) == 1:
        tree.set("alttext", visible(latex.strip()))
    printed = [tostring(piece, encoding="unicode") for piece in pieces]
    return Markup("<wbr>".join(printed))  # noqa: S704 - built from allowed parts


def _pieces(tree: Element) -> list[Element]:
    """A long formula as several, between which a line may break: MathML itself never breaks."""
    if _width(tree) < LONG_CHARS_MIN:
        return [tree]
    pieces = [Element("math", tree.attrib)]
    row = list(_flat(tree))
    for child, after in zip_longest(row, row[1:]):
        pieces[-1].append(child)
        is_one_sign = after is not None and after.text == "="  # as in :=
        if child.tag == "mo" and child.text in _BREAKS and len(pieces[-1]) > 1 and not is_one_sign:
            # At a piece's end it would be spaced as one that stands behind its operand.
            child.set("form", "infix")
            pieces.append(Element("math", tree.attrib))
    return [piece for piece in pieces if len(piece)]


def _flat(row: Element) -> Iterator[Element]:
    """What stands in a row, and in the long rows within it, whose brackets grow no more."""
    for child in row:
        if child.tag == "mrow" and _width(child) >= LONG_CHARS_MIN:
            yield from _flat(child)
        else:
            if child.get("fence") == "true":
                child.set("stretchy", "false")
            yield child


def _width(element: Element) -> int:
    return len("".join(element.itertext()))


def _converted(latex: str) -> Element:
    if len(latex) > FORMULA_CHARS_MAX:
        raise ValueError("too long to be a formula in a sentence")
    tree: Element = convert_to_element(latex.strip())
    return tree


def _harmless(found: Element, depth: int, taking: frozenset[str]) -> Element:
    """A copy with nothing but mathematics in it. A command that nobody knows stands as its name,
    unless it is `taking` something in braces. Raises ValueError."""
    name = found.tag.rpartition("}")[2]
    if name not in _ELEMENTS or depth == 0:
        raise ValueError(f"{name} is no mathematics")
    # The converter keeps characters as entities, and would print them unescaped.
    text = visible(unescape(found.text or ""))
    if text.startswith("\\"):
        command = _NAME.fullmatch(text)
        if command is None or text in taking:
            raise ValueError("a command that the converter does not know")
        text = command[1]
    if name == "mi" and text in _RELATIONS:
        name, text = "mo", _RELATIONS[text]
    allowed = {
        key: value
        for key, value in found.attrib.items()
        if key in _ATTRIBUTES and _VALUE.fullmatch(value)
    }
    if name != "mtext" and allowed.get("mathvariant", "normal") != "normal":
        styles = _STYLES.get(allowed.pop("mathvariant"), ())
        text = "".join(_styled(ch, styles) for ch in text)
    copy = Element(name, allowed)
    copy.text = text
    copy.extend([_harmless(child, depth - 1, taking) for child in found])
    return copy


@lru_cache(maxsize=1_024)
def _styled(ch: str, styles: tuple[str, ...]) -> str:
    """A letter or digit in the first of these styles that has it."""
    plain = re.sub("^(LATIN|GREEK) | LETTER", "", unicodedata.name(ch, ""))
    for style in styles:
        try:
            return unicodedata.lookup(f"{style} {plain}")
        except KeyError:
            continue
    return ch
