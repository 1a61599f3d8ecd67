"""How commands speak: one JSON document on stdout, or tables; progress and logs on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]

stdout = Console(soft_wrap=True, highlight=False)
stderr = Console(stderr=True, soft_wrap=True, highlight=False)


def print_json(value: Any) -> None:
    """Exactly one JSON document on stdout, whatever characters it holds."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.flush()


def say(line: str) -> None:
    """A line for people, on stderr, so that stdout stays clean for programs."""
    stderr.print(escape(line))


def print_text(text: str) -> None:
    """Text on stdout as it is: no markup is read in it."""
    stdout.print(escape(text))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table without boxes; numbers to the right."""
    table = Table(box=None, pad_edge=False)
    for place, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[place], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(str(value)) for value in row))
    stdout.print(table)


@contextmanager
def progress_bar(title: str) -> Iterator[Any]:
    """Yields `advance(fraction | None, text)`; shows a bar on a terminal and nothing elsewhere."""
    if not stderr.is_terminal:
        yield lambda fraction, text: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=stderr, transient=True) as progress:
        task = progress.add_task(title, total=None)

        def advance(fraction: float | None, text: str) -> None:
            total = None if fraction is None else 1.0
            progress.update(task, description=escape(text), completed=fraction or 0.0, total=total)

        yield advance
