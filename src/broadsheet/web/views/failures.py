"""Pages for what went wrong: what happened, and what to do next."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from broadsheet.errors import BroadsheetError, SearchIndexError, StoreBusyError, UsageError
from broadsheet.web.guard import secure
from broadsheet.web.pages import HTML, Pages, pages_of

log = logging.getLogger(__name__)

RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class Failure:
    status: int
    heading: str
    text: str


_OF_STATUS = {
    400: Failure(
        400, "This request cannot be read", "Something in its address is not as it should be."
    ),
    404: Failure(404, "No such page", "Nothing is printed at this address."),
    401: Failure(401, "Not logged in", "Log in first. Nothing was changed."),
    403: Failure(403, "Not allowed", "Nothing was changed."),
    405: Failure(405, "Not this way", "This address does not answer to such a request."),
    409: Failure(409, "Too late", "Something else was done meanwhile."),
    413: Failure(413, "Too much at once", "Nothing was changed."),
    429: Failure(429, "One moment", "That was tried too often. Try again later."),
}
_SERVER = Failure(
    500, "Stop press", "This page could not be made; it is our fault, and the reason is in the log."
)


def http_failure(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = _OF_STATUS.get(error.status_code, Failure(error.status_code, "Not possible", ""))
    # Starlette's own details are the bare names of the statuses.
    text = error.detail if error.detail.endswith(".") else known.text
    response = _page(request, Failure(error.status_code, known.heading, text))
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


def library_failure(request: Request, error: Exception) -> Response:
    """The library or its index cannot be used now; the details, with their paths, go to the log."""
    log.error("page_failed path=%r error=%s", request.url.path, error)
    response = _page(request, _of_library(error))
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def server_failure(request: Request, error: Exception) -> Response:
    """Starlette answers with this outside of all middleware, so it is secured here."""
    return secure(_page(request, _SERVER))


def refusal(pages: Pages, host: str) -> Response:
    """The answer to a Host we do not know."""
    failure = Failure(
        400,
        "Not our name",
        f"This request was meant for “{host[:200]}”, a name this server does not go by. If it "
        "should, add the name to allowed_hosts in settings.toml, or to "
        "BROADSHEET_ALLOWED_HOSTS, and start Broadsheet again.",
    )
    return Response(pages.render("failure.html", failure=failure), 400, media_type=HTML)


def _page(request: Request, failure: Failure) -> Response:
    return pages_of(request).page(request, "failure.html", status=failure.status, failure=failure)


def _of_library(error: Exception) -> Failure:
    if isinstance(error, UsageError):
        return Failure(400, _OF_STATUS[400].heading, str(error))
    if isinstance(error, SearchIndexError):
        return Failure(
            503,
            "The index is not ready",
            "Search needs the index, and it cannot be read now. It is built in a moment by "
            "the worker, or with the command: broadsheet index",
        )
    if isinstance(error, StoreBusyError):
        return Failure(
            503, "One moment", "The library is being written by another process. Try again soon."
        )
    assert isinstance(error, BroadsheetError)
    return Failure(
        503,
        "The library cannot be read",
        "The reason is in the server's log; broadsheet doctor says how to mend it.",
    )
