"""The command line: a contract that scripts rely on (names, flags, exit codes, JSON keys).

0 done, 1 failed (one line on stderr that says what to do), 2 wrong usage.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from broadsheet import __version__
from broadsheet.cli import (
    digests,
    interests,
    library,
    measuring,
    models,
    people,
    reading,
    running,
    trending,
)
from broadsheet.cli.output import say
from broadsheet.errors import BroadsheetError

app = typer.Typer(
    name="broadsheet",
    help="Your front page of research: takes in each day's papers and finds the few that matter.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"broadsheet {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(help="The library's folder; default: $BROADSHEET_HOME or your data folder."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log each unit of work on stderr.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Options that stand before the command."""
    if context.invoked_subcommand != "evaluate":
        # Read when numpy is first imported, which is later. A query's few small products are
        # done sooner than a second thread wakes; only measuring has large ones.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    context.obj = home


library.register(app)
reading.register(app)
trending.register(app)
running.register(app)
models.register(app)
measuring.register(app)
people.register(app)
interests.register(app)
digests.register(app)


def main() -> None:
    """The installed command."""
    try:
        app(prog_name="broadsheet")
    except BroadsheetError as error:
        say(f"broadsheet: {error}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        say("broadsheet: stopped; what was finished is kept, run the same command to go on")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output (head, say) has had enough.
        sys.stderr.close()
        sys.exit(0)
