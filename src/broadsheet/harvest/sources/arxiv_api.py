"""Looking up arXiv papers by id: those that were announced and that no list brought.

The Atom API takes many ids at once; what it does not have is asked of OAI-PMH, one
GetRecord each. An id that neither knows stays missing and is asked for next time.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from broadsheet.errors import HarvestError, ParseError
from broadsheet.harvest.fetch import PoliteClient, fetch_parsed
from broadsheet.harvest.page import HarvestPage
from broadsheet.harvest.parse.arxiv_atom import parse_arxiv_atom
from broadsheet.harvest.parse.oai import parse_oai
from broadsheet.harvest.schedule import announced_day
from broadsheet.harvest.sources.arxiv_oai import PREFIXES, submitted_at
from broadsheet.types import Record

BATCH_IDS = 50
GET_RECORDS_MAX = 25

_WRONG_ID = re.compile(rb"incorrect id format for ([^<\s]+)")


def lookup_pages(
    client: PoliteClient, *, api_url: str, oai_url: str, identifiers: Sequence[str]
) -> Iterator[HarvestPage]:
    """Records of these `arxiv:` identifiers, each asked for at most once of each server.

    A failure of one leaves the ids to the other; the last page carries the last error.
    """
    left = [name.removeprefix("arxiv:") for name in dict.fromkeys(identifiers)]
    error: HarvestError | None = None
    batches = [left[start : start + BATCH_IDS] for start in range(0, len(left), BATCH_IDS)]
    found: set[str] = set()
    try:
        for batch in batches:
            records = _ask_api(client, api_url, batch)
            found.update(name for record in records for name in record.identifiers)
            yield HarvestPage(items=tuple(records))
    except HarvestError as failure:
        error = failure
    left = [number for number in left if f"arxiv:{number}" not in found]
    try:
        for number in left[:GET_RECORDS_MAX]:
            yield _get_record(client, oai_url, number)
    except HarvestError as failure:
        error = failure
    if error is not None:
        yield HarvestPage(error=error)


def _ask_api(client: PoliteClient, url: str, numbers: Sequence[str]) -> list[Record]:
    """The API's records of these ids; it answers 400 for all when one of them is malformed."""
    asked = list(numbers)
    while asked:
        params = {"id_list": ",".join(asked), "start": "0", "max_results": str(len(asked))}
        answer, records = fetch_parsed(client, url, params, _parse, accepted=(200, 400))
        if answer.status == 200:
            if isinstance(records, ParseError):
                raise HarvestError(
                    f"arXiv's API answered something that cannot be read ({records.reason}); the "
                    "next harvest asks again"
                )
            return records
        wrong = {raw.decode("utf-8", "replace") for raw in _WRONG_ID.findall(answer.body)}
        if not wrong & set(asked):
            raise HarvestError(
                f"arXiv's API refuses the ids {asked[0]} … {asked[-1]} (400); the next harvest "
                "asks again"
            )
        asked = [number for number in asked if number not in wrong]
    return []


def _parse(body: bytes) -> list[Record]:
    """The records of a feed. Its entries about errors are Rejects, which we leave missing."""
    if b"<feed" not in body[:5_000]:
        raise ParseError("no Atom feed")
    parsed = parse_arxiv_atom(io.BytesIO(body))
    return [_dated(item) for item in parsed if isinstance(item, Record)]


def _get_record(client: PoliteClient, url: str, number: str) -> HarvestPage:
    for prefix in PREFIXES:
        params = {
            "verb": "GetRecord",
            "identifier": f"oai:arXiv.org:{number}",
            "metadataPrefix": prefix,
        }
        answer, page = fetch_parsed(client, url, params, parse_oai, accepted=(200, 400, 404, 422))
        if isinstance(page, ParseError) and answer.status != 200:
            break
        if isinstance(page, ParseError) or page.error_code == "cannotDisseminateFormat":
            continue
        records = [_dated(item) for item in page.records if isinstance(item, Record)]
        if records or page.error_code:
            return HarvestPage(
                items=tuple(records),
                withdrawn=tuple(
                    name for record in records if record.deleted for name in record.identifiers
                ),
            )
    return HarvestPage()


def _dated(record: Record) -> Record:
    return replace(record, announced=announced_day(record, submitted_at(record)))
