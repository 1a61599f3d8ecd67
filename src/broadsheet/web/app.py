"""The application: routes, who may ask, what a failure looks like."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.routing import Route

from broadsheet.errors import BroadsheetError
from broadsheet.settings import Settings
from broadsheet.store.interests import every_interest
from broadsheet.web.admission import (
    FORM_BYTES_MAX,
    NOTE_BYTES_MAX,
    UPLOAD_BYTES_MAX,
    Access,
    accepts,
    reads,
    writes,
)
from broadsheet.web.assets import load_assets
from broadsheet.web.feeds import Feed, Sightings
from broadsheet.web.guard import Guard
from broadsheet.web.pages import Pages
from broadsheet.web.reckoning import Reckoning
from broadsheet.web.site import Site
from broadsheet.web.views import (
    about,
    account,
    act,
    author,
    day,
    delivery,
    failures,
    feed,
    interests,
    ledger,
    library,
    login,
    note,
    paper,
    people,
    search,
    trending,
    who,
)

#: Pages are made by threads, each with its own connection to the library and its cache; more
#: threads than this only wait for one another.
THREADS = 4
COMPRESS_FROM_BYTES = 1_400
COMPRESS_LEVEL = 4
#: A report of a bounce may carry the mail that bounced.
REPORT_BYTES_MAX = 1_000_000


def feeds(path: str, compose: Callable[[Request], Feed]) -> tuple[Route, Route]:
    """The page's feed in both formats, under its address with another ending."""
    return (
        reads(path + ".atom", feed.atom(compose), for_programs=True),
        reads(path + ".json", feed.json_feed(compose), for_programs=True),
    )


ROUTES = (
    reads("/", day.front),
    reads("/day", day.find_day),
    *feeds("/feed", feed.newest),
    *feeds("/day/{day}", feed.day),
    *feeds("/search", feed.search),
    *feeds("/author/{name:path}", feed.author),
    *feeds("/collection/{number}", feed.collection),
    *feeds("/interests/{number}", feed.interest),
    reads("/day/{day}", day.day),
    reads("/search", search.search),
    reads("/search.bib", search.export("bibtex")),
    reads("/search.ris", search.export("ris")),
    reads("/search.csl", search.export("csljson")),
    reads("/paper/{doc_id:path}", paper.paper),
    reads("/author/{name:path}", author.author),
    reads("/trending", trending.trending),
    reads("/about/trending", trending.about, Access.EVERYONE),
    reads("/topics", trending.topics),
    reads("/ledger", ledger.ledger),
    reads("/about", about.about, Access.EVERYONE),
    reads("/health", about.health, Access.EVERYONE),
    reads("/metrics", about.metrics, for_programs=True),
    reads("/deliveries", delivery.deliveries),
    reads("/deliveries/{number}", delivery.show_own_digest),
    reads("/digest/{link}", delivery.show_digest, Access.EVERYONE),
    reads("/subscribe", delivery.show_subscribe, Access.EVERYONE),
    reads("/confirm/{link}", delivery.show_confirm, Access.EVERYONE),
    reads("/unsubscribe/{link}", delivery.show_unsubscribe, Access.EVERYONE),
    reads("/mail/{link}", delivery.show_act, Access.EVERYONE),
    reads("/static/{name:path}", about.static, Access.EVERYONE),
    reads("/robots.txt", about.robots, Access.EVERYONE),
    reads("/favicon.ico", about.favicon, Access.EVERYONE),
    reads("/library", library.library),
    reads("/library/export", library.export),
    reads("/collections", library.collections),
    reads("/collection/{number}", library.collection),
    reads("/interests", interests.interests),
    reads("/interests/new", interests.new),
    reads("/interests/{number}", interests.interest),
    reads("/interests/{number}/judge", interests.judge),
    reads("/interests/{number}/preview", interests.try_out),
    reads("/login", login.show_login, Access.EVERYONE, with_accounts=True),
    reads("/enter/{secret}", login.show_link, Access.EVERYONE, with_accounts=True),
    reads("/account", account.account, with_accounts=True),
    reads("/group/{number}", people.group, with_accounts=True),
    reads("/owner", people.owner, Access.OWNER, with_accounts=True),
    writes("/deliveries", delivery.change_deliveries),
    writes("/subscribe", delivery.subscribe, Access.EVERYONE),
    accepts("/confirm/{link}", delivery.confirm),
    accepts("/unsubscribe/{link}", delivery.unsubscribe),
    accepts("/mail/{link}", delivery.act),
    accepts("/bounces", delivery.take_report, body_bytes_max=REPORT_BYTES_MAX),
    writes("/act", act.act),
    writes("/who/apart", who.say_apart),
    writes("/who/same", who.say_same),
    writes("/who/unsay", who.unsay),
    writes("/undo", act.undo_deed),
    writes("/note", note.write_note, body_bytes_max=FORM_BYTES_MAX + 3 * NOTE_BYTES_MAX),
    writes("/login", login.log_in, Access.EVERYONE, with_accounts=True),
    writes("/enter/{secret}", login.use_link, Access.EVERYONE, with_accounts=True),
    writes("/logout", login.log_out, Access.EVERYONE, with_accounts=True),
    writes("/account", account.change_account, with_accounts=True),
    writes("/account/token", account.make_token, with_accounts=True),
    writes("/group/{number}", people.change_group, with_accounts=True),
    writes("/owner", people.change_readers, Access.OWNER, with_accounts=True),
    writes("/collections", library.make_collection),
    writes("/collection/{number}", library.change_collection),
    writes("/interests/new", interests.make, body_bytes_max=UPLOAD_BYTES_MAX),
    writes("/interests/{number}", interests.change),
    writes("/library/import", library.import_file, body_bytes_max=UPLOAD_BYTES_MAX),
)


