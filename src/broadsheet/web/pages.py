"""Rendering: one template environment, one way to answer with a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from hashlib import blake2b
from threading import Lock
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import Response

from broadsheet import __version__
from broadsheet.text.names import author_key
from broadsheet.web import addresses, wording
from broadsheet.web.assets import Asset

HTML = "text/html; charset=utf-8"
#: Kept by the browser, asked about each time: a page changes when a paper arrives.
REVALIDATE = "private, no-cache"
TEXTS_KEPT = 64

_TAG = re.compile(r'(?:W/)?"[^"]*"')


class Pages:
    """Makes answers from templates. Safe to share between threads."""

    def __init__(self, assets: Mapping[str, Asset], clock: Callable[[], datetime]) -> None:
        self._environment = _environment(assets)
        self._clock = clock
        self._texts: dict[Hashable, str] = {}
        self._lock = Lock()

    def page(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        mark: Hashable = None,
        **values: object,
    ) -> Response:
        """The page, or 304 where the browser's copy is still right.

        With a `mark`, which must differ whenever the values do, the page is kept and not
        rendered again while it is asked for often.
        """
        if mark is None:
            text = self.render(template, **values)
        else:
            text = self._kept(template, (mark, self._clock().date()), values)
        return answer(request, text, HTML, status=status)

    def render(self, template: str, **values: object) -> str:
        page = self._environment.get_template(template)
        return page.render(today=self._clock().date(), **values)

    def _kept(self, template: str, mark: Hashable, values: dict[str, object]) -> str:
        key = (template, mark)
        with self._lock:
            text = self._texts.pop(key, None)
        if text is None:
            text = self.render(template, **values)
        with self._lock:
            self._texts[key] = text
            while len(self._texts) > TEXTS_KEPT:
                del self._texts[next(iter(self._texts))]
        return text


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
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    functions = (
        addresses.paper_path,
        addresses.bibtex_path,
        addresses.author_path,
        addresses.day_path,
        addresses.search_path,
        addresses.bibtex_search_path,
        addresses.ledger_path,
        addresses.web_address,
        addresses.host_and_name,
        addresses.source_name,
        author_key,
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
