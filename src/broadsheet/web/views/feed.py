"""Feeds of days, searches, people and collections, asked for again and again."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from broadsheet.errors import NotFoundError
from broadsheet.store.collections import get_collection
from broadsheet.store.interests import get_interest
from broadsheet.web.admission import View
from broadsheet.web.feeds import (
    ATOM,
    JSON_FEED,
    Feed,
    Sightings,
    author_feed,
    collection_feed,
    day_feed,
    http_date,
    interest_feed,
    is_unmodified,
    newest_feed,
    print_atom,
    print_json,
    search_feed,
)
from broadsheet.web.pages import answer
from broadsheet.web.parameters import day_of, number_of, text_asked
from broadsheet.web.site import origin_of, site_of
from broadsheet.web.visitors import reader_of

QUERY_CHARS_MAX = 1_000
NAME_CHARS_MAX = 500


def atom(compose: Callable[[Request], Feed]) -> View:
    return lambda request: _send(request, compose(request), print_atom, ATOM)


def json_feed(compose: Callable[[Request], Feed]) -> View:
    return lambda request: _send(request, compose(request), print_json, JSON_FEED)


def newest(request: Request) -> Feed:
    return newest_feed(site_of(request).db)


def day(request: Request) -> Feed:
    asked = day_of(request.path_params["day"])
    if asked is None:
        raise HTTPException(404, "There is no such day. A day is written 2026-03-01.")
    return day_feed(site_of(request).db, asked)


def search(request: Request) -> Feed:
    site = site_of(request)
    return search_feed(site.db, site.index, text_asked(request, "q", chars_max=QUERY_CHARS_MAX))


def author(request: Request) -> Feed:
    try:
        return author_feed(site_of(request).db, request.path_params["name"][:NAME_CHARS_MAX])
    except NotFoundError:
        raise HTTPException(404, "There is no such author.") from None


def collection(request: Request) -> Feed:
    db, reader = site_of(request).db, reader_of(request)
    try:
        number = number_of(request.path_params["number"])
        return collection_feed(db, get_collection(db, reader.reader_no, number))
    except NotFoundError:
        raise HTTPException(404, "There is no such collection of yours.") from None


def interest(request: Request) -> Feed:
    site, reader = site_of(request), reader_of(request)
    try:
        number = number_of(request.path_params["number"])
        return interest_feed(site, reader, get_interest(site.db, reader.reader_no, number))
    except NotFoundError:
        raise HTTPException(404, "There is no such interest of yours.") from None


def _send(
    request: Request, feed: Feed, print_feed: Callable[[Feed, str, str], str], media_type: str
) -> Response:
    origin = origin_of(request)
    query = f"?{request.url.query}" if request.url.query else ""
    self_url = origin + request.url.path + query
    text = print_feed(feed, origin, self_url)
    sightings: Sightings = request.app.state.sightings
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()
    modified = sightings.first_seen(self_url, digest, site_of(request).clock())
    headers = {"Last-Modified": http_date(modified)}
    since = request.headers.get("if-modified-since")
    if since and "if-none-match" not in request.headers and is_unmodified(since, modified):
        return Response(status_code=304, headers=headers)
    return answer(request, text, media_type, headers=headers)
