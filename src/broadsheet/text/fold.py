"""Text folded for matching: `Schrodinger` finds `Schr\\"odinger`."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b

from broadsheet.text.latex import accents

_TITLE_WORDS_MIN = 3
_TITLE_CHARS_MIN = 15
_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u064b-\u0652\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0]"
)
# Letters that Unicode does not decompose.
_PLAIN_LETTERS = {
    "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ħ": "h",
    "ı": "i", "ȷ": "j", "ŋ": "n", "ß": "ss", "ɛ": "ε", "ϵ": "ε", "ϕ": "φ", "ϑ": "θ", "ϱ": "ρ",
    "’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-",
}  # fmt: skip
_LETTER = re.compile(f"[{re.escape(''.join(_PLAIN_LETTERS))}]")
_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
    "zeta": "ζ", "eta": "η", "theta": "θ", "vartheta": "θ", "iota": "ι", "kappa": "κ",
    "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "varrho": "ρ",
    "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω", "ell": "l",
}  # fmt: skip
_SILENT = re.compile(
    "math(?:cal|bb|bf|rm|sf|it|frak|tt|scr)|boldsymbol|bm|operatorname|left|right|big[lr]?"
    "|text(?:it|bf|tt|sc|rm|sf)?|emph|mbox|ensuremath|displaystyle|em|it|bf|rm"
    "|(?:wide)?(?:hat|tilde)|bar|overline|underline|vec|dot"
)
_COMMAND = re.compile(r"\\([A-Za-z]+)\s*|\\(.)|\\")
_SCRIPT = re.compile(r"(?<=[^\W_])\s*[_^]\s*(?=[\w{\\])")
_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    r"""Lower case, no accents, LaTeX markup taken off (`$\ell_1$` is `l1`). Idempotent."""
    if "\\" in text or "$" in text or "{" in text or "}" in text:
        text = _without_markup(text)
    if text.isascii():
        return text.lower()
    for _ in range(4):
        before, text = text, _folded(text)
        if text == before or text.isascii():
            break
    return text


@lru_cache(maxsize=4_096)
def title_key(title: str) -> int:
    """A stable 63-bit number, equal for titles that differ only in case, accents, punctuation
    and spacing. 0 for titles too short to tell works apart (under 3 words or 15 characters)."""
    words = _WORD.findall(fold(title))
    letters = "".join(words)
    if len(words) < _TITLE_WORDS_MIN or len(letters) < _TITLE_CHARS_MIN:
        return 0
    digest = blake2b(letters.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1 or 1


def _folded(text: str) -> str:
    text = _MARKS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return unicodedata.normalize("NFKC", _LETTER.sub(_plain_letter, text.casefold()))


def _plain_letter(match: re.Match[str]) -> str:
    return _PLAIN_LETTERS[match[0]]


def _without_markup(text: str) -> str:
    text = accents(text)
    if ("$" in text or "\\" in text) and ("_" in text or "^" in text):
        text = _SCRIPT.sub("", text)
    text = _COMMAND.sub(_command, text)
    return " ".join(
        text.replace("$", " ").replace("{", "").replace("}", "").replace("\\", "").split()
    )


def _command(match: re.Match[str]) -> str:
    name = match[1]
    if name is None:
        return match[2] if match[2] and match[2] in "%&#_" else " "
    if name.lower() in _GREEK:
        return _GREEK[name.lower()]
    return "" if _SILENT.fullmatch(name) else f" {name} "
