"""Rendering: one template environment, one way to answer with a page."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from hashlib import blake2b
from threading import Lock
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import escape
from starlette.requests import Request
from starlette.responses import Response

from broadsheet import __version__, addresses
from broadsheet.addresses import safe_return
from broadsheet.store.readers import Reader
from broadsheet.text import wording
from broadsheet.text.markup import words_of
from broadsheet.text.names import author_key
from broadsheet.web.assets import Asset
from broadsheet.web.desk import Desk
from broadsheet.web.doings import DoneShown, find_shown
from broadsheet.web.mathematics import typeset
from broadsheet.web.parameters import number_of
from broadsheet.web.prose import prose
from broadsheet.web.site import site_of
from broadsheet.web.visitors import Visitor

HTML = "text/html; charset=utf-8"
#: Kept by the browser, asked about each time: a page changes when a paper arrives.
REVALIDATE = "private, no-cache"
TEXTS_KEPT = 128

_TAG = re.compile(r'(?:W/)?"[^"]*"')


class Pages:
    """Makes answers from templates. Safe to share between threads.

    A page kept for a reader holds MARKS in place of what differs between two of their
    requests: their form's token, and where the form leads back to.
    """

    def __init__(
        self,
        assets: Mapping[str, Asset],
        clock: Callable[[], datetime],
        *,
        has_accounts: bool,
        is_public: bool = False,
    ) -> None:
        self._environment = _environment(assets)
        self._environment.globals["has_accounts"] = has_accounts
        self._environment.globals["takes_strangers"] = is_public
        self._clock = clock
        self._token_mark, self._back_mark = (f"m{secrets.token_hex(16)}" for _ in range(2))
        self._texts: dict[Hashable, str] = {}
        self._lock = Lock()

    def page(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        mark: Hashable = None,
        desk: Callable[[], Desk] | None = None,
        **values: object,
    ) -> Response:
        """The page, or 304 where the browser's copy is still right.

        With a `mark`, which must differ whenever the values do, the page is kept for its
        reader, until they do something, and not rendered again while it is asked for often.
        `desk` is called where it is rendered.
        """
        visitor: Visitor | None = getattr(request.state, "visitor", None)
        reader = visitor.reader if visitor else None
        done = _done_before(request, reader)

        def render() -> str:
            laid = desk() if desk else Desk(reader) if reader else None
            return self.render(
                template, me=laid, done=done, form_token=self._token_mark, here=self._back_mark,
                **values,
            )  # fmt: skip

        if mark is None or done is not None:
            text = render()
        else:
            standing = (reader.reader_no, reader.state_no) if reader else None
            text = self._kept((template, mark, standing, self._clock().date()), render)
        text = text.replace(self._token_mark, visitor.form_token if visitor else "")
        text = text.replace(self._back_mark, str(escape(asked_path(request))))
        return answer(request, text, HTML, status=status)

    def unkept_page(self, request: Request, template: str, **values: Any) -> Response:
        """A page with what is nobody else's business, such as a secret: no browser keeps it."""
        response = self.page(request, template, **values)
        response.headers["Cache-Control"] = "no-store"
        return response

    def part(self, request: Request, template: str, **values: object) -> Response:
        """A piece of a page, which our script puts into the page it has."""
        text = self.render(template, **values)
        return Response(text.encode("utf-8", "replace"), 200, {"Cache-Control": "no-store"}, HTML)

    def render(self, template: str, **values: object) -> str:
        page = self._environment.get_template(template)
        blank = {"me": None, "done": None, "form_token": "", "here": "/"}
        return page.render(today=self._clock().date(), **{**blank, **values})

    def _kept(self, key: Hashable, render: Callable[[], str]) -> str:
        with self._lock:
            text = self._texts.pop(key, None)
        if text is None:
            text = render()
        with self._lock:
            self._texts[key] = text
            while len(self._texts) > TEXTS_KEPT:
                del self._texts[next(iter(self._texts))]
        return text


def asked_path(request: Request) -> str:
    """The address of this page, as a form may lead back to it; without `done`."""
    pairs = [pair for pair in request.url.query.split("&") if pair and pair[:5] != "done="]
    return safe_return(request.url.path + ("?" + "&".join(pairs) if pairs else ""))


def _done_before(request: Request, reader: Reader | None) -> DoneShown | None:
    """What the reader did just before they were led back here, and may undo."""
    number = number_of(request.query_params.get("done", ""))
    return find_shown(site_of(request).db, reader.reader_no, number) if reader and number else None


def pages_of(request: Request) -> Pages:
    pages: Pages = request.app.state.pages
    return pages


def answer(
    request: Request,
    text: str,
    media_type: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """`text` with its tag. The tag is weak: compression changes bytes, not meaning."""
    body = text.encode("utf-8", "replace")
    if status != 200:
        return Response(body, status, headers, media_type)
    tag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
    caching = {"ETag": tag, "Cache-Control": REVALIDATE, **(headers or {})}
    if _is_fresh(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=caching)
    return Response(body, status, caching, media_type)


def _is_fresh(known: str, tag: str) -> bool:
    """RFC 9110, 13.1.2: weak comparison against any tag of the list."""
    return any(found.removeprefix("W/") == tag[2:] for found in _TAG.findall(known[:1_000]))


def _environment(assets: Mapping[str, Asset]) -> Environment:
    environment = Environment(
        loader=PackageLoader("broadsheet.web", "templates"),
        autoescape=select_autoescape(
            default=True, default_for_string=True, disabled_extensions=("txt",)
        ),
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    functions = (
        addresses.paper_path,
        addresses.anchor_of,
        addresses.bibtex_path,
        addresses.author_path,
        addresses.day_path,
        addresses.search_path,
        addresses.found_path,
        addresses.ledger_path,
        addresses.enter_path,
        addresses.deliveries_path,
        addresses.library_path,
        addresses.collection_path,
        addresses.interest_path,
        addresses.web_address,
        addresses.host_and_name,
        addresses.source_name,
        author_key,
        typeset,
        prose,
        words_of,
        wording.long_day,
        wording.short_day,
        wording.moment,
        wording.grouped,
        wording.counted,
        wording.clip,
        wording.opening,
        wording.listed,
        wording.file_name,
        wording.reasons_in_words,
    )
    for function in functions:
        environment.filters[function.__name__] = function
    environment.globals["assets"] = {name: asset.path for name, asset in assets.items()}
    environment.globals["version"] = __version__
    return environment


def _finalize(value: Any) -> Any:
    """Every value a template prints passes here before it is escaped."""
    return wording.visible(value) if type(value) is str else value
