"""Commands that stay: web, worker, both together; and the harvest they do by themselves."""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading
import webbrowser
from importlib import resources
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.opening import now, opened, parse_day, settings_of
from broadsheet.cli.output import print_json, print_table, progress_bar, say
from broadsheet.errors import BroadsheetError
from broadsheet.settings import Settings
from broadsheet.store.database import Database

if TYPE_CHECKING:
    from starlette.applications import Starlette

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
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
    from broadsheet.harvest.fetch import PoliteClient
    from broadsheet.jobs.harvest import harvest as run_harvest
