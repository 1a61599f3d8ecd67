"""Documents as BibTeX, in ASCII with LaTeX for the rest, so that every processor reads it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import partial

from broadsheet.export.fields import (
    address_of,
    citation_base,
    day_of,
    identifier_of,
    is_journal,
    name_parts,
    one_line,
    year_of,
)
from broadsheet.text.latex import outside_mathematics
from broadsheet.types import Document

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "%": r"\%",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "$": r"\$",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u",
    "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d",
    "\u0327": "c", "\u0328": "k", "\u0331": "b",
}  # fmt: skip
_LETTERS = {
    "ø": r"{\o}", "Ø": r"{\O}", "ł": r"{\l}", "Ł": r"{\L}", "ß": r"{\ss}", "æ": r"{\ae}",
    "Æ": r"{\AE}", "œ": r"{\oe}", "Œ": r"{\OE}", "ı": r"{\i}", "đ": r"{\dj}", "Đ": r"{\DJ}",
    "ð": r"{\dh}", "þ": r"{\th}", "–": "--", "—": "---", "“": "``", "”": "''", "‘": "`", "’": "'",
    "…": r"{\ldots}", "\u00a0": "~", "×": r"{\texttimes}", "°": r"{\textdegree}",
    "®": r"{\textregistered}", "™": r"{\texttrademark}", "©": r"{\textcopyright}",
}  # fmt: skip
_SPECIAL = re.compile(r"[\\{}%&#_$~^]|[^\x00-\x7f]")
_ADDRESS_SPECIAL = re.compile(r"[{}\\%\s]")
# Capitals inside a word, or a word of capitals, that a style would otherwise lower.
_CAPITALS = re.compile(r"(?<![\\{$\w])(?=\w*[A-Z])(?:\w+[A-Z]\w*|[A-Z]{2,}\w*)(?![\w}])")


def to_bibtex(documents: Iterable[Document]) -> Iterator[str]:
    """One entry each, with a key that is readable and unique among these documents."""
    taken: dict[str, int] = {}
    for document in documents:
        base = citation_base(document)
        n_before = taken.get(base, 0)
        taken[base] = n_before + 1
        yield bibtex_entry(document, key=f"{base}{_letters(n_before)}")


def bibtex_entry(document: Document, *, key: str | None = None) -> str:
    """One entry, ending in an empty line; by default its key is `lovelace2025notes`."""
    kind = "article" if is_journal(document) else "inproceedings" if document.venue else "misc"
    venue_field = {"article": "journal", "inproceedings": "booktitle"}.get(kind, "")
    year = year_of(document)
    arxiv = identifier_of(document, "arxiv")
    fields = [
        ("title", _protected(latex(one_line(document.title)))),
        ("author", " and ".join(map(_author, (a.name for a in document.authors)))),
        (venue_field, latex(one_line(document.venue))),
        ("year", str(year) if year else ""),
        ("month", _month(document)),
        ("doi", _ADDRESS_SPECIAL.sub("", identifier_of(document, "doi"))),
        ("eprint", arxiv),
        ("archiveprefix", "arXiv" if arxiv else ""),
        ("primaryclass", latex(document.categories[0]) if arxiv and document.categories else ""),
        ("url", _ADDRESS_SPECIAL.sub("", address_of(document))),
        ("abstract", latex(one_line("" if document.abstract_by else document.abstract))),
        ("keywords", latex(one_line(", ".join(document.keywords)))),
        ("note", latex(one_line(document.comment))),
    ]
    lines = [f"  {name} = {_value(name, value)}," for name, value in fields if name and value]
    return "\n".join([f"@{kind}{{{key or citation_base(document)},", *lines, "}", "", ""])


def latex(text: str) -> str:
    """Plain text as LaTeX; mathematics, whose dollars stand for themselves, stays."""
    return outside_mathematics(text, partial(_SPECIAL.sub, _special), formula=_balanced)


def _balanced(formula: str) -> str:
    """A formula whose braces do not match would end the entry: it is escaped as text."""
    depth = 0
    for sign in re.sub(r"\\.", "", formula, flags=re.DOTALL):
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            break
    is_raw_safe = depth == 0 and formula.count("{") == formula.count("}")
    return formula if is_raw_safe else _SPECIAL.sub(_special, formula)


def _special(match: re.Match[str]) -> str:
    sign = match[0]
    if found := _ESCAPES.get(sign) or _LETTERS.get(sign):
        return found
    base, *marks = list(unicodedata.normalize("NFD", sign))
    if len(marks) == 1 and marks[0] in _ACCENTS and base.isascii() and base.isalpha():
        base = {"i": r"\i", "j": r"\j"}.get(base, base)
        return f"{{\\{_ACCENTS[marks[0]]}{{{base}}}}}"
    return sign


def _protected(title: str) -> str:
    return outside_mathematics(title, partial(_CAPITALS.sub, r"{\g<0>}"))


def _author(name: str) -> str:
    family, given, suffix = name_parts(name)
    if re.search(r"\band\b", name, re.IGNORECASE):
        return f"{{{latex(one_line(name))}}}"
    return ", ".join(latex(part) for part in (family, suffix, given) if part)


def _month(document: Document) -> str:
    day = day_of(document)
    is_its_year = day is not None and document.year in (None, day.year) and not document.venue
    return f"{day:%b}".lower() if day and is_its_year else ""


def _value(name: str, value: str) -> str:
    return value if name in ("year", "month") else f"{{{value}}}"


def _letters(number: int) -> str:
    """ "", "a", "b", … "z", "aa", … for 0, 1, 2, …"""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters
