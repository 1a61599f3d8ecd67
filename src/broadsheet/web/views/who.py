"""What a reader says about who is who: these are two people, these are one; and taking it back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from broadsheet.addresses import author_path
from broadsheet.errors import NotFoundError, UsageError
from broadsheet.people import take_back, tell_apart, tell_same
from broadsheet.store.authors import get_author, split_author_id
from broadsheet.store.database import Database
from broadsheet.text.names import author_key
from broadsheet.text.wording import sentence
from broadsheet.web.admission import Form
from broadsheet.web.parameters import number_of
from broadsheet.web.site import site_of

ID_CHARS_MAX = 300
CHOSEN = "doc-"


def say_apart(request: Request, form: Form) -> Response:
    """The ticked papers (fields `doc-NUMBER`) are by somebody else of the name."""
    site = site_of(request)
    chosen = [number_of(name.removeprefix(CHOSEN)) for name in form.fields if CHOSEN in name]
    key, group_no = split_author_id(form.text("author", chars_max=ID_CHARS_MAX))
    with _told():
        tell_apart(site.db, key, group_no, chosen, now=site.clock())
    return _back(key, group_no)


def say_same(request: Request, form: Form) -> Response:
    """`author` and `other`, an author id or a name, are one person."""
    site = site_of(request)
    key, group_no = split_author_id(form.text("author", chars_max=ID_CHARS_MAX))
    with _told():
        other = _found(site.db, form.text("other", chars_max=ID_CHARS_MAX))
        tell_same(site.db, (key, group_no), other, now=site.clock())
    return _back(key, 1 if other[0] == key else group_no)


def unsay(request: Request, form: Form) -> Response:
    site = site_of(request)
    with _told():
        said = take_back(site.db, form.number("said"), now=site.clock())
    return _back(said.author_key, 1)


def _found(db: Database, name: str) -> tuple[str, int]:
    person = get_author(db, name if split_author_id(name)[1] > 1 else author_key(name))
    return person.author_key, person.group_no


def _back(key: str, group_no: int) -> Response:
    return RedirectResponse(author_path(key if group_no == 1 else f"{key}~{group_no}"), 303)


@contextmanager
def _told() -> Iterator[None]:
    """What cannot be done is told as a page, nothing having been written."""
    try:
        yield
    except NotFoundError as error:
        raise HTTPException(404, f"{sentence(error)} Nothing was changed.") from error
    except UsageError as error:
        raise HTTPException(400, f"{sentence(error)} Nothing was changed.") from error
