"""OpenReview notes: API v1 (plain values), API v2 (`{"value": …}`), and expertise data sets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from broadsheet.harvest.parse.fields import (
    ABSTRACT_CHARS_MAX,
    FieldError,
    authors_of,
    day_of,
    identifiers_of,
    is_empty,
    kept,
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
from broadsheet.text.identifiers import find_arxiv
from broadsheet.types import Author, Record, Reject

SOURCE = "openreview"

_OWN_ID = re.compile(r"[A-Za-z0-9_-]{5,24}")
_KNOWN = frozenset(
    {"title", "abstract", "authors", "authorids", "venue", "venueid", "keywords", "pdf", "year"}
    | {"code", "arXivId", "link", "ssId", "_bibtex", "paperhash", "html", "openAccess", "ratings"}
)
_ABOUT_VALUES = frozenset({"readers", "nonreaders"})
_CODE_FIELDS = ("code", "code_url", "code_link", "software", "supplementary_code")
_YEAR_IN_VENUE = re.compile(r"\b(?:19|20)\d\d\b")
_ACCEPTED = re.compile(
    r"(?P<name>\S.*?)[\s,]+(?:19|20)\d\d"
    r"(?:[\s,:-]+(?:conference|poster|oral|spotlight|talk|main|accept(?:ed)?|notable|top|\(?\d+%\)?))*",
    re.IGNORECASE,
)


def parse_openreview(stream: IO[bytes]) -> Iterator[Record | Reject]:
    """Notes from `{"notes": […]}`, a list, JSON lines, or an object of notes by id."""
    for place, item in json_objects(stream, keys=("notes",)):
        if isinstance(item, Reject):
            yield item
            continue
        for name, note in _notes(place, item):
            try:
                yield _record(note)
            except FieldError as error:
                yield reject(name, str(error), note.get("id", ""))


def _notes(place: str, item: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(item.get("content"), dict) or not item:
        yield place, item
        return
    notes = [(str(key)[:100], note) for key, note in item.items() if isinstance(note, dict)]
    if notes and len(notes) == len(item):
        yield from notes
    else:
        yield place, item


def _record(note: Mapping[str, Any]) -> Record:
    content = note.get("content")
    if not isinstance(content, dict):
        raise FieldError("a note without content: expected one with a title")
    values = {name: _value(value) for name, value in content.items()}
    own, forum = _text(note.get("id")), _text(note.get("forum"))
    if note.get("replyto") or (own and forum and own != forum):
        raise FieldError("a reply, not a paper")
    title = title_of(values.get("title"))
    own = forum or own
    is_ours = bool(_OWN_ID.fullmatch(own)) and not values.get("ssId")
    authors = _authors(values)
    url = f"https://openreview.net/forum?id={own}" if is_ours else url_of(values.get("link"))
    identifiers = identifiers_of(
        (f"openreview:{own}" if is_ours else "", *_claims(values)),
        own="" if is_ours else _foreign(own),
        url=url,
        title=title,
        authors=authors,
    )
    venue = text_of(values.get("venue"), 300)
    return Record(
        source=SOURCE,
        key=own[:200] or identifiers[0],
        title=title,
        identifiers=identifiers,
        abstract=text_of(values.get("abstract"), ABSTRACT_CHARS_MAX),
        authors=authors,
        venue=_venue(venue),
        year=year_of(values.get("year")) or _year(venue),
        announced=day_of(note.get("pdate"))
        or day_of(note.get("odate"))
        or day_of(note.get("cdate")),
        submitted=day_of(note.get("tcdate")) or day_of(note.get("cdate")),
        updated=day_of(note.get("mdate")) or day_of(note.get("tmdate")),
        url=url,
        pdf=_pdf(values.get("pdf"), own if is_ours else ""),
        code_urls=tuple(url for name in _CODE_FIELDS for url in urls_of(values.get(name))),
        keywords=strings_of(values.get("keywords")),
        ratings=ratings_of(values.get("ratings")),
        extra=_extra(note, values, venue),
    )


def _value(value: Any) -> Any:
    """API v2 wraps values; one that we may not see has only its readers."""
    if not isinstance(value, dict):
        return value
    return None if value and value.keys() <= _ABOUT_VALUES else value.get("value", value)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _foreign(own: str) -> str:
    """The data sets for expertise models know papers by Semantic Scholar's 40 hex digits."""
    return f"s2:{own}" if re.fullmatch(r"[0-9a-f]{40}", own) else own


def _claims(values: Mapping[str, Any]) -> list[str]:
    number, bibtex, page = (_text(values.get(name)) for name in ("arXivId", "_bibtex", "html"))
    return [number, page, _text(values.get("link")), find_arxiv(bibtex) or ""]


def _authors(values: Mapping[str, Any]) -> tuple[Author, ...]:
    """Names with the profile ids that stand beside them; e-mail addresses are not kept."""
    names = values.get("authors")
    profiles = values.get("authorids")
    if isinstance(names, list) and not isinstance(profiles, list):
        return authors_of([_with_profile(name) for name in names])
    if not isinstance(names, list) or not isinstance(profiles, list):
        return authors_of(names)
    if len(profiles) != len(names):
        return authors_of(names)
    return authors_of(
        [
            {"name": name, "openreview": token_of(profile) if _is_profile(profile) else None}
            if isinstance(name, str)
            else name
            for name, profile in zip(names, profiles, strict=True)
        ]
    )


def _with_profile(author: object) -> object:
    """The newest notes have objects with `fullname` and `username` for authors."""
    if not isinstance(author, dict) or not _is_profile(author.get("username")):
        return author
    return {"name": author.get("fullname"), "openreview": author["username"]}


def _is_profile(value: object) -> bool:
    return isinstance(value, str) and value.startswith("~")


def _venue(venue: str) -> str:
    """`ICLR 2024 poster` is ICLR (the whole stays in `extra`); a submission is none yet."""
    match = _ACCEPTED.fullmatch(venue)
    return venue if match is None or venue.lower().startswith("submitted") else match["name"]


def _year(venue: str) -> int | None:
    match = _YEAR_IN_VENUE.search(venue)
    return int(match[0]) if match else None


def _pdf(value: object, own: str) -> str:
    if own and isinstance(value, str) and value.startswith("/"):
        return f"https://openreview.net/pdf?id={own}"
    return url_of(value)


def _extra(note: Mapping[str, Any], values: Mapping[str, Any], venue: str) -> dict[str, Any]:
    extra = {name: kept(v) for name, v in values.items() if name not in _KNOWN and not is_empty(v)}
    if venue and venue != _venue(venue):
        extra["venue_status"] = venue
    if invitation := _text(note.get("invitation")):
        extra["invitation"] = invitation[:300]
    return extra
