"""Commands for interests: what a reader cares about, said and taken back."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from broadsheet.cli.opening import For, Which, day_of, interest_of, now, opened, reader_no_of
from broadsheet.cli.output import Json, print_json, print_table, print_text, say
from broadsheet.cli.previews import judge, preview, print_dial, slate_on
from broadsheet.errors import NotFoundError, UsageError
from broadsheet.store.authors import AuthorSummary, split_author_id
from broadsheet.store.database import Database
from broadsheet.store.deeds import Deed, Verb, do, undo
from broadsheet.store.documents import get_document, load_documents
from broadsheet.store.followed import current_id, find_followable, people_of_name
from broadsheet.store.interests import (
    Choices,
    Interest,
    Judgment,
    RuleKind,
    State,
    holdings_of,
    list_interests,
    written,
)
from broadsheet.text.wording import counted, listed
from broadsheet.web.doings import show_done

Papers = Annotated[
    list[str], typer.Argument(metavar="DOC_ID…", help="Any identifiers of papers here.")
]
About = Annotated[str | None, typer.Option(help="What it is about, in words.")]
Categories = Annotated[
    list[str] | None,
    typer.Option("--category", help="Of these alone (cs.CL, cs); may be repeated."),
]
Dial = Annotated[
    float | None, typer.Option(help="Share of wanted papers that may be missed: 0.05, 0.1, 0.2.")
]
Places = Annotated[int | None, typer.Option(help="How many papers a slate shows in full.")]
Explore = Annotated[float | None, typer.Option(help="Share of the places that explore.")]
Drop = Annotated[bool, typer.Option("--drop", help="Take it away instead.")]

interest = typer.Typer(
    help="What you care about: papers you like, rules, authors, and a dial.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    app.add_typer(interest, name="interest")
    interest.command()(judge)
    interest.command()(preview)


@interest.command("list")
def list_(context: typer.Context, email: For = "", as_json: Json = False) -> None:
    """All interests, and what each is learnt from."""
    with opened(context) as (_, db):
        found = list_interests(db, reader_no_of(db, email))
        rows = [_row(db, entry) for entry in found]
    if as_json:
        print_json({"interests": rows})
        return
    if not rows:
        say("there is no interest yet; `broadsheet interest add NAME --help` says how to begin one")
        return
    columns = ("interest", "name", "state", "n_likes", "n_dislikes", "n_rules", "n_authors")
    heads = ("", "name", "state", "likes", "dislikes", "rules", "authors", "may miss")
    print_table(
        heads, [[*(row[column] for column in columns), f"{row['alpha']:.0%}"] for row in rows]
    )


@interest.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is called.")],
    file: Annotated[
        list[Path] | None,
        typer.Option("--from", help="Like the papers of this file (BibTeX, RIS, CSL-JSON, …)."),
    ] = None,
    author: Annotated[
        list[str] | None, typer.Option(help="Like this author's papers, and follow them.")
    ] = None,
    about: About = None,
    category: Categories = None,
    dial: Dial = None,
    places: Places = None,
    explore: Explore = None,
    email: For = "",
    as_json: Json = False,
) -> None:
    """Begin an interest: with papers you have, an author, words, or by judging a few papers.

    Papers of a file that are not here yet come into the library. Without any of these, ask
    `broadsheet interest judge` which papers to judge first.

    Example: broadsheet interest add "Sparse attention" --from library.bib --author "Ada Lovelace"
    """
    from broadsheet.interests.beginnings import begin, papers_of_author
    from broadsheet.jobs.interests import take_in_file

    with opened(context) as (settings, db):
        reader_no = reader_no_of(db, email)
        choices = _changed(Choices(name), about, category, dial, places, explore)
        likes: list[int] = []
        authors: list[tuple[str, str]] = []
        for wanted in author or ():
            followed, papers = papers_of_author(db, wanted)
            authors.append(followed)
            likes += papers
        for path in file or ():
            found = take_in_file(db, settings, path, clock=now)
            for line in found.said:
                say(line)
            likes += found.doc_nos
        with db.transaction() as transaction:
            done = begin(transaction, reader_no, choices, likes=likes, authors=authors, now=now())
        made = {
            "interest": done.deed.number,
            "name": done.deed.name,
            "likes": len(set(likes)),
            "authors": len(authors),
            "deed": done.deed_no,
        }
    if as_json:
        print_json(made)
        return
    say(
        f"interest {made['interest']}, {name!r}: {made['likes']} likes; undo: {_undo(done.deed_no)}"
    )
    if not likes and not authors and not about:
        say(f"now judge a few papers: broadsheet interest judge {made['interest']}")


@interest.command()
def show(context: typer.Context, which: Which, email: For = "", as_json: Json = False) -> None:
    """Everything known of an interest, and what each setting of its dial would mean today."""
    with opened(context) as (settings, db):
        found = interest_of(db, email, which)
        held = holdings_of(db, found.interest_no)
        documents = {d.doc_no: d for d in load_documents(db, [e.doc_no for e in held.judged])}
        slate = slate_on(db, settings, found, day_of(db, ""))
        row = _row(db, found)
    judged = [
        {
            "doc_id": documents[entry.doc_no].doc_id,
            "title": documents[entry.doc_no].title,
            "kind": entry.kind.value,
            "date": entry.judged_at.date().isoformat(),
        }
        for entry in held.judged
        if entry.doc_no in documents
    ]
    if as_json:
        print_json(
            {
                **row,
                **_choices_shape(found.choices),
                "judgments": judged,
                "rules": [{"kind": rule.kind.value, "query": rule.query} for rule in held.rules],
                "authors": [
                    {
                        "author_key": split_author_id(author_id)[0],
                        "author_id": author_id,
                        "name": name,
                    }
                    for author_id, name in held.authors
                ],
                "dial": [asdict(setting) for setting in slate.dial],
                "realised": asdict(slate.realised),
                "promise": slate.promise,
            }
        )
        return
    print_text(f"{found.interest_no}. {found.name} ({found.choices.state})")
    if found.choices.description:
        print_text(f"   about: {found.choices.description}")
    if found.choices.categories:
        print_text(f"   of {', '.join(found.choices.categories)} alone")
    for rule in held.rules:
        print_text(f"   {rule.kind}: {rule.query}")
    for author_id, name in held.authors:
        print_text(f"   follows {name}" + (f" ({author_id})" if "~" in author_id else ""))
    print_dial(slate)
    for entry in judged:
        print_text(f"   {entry['date']}  {entry['kind']:8}  {entry['title']}  {entry['doc_id']}")


@interest.command("set")
def set_(
    context: typer.Context,
    which: Which,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    about: About = None,
    category: Categories = None,
    dial: Dial = None,
    places: Places = None,
    explore: Explore = None,
    state: Annotated[State | None, typer.Option(help="active or paused.")] = None,
    email: For = "",
) -> None:
    """Change an interest's name, words, categories, dial or places.

    Example: broadsheet interest set 1 --dial 0.05 --category cs.CL --category cs.LG
    """
    with opened(context) as (_, db):
        found = interest_of(db, email, which)
        choices = _changed(found.choices, about, category, dial, places, explore)
        choices = replace(choices, name=name or choices.name, state=state or choices.state)
        deed = Deed(
            Verb.CHANGE_INTEREST,
            number=found.interest_no,
            value=written(choices),
            name=choices.name,
        )
        _do(db, found.reader_no, [deed])


@interest.command()
def like(
    context: typer.Context,
    which: Which,
    papers: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DOC_ID…]", help="Any identifiers of papers here."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--from", help="All papers of this file (BibTeX, RIS, …).")
    ] = None,
    email: For = "",
) -> None:
    """Papers of this kind are wanted.

    Example: broadsheet interest like 1 arxiv:2405.04434 --from more.bib
    """
    from broadsheet.jobs.interests import take_in_file

    if not papers and file is None:
        raise UsageError("say which papers, or --from which file")
    if papers:
        _judge_papers(context, which, papers, email, Verb.LIKE_FOR)
    if file is not None:
        with opened(context) as (settings, db):
            found = interest_of(db, email, which)
            taken = take_in_file(db, settings, file, clock=now)
            for line in taken.said:
                say(line)
            value = json.dumps(taken.doc_nos)
            deed = Deed(Verb.LIKE_ALL_FOR, number=found.interest_no, value=value, name=file.name)
            _do(db, found.reader_no, [deed])


@interest.command()
def dislike(context: typer.Context, which: Which, papers: Papers, email: For = "") -> None:
    """Papers of this kind are not wanted."""
    _judge_papers(context, which, papers, email, Verb.DISLIKE_FOR)


@interest.command()
def forget(context: typer.Context, which: Which, papers: Papers, email: For = "") -> None:
    """Take back what was said of these papers."""
    _judge_papers(context, which, papers, email, Verb.UNJUDGE_FOR)


@interest.command()
def rule(
    context: typer.Context,
    which: Which,
    kind: Annotated[RuleKind, typer.Argument(help="must: every paper; never: no paper.")],
    query: Annotated[str, typer.Argument(help="A query, as `broadsheet search` reads it.")],
    drop: Drop = False,
    email: For = "",
) -> None:
    """A query that every paper must meet, word for word, or that none may.

    Example: broadsheet interest rule 1 never 'survey OR title:benchmark'
    """
    from broadsheet.search.query import parse_query

    with opened(context) as (_, db):
        found = interest_of(db, email, which)
        for notice in parse_query(query).notices:
            say(notice)
        verb = Verb.DROP_RULE if drop else Verb.ADD_RULE
        deed = Deed(verb, number=found.interest_no, value=query, name=kind.value)
        _do(db, found.reader_no, [deed])


@interest.command()
def follow(
    context: typer.Context,
    which: Which,
    author: Annotated[str, typer.Argument(metavar="NAME_OR_ID", help="An author here.")],
    drop: Drop = False,
    email: For = "",
) -> None:
    """What this author writes counts for the interest.

    A name that several people share stands for all of them; the end of the address of an author's
    page, such as wei-wang~2, for one.

    Example: broadsheet interest follow 1 "Ada Lovelace"
    """
    with opened(context) as (_, db):
        found = interest_of(db, email, which)
        person = find_followable(db, author)
        if person.is_shared_name and not drop:
            say(f"{person.n_people} people here have this name, and all are followed; one alone:")
            for other in people_of_name(db, person.author_id):
                say(f"   {other.follow_id}  {_about(other)}")
        verb = Verb.UNFOLLOW_FOR if drop else Verb.FOLLOW_FOR
        followed = {author_id for author_id, _ in holdings_of(db, found.interest_no).authors}
        value = _dropped(db, followed, person.author_id) if drop else person.author_id
        deed = Deed(verb, number=found.interest_no, value=value, name=person.name)
        _do(db, found.reader_no, [deed])


@interest.command()
def remove(context: typer.Context, which: Which, email: For = "") -> None:
    """Drop an interest; `broadsheet interest undo` brings it back."""
    with opened(context) as (_, db):
        found = interest_of(db, email, which)
        deed = Deed(Verb.DROP_INTEREST, number=found.interest_no, name=found.name)
        _do(db, found.reader_no, [deed])


@interest.command("undo")
def undo_(
    context: typer.Context,
    deed: Annotated[int, typer.Argument(help="The number that the command printed.")],
    email: For = "",
) -> None:
    """Take back what a command here did."""
    with opened(context) as (_, db):
        with db.transaction() as transaction:
            taken = undo(transaction, reader_no_of(db, email), deed, now=now())
        say(f"undone: {taken.verb}")


@interest.command("export")
def export_(
    context: typer.Context,
    output: Annotated[
        Path | None, typer.Option(help="Write it there; stdout if not given.")
    ] = None,
    email: For = "",
) -> None:
    """All your interests, their judgments, rules and authors, as one JSON document.

    Example: broadsheet interest export --output interests.json
    """
    from broadsheet.interests.exchange import interests_out

    with opened(context) as (_, db):
        made = interests_out(db, reader_no_of(db, email))
    if output is None:
        print_json(made)
        return
    try:
        output.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {output}: {error.strerror}; choose another path") from error
    say(f"{len(made['interests'])} interests in {output}")


@interest.command("import")
def import_(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="What `interest export` wrote; - for stdin.")],
    email: For = "",
    as_json: Json = False,
) -> None:
    """Interests of another library; judgments of papers that are not here are named."""
    from broadsheet.errors import ParseError
    from broadsheet.interests.exchange import interests_in

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
        made = json.loads(text)
    except OSError as error:
        raise NotFoundError(f"cannot read {file}: {error.strerror}") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ParseError(f"not JSON: {error}", place=file) from error
    with opened(context) as (_, db):
        taken = interests_in(db, reader_no_of(db, email), made, now=now())
    if as_json:
        missing = [{"doc_id": doc_id, "title": title} for doc_id, title in taken.missing]
        print_json(
            {
                "interests": list(taken.interests),
                "judgments": taken.n_judgments,
                "missing": missing,
            }
        )
        return
    say(f"{len(taken.interests)} interests, {taken.n_judgments} judgments")
    for doc_id, title in taken.missing:
        print_text(f"not here: {doc_id}  {title}")


def _judge_papers(
    context: typer.Context, which: str, papers: Sequence[str], email: str, verb: Verb
) -> None:
    with opened(context) as (_, db):
        found = interest_of(db, email, which)
        doc_nos = [get_document(db, name).doc_no for name in papers]
        _do(
            db,
            found.reader_no,
            [Deed(verb, doc_no, number=found.interest_no) for doc_no in doc_nos],
        )


def _do(db: Database, reader_no: int, deeds: Sequence[Deed]) -> None:
    """All of them or none; says how each is taken back."""
    with db.transaction() as transaction:
        doings = [do(transaction, reader_no, deed, now=now()) for deed in deeds]
    for shown in show_done(db, doings):
        undo = "nothing changed" if shown.deed_no is None else f"undo: {_undo(shown.deed_no)}"
        say(f"{shown.said} {shown.about}; {undo}")


def _undo(deed_no: int | None) -> str:
    return f"broadsheet interest undo {deed_no}"


def _changed(
    choices: Choices,
    about: str | None,
    category: list[str] | None,
    dial: float | None,
    places: int | None,
    explore: float | None,
) -> Choices:
    return replace(
        choices,
        description=choices.description if about is None else about,
        categories=choices.categories
        if category is None
        else tuple(name for name in category if name),
        alpha=choices.alpha if dial is None else dial,
        places=choices.places if places is None else places,
        exploration=choices.exploration if explore is None else explore,
    )


def _row(db: Database, found: Interest) -> dict[str, Any]:
    held = holdings_of(db, found.interest_no)
    return {
        "interest": found.interest_no,
        "name": found.name,
        "state": found.choices.state.value,
        "n_likes": sum(entry.kind is Judgment.LIKED for entry in held.judged),
        "n_dislikes": sum(entry.kind is Judgment.DISLIKED for entry in held.judged),
        "n_rules": len(held.rules),
        "n_authors": len(held.authors),
        "alpha": found.choices.alpha,
    }


def _about(person: AuthorSummary) -> str:
    """What tells one person of a name from the others."""
    others = listed(name for name, _, _ in person.coauthors[:3])
    return counted(len(person.doc_nos), "paper") + (f", with {others}" if others else "")


def _dropped(db: Database, followed: set[str], author_id: str) -> str:
    """What is followed under this id, or was when it had another number; of a name, its only
    person who is followed."""
    same = [value for value in followed if current_id(db, value) == author_id]
    of_name = [value for value in followed if split_author_id(value)[0] == author_id]
    if author_id in followed or not (same or len(of_name) == 1):
        return author_id
    return (same or of_name)[0]


def _choices_shape(choices: Choices) -> dict[str, Any]:
    return {**asdict(choices), "categories": list(choices.categories)}
