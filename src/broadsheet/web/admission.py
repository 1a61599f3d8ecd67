"""Which routes are open to whom, and what a request that changes something must prove.

Every route of the application is made by `reads`, `writes` or `accepts`; there is no other way in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive

from broadsheet.addresses import login_path, safe_return
from broadsheet.web.parameters import number_of
from broadsheet.web.site import site_of
from broadsheet.web.visitors import (
    COOKIE_MAX_AGE_S,
    Visitor,
    cookie_name,
    is_form_token,
    note_use,
    recognise,
)

FORM_BYTES_MAX = 64 * 1024
NOTE_BYTES_MAX = 1_100_000
UPLOAD_BYTES_MAX = 32 * 1024 * 1024
FIELDS_MAX = 200
CHALLENGE = {"WWW-Authenticate": 'Basic realm="Broadsheet", charset="UTF-8"'}
TOKEN_FIELD = "token"  # noqa: S105


class Access(StrEnum):
    """everyone: whoever asks. reader: whoever has logged in, where there are accounts."""

    EVERYONE = "everyone"
    READER = "reader"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, each once; files apart."""

    fields: Mapping[str, str]
    file: UploadFile | None = None

    def text(self, name: str, *, chars_max: int = 2_000) -> str:
        return self.fields.get(name, "").strip()[:chars_max]

    def number(self, name: str) -> int:
        """0 where there is none, or none that can be read."""
        return number_of(self.text(name))

    @property
    def wants_part(self) -> bool:
        """Whether our own script asks, and puts the answer into the page it has."""
        return self.fields.get("part") == "1"


View = Callable[[Request], Response]
FormView = Callable[[Request, Form], Response]
BytesView = Callable[[Request, bytes], Response]


def reads(
    path: str,
    view: View,
    access: Access = Access.READER,
    *,
    with_accounts: bool = False,
    for_programs: bool = False,
) -> Route:
    """GET and HEAD: changes nothing. `with_accounts`: there is no such page without accounts.
    `for_programs`: who is not logged in is asked for a token rather than sent to the door."""

    def run(request: Request) -> Response:
        visitor = recognise(request)
        request.state.visitor = visitor
        _require_accounts(request, with_accounts)
        if for_programs and visitor.reader is None:
            raise HTTPException(401, "Log in, or send a token.", CHALLENGE)
        refused = _refused(request, visitor, access, with_accounts)
        return refused or _finished(request, visitor, view(request))

    return _route(path, run, view, access, ["GET"])


def writes(
    path: str,
    view: FormView,
    access: Access = Access.READER,
    *,
    body_bytes_max: int = FORM_BYTES_MAX,
    with_accounts: bool = False,
) -> Route:
    """POST: the form must carry the visitor's token, and come from a page of ours."""

    async def run(request: Request) -> Response:
        visitor = await run_in_threadpool(recognise, request)
        request.state.visitor = visitor
        _require_accounts(request, with_accounts)
        if not _is_from_here(request):
            raise HTTPException(403, "This form was sent from another site. Nothing was changed.")
        refused = _refused(request, visitor, access, with_accounts)
        if refused is not None:
            return refused
        form = await _read_form(request, body_bytes_max)
        given = form.fields.get(TOKEN_FIELD, "")
        if not visitor.by_token and not is_form_token(site_of(request).db, visitor.cookie, given):
            raise HTTPException(
                403, "This form is out of date. Nothing was changed; load the page again."
            )
        try:
            return await run_in_threadpool(lambda: _finished(request, visitor, view(request, form)))
        finally:
            if form.file is not None:
                await form.file.close()

    return _route(path, run, view, access, ["POST"])


def accepts(path: str, view: BytesView, *, body_bytes_max: int = FORM_BYTES_MAX) -> Route:
    """POST by whoever holds the address, or a secret that the view asks for: no cookie and no token
    of ours. For what mail programs and mail servers do by themselves (RFC 8058), and for links that
    are signed for one act."""

    async def run(request: Request) -> Response:
        visitor = await run_in_threadpool(recognise, request)
        request.state.visitor = visitor
        bounded = Request(request.scope, _bounded(request.receive, body_bytes_max))
        body = await bounded.body()
        return await run_in_threadpool(lambda: _finished(request, visitor, view(request, body)))

    return _route(path, run, view, Access.EVERYONE, ["POST"])


def _route(
    path: str,
    run: Callable[[Request], Response] | Callable[[Request], Awaitable[Response]],
    view: View | FormView | BytesView,
    access: Access,
    methods: list[str],
) -> Route:
    route = Route(path, run, methods=methods, name=getattr(view, "__name__", path))
    route.access = access  # type: ignore[attr-defined]
    return route


def _refused(
    request: Request, visitor: Visitor, access: Access, is_about_accounts: bool
) -> Response | None:
    """What somebody gets who may not have what they ask for. No token opens accounts."""
    if access is Access.EVERYONE:
        return None
    if visitor.reader is None:
        if request.method in ("GET", "HEAD") and not visitor.by_token:
            return RedirectResponse(login_path(_asked_path(request)), 303)
        headers = CHALLENGE if visitor.by_token else None
        raise HTTPException(401, "Log in first. Nothing was changed.", headers)
    if access is Access.OWNER and not visitor.reader.is_owner:
        raise HTTPException(404)
    if visitor.scopes is not None:
        wanted = "read" if request.method in ("GET", "HEAD") else "write"
        if wanted not in visitor.scopes or is_about_accounts:
            raise HTTPException(403, "This token may not do that.")
    return None


def _asked_path(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return safe_return(request.url.path + query)


def _is_from_here(request: Request) -> bool:
    """Browsers say where a form comes from; older ones say nothing, and the token decides."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None or origin == "null":
        # A page with `Referrer-Policy: no-referrer` sends "null" with its own forms.
        return True
    try:
        ours = (request.headers.get("host", ""), urlsplit(site_of(request).settings.address).netloc)
        return urlsplit(origin).netloc.lower() in {host.lower() for host in ours if host}
    except ValueError:
        return False


def _require_accounts(request: Request, with_accounts: bool) -> None:
    if with_accounts and not site_of(request).settings.accounts:
        raise HTTPException(404, "This library has no accounts: it has one reader.")


def _finished(request: Request, visitor: Visitor, response: Response) -> Response:
    if visitor.is_stale and response.background is None:
        response.background = BackgroundTask(note_use, site_of(request), visitor)
    is_page = response.headers.get("content-type", "").startswith("text/html")
    if visitor.is_new_cookie and is_page and not visitor.by_token:
        set_cookie(request, response, visitor.cookie)
    return response


def set_cookie(request: Request, response: Response, cookie: str) -> None:
    response.set_cookie(
        cookie_name(site_of(request).db),
        cookie,
        max_age=COOKIE_MAX_AGE_S,
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https"
        or site_of(request).settings.address.startswith("https:"),
    )


async def _read_form(request: Request, body_bytes_max: int) -> Form:
    bounded = Request(request.scope, _bounded(request.receive, body_bytes_max))
    form = await bounded.form(
        max_files=1, max_fields=FIELDS_MAX, max_part_size=min(body_bytes_max, NOTE_BYTES_MAX)
    )
    return _once(form)


def _once(form: FormData) -> Form:
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    return Form(fields, next((file for file in files if file.filename), None))


def _bounded(receive: Receive, bytes_max: int) -> Receive:
    left = bytes_max

    async def receive_bounded() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(
                413, f"That is more than {bytes_max // 1000:,} kB. Nothing was changed."
            )
        return message

    return receive_bounded
