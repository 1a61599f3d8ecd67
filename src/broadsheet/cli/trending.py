"""Commands about attention: the papers and topics that trend."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer

from broadsheet.cli.opening import opened
from broadsheet.cli.output import Json, print_json, print_text, say
from broadsheet.errors import UsageError

SHOWN = 20
_CALLED = {"num_comments": "comments", "gs_citations": "citations", "age_d": "days old"}


def register(app: typer.Typer) -> None:
    for command in (trending, topics):
        app.command()(command)


def trending(
    context: typer.Context,
    window: Annotated[str, typer.Option(help="Days to look back, as 7d.")] = "7d",
    as_json: Json = False,
) -> None:
    """The papers with most attention beyond what is usual, and the numbers it was made of.

    Example: broadsheet trending --window 14d
    """
    from broadsheet.trends import trending_papers

    window_d = parse_window(window)
    with opened(context) as (_, db):
        made = trending_papers(db, now=datetime.now(UTC), window_d=window_d)
    if as_json:
        papers = [{k: v for k, v in paper.items() if k != "doc_no"} for paper in made["papers"]]
        print_json({**made, "papers": papers})
        return
    for rank, paper in enumerate(made["papers"][:SHOWN], start=1):
        print_text(f"{rank:3}. {paper['title']}")
        print_text(f"     {paper['doc_id']}  {paper['score']:.2f}  {_in_words(paper['inputs'])}")
    say(f"{len(made['papers'])} papers of the {window_d} days to {made['date'] or 'never'}")


def topics(context: typer.Context, as_json: Json = False) -> None:
    """Phrases that trend beyond chance, and the library's subjects as a tree."""
    from broadsheet.trends import trending_topics

    with opened(context) as (_, db):
        made = trending_topics(db, now=datetime.now(UTC))
    if as_json:
        print_json(made)
        return
    for topic in made["topics"]:
        print_text(
            f"{topic['phrase']:40} {topic['papers']} papers in {topic['window_d']} days,"
            f" {topic['papers_before']} before; {topic['contribution']:.4f} nats"
        )
    if not made["topics"]:
        say("no topic trends beyond chance")
    for branch in made["tree"]:
        print_text(f"{branch['name']} ({branch['papers']})")
        for twig in branch["branches"]:
            print_text(f"    {twig['name']} ({twig['papers']})")


def _in_words(inputs: Mapping[str, float]) -> str:
    """`upvotes 66, stars per day 10`: the names are keys of the JSON, read by people here."""
    return ", ".join(
        f"{_CALLED.get(name, name.replace('_', ' '))} {value:g}" for name, value in inputs.items()
    )


def parse_window(text: str) -> int:
    """Days of `7d`. Raises UsageError."""
    from broadsheet.trends import WINDOW_D_MAX

    match = re.fullmatch(r"([0-9]{1,3})d?", text.strip())
    if match is None or not 1 <= int(match[1]) <= WINDOW_D_MAX:
        raise UsageError(f"{text!r} is no window; write it as 7d, at most {WINDOW_D_MAX}d")
    return int(match[1])
