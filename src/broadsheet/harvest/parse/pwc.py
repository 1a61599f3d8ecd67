"""The links archive of Papers with Code: papers and the repositories that implement them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, Any

from broadsheet.harvest.parse.fields import FieldError, identifiers_of, text_of, title_of, url_of
from broadsheet.harvest.parse.stream import json_objects, reject
from broadsheet.types import Record, Reject

SOURCE = "pwc"


def parse_pwc(stream: IO[bytes]) -> Iterator[Record | Reject]:
    """One record a paper and repository that follow one another in the archive.

    `extra` lists which of `code_urls` are `official` and which are `mentioned_in_paper`.
    """
    paper: tuple[object, ...] = ()
    rows: list[Mapping[str, Any]] = []
    first = ""
    for place, row in json_objects(stream):
        if isinstance(row, Reject):
            yield row
            continue
        key = (row.get("paper_url"), row.get("paper_arxiv_id"), row.get("paper_title"))
        if rows and (key != paper or len(rows) >= 1_000):
            yield _record_or_reject(first, rows)
            rows = []
        if not rows:
            first = place
        paper = key
        rows.append(row)
    if rows:
        yield _record_or_reject(first, rows)


def _record_or_reject(place: str, rows: list[Mapping[str, Any]]) -> Record | Reject:
    try:
        return _record(rows)
    except FieldError as error:
        return reject(place, str(error), rows[0].get("paper_url", ""))


def _record(rows: list[Mapping[str, Any]]) -> Record:
    row = rows[0]
    title = title_of(row.get("paper_title"))
    page = url_of(row.get("paper_url"))
    claims = [text_of(row.get(name), 300) for name in ("paper_arxiv_id", "paper_url_abs")]
    slug = page.rstrip("/").rpartition("/")[2]
    identifiers = identifiers_of(
        (*claims, row.get("paper_url_pdf")), own=f"pwc:{slug}" if slug else "", title=title
    )
    urls = {url: item for item in rows if (url := url_of(item.get("repo_url")))}
    extra: dict[str, Any] = {
        name: [url for url, item in urls.items() if item.get(field) in (True, 1)]
        for name, field in (
            ("official", "is_official"),
            ("mentioned_in_paper", "mentioned_in_paper"),
            ("mentioned_in_github", "mentioned_in_github"),
        )
    }
    frameworks = {url: text_of(item.get("framework"), 40) for url, item in urls.items()}
    extra["frameworks"] = {u: f for u, f in frameworks.items() if f and f != "none"}
    return Record(
        source=SOURCE,
        key=slug[:200] or identifiers[0],
        title=title,
        identifiers=identifiers,
        url=page,
        pdf=url_of(row.get("paper_url_pdf")),
        code_urls=tuple(urls),
        extra={name: value for name, value in extra.items() if value},
    )
