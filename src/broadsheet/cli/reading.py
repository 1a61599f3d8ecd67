"""Commands that read the library: search, the day, a paper, a person, the ledger."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from broadsheet.cli.opening import opened, parse_day
from broadsheet.cli.output import Json, print_json, print_table, print_text, say
from broadsheet.errors import NotFoundError
from broadsheet.export.shapes import day_shape, document_shape, ledger_shape
from broadsheet.store.documents import get_document
from broadsheet.text.wording import counted, long_day
from broadsheet.types import Aspect, Document, Mode

AUTHORS_SHOWN = 4


def register(app: typer.Typer) -> None:
    for command in (search, similar, day, show, author, ledger):
        app.command()(command)


def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help='Words, "phrases", -not, field:value.')],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many to print.")] = 20,
    mode: Annotated[Mode, typer.Option(help="By words and meaning, or by one of them.")] = "hybrid",
    as_json: Json = False,
) -> None:
    """Find papers.

    Fields: title: abstract: author: category: venue: year:2019..2022 announced:2026-03-01..
    has:code like:DOC_ID id:

    Example: broadsheet search '"world model" author:hafner year:2023.. -survey'
    """
    from broadsheet.export.shapes import ranking_shape
    from broadsheet.jobs.searching import search_library

    with opened(context) as (settings, db):
        answer, took_ms = search_library(db, settings, query, k=k, mode=mode)
    if as_json:
        print_json(ranking_shape(answer, took_ms))
        return
    if answer.notice:
        say(answer.notice)
    if answer.suggestion:
        say(f"did you mean: {answer.suggestion}")
    for rank, hit in enumerate(answer.hits, start=1):
        print_text(f"{rank:3}. {hit.title}")
        print_text(f"     {hit.doc_id}  {hit.score:.3f}  {'; '.join(hit.reasons)}")
    say(f"{counted(answer.total, 'paper')}, {took_ms:.1f} ms")
    if not answer.total:
        say("fewer words find more; `broadsheet search --help` says how to ask")


def similar(
    context: typer.Context,
    doc_id: Annotated[
        str, typer.Argument(metavar="DOC_ID", help="Any identifier of a paper here.")
    ],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many to print.")] = 20,
    aspect: Annotated[
        Aspect, typer.Option(help="Alike as a whole, or in background, method or result.")
    ] = Aspect.ALL,
    as_json: Json = False,
) -> None:
    """Papers like this one, and why: shared words and the two sentences that are nearest.

    Example: broadsheet similar arxiv:2405.04434 --aspect method
    """
    from broadsheet.export.shapes import ranking_shape
    from broadsheet.jobs.searching import similar_in_library

    with opened(context) as (settings, db):
        get_document(db, doc_id)
        answer, took_ms = similar_in_library(db, settings, doc_id, k=k, aspect=aspect)
    if as_json:
        print_json(ranking_shape(answer, took_ms))
        return
    if answer.notice:
        say(answer.notice)
    for rank, paper in enumerate(answer.hits, start=1):
        print_text(f"{rank:3}. {paper.title}")
        print_text(f"     {paper.doc_id}  {paper.score:.3f}")
        for reason in paper.reasons:
            print_text(f"     {reason}")
    say(f"{len(answer.hits)} papers like {answer.query}, {took_ms:.1f} ms")


def day(
    context: typer.Context,
    date_text: Annotated[
        str | None, typer.Argument(metavar="[DATE]", help="As 2026-03-01; default: the newest.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The papers of one day, by attention."""
    from broadsheet.deliver.compose import attention_in_words
    from broadsheet.store.documents import day_documents, neighbour_days, newest_day

    with opened(context) as (_, db):
        wanted: date | None = parse_day(date_text) if date_text else newest_day(db)
        if wanted is None:
            raise NotFoundError(
                "no paper here has a day yet; try `broadsheet harvest` or `broadsheet import FILE`"
            )
        documents = day_documents(db, wanted)
        near = [found for found in neighbour_days(db, wanted) if found]
    if as_json:
        print_json(day_shape(wanted.isoformat(), documents))
        return
    print_text(f"{long_day(wanted)}: {counted(len(documents), 'paper')}\n")
    if not documents and near:
        days = ", ".join(map(str, near))
        say(f"the nearest days with papers: {days}; `broadsheet ledger` says why")
    for rank, document in enumerate(documents, start=1):
        print_text(f"{rank:3}. {document.title}")
        print_text(f"     {_byline(document)}")
        print_text(f"     {document.doc_id} {attention_in_words(document)}")
        for link in document.living_links[:1]:
            print_text(f"     {link.url}")