def create_app(site: Site) -> Starlette:
    """The pages of one library. GET and HEAD change nothing; what changes something is a POST
    that carries a token of ours."""
    assets = load_assets()
    pages = Pages(
        assets,
        site.clock,
        has_accounts=site.settings.accounts,
        is_public=site.settings.public_subscriptions,
    )
    app = Starlette(
        routes=ROUTES,
        middleware=[
            Middleware(
                Guard,
                allowed_hosts=[*site.settings.allowed_hosts, *_own_names(site.settings)],
                refuse=partial(failures.refusal, pages),
            ),
            Middleware(
                GZipMiddleware, minimum_size=COMPRESS_FROM_BYTES, compresslevel=COMPRESS_LEVEL
            ),
        ],
        exception_handlers={
            HTTPException: failures.http_failure,
            BroadsheetError: failures.library_failure,
            Exception: failures.server_failure,
        },
        lifespan=_ready,
    )
    app.state.site = site
    app.state.sightings = Sightings()
    app.state.reckoning = Reckoning()
    app.state.pages = pages
    app.state.assets = assets
    app.state.assets_by_path = {asset.path: asset for asset in assets.values()}
    return app


def _own_names(settings: Settings) -> list[str]:
    """The host that readers know us by, and the address listened on, as a browser writes it; none
    for "every address"."""
    public, host = urlsplit(settings.address).netloc, settings.host
    if host in ("", "0.0.0.0", "::"):  # noqa: S104
        host = ""
    return [name for name in (public, f"[{host}]" if ":" in host else host) if name]


@asynccontextmanager
async def _ready(app: Starlette) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(anyio.to_thread.run_sync, _warm, app.state.site)
        yield


def _warm(site: Site) -> None:
    """Read what interests are measured with, seconds' work in a large library, before the first
    reader asks for it. What is wrong with the library its pages tell."""
    with suppress(BroadsheetError):
        if every_interest(site.db):
            site.corpus.backdrop()
