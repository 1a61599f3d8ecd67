"""Links to a paper's code, models and data, each with the evidence that it is this paper's.

Precision before recall: only an address that leads to a repository counts, and a sentence
that names it as somebody else's, or as what was compared or built on, is no evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any

from broadsheet.enrich.repositories import Repository, repository_of
from broadsheet.text.sentences import sentences
from broadsheet.types import CodeLink, Evidence, LinkStatus

#: How links are found: one more whenever other links come out, so that every paper is looked
#: through again (jobs/links.py).
FINDER = 1
SENTENCE_CHARS_MAX = 300
ADDRESSES_MAX = 50
#: The evidence that a link is dead: it was looked at.
LOOKED = "looked_at"

_HINTS = ("github", "http", "gitlab", "huggingface", "bitbucket", "hf.co", "osf.io", "zenodo")
_ADDRESS = re.compile(
    r"(?:https?:\s?//|git@|(?<![\w./@-])(?=(?:www\.)?(?:github\.com|gitlab\.[a-z]|bitbucket\.org"
    r"|codeberg\.org|huggingface\.co|hf\.co|osf\.io|zenodo\.org|sourceforge\.net"
    r"|anonymous\.4open\.science)))[^\s<>\"'`{}|^$,;]+",
    re.IGNORECASE,
)
_STATUS_ORDER = tuple(LinkStatus)
_OTHERS = re.compile(
    r"\b(?:(?:based|built|build|builds|building) (?:up)?on|fork(?:ed)? (?:of|from)|adapted from"
    r"|compared? (?:to|with)|taken from|extends? the|extension of"
    r"|original (?:code|implementation|repository))\b",
    re.IGNORECASE,
)
_OURS = re.compile(
    r"\b(?:our|we|code|codes|source|implementation|available|released?|open-?sourced?|project"
    r"|page|repository|repo|website|models?|checkpoints|data|datasets?|demo|github)\b",
    re.IGNORECASE,
)


def find_code_links(
    *,
    abstract: str = "",
    comment: str = "",
    code_urls: Iterable[str] = (),
    github_repo: str = "",
    project_page: str = "",
    source: str = "",
    found_on: date | None = None,
    extra: Mapping[str, Any] | None = None,
) -> tuple[CodeLink, ...]:
    """The links of one record, the best evidenced first; () where there are none.

    What the authors wrote (abstract, comment, OpenReview's own field) is author-claimed;
    what an imported list calls official (`extra["official"]`, addresses) is official.
    """
    found: list[tuple[Repository, LinkStatus, Evidence]] = []
    for place, text in (("abstract", abstract), ("comment", comment)):
        for repository, sentence in _in_text(text):
            evidence = Evidence(place, source, sentence, found_on)
            found.append((repository, LinkStatus.AUTHOR_CLAIMED, evidence))
    if code_urls or github_repo or project_page:
        fields = (("github_repo", (github_repo,)), ("code_urls", code_urls))
        statuses = _stated_statuses(extra or {})
        by_authors = LinkStatus.AUTHOR_CLAIMED if source == "openreview" else LinkStatus.COMMUNITY
        for place, urls in (*fields, ("project_page", (project_page,))):
            for repository in filter(None, map(repository_of, filter(None, urls))):
                status = statuses.get(repository.key, by_authors)
                found.append((repository, status, Evidence(place, source, "", found_on)))
    return _joined(found) if found else ()


def join_code_links(links: Iterable[Iterable[CodeLink]]) -> tuple[CodeLink, ...]:
    """The links of several records as one list: each address once, with all its evidence."""
    found = []
    for link in (link for part in links for link in part):
        if repository := repository_of(link.url):
            found += [(repository, link.status, evidence) for evidence in link.evidence]
    return _joined(found)


def mark_dead(
    links: Iterable[CodeLink], dead: Mapping[str, tuple[date, str]]
) -> tuple[CodeLink, ...]:
    """Links of which some (by `Repository.key`) are dead since a day, for a reason: those last."""
    marked = []
    for link in links:
        if found := dead.get(link.url.lower()):
            day, reason = found
            evidence = Evidence(LOOKED, link.url.split("/")[2], reason, day)
            link = CodeLink(link.url, LinkStatus.DEAD, (evidence, *link.evidence))
        marked.append(link)
    return tuple(sorted(marked, key=lambda link: link.status is LinkStatus.DEAD))


def _in_text(text: str) -> Iterator[tuple[Repository, str]]:
    if "/" not in text:
        return
    lowered = text.lower()
    if not any(hint in lowered for hint in _HINTS):
        return
    spans: list[tuple[int, int]] = []
    for match in islice(_ADDRESS.finditer(text), ADDRESSES_MAX):
        repository = repository_of(match[0])
        if repository is None:
            continue
        spans = spans or sentences(text)
        at = match.start()
        sentence = next((text[start:end] for start, end in spans if start <= at < end), "")
        if not _is_somebody_elses(sentence):
            yield repository, _shortened(sentence, match[0])


def _is_somebody_elses(sentence: str) -> bool:
    other = _OTHERS.search(sentence)
    return other is not None and not _OURS.search(sentence[: other.start()])


def _shortened(sentence: str, address: str) -> str:
    if len(sentence) <= SENTENCE_CHARS_MAX:
        return sentence
    at = sentence.find(address)
    end = min(len(sentence), at + len(address) + 40)
    start = max(0, end - SENTENCE_CHARS_MAX + 2)
    return f"…{sentence[start:end]}{'…' if end < len(sentence) else ''}"[:SENTENCE_CHARS_MAX]


def _stated_statuses(extra: Mapping[str, Any]) -> dict[str, LinkStatus]:
    """What an imported list says of its addresses: named in the paper, or official."""
    statuses = {}
    for name, status in (
        ("mentioned_in_paper", LinkStatus.AUTHOR_CLAIMED),
        ("official", LinkStatus.OFFICIAL),
    ):
        urls = extra.get(name)
        for url in urls if isinstance(urls, list | tuple) else ():
            if isinstance(url, str) and (repository := repository_of(url)):
                statuses[repository.key] = status
    return statuses


def _joined(found: Iterable[tuple[Repository, LinkStatus, Evidence]]) -> tuple[CodeLink, ...]:
    """One link an address; its status the best that any evidence gives it."""
    by_key: dict[str, list[tuple[Repository, LinkStatus, Evidence]]] = {}
    for item in found:
        by_key.setdefault(item[0].key, []).append(item)
    links = []
    for items in by_key.values():
        repository = items[0][0]
        status = min((item[1] for item in items), key=_STATUS_ORDER.index)
        evidence = tuple(dict.fromkeys(item[2] for item in items))
        order = (_STATUS_ORDER.index(status), repository.kind)
        links.append((order, CodeLink(repository.url, status, evidence)))
    return tuple(link for _, link in sorted(links, key=lambda pair: pair[0]))
