"""What readers care about: their interests, how one begins, what a change would bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from broadsheet.addresses import done_path, interest_path
from broadsheet.errors import NotFoundError, SearchIndexError, UsageError
from broadsheet.interests.beginnings import begin, papers_of_author
from broadsheet.interests.preview import Trial, preview
from broadsheet.search.query import parse_query
from broadsheet.store.authors import AuthorSummary
from broadsheet.store.collections import collected
from broadsheet.store.database import Database
from broadsheet.store.deeds import Deed, Verb
from broadsheet.store.documents import find_doc_no, load_documents, newest_day
from broadsheet.store.followed import find_followable, people_of_name
from broadsheet.store.interests import (
    Choices,
    Holdings,
    Interest,
    Rule,
    RuleKind,
    State,
    get_interest,
    holdings_of,
    written,
)
from broadsheet.store.marks import Mark, count_marks, marked
from broadsheet.text.wording import sentence
from broadsheet.web.admission import Form
from broadsheet.web.desk import lay_desk
from broadsheet.web.doings import do_now
from broadsheet.web.interests import (
    compose_interest,
    compose_question,
    compose_summaries,
    press_of_interest,
)
from broadsheet.web.pages import pages_of
from broadsheet.web.parameters import number_of, text_asked
from broadsheet.web.site import site_of
from broadsheet.web.taking import take_file
from broadsheet.web.visitors import reader_of

_MISSING = "There is no such interest of yours."
_NAME_OF_TRIAL = {
    "must": "every paper must meet “{}”",
    "never": "no paper may meet “{}”",
    "author": "you follow {}",
    "like": "you like {}",
    "dislike": "you dislike {}",
}


def interests(request: Request) -> Response:
    site, reader = site_of(request), reader_of(request)
    return pages_of(request).page(
        request, "interests.html", summaries=compose_summaries(site, reader)
    )


def new(request: Request) -> Response:
    return _new_page(request)


def make(request: Request, form: Form) -> Response:
    """Begin an interest with whatever the form brings; with nothing, by judging papers."""
    site, reader = site_of(request), reader_of(request)
    likes: list[int] = []
    authors: list[tuple[str, str]] = []
    try:
        if name := form.text("author", chars_max=200):
            followed, papers = papers_of_author(site.db, name)
            authors, likes = [followed], papers
        if form.text("kept") == "1":
            likes += marked(site.db, reader.reader_no, Mark.LIKED)
            likes += marked(site.db, reader.reader_no, Mark.SAVED)
        if form.file is not None and site.take_in is not None:
            taken = take_file(site, reader, form.file.file, form.file.filename or "")
            if not taken.n_papers:
                raise UsageError(taken.failure or "no paper could be read in that file")
            likes += collected(site.db, taken.collection_no)
        choices = Choices(
            form.text("name", chars_max=500),
            description=form.text("about", chars_max=4_000),
            categories=_listed(form.text("categories")),
        )
        with site.db.transaction() as transaction:
            done = begin(
                transaction, reader.reader_no, choices, likes=likes, authors=authors,
                now=site.clock(),
            )  # fmt: skip
    except (UsageError, NotFoundError) as error:
        return _new_page(request, wrong=sentence(error), given=form.fields)
    page = interest_path(done.deed.number)
    if not (likes or authors or choices.description):
        page += "/judge"
    return RedirectResponse(done_path(page, done.deed_no), 303)


def interest(request: Request) -> Response:
    site, reader = site_of(request), reader_of(request)
    found = _interest(request)
    press = press_of_interest(site, reader, found)
    return pages_of(request).page(
        request,
        "interest.html",
        desk=press.desk,
        page=compose_interest(site, found),
        press=press,
        shows=f"{press.day} {found.interest_no}" if press.day else "",
    )


def judge(request: Request) -> Response:
    """One paper at a time, the most telling first."""
    site, reader = site_of(request), reader_of(request)
    question = compose_question(site, _interest(request))
    return pages_of(request).page(
        request,
        "interest_judge.html",
        desk=lambda: lay_desk(
            site.db, reader, [question.document.doc_no] if question.document else []
        ),
        question=question,
    )


def try_out(request: Request) -> Response:
    """What a rule, an author or a judgment would change, with the form that saves it."""
    site = site_of(request)
    found = _interest(request)
    day = newest_day(site.db)
    kind, value = _asked_trial(request)
    wrong, change, trial = "", None, Trial()
    notices = parse_query(value).notices if kind in set(RuleKind) else ()
    try:
        trial, verb = _trial(request, kind, value)
        if day is not None:
            change = preview(site.corpus, found, trial, first=day, day=day, now=site.clock())
    except (NotFoundError, SearchIndexError) as error:
        wrong, verb = sentence(error), ""
    return pages_of(request).page(
        request,
        "interest_preview.html",
        status=404 if wrong else 200,
        interest=found,
        day=day,
        kind=kind,
        value=value,
        said=_NAME_OF_TRIAL[kind].format(_named(site.db, trial) or value),
        is_standing=_stands(holdings_of(site.db, found.interest_no), trial),
        verb=verb,
        change=change,
        notices=notices,
        people=_namesakes(site.db, trial),
        wrong=wrong,
    )


def change(request: Request, form: Form) -> Response:
    """`do` says what: choices, drop, must, never, drop-rule, author, unfollow, like, dislike."""
    found = _interest(request)
    asked = form.text("do")
    value = form.text("value", chars_max=1_100)
    number = found.interest_no
    if asked == "choices":
        choices = _choices(found, form)
        deed = Deed(Verb.CHANGE_INTEREST, number=number, value=written(choices), name=choices.name)
    elif asked == "drop":
        deed = Deed(Verb.DROP_INTEREST, number=number, name=found.name)
    elif asked in set(RuleKind):
        deed = Deed(Verb.ADD_RULE, number=number, value=value, name=asked)
    elif asked == "drop-rule":
        kind = form.text("kind")
        deed = Deed(Verb.DROP_RULE, number=number, value=value, name=kind)
    elif asked == "author":
        key, name = _author(request, value)
        deed = Deed(Verb.FOLLOW_FOR, number=number, value=key, name=name)
    elif asked == "unfollow":
        deed = Deed(Verb.UNFOLLOW_FOR, number=number, value=value)
    elif asked in ("like", "dislike", "forget"):
        verbs = {"like": Verb.LIKE_FOR, "dislike": Verb.DISLIKE_FOR, "forget": Verb.UNJUDGE_FOR}
        deed = Deed(verbs[asked], _doc_no(request, value), number=number)
    else:
        raise HTTPException(400, "There is no such thing to do. Nothing was changed.")
    back = "/interests" if asked == "drop" else interest_path(number)
    if form.text("back") == "judge":
        back = f"{interest_path(number)}/judge"
    return RedirectResponse(done_path(back, do_now(request, deed, missing=_MISSING).deed_no), 303)


def _new_page(
    request: Request, *, wrong: str = "", given: Mapping[str, str] | None = None
) -> Response:
    site, reader = site_of(request), reader_of(request)
    counts = count_marks(site.db, reader.reader_no)
    return pages_of(request).page(
        request,
        "interest_new.html",
        status=400 if wrong else 200,
        wrong=wrong,
        given=given or {},
        n_kept=counts.get(Mark.LIKED, 0) + counts.get(Mark.SAVED, 0),
        may_import=site.take_in is not None,
    )


def _interest(request: Request) -> Interest:
    number = number_of(request.path_params["number"])
    try:
        return get_interest(site_of(request).db, reader_of(request).reader_no, number)
    except NotFoundError:
        raise HTTPException(404, _MISSING) from None


def _choices(found: Interest, form: Form) -> Choices:
    """What the form says in place of what was chosen; what it does not say stays."""
    try:
        return replace(
            found.choices,
            name=form.text("name", chars_max=500) or found.name,
            description=form.text("about", chars_max=4_000)
            if "about" in form.fields
            else found.choices.description,
            categories=_listed(form.text("categories"))
            if "categories" in form.fields
            else found.choices.categories,
            alpha=float(form.text("alpha") or found.choices.alpha),
            places=int(form.text("places") or found.choices.places),
            exploration=float(form.text("exploration") or found.choices.exploration),
            state=State(form.text("state") or found.choices.state),
        )
    except ValueError:
        raise HTTPException(400, "A number cannot be read. Nothing was changed.") from None


def _asked_trial(request: Request) -> tuple[str, str]:
    """The first of the fields that says something."""
    for kind in _NAME_OF_TRIAL:
        if value := text_asked(request, kind, chars_max=1_000):
            return kind, value
    kind, value = text_asked(request, "kind"), text_asked(request, "value", chars_max=1_000)
    if kind not in _NAME_OF_TRIAL or not value:
        raise HTTPException(400, "Say what to try: a rule, an author or a paper.")
    return kind, value


def _trial(request: Request, kind: str, value: str) -> tuple[Trial, str]:
    """What is tried, and what `do` saves it. Raises NotFoundError."""
    if kind in set(RuleKind):
        return Trial(rules=(Rule(RuleKind(kind), value),)), kind
    if kind == "author":
        person = find_followable(site_of(request).db, value)
        return Trial(authors=((person.author_id, person.name),)), kind
    doc_no = find_doc_no(site_of(request).db, value)
    if doc_no is None:
        raise NotFoundError(f"there is no paper {value!r} here")
    return (Trial(likes=(doc_no,)) if kind == "like" else Trial(dislikes=(doc_no,))), kind


def _named(db: Database, trial: Trial) -> str:
    """A tried author by name, a tried paper by title; "" for what is its own name."""
    documents = load_documents(db, [*trial.likes, *trial.dislikes])
    names = [name for _, name in trial.authors]
    return next(iter([*names, *(f"“{document.title}”" for document in documents)]), "")


def _stands(holdings: Holdings, trial: Trial) -> bool:
    """Whether all that is tried is so already."""
    followed = {author_id for author_id, _ in holdings.authors}
    return bool(trial) and (
        set(trial.likes) <= set(holdings.likes)
        and set(trial.dislikes) <= set(holdings.dislikes)
        and set(trial.rules) <= set(holdings.rules)
        and {author_id for author_id, _ in trial.authors} <= followed
    )


def _namesakes(db: Database, trial: Trial) -> list[AuthorSummary]:
    """Of whom to choose, where everybody of a shared name would be followed."""
    names = [author_id for author_id, _ in trial.authors if "~" not in author_id]
    people = [person for name in names for person in people_of_name(db, name)]
    return people if len(people) > 1 else []


def _author(request: Request, name: str) -> tuple[str, str]:
    try:
        person = find_followable(site_of(request).db, name)
    except NotFoundError:
        raise HTTPException(404, "There is no such author here. Nothing was changed.") from None
    return person.author_id, person.name


def _doc_no(request: Request, name: str) -> int:
    doc_no = find_doc_no(site_of(request).db, name)
    if doc_no is None:
        raise HTTPException(404, "There is no such paper here. Nothing was changed.")
    return doc_no


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.replace(",", " ").split() if part)