def show(
    context: typer.Context,
    doc_id: Annotated[str, typer.Argument(metavar="DOC_ID", help="Any identifier of the paper.")],
    as_json: Json = False,
) -> None:
    """Everything known about one paper."""
    from broadsheet.store.documents import merges_of

    with opened(context) as (_, db):
        document = get_document(db, doc_id)
        merges = merges_of(db, document.doc_no)
    if as_json:
        print_json(document_shape(document, merges))
        return
    print_text(f"{document.title}\n{_byline(document)}\n")
    label = "Summary by Broadsheet, not the authors' abstract:\n" if document.abstract_by else ""
    if document.abstract:
        print_text(f"{label}{document.abstract}\n")
    facts = [
        ("id", ", ".join(document.identifiers)),
        ("announced", document.announced or ""),
        ("venue", " ".join(str(part) for part in (document.venue, document.year) if part)),
        ("categories", " ".join(document.categories)),
        ("comment", document.comment),
        ("link", document.url),
    ]
    for name, value in facts:
        if value:
            print_text(f"{name:>11}  {value}")
    for link in document.code_links:
        where = ", ".join(dict.fromkeys(evidence.place for evidence in link.evidence))
        print_text(f"       code  {link.url} ({link.status}; {where})")
    for version in document.versions[1:]:
        changed = ", ".join(version.changed)
        print_text(f"    version  {version.number} of {version.dated}: {changed}")
    for via in document.via:
        withdrawn = " (withdrawn there)" if via.deleted else ""
        print_text(f"        via  {via.source} {via.url}{withdrawn}")
    for merge in merges:
        undone = " (undone)" if merge.undone_at else f"; undo: broadsheet unmerge {merge.merge_no}"
        print_text(f"     merged  {merge.from_doc_id or 'a record'}: {merge.reason}{undone}")


def author(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME_OR_ID")],
    as_json: Json = False,
) -> None:
    """A person's papers, newest first."""
    from broadsheet.store.authors import get_author
    from broadsheet.store.documents import load_documents

    with opened(context) as (_, db):
        person = get_author(db, name)
        documents = load_documents(db, person.doc_nos)
    if as_json:
        print_json(
            {
                "author_id": person.author_id,
                "name": person.names[0],
                "confidence": person.confidence,
                "reason": person.reason,
                "namesakes": [
                    {"author_id": other.author_id, "papers": other.n_docs}
                    for other in person.namesakes
                ],
                "names": list(person.names),
                "coauthors": [
                    {"name": other, "author_id": key, "papers": n}
                    for other, key, n in person.coauthors
                ],
                "papers": day_shape("", documents)["papers"],
            }
        )
        return
    print_text(f"{person.names[0]}: {counted(len(documents), 'paper')}\n")
    if person.confidence is not None:
        say(f"one person with confidence {person.confidence:.0%}: {person.reason}")
    for other in person.namesakes:
        n_papers = counted(other.n_docs, "paper")
        say(f"another of the name: `broadsheet author {other.author_id}`, {n_papers}")
    for document in documents:
        when = document.announced or document.year or "    "
        print_text(f"{when}  {document.title}\n            {document.doc_id} {document.venue}")


def ledger(context: typer.Context, as_json: Json = False) -> None:
    """What each source announced, what is stored, and what is missing, day by day."""
    from broadsheet.store.ledger import list_ledger

    with opened(context) as (_, db):
        rows = list_ledger(db)
    if as_json:
        print_json(ledger_shape(rows))
        return
    if not rows:
        say("nothing harvested yet; `broadsheet harvest` asks the sources")
        return
    print_table(
        ("day", "source", "category", "announced", "stored", "state", "reason"),
        [
            (
                row.day.isoformat(),
                row.source,
                row.category,
                row.announced,
                row.stored,
                str(row.state),
                row.reason,
            )
            for row in rows
        ],
    )


def _byline(document: Document) -> str:
    names = [author.name for author in document.authors]
    n_more = len(names) - AUTHORS_SHOWN
    more = f" and {counted(n_more, 'other')}" if n_more > 0 else ""
    return ", ".join(names[:AUTHORS_SHOWN]) + more
