"""The phrases of a title and abstract: runs of one to three words that could name a subject."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from broadsheet.text.fold import fold

PHRASE_WORDS_MAX = 3
WORD_CHARS_MIN, WORD_CHARS_MAX = 3, 40

_BREAK = re.compile(r"[^\w\s+-]|\s[-+]|[-+]\s|\b\d+(?:\.\d+)?\b")
_WORD = re.compile(r"[^\W_]+(?:[-+][^\W_]+)*")
_LINK = re.compile(r"https?://\S+|www\.\S+")

# Words that name no subject: they may not begin or end a phrase, nor be one.
_PLAIN = """
a about above across after again against all almost along also although always am among an and any
are around as at be because been before being below between both but by can cannot could did do
does done down due during each either else enough etc even ever every few first for from further
had has have having he her here how however i if in indeed instead into is it its itself just last
least less like made make makes making many may me might more moreover most much must my near need
needs neither never next no nor not now of off often on once one only onto or other others our out
over own per rather same second several shall she should since so some still such than that the
their them then there thereby therefore these they third this those though three through throughout
thus to together too toward towards two under unlike until up upon us use used uses using very via
was we well were what when where whereas whether which while who whom whose why will with within
without would yet you your
"""
_SCHOLARLY = """
able achieve achieved achieves achieving according account accurate accuracy address addresses
addressing advance advanced advances allow allowing allows approach approaches available average
aim aims analysis analyze apply applied applying art article aspect aspects base based baseline
baselines benefit best better beyond bring building called capable capability capabilities
capture captures case cases challenge challenges challenging code codes combine combining common
commonly compare compared comparable comparison complex comprehensive conduct consider considered
consistent consistently contribution contributions crucial current currently data demonstrate
demonstrated demonstrates demonstrating design designed despite detail detailed develop developed
developing difference different difficult directly diverse effective effectively effectiveness
efficacy efficiency efficient efficiently employ enable enables enabling end enhance enhanced
enhances enhancing ensure ensuring entire especially essential establish evaluate evaluated
evaluating evaluation evaluations evidence existing experiment experimental experiments explore
explored exploring extensive face facilitate fail finally find finding findings focus following
form framework fully fundamental furthermore gain gains gap general generally generate given good
great greater handle hence high higher highlight highly idea identify impact implement importance
important improve improved improvement improvements improves improving include includes including
incorporate increase increased increasing increasingly information insight insights integrate
introduce introduced introduces introducing investigate issue issues key kind know known lack
large largely lead leading leads leverage leverages leveraging limit limitation limitations limited
low lower main major maintain maintaining manner mean method methods metric metrics model models
namely naturally new notable notably novel number observe obtain offer offers open outperform
outperforming outperforms overall overcome paper papers part particular particularly perform
performance performances performing performs point poor popular possible potential practical
present presented presents previous previously primarily prior problem problems process processes
produce project promising propose proposed proposes proposing prove provide provided provides
providing publicly purpose quality question questions range real real-world recent recently
reduce reduced reduces reducing release released rely remain remains remarkable report
represent require required requires requiring research researchers respectively result resulting
results reveal reveals rich robust role scale scenario scenarios serve set setting settings shot
show showed showing shown shows significant significantly similar simple simply simultaneously
single small solution solutions solve solving source specific specifically standard
state state-of-the-art step strategy strategies strong strongly struggle studied studies study
substantial substantially success successful successfully suffer suggest suggests superior support
surpass surpasses surpassing system systems task tasks technique techniques term terms test tested
time times tool tools topic train trained training typical typically ubiquitous understand
understanding unique unified utilize utilizes utilizing validate various varying vary verify
version way ways wide widely wide-range work works yield yields github com https page dataset
datasets benchmark benchmarks
"""
PLAIN_WORDS = frozenset(_PLAIN.split())
NAMELESS_WORDS = PLAIN_WORDS | frozenset(_SCHOLARLY.split())


def phrases_of(text: str) -> frozenset[str]:
    """The phrases of `text`, each once however often it stands there; plurals as singulars.

    A phrase crosses no punctuation and no number, holds no plain word inside, and neither begins
    nor ends with a word that names nothing. One repeated in a paper says no more than one said
    once: burstiness within a paper must not make a trend.
    """
    found: set[str] = set()
    for piece in _BREAK.split(_LINK.sub(". ", fold(text))):
        words = [_singular(word) for word in _WORD.findall(piece)]
        for start, first in enumerate(words):
            if not _names(first):
                continue
            for end in range(start + 1, min(start + PHRASE_WORDS_MAX, len(words)) + 1):
                last = words[end - 1]
                if last in PLAIN_WORDS or len(last) > WORD_CHARS_MAX:
                    break
                if _names(last) or (end > start + 1 and last in HEADS):
                    found.add(" ".join(words[start:end]))
    return frozenset(found)


def common_phrases(texts: Iterable[str], *, texts_min: int) -> list[frozenset[str]]:
    """For each text those of its phrases that at least `texts_min` of the texts have.

    Most phrases stand in one text alone: held as strings all at once, those of 20,000 abstracts
    took 400 MB. Here each text's are one string, until their hashes tell which can be common.
    """
    said: list[str] = []
    hashes: list[npt.NDArray[np.int64]] = []
    for text in texts:
        phrases = sorted(phrases_of(text))
        said.append("\n".join(phrases))
        hashes.append(np.fromiter(map(hash, phrases), dtype=np.int64, count=len(phrases)))
    if not said:
        return []
    values, n_texts = np.unique(np.concatenate(hashes), return_counts=True)
    often = frozenset(values[n_texts >= texts_min].tolist())
    one_of_each: dict[str, str] = {}
    kept = [
        [
            one_of_each.setdefault(phrase, phrase)
            for phrase in line.split("\n")
            if hash(phrase) in often and phrase
        ]
        for line in said
    ]
    n_with = Counter(phrase for phrases in kept for phrase in phrases)
    return [
        frozenset(phrase for phrase in phrases if n_with[phrase] >= texts_min) for phrases in kept
    ]


#: Words that name nothing alone but do as the last of a phrase: "world model", "agent benchmark".
HEADS = frozenset(
    {
        "model", "system", "benchmark", "dataset", "framework", "analysis", "understanding",
        "training", "evaluation", "reasoning", "generation", "task",
    }
)  # fmt: skip


def _names(word: str) -> bool:
    return WORD_CHARS_MIN <= len(word) <= WORD_CHARS_MAX and word not in NAMELESS_WORDS


def _singular(word: str) -> str:
    """Without a plural's s: `agents`, `policies`; not `bias`, `analysis`, `loss`."""
    if len(word) <= WORD_CHARS_MIN or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("as", "os")):
        return word
    return word[:-1]
