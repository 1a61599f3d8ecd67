"""Commands that try an interest out: which papers to judge, what a day brings, and what a change
would change. Nothing is saved."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.opening import For, Which, day_of, interest_of, now, opened
from broadsheet.cli.output import Json, print_json, print_text, say
from broadsheet.settings import Settings
from broadsheet.store.database import Database
from broadsheet.store.documents import get_document, load_documents
from broadsheet.store.followed import find_followable
from broadsheet.store.interests import Interest, Rule, RuleKind

if TYPE_CHECKING:
    from broadsheet.slate import Slate


def judge(
    context: typer.Context,
    which: Which,
    n: Annotated[int, typer.Option("-n", min=1, max=50, help="How many to print.")] = 1,
    email: For = "",
    as_json: Json = False,
) -> None:
    """The papers whose judgment would tell most about you, most telling first.

    Say like or dislike of each with `broadsheet interest like` and `dislike`; a dozen make a
    beginning.

    Example: broadsheet interest judge 1 -n 12
    """
    from broadsheet.interests.beginnings import to_judge
    from broadsheet.jobs.interests import open_corpus

    with opened(context) as (settings, db):
        found = interest_of(db, email, which)
        doc_nos = to_judge(open_corpus(db, settings), found, now=now(), n_papers=n)
        documents = load_documents(db, doc_nos)
    if as_json:
        print_json({"papers": [{"doc_id": d.doc_id, "title": d.title} for d in documents]})
        return
    for document in documents:
        print_text(f"{document.title}\n     {document.doc_id}\n     {document.abstract[:300]}\n")
    if not documents:
        say("there is no paper left to ask about")


def preview(
    context: typer.Context,
    which: Which,
    like: Annotated[list[str] | None, typer.Option(help="As if this were liked.")] = None,
    dislike: Annotated[list[str] | None, typer.Option(help="As if this were disliked.")] = None,
    must: Annotated[list[str] | None, typer.Option(help="As if this rule held.")] = None,
    never: Annotated[list[str] | None, typer.Option(help="As if this rule held.")] = None,
    follow: Annotated[
        list[str] | None, typer.Option(help="As if this author were followed.")
    ] = None,
    date_: Annotated[
        str, typer.Option("--date", help="As 2026-03-01; the newest if not given.")
    ] = "",
    email: For = "",
    as_json: Json = False,
) -> None:
    """What the interest brings on a day; and what a judgment, rule or author would change in it.

    Nothing is saved.

    Example: broadsheet interest preview 1 --never 'title:survey' --like arxiv:2405.04434
    """
    from broadsheet.export.shapes import pick_shape, slate_shape
    from broadsheet.interests.preview import Trial
    from broadsheet.interests.preview import preview as try_out
    from broadsheet.jobs.interests import open_corpus

    with opened(context) as (settings, db):
        found = interest_of(db, email, which)
        people = [find_followable(db, name) for name in follow or ()]
        trial = Trial(
            tuple(get_document(db, name).doc_no for name in like or ()),
            tuple(get_document(db, name).doc_no for name in dislike or ()),
            (
                *(Rule(RuleKind.MUST, query) for query in must or ()),
                *(Rule(RuleKind.NEVER, query) for query in never or ()),
            ),
            tuple((person.author_id, person.name) for person in people),
        )
        day = day_of(db, date_)
        if not trial:
            slate = slate_on(db, settings, found, day)
            change = None
        else:
            corpus = open_corpus(db, settings)
            change = try_out(corpus, found, trial, first=day, day=day, now=now())
            slate = change.after
    if as_json:
        made = slate_shape(slate)
        if change is not None:
            made["comes"] = [pick_shape(pick) for pick in change.comes]
            made["goes"] = [{"doc_id": d.doc_id, "title": d.title} for d in change.goes]
        print_json(made)
        return
    if change is not None:
        for pick in change.comes:
            print_text(f"+ {pick.document.title}  {pick.document.doc_id}\n     {pick.why}")
        for document in change.goes:
            print_text(f"- {document.title}  {document.doc_id}")
        before, after = change.before.n_above, change.after.n_above
        say(f"{len(change.comes)} come, {len(change.goes)} go; above the line {before} -> {after}")
        return
    _print_slate(slate)


def slate_on(db: Database, settings: Settings, found: Interest, day: date) -> Slate:
    """What the interest brings that day, as it would be shown now."""
    from broadsheet.interests.slates import slate_of
    from broadsheet.jobs.interests import open_corpus

    return slate_of(open_corpus(db, settings), found, first=day, day=day)


def print_dial(slate: Slate) -> None:
    """Each setting of the dial, and how the promise was kept so far."""
    for setting in slate.dial:
        mark = "*" if setting.alpha == slate.alpha else " "
        said = (
            f"{setting.n_papers} papers today"
            if setting.promised
            else f"no promise yet: {setting.evidence:.0f} of {setting.evidence_needed:.0f} likes"
        )
        print_text(f"  {mark} miss at most {setting.alpha:.0%}: {said}")
    if slate.realised.miss_rate is not None:
        print_text(
            f"    so far missed {slate.realised.miss_rate:.0%}, by {slate.realised.n_likes} likes"
        )


def _print_slate(slate: Slate) -> None:
    print_text(f"{slate.name}, {slate.day:%A, %d %B %Y}\n")
    for pick in slate.picks:
        print_text(f"{pick.rank + 1:3}. {pick.document.title}")
        print_text(f"     {pick.document.doc_id}  {pick.score:.2f}")
        for reason in pick.reasons:
            print_text(f"     {reason.said}")
    for title, documents in (("above the line as well", slate.more), ("just below", slate.below)):
        if documents:
            print_text(f"\n{title}:")
            for document in documents:
                print_text(f"     {document.title}  {document.doc_id}")
    print_dial(slate)
    if slate.notice:
        say(slate.notice)
    say(
        f"{slate.n_announced} announced, {slate.n_ruled_out} ruled out, {slate.n_known} known,"
        f" {slate.n_above} above the line. {slate.promise}"
    )
