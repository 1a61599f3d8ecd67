"""Hugging Face's daily papers as its API answers them, whose fields have changed over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import IO, Any

from broadsheet.harvest.parse.arxiv import arxiv_identifier
from broadsheet.harvest.parse.fields import (
    ABSTRACT_CHARS_MAX,
    FieldError,
    authors_of,
    count_of,
    day_of,
    github_repository,
    is_empty,
    kept,
    strings_of,
    text_of,
    title_of,
    url_of,
    urls_of,
)
from broadsheet.harvest.parse.stream import json_objects, reject
from broadsheet.types import Record, Reject

SOURCE = "hf-daily"


def parse_hf_daily(stream: IO[bytes], *, day: date | None = None) -> Iterator[Record | Reject]:
    """The papers of a list. `day` is the list's own; else each paper says when it was put on it."""
    for place, entry in json_objects(stream, keys=("papers", "dailyPapers")):
        if isinstance(entry, Reject):
            yield entry
            continue
        try:
            yield _record(entry, day)
        except FieldError as error:
            yield reject(place, str(error), entry.get("title", ""))


def _record(entry: Mapping[str, Any], day: date | None) -> Record:
    """Later lists repeat on the entry what stands on its paper; the paper is believed first."""
    inner = entry.get("paper")
    paper: dict[str, Any] = {**entry, **inner} if isinstance(inner, dict) else dict(entry)
    number = paper.get("id")
    identifier = arxiv_identifier(number if isinstance(number, str) else "")
    key = identifier.removeprefix("arxiv:")
    stated = paper.get("githubRepo")
    github_repo = github_repository(stated)
    return Record(
        source=SOURCE,
        key=key,
        title=title_of(paper.get("title")),
        identifiers=(identifier,),
        abstract=text_of(paper.get("summary"), ABSTRACT_CHARS_MAX),
        authors=authors_of(_authors(paper.get("authors"))),
        announced=day or day_of(paper.get("submittedOnDailyAt")) or _listed(entry, paper),
        submitted=day_of(paper.get("publishedAt")),
        url=f"https://huggingface.co/papers/{key}",
        code_urls=() if github_repo else urls_of(stated),
        github_repo=github_repo,
        project_page=url_of(paper.get("projectPage")),
        upvotes=count_of(paper.get("upvotes")),
        num_comments=count_of(paper.get("numComments")),
        github_stars=count_of(paper.get("githubStars")),
        extra=_extra(paper),
    )


def _authors(value: object) -> object:
    """Authors that were hidden by Hugging Face (taken off the paper) are left out."""
    if not isinstance(value, list):
        return value
    return [a for a in value if not (isinstance(a, dict) and a.get("hidden") is True)]


def _listed(entry: Mapping[str, Any], paper: Mapping[str, Any]) -> date | None:
    """In the oldest lists the entry's `publishedAt` is when it was put there, after arXiv's."""
    listed, published = day_of(entry.get("publishedAt")), day_of(paper.get("publishedAt"))
    return listed if listed and published and listed > published else None


def _extra(paper: Mapping[str, Any]) -> dict[str, Any]:
    organization = paper.get("organization")
    if isinstance(organization, dict):
        organization = organization.get("fullname") or organization.get("name")
    media = paper.get("mediaUrls") or paper.get("mediaUrl")
    values = {
        "organization": text_of(organization, 300),
        "ai_keywords": list(strings_of(paper.get("ai_keywords"))),
        "ai_summary": text_of(paper.get("ai_summary"), 2_000),
        "media_urls": list(urls_of(media)),
        "thumbnail": url_of(paper.get("thumbnail")),
        "github_repo_added_by": text_of(paper.get("githubRepoAddedBy"), 60),
        "author_participating": kept(paper.get("isAuthorParticipating")),
    }
    return {name: value for name, value in values.items() if not is_empty(value)}
