"""Our own import rows: JSON lines (or one JSON array), BEIR corpora and daily-papers rows too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import IO, Any

from broadsheet.harvest.parse.fields import (
    ABSTRACT_CHARS_MAX,
    COMMENT_CHARS_MAX,
    LIST_ITEMS_MAX,
    FieldError,
    authors_of,
    categories_of,
    count_of,
    day_of,
    github_repository,
    identifiers_of,
    is_empty,
    kept,
    orcid_of,
    ratings_of,
    strings_of,
    text_of,
    title_of,
    token_of,
    url_of,
    urls_of,
    year_of,
)
from broadsheet.harvest.parse.stream import json_objects, reject
from broadsheet.text.identifiers import canonical_identifier, own_identifier
from broadsheet.types import Author, Record, RecordVersion, Reject

SOURCE = "file"
BEIR_TITLE_WORDS = 12

# Fields that are read; what else a row has is kept under `extra`.
_KNOWN = frozenset(
    {"id", "_id", "doc_id", "title", "abstract", "text", "authors", "announced", "first_listed"}
    | {"date", "submitted", "published_at", "updated", "categories", "venue", "year", "comment"}
    | {"doi", "arxiv_id", "openreview_id", "acl_id", "identifiers", "url", "pdf", "code_urls"}
    | {"code_url", "keywords", "upvotes", "num_comments", "github_repo", "github_stars"}
    | {"project_page", "gs_citations", "ratings", "extra", "versions", "openreview_ids", "orcid"}
    | {"dblp"}
)
_IDS = ("arxiv_id", "doi", "openreview_id", "acl_id")
# Fields whose value may be impossible -> the attribute that is then empty.
_CHECKED = {
    **{name: name for name in ("abstract", "categories", "comment", "venue", "keywords")},
    **{name: name for name in ("ratings", "versions", "code_urls")},
    "code_url": "code_urls",
    **{name: name for name in ("announced", "submitted", "updated", "year", "url", "pdf")},
    **{name: name for name in ("project_page", "upvotes", "num_comments", "github_stars")},
    "gs_citations": "gs_citations",
    "first_listed": "announced",
    "date": "announced",
    "published_at": "submitted",
}


def parse_jsonl(stream: IO[bytes]) -> Iterator[Record | Reject]:
    for place, row in json_objects(stream):
        if isinstance(row, Reject):
            yield row
            continue
        try:
            yield record_of_row(row)
        except FieldError as error:
            yield reject(place, str(error), _shown(row))


def record_of_row(row: Mapping[str, Any], *, source: str = SOURCE) -> Record:
    """The record of one import row.

    Dates, years, counts and addresses that are impossible are dropped from their field and
    kept in `extra`. Raises: FieldError where the title or every identifier is unusable.
    """
    get = row.get
    own = _own_id(row)
    title = _title(row)
    authors = _with_ids(row, authors_of(get("authors")))
    url, pdf = url_of(get("url")), url_of(get("pdf"))
    categories, classes = _categories(get("categories"))
    stated_repo = get("github_repo")
    github_repo = github_repository(stated_repo) if stated_repo else ""
    identifiers = identifiers_of(
        _claims(row, own, pdf), own=own, url=url, title=title, authors=authors
    )
    if aliases := get("identifiers"):
        identifiers = tuple(dict.fromkeys((*identifiers, *_aliases(aliases))))
    abstract = get("abstract")
    record = Record(
        source=source,
        key=canonical_identifier(own) or own_identifier(own) or identifiers[0],
        title=title,
        identifiers=identifiers,
        abstract=text_of(get("text") if abstract is None else abstract, ABSTRACT_CHARS_MAX),
        authors=authors,
        categories=categories,
        comment=text_of(get("comment"), COMMENT_CHARS_MAX),
        venue=text_of(get("venue"), 500),
        year=year_of(get("year")),
        announced=_first_day(row, "announced", "first_listed", "date"),
        submitted=_first_day(row, "submitted", "published_at"),
        updated=day_of(get("updated")),
        url=url,
        pdf=pdf,
        code_urls=_code_urls(row, github_repo),
        github_repo=github_repo,
        project_page=url_of(get("project_page")),
        keywords=strings_of(get("keywords")),
        upvotes=count_of(get("upvotes")),
        num_comments=count_of(get("num_comments")),
        github_stars=count_of(get("github_stars")),
        gs_citations=count_of(get("gs_citations")),
        ratings=ratings_of(get("ratings")),
        versions=_versions(get("versions")),
    )
    extra = _extra(row, record, classes)
    return replace(record, extra=extra) if extra else record


def _title(row: Mapping[str, Any]) -> str:
    """Some BEIR corpora have texts without title: then it is the text's first words."""
    title = row.get("title")
    if title == "" and "_id" in row and isinstance(text := row.get("text"), str):
        title = " ".join(text[:1_000].split()[:BEIR_TITLE_WORDS])
    return title_of(title)


