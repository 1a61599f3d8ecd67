"""What reference managers' formats have in common: one record from a bibliography's entry."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping
from typing import IO, Any

from broadsheet.errors import ParseError
from broadsheet.harvest.parse.fields import (
    ABSTRACT_CHARS_MAX,
    COMMENT_CHARS_MAX,
    day_of,
    identifiers_of,
    is_empty,
    kept,
    strings_of,
    text_of,
    title_of,
    url_of,
    urls_of,
    year_of,
)
from broadsheet.harvest.parse.stream import utf8
from broadsheet.text.identifiers import find_arxiv, is_strong
from broadsheet.types import Author, Record

FILE_BYTES_MAX = 256 * 1024 * 1024

_PREPRINT_SERVER = re.compile(r"\s*(?:arxiv|corr|computing research repository)\b.*", re.IGNORECASE)


def entry_record(
    *,
    source: str,
    title: object,
    authors: tuple[Author, ...],
    abstract: str = "",
    venue: str = "",
    date: str = "",
    url: str = "",
    pdf: str = "",
    note: str = "",
    keywords: object = (),
    claims: Iterable[str] = (),
    mentions: Iterable[str] = (),
    extra: Mapping[str, Any],
) -> Record:
    """`claims` are identifiers in any spelling; `mentions` are texts that may name an arXiv id.

    An entry without strong identifier is known by its title and first author, never by
    its citation key: the same key means different works in different files.
    Raises: FieldError where there is no title.
    """
    title = title_of(title)
    found = (find_arxiv(text) or "" for text in mentions)
    identifiers = tuple(
        identifier
        for identifier in identifiers_of((*claims, *found, url, pdf), title=title, authors=authors)
        if is_strong(identifier) or identifier.startswith("title:")
    )
    in_repository = [u for u in urls_of(note) if "github.com/" in u or "gitlab." in u]
    return Record(
        source=source,
        key=identifiers[0],
        title=title,
        identifiers=identifiers,
        abstract=text_of(abstract, ABSTRACT_CHARS_MAX),
        authors=authors,
        comment=text_of(note, COMMENT_CHARS_MAX),
        venue="" if _PREPRINT_SERVER.fullmatch(venue) else text_of(venue, 500),
        year=year_of(date),
        submitted=day_of(date),
        url=url_of(url),
        pdf=url_of(pdf),
        code_urls=tuple(in_repository),
        keywords=strings_of(keywords),
        extra={name: kept(value) for name, value in extra.items() if not is_empty(value)},
    )


def too_large() -> ParseError:
    return ParseError(f"a bibliography of over {FILE_BYTES_MAX // 2**20} MB: split the file")


def text_of_file(stream: IO[bytes]) -> tuple[str, str]:
    """(text, how it was read: "utf-8" or "latin-1"). Raises: ParseError over the size bound."""
    body = utf8(stream).read(FILE_BYTES_MAX + 1)
    if len(body) > FILE_BYTES_MAX:
        raise too_large()
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return codecs.decode(body, "cp1252", "replace"), "latin-1"
