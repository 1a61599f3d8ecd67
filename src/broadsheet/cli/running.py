"""Commands that stay: web, worker, both together; and the harvest they do by themselves."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from importlib import resources
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.opening import now, opened, parse_day, settings_of
from broadsheet.cli.output import Json, print_json, print_table, print_text, progress_bar, say
from broadsheet.errors import BroadsheetError
from broadsheet.settings import Settings
from broadsheet.store.database import Database
from broadsheet.types import IngestReport, Record, Reject

if TYPE_CHECKING:
    from starlette.applications import Starlette

Host = Annotated[str | None, typer.Option(help="Address to listen on. Default: 127.0.0.1.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on. Default: 8000.")]
SAMPLE_FILE = "papers.jsonl"


def register(app: typer.Typer) -> None:
    for command in (up, web, worker, harvest):
        app.command()(command)


def up(
    context: typer.Context,
    host: Host = None,
    port: Port = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Fill an empty library with the bundled sample.")
    ] = False,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Only the pages.")] = False,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser.")] = False,
) -> None:
    """Start Broadsheet: the pages and the worker in one process.

    Example: broadsheet up --sample
    """
    settings = settings_of(context, host=host, port=port)
    listener = _listen(settings)
    with opened(context, create=True) as (_, db):
        _offer_sample(db, settings, wanted=sample)
        stop = threading.Event()
        follower = None
        if not no_worker:
            follower = threading.Thread(
                target=_work, args=(db, settings, stop), name="worker", daemon=True
            )
            follower.start()
        try:
            _serve(_app(db, settings), settings, listener, open_browser=not no_open)
        finally:
            stop.set()
            if follower:
                follower.join(timeout=5)


def web(context: typer.Context, host: Host = None, port: Port = None) -> None:
    """Serve the pages only."""
    settings = settings_of(context, host=host, port=port)
    listener = _listen(settings)
    with opened(context, create=True) as (_, db):
        _serve(_app(db, settings), settings, listener, open_browser=False)


def worker(context: typer.Context) -> None:
    """Harvest and index on schedule, without pages."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with opened(context, create=True) as (settings, db):
        say(f"working on {settings.home}; stop with Ctrl-C")
        _work(db, settings, stop)


def harvest(
    context: typer.Context,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only this source; may be repeated.")
    ] = None,
    category: Annotated[
        list[str] | None, typer.Option("--category", help="Only this category; may be repeated.")
    ] = None,
    from_: Annotated[str | None, typer.Option("--from", help="First day, as 2026-03-01.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Last day, as 2026-03-01.")] = None,
    as_json: Json = False,
) -> None:
    """Fetch what is new from the sources; goes on where it was stopped.

    Example: broadsheet harvest --source arxiv --category cs.CL --from 2026-03-01
    """
    from broadsheet.jobs.harvest import harvest as run_harvest
    from broadsheet.jobs.harvest import open_client
    from broadsheet.jobs.indexing import follow_index

    first = parse_day(from_) if from_ else None
    last = parse_day(until) if until else None
    with opened(context, create=True) as (settings, db):
        with progress_bar("asking the sources") as advance, open_client(settings) as client:
            report = run_harvest(
                db,
                client,
                settings,
                sources=source,
                categories=category,
                from_=first,
                until=last,
                now=now(),
                progress=lambda at: advance(
                    at.received / at.expected if at.expected else None,
                    f"{at.source} {at.scope}: {at.received:,}",
                ),
            )
        notice = follow_index(settings.home, db)
    if as_json:
        print_json(
            {
                **asdict(report.ingest),
                "missing": report.n_missing,
                "scopes": [
                    {
                        "source": entry.source,
                        "scope": entry.scope,
                        "pages": entry.n_pages,
                        **asdict(entry.ingest),
                        "error": entry.error and str(entry.error),
                    }
                    for entry in report.scopes
                ],
            }
        )
    else:
        print_table(
            ("source", "scope", "read", "new", "changed", "merged", "rejected", "went wrong"),
            [
                (
                    entry.source,
                    entry.scope,
                    entry.ingest.read,
                    entry.ingest.added,
                    entry.ingest.updated,
                    entry.ingest.merged,
                    entry.ingest.rejected,
                    str(entry.error or ""),
                )
                for entry in report.scopes
            ],
        )
    if notice:
        say(notice)
    if report.n_missing:
        say(f"{report.n_missing:,} announced papers are missing; `broadsheet ledger` says which")
    if report.errors:
        raise BroadsheetError(
            f"{len(report.errors)} of the sources could not be read to the end: {report.errors[0]}"
        )


def _offer_sample(db: Database, settings: Settings, *, wanted: bool) -> None:
    """An empty library is filled with the sample when asked for, else told how."""
    from broadsheet.jobs.imports import import_and_index
    from broadsheet.store.documents import count_documents

    if n_documents := count_documents(db):
        if wanted:
            say(f"{settings.home} holds {n_documents:,} papers already; the sample is not needed")
        return
    if not wanted:
        say("the library is empty; start with --sample for a first look, or import your own files")
        return
    file = resources.files("broadsheet.sample") / SAMPLE_FILE
    with resources.as_file(file) as path:
        report, _ = import_and_index(db, [str(path)], home=settings.home, clock=now)
    say(f"the sample library is here: {report.counts.added} papers")


def _listen(settings: Settings) -> socket.socket:
    """The address taken before anything else is done. Raises BroadsheetError saying what to do."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Inherited by every connection. Without it the body waits for the browser's acknowledgement
    # of the headers, which comes 40 ms late; asyncio sets it only on sockets of its own making.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(512)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise BroadsheetError(
            f"cannot listen on {settings.host}:{settings.port} ({reason}); "
            "choose another with --port or --host"
        ) from error
    return listener


def _app(db: Database, settings: Settings) -> Starlette:
    from broadsheet.jobs.embedding import meaning_source
    from broadsheet.jobs.indexing import lexical_index
    from broadsheet.jobs.ingest import ingest
    from broadsheet.web.app import create_app
    from broadsheet.web.site import Site

    def take_in(items: Sequence[Record | Reject]) -> IngestReport:
        return ingest(db, items, now=now())

    index, meaning = lexical_index(settings.home, db), meaning_source(db, settings)
    return create_app(Site(db, index, settings, now, take_in, meaning))


def _serve(
    app: Starlette, settings: Settings, listener: socket.socket, *, open_browser: bool
) -> None:
    import uvicorn

    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}/"
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
        forwarded_allow_ips=settings.proxies,
    )
    print_text(f"Broadsheet is at {address}")
    say(f"the library is {settings.home}; stop with Ctrl-C")
    if open_browser and sys.stdout.isatty():
        threading.Timer(0.5, webbrowser.open, (address,)).start()
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def _work(db: Database, settings: Settings, stop: threading.Event) -> None:
    from broadsheet.jobs.harvest import open_client
    from broadsheet.jobs.worker import run_worker

    run_worker(db, settings, clock=now, stop=stop, make_client=open_client)