def _own_id(row: Mapping[str, Any]) -> str:
    for field in ("id", "_id", "doc_id"):
        value = row.get(field)
        if value is None or value == "":
            continue
        if isinstance(value, bool | float) or not isinstance(value, str | int):
            kind = "a number with a fraction" if isinstance(value, float) else type(value).__name__
            raise FieldError(f"{field} is {kind}: expected a text in quotes")
        if str(value).strip():
            return str(value).strip()[:2_000]
    return ""


def _claims(row: Mapping[str, Any], own: str, pdf: str) -> list[object]:
    more = row.get("identifiers")
    listed = more[:100] if isinstance(more, list) else ()
    return [own, *(_claim(row, field) for field in _IDS), *listed, row.get("url"), pdf]


def _claim(row: Mapping[str, Any], field: str) -> str:
    """The identifier that a field named after its scheme spells, scheme and all; "" for none."""
    value = row.get(field)
    if not isinstance(value, str) or not value.strip():
        return ""
    scheme = field.removesuffix("_id")
    return canonical_identifier(value) or f"{scheme}:{value.strip().removeprefix(f'{scheme}:')}"


def _aliases(names: object) -> Iterator[str]:
    """Other ids of the work, in schemes of other files (`nips1987:0047`), as we export them."""
    for name in names[:100] if isinstance(names, list) else ():
        if not isinstance(name, str) or ":" not in name or canonical_identifier(name):
            continue
        if alias := own_identifier(name):
            yield alias


def _with_ids(row: Mapping[str, Any], authors: tuple[Author, ...]) -> tuple[Author, ...]:
    """Ids from lists parallel to the authors; lists of another length say nothing."""
    openreview, orcid, dblp = (
        _parallel(row, field, len(authors)) for field in ("openreview_ids", "orcid", "dblp")
    )
    if not (openreview or orcid or dblp):
        return authors
    nothing = [None] * len(authors)
    return tuple(
        replace(
            author,
            openreview=token_of(profile) or author.openreview,
            orcid=orcid_of(number) or author.orcid,
            dblp=token_of(page) or author.dblp,
        )
        for author, profile, number, page in zip(
            authors, openreview or nothing, orcid or nothing, dblp or nothing, strict=True
        )
    )


def _parallel(row: Mapping[str, Any], field: str, n_authors: int) -> list[Any]:
    values, names = row.get(field), row.get("authors")
    if not isinstance(values, list) or not isinstance(names, list):
        return []
    return values if len(values) == len(names) == n_authors else []


def _categories(value: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not value:
        return (), ()
    return categories_of(strings_of(value, separators=", "))


def _first_day(row: Mapping[str, Any], *fields: str) -> date | None:
    return next((day for field in fields if (day := day_of(row.get(field)))), None)


def _code_urls(row: Mapping[str, Any], github_repo: str) -> tuple[str, ...]:
    """Addresses, also GitHub's without `https://`."""
    fields = ("code_urls", "code_url") if github_repo else ("code_urls", "code_url", "github_repo")
    urls = [url for field in fields if (value := row.get(field)) for url in _addresses(value)]
    return tuple(dict.fromkeys(urls))


def _addresses(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(url for item in value[:LIST_ITEMS_MAX] for url in _addresses(item))
    if isinstance(value, str) and value.startswith(("github.com/", "www.github.com/")):
        return tuple(filter(None, map(github_repository, value.split())))
    return urls_of(value)


def _versions(value: object) -> tuple[RecordVersion, ...]:
    if not isinstance(value, list):
        return ()
    items = [item for item in value[:1_000] if isinstance(item, dict)]
    return tuple(
        RecordVersion(number, day_of(item.get("submitted") or item.get("dated")))
        for item in items
        if (number := count_of(item.get("number")))
    )


def _extra(row: Mapping[str, Any], record: Record, classes: tuple[str, ...]) -> dict[str, Any]:
    """Unknown fields, and values that could not be read as what their field means."""
    given = row.get("extra")
    extra = kept(given) if isinstance(given, dict) else {}
    for field, value in row.items():
        if field in _KNOWN:
            attribute = _CHECKED.get(field)
            is_lost = attribute is not None and getattr(record, attribute) in (None, "", ())
            is_lost = is_lost and not (field == "categories" and classes)
            is_lost = is_lost or (field in _IDS and not _is_understood(row, field))
        else:
            is_lost = True
        if is_lost and not is_empty(value):
            extra[field] = kept(value)
    if classes:
        extra["classes"] = list(classes)
    return extra


def _is_understood(row: Mapping[str, Any], field: str) -> bool:
    value = row[field]
    return is_empty(value) or canonical_identifier(_claim(row, field)) is not None


def _shown(row: Mapping[str, Any]) -> str:
    return repr(dict(list(row.items())[:3]))[:800]
