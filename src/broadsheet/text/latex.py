"""LaTeX in titles and abstracts: what is mathematics, and text commands as Unicode."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

# Pandoc's rule tells mathematics from money: no space just inside the dollars, no digit
# after the closing one. `$ x_i $`, which arXiv's abstracts also have, needs a \ ^ or _.
_BETWEEN = re.compile(
    r"[$\\](?:(?<=\$)(?<!\\\$)(?:"
    r"\$[^$]++\$\$"
    r"|(?![\s$])[^$\\]*+(?:\\.[^$\\]*+)*+(?<!\s)\$(?!\d)"
    r"|(?=\s)[^$\\^_]*+[\\^_][^$]*+\$(?!\d))"
    r"|(?<=\\)(?:\((?:[^\\]|\\(?![()])){1,2000}+\\\)|\[(?:[^\\]|\\(?![\[\]])){1,2000}+\\\]))",
    re.DOTALL,
)
#: What stands in words by command, such as \text; three plain words after one another are prose.
_SAID = re.compile(r"\\(?:text|math|operatorname|mbox|hbox)[a-z]*\*?\s*\{[^{}]*\}")
_PROSE = re.compile(r"(?:(?<![\\A-Za-z{_^])[a-z]{2,}[,.;:)]*\s+){3}")
_LINK = re.compile(r"\s*\\(?:href|url)\s*\{")

_COMBINING = {
    '"': "\u0308",
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "u": "\u0306",
    "v": "\u030c",
    "H": "\u030b",
    "c": "\u0327",
    "d": "\u0323",
    "b": "\u0331",
    "k": "\u0328",
    "r": "\u030a",
}
_LETTERS = {
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "ss": "ß",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "aa": "å",
    "AA": "Å",
    "i": "ı",
    "j": "ȷ",
    "dh": "ð",
    "DH": "Ð",
    "th": "þ",
    "TH": "Þ",
    "dj": "đ",
    "DJ": "Đ",
    "ldots": "…",
    "dots": "…",
    "textellipsis": "…",
    "textendash": "–",
    "textemdash": "—",
    "textquoteright": "’",
    "textquoteleft": "‘",
    "textquotedblleft": "“",
    "textquotedblright": "”",
    "textregistered": "®",
    "texttrademark": "™",
    "textcopyright": "©",
    "copyright": "©",
    "textdegree": "°",
    "textmu": "µ",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textquotesingle": "'",
    "textunderscore": "_",
    "textpm": "±",
    "texttimes": "×",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "xspace": "",
    "noindent": "",
    "newline": " ",
    "quad": " ",
    "qquad": " ",
    "em": "",
    "it": "",
    "bf": "",
    "tt": "",
    "sc": "",
    "sf": "",
    "rm": "",
    "sl": "",
    "itshape": "",
    "bfseries": "",
    "ttfamily": "",
    "scshape": "",
    "small": "",
    "large": "",
}
_WRAPPERS = (
    "textit|textbf|texttt|textsc|textsf|textrm|textsl|textmd|textup|textnormal|text|emph|underline"
    "|uline|mbox|hbox|url|path|nolinkurl|textsuperscript|textsubscript|MakeUppercase|MakeLowercase"
    "|uppercase|lowercase|textcolor\\{\\w*\\}|ensuremath|protect|mathrm"
)

_WITH_ARGUMENT = re.compile(
    r"\\(?:href|[cC]ite|ref|eqref|label|foot|thanks|enquote|em|it|bf|tt|sc|sf|rm|sl|small|large"
    rf"|{_WRAPPERS})"
)
_SIGNS = frozenset("%&#_{} $,;:!@/-")

_BASE = r"(?:\{\s*(\\[ij]|[A-Za-z])\s*\}|(\\[ij](?![A-Za-z])|[A-Za-z]))"
_BASE_AFTER_LETTER = (
    r"(?:\s*\{\s*(\\[ij]|[A-Za-z])\s*\}|\s+(\\[ij](?![A-Za-z])|[A-Za-z])(?![A-Za-z]))"
)
_ACCENT_BODY = rf"""\\(?:(["'`^~=.])\s*{_BASE}|([uvHcdbkr]){_BASE_AFTER_LETTER})"""
_ACCENT_IN_BRACES = re.compile(rf"\{{\s*{_ACCENT_BODY}\s*\}}")
_ACCENT = re.compile(_ACCENT_BODY)
_LETTER_NAMES = "|".join(sorted(_LETTERS, key=len, reverse=True))
_LETTER_IN_BRACES = re.compile(rf"\{{\s*\\({_LETTER_NAMES})\s*\}}")
_LETTER = re.compile(rf"\\({_LETTER_NAMES})(?:\{{\}}|(?![A-Za-z])\s*)")
_SWITCH_IN_BRACES = re.compile(
    r"\{\s*\\(?:em|it|bf|tt|sc|sf|rm|sl|itshape|bfseries|ttfamily|scshape|small|large)"
    r"(?![A-Za-z])\s*([^{}]*)\}"
)
_HREF = re.compile(r"(\$\s*)?\\href\s*\{([^{}]*)\}\s*\{([^{}]*)\}(?(1)\s*\$)")
_FOOTNOTE = re.compile(r"\s?\\(?:footnote|thanks|footnotetext)\s*\{([^{}]*)\}")
_WRAPPER = re.compile(rf"\\(?:{_WRAPPERS})\s*\{{([^{{}}]*)\}}")
_ENQUOTE = re.compile(r"\\enquote\s*\{([^{}]*)\}")
_CITE = re.compile(
    r"[~\s]{0,2}\\(?:[cC]ite(?:p|t|author|year|alp|alt)?|ref|eqref|label|footnotemark)\*?(?:\[[^\]]*\])*\s*\{[^{}]*\}"
)
_ESCAPED = re.compile(r"\\([%&#_{} ])")
_SPACING = re.compile(r"\\[,;:!@/-]")
_LINE_BREAK = re.compile(r"\\\\(?:\[\d[^\]]*\])?")
_TIE = re.compile(r"~(?<=[\w.)}\]]~)(?=[\w\\$(\[{])")
_DASHES = re.compile(r"--+")
_QUOTED = re.compile(r"``([^`']{1,300}+(?:'[^`']{1,300}+){0,5}+)''")
_COMMAND_NAME = re.compile(r"\\([A-Za-z]+|.)")
_MONEY = re.compile(r"\\\$(?=\d)")


def find_mathematics(text: str) -> Iterator[re.Match[str]]:
    """The formulas in `text`, in order; not prose between two sums of money, nor a link."""
    start = 0
    while match := _BETWEEN.search(text, start):
        if _LINK.match(match[0].lstrip("$")) or _PROSE.search(_SAID.sub(" ", match[0])):
            start = match.start() + 1
        else:
            yield match
            start = match.end()


def outside_mathematics(
    text: str, change: Callable[[str], str], *, formula: Callable[[str], str] = str
) -> str:
    """`text` with `change` done to what is no formula, and `formula` to each that is one."""
    if "$" not in text and "\\(" not in text and "\\[" not in text:
        return change(text)
    parts: list[str] = []
    end = 0
    for match in find_mathematics(text):
        parts += (change(text[end : match.start()]), formula(match[0]))
        end = match.end()
    return "".join((*parts, change(text[end:])))


def unlatex(text: str) -> str:
    """`text`, which is no mathematics, with LaTeX accents, letters and text commands as Unicode.

    Commands it does not know stay as they stand. One level of nesting a call.
    """
    if "\\" in text:
        text = _commands(text)
    if "~" in text:
        text = _TIE.sub(" ", text)
    if "--" in text:
        text = _DASHES.sub(_dash, text)
    if "``" in text and "''" in text:
        text = _QUOTED.sub(r"“\1”", text)
    return text


def _commands(text: str) -> str:
    names = set(_COMMAND_NAME.findall(text))
    if not names.isdisjoint(_COMBINING) or "{" in text:
        text = accents(text)
    if "{" in text and _WITH_ARGUMENT.search(text):
        text = _HREF.sub(_linked, text)
        text = _CITE.sub("", text)
        text = _WRAPPER.sub(r"\1", text)
        text = _SWITCH_IN_BRACES.sub(r"\1", text)
        text = _FOOTNOTE.sub(r" (\1)", text)
        text = _ENQUOTE.sub(r"“\1”", text)
    if "\\" in names:
        text = _LINE_BREAK.sub(" ", text)
    if not names.isdisjoint(_LETTERS):
        text = _LETTER.sub(lambda m: _LETTERS[m[1]], text)
    if not names.isdisjoint(_SIGNS):
        text = _ESCAPED.sub(r"\1", text)
        text = _MONEY.sub("$", text)
        text = _SPACING.sub("", text)
    return text


def _dash(match: re.Match[str]) -> str:
    """`--` between words or spaced is a dash; before an option's name (` --force`) it is not."""
    if len(match[0]) > 3:
        return match[0]
    if len(match[0]) == 3:
        return "—"
    before = match.string[max(match.start() - 1, 0) : match.start()]
    after = match.string[match.end() : match.end() + 1]
    joins = (before.isalnum() or before in ".)]}%$") and (after.isalnum() or after in "([{$\\")
    return "–" if before and after and (joins or (before == after == " ")) else match[0]


def accents(text: str) -> str:
    r"""Accented letters (`\"o`, `{\'e}`, `\c{c}`) as one character each; `{\o}` likewise."""
    text = _ACCENT_IN_BRACES.sub(_accented, text)
    text = _ACCENT.sub(_accented, text)
    return _LETTER_IN_BRACES.sub(lambda m: _LETTERS[m[1]], text)


def _accented(match: re.Match[str]) -> str:
    mark = match[1] or match[4]
    letter = (match[2] or match[3] or match[5] or match[6]).removeprefix("\\")
    return unicodedata.normalize("NFC", letter + _COMBINING[mark])


def _linked(match: re.Match[str]) -> str:
    url, words = match[2].strip(), match[3].strip()
    return url if not words or words in url else f"{words} ({url})"


def unbraced(text: str) -> str:
    """`text` without braces outside mathematics: BibTeX's `{IO}` only protects capitals."""
    if "{" not in text and "}" not in text:
        return text
    return outside_mathematics(text, lambda said: said.replace("{", "").replace("}", ""))
