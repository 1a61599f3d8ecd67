"""Commands that fill, keep and mend the library."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from broadsheet.cli.opening import now, opened, reader_no_of, settings_of
from broadsheet.cli.output import Json, print_json, print_table, progress_bar, say
from broadsheet.errors import BroadsheetError, UsageError
from broadsheet.store.database import CACHE_MIB_IMPORT
from broadsheet.store.keepings import Kept
from broadsheet.text.wording import counted
from broadsheet.types import Document, IngestReport


def register(app: typer.Typer) -> None:
    app.command("import")(import_)
    for command in (index, export, backup, restore, unmerge, doctor):
        app.command()(command)


def import_(
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(help="Files; - is stdin.", metavar="FILE…")],
    format: Annotated[
        str | None, typer.Option(help="What the files are; default: found out from their content.")
    ] = None,
    email: Annotated[
        str,
        typer.Option(
            "--for",
            help="Whose the tags and notes of a Zotero file become; default: the one reader.",
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """Take papers in from files.

    JSON lines, arXiv, Hugging Face, ACL, OpenReview, BibTeX, RIS, CSL-JSON, Zotero RDF and
    more. Each file may be .gz or .xz. Bad rows are counted and written aside; the rest goes on.

    Example: broadsheet import library.bib papers.jsonl.xz
    """
    from broadsheet.jobs.imports import import_and_index

    began = monotonic()
    with (
        opened(context, create=True, cache_mib=CACHE_MIB_IMPORT) as (settings, db),
        progress_bar("reading") as advance,
    ):
        report, notice = import_and_index(
            db,
            files,
            home=settings.home,
            clock=now,
            format=format,
            reader_no=reader_no_of(db, email),
            progress=lambda file, fraction, counts: advance(
                fraction, f"{Path(file).name}: {counts.read:,} read"
            ),
        )
    seconds = round(monotonic() - began, 3)
    if as_json:
        rejects = str(report.rejects_file) if report.rejects_file else None
        print_json(
            {
                **asdict(report.counts),
                "tags": report.kept.n_tags,
                "notes": report.kept.n_notes,
                "collections": len(report.kept.collections),
                "rejects_file": rejects,
                "seconds": seconds,
                "failures": list(report.failures),
            }
        )
    else:
        say(_import_summary(report.counts, seconds))
        if kept := _kept_summary(report.kept):
            say(kept)
    if report.rejects_file:
        say(f"{report.counts.rejected:,} rows could not be read; see {report.rejects_file}")
    if notice:
        say(notice)
    for failure in report.failures:
        say(f"broadsheet: {failure}")
    if report.failures:
        raise typer.Exit(1)


def _kept_summary(kept: Kept) -> str:
    """A line about what came with the papers; "" where nothing did."""
    if kept == Kept():
        return ""
    left_out = f"; {kept.n_left_out:,} left out, too long" if kept.n_left_out else ""
    return (
        f"with them {counted(kept.n_tags, 'tag')}, {counted(kept.n_notes, 'note')},"
        f" {counted(len(kept.collections), 'collection')}{left_out}"
    )


def _import_summary(counts: IngestReport, seconds: float) -> str:
    if counts.read and counts.unchanged == counts.read:
        return f"nothing changed: all {counts.read:,} papers were here already ({seconds:.1f} s)"
    return (
        f"{counts.read:,} read: {counts.added:,} added, {counts.updated:,} updated,"
        f" {counts.merged:,} merged, {counts.unchanged:,} unchanged,"
        f" {counts.rejected:,} rejected ({seconds:.1f} s)"
    )


def index(
    context: typer.Context,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make the index anew from the library.")
    ] = False,
    words_only: Annotated[
        bool, typer.Option("--words-only", help="Leave the vectors, which take longest, for later.")
    ] = False,
) -> None:
    """Bring the search index up to date with the library: words first, then meaning.

    Meaning takes about a second for 25 papers. It can be stopped with Ctrl-C and goes on where it
    was; `up` and `worker` do it by themselves in the background.
    """
    from broadsheet.jobs.embedding import follow_vectors
    from broadsheet.jobs.indexing import follow_index

    with opened(context) as (settings, db):
        with progress_bar("indexing words"):
            notice = follow_index(settings.home, db, rebuild=rebuild)
        say(notice or "the text index is up to date")
        if words_only:
            return
        with progress_bar("embedding") as advance:
            report = follow_vectors(
                db,
                settings,
                rebuild=rebuild,
                progress=lambda done, todo: advance(
                    done / max(1, todo), f"{done:,} of {todo:,} papers"
                ),
            )
    say(report.notice or f"the vectors are up to date ({report.embedded:,} papers embedded)")


def export(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="Which papers; all of them if not given.")] = "",
    to: Annotated[
        str, typer.Option("--to", help="bibtex, ris, csljson, zotero, jsonl or atom.")
    ] = "jsonl",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file instead of stdout.")
    ] = None,
) -> None:
    """Write papers in a standard format.

    Example: broadsheet export 'author:hinton year:2015..' --to bibtex -o hinton.bib
    """
    from broadsheet.export.formats import FORMATS
    from broadsheet.jobs.exports import documents_for

    if to not in FORMATS:
        raise UsageError(f"unknown format {to!r}; one of {', '.join(FORMATS)}")
    with opened(context) as (settings, db):
        n_written = 0

        def passing() -> Iterator[Document]:
            nonlocal n_written
            for document in documents_for(db, settings.home, query):
                n_written += 1
                yield document

        written = FORMATS[to](passing())
        if output is None:
            for part in written:
                sys.stdout.buffer.write(part.encode("utf-8", "replace"))
            sys.stdout.flush()
        else:
            _write_whole(output, written)
    if output is not None:
        say(f"{counted(n_written, 'paper')} written to {output}")
    if not n_written:
        say(f"no paper here is found by {query}" if query else "there is no paper here yet")


def _write_whole(path: Path, parts: Iterable[str]) -> None:
    """The whole file or none of it: written beside and renamed."""
    beside = path.with_name(f".{path.name}.part")
    try:
        with beside.open("w", encoding="utf-8", errors="replace") as stream:
            stream.writelines(parts)
        beside.replace(path)
    except OSError as error:
        raise BroadsheetError(f"cannot write {path}: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write.")],
) -> None:
    """Write the whole library to one file, consistent even while it is in use."""
    from broadsheet.store.backup import write_backup

    with opened(context) as (_, db), progress_bar("copying") as advance:
        size = write_backup(db, file, progress=lambda done: advance(done, "copying"))
    say(f"{file}: {size / 1e6:,.1f} MB")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file written by `backup`.")],
) -> None:
    """Put a backup in the place of the library; the old library is kept beside it."""
    from broadsheet.jobs.indexing import follow_index
    from broadsheet.store.backup import restore_backup

    settings = settings_of(context)
    kept = restore_backup(file, settings.home, now=now())
    if kept:
        say(f"the library that was here is kept as {kept}")
    with opened(context) as (settings, db):
        notice = follow_index(settings.home, db)
    say(notice or f"restored {file} to {settings.home}")


def unmerge(
    context: typer.Context,
    merge_no: Annotated[int, typer.Argument(help="The merge, as `show` numbers it.")],
) -> None:
    """Take a merge back: two papers that were wrongly taken for one. It stays so for ever."""
    from broadsheet.jobs.indexing import follow_index
    from broadsheet.store.apply import undo_merge

    with opened(context) as (settings, db):
        with db.transaction() as transaction:
            stays, leaves = undo_merge(transaction, merge_no, now=now())
        follow_index(settings.home, db)
    say(f"{leaves} is a paper of its own again, apart from {stays}")


def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Say what is wrong with this installation and how to mend it."""
    from broadsheet.jobs.doctor import examine

    findings = examine(lambda: settings_of(context))
    if as_json:
        print_json(
            {
                "ok": all(finding.ok for finding in findings),
                "findings": [asdict(finding) for finding in findings],
            }
        )
    else:
        marks = {True: "ok", False: "WRONG"}
        print_table(
            ("", "what", "how it is", "what to do"),
            [
                (marks[entry.ok], entry.what, entry.how, "" if entry.ok else entry.remedy)
                for entry in findings
            ],
        )
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
