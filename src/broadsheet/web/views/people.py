"""Groups and their members; the owner's page with all readers; invitations to both."""

from __future__ import annotations

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from broadsheet.deliver.mail import mailer_of, send
from broadsheet.errors import NotFoundError, UsageError
from broadsheet.store.accounts import (
    LinkKind,
    disable_reader,
    drop_invitation,
    enable_reader,
    list_invitations,
)
from broadsheet.store.groups import (
    Group,
    GroupRole,
    get_group,
    list_members,
    put_member,
    remove_member,
)
from broadsheet.store.readers import Role, list_readers
from broadsheet.text.wording import sentence
from broadsheet.web.admission import Form
from broadsheet.web.entrance import (
    INVITATIONS_OF_READER,
    link_address,
    make_link,
    within,
)
from broadsheet.web.pages import pages_of
from broadsheet.web.parameters import number_of
from broadsheet.web.site import site_of
from broadsheet.web.visitors import reader_of


def group(request: Request) -> Response:
    return _group_page(request, _group(request))


def change_group(request: Request, form: Form) -> Response:
    """`do` is leave; for those who lead also invite, role and remove."""
    site, reader, found = site_of(request), reader_of(request), _group(request)
    doing, other_no = form.text("do"), form.number("reader")
    if doing == "leave":
        other_no = reader.reader_no
    elif found.role is not GroupRole.LEAD:
        raise HTTPException(403, "Only those who lead the group may do that.")
    try:
        if doing == "invite":
            role = GroupRole(form.text("role") or "member")
            return _invite(request, form, found, role.value)
        if other_no not in {member.reader_no for member in list_members(site.db, found.group_no)}:
            raise HTTPException(404, "Nobody like that is in the group.")
        with site.db.transaction() as transaction:
            if doing in ("leave", "remove"):
                remove_member(transaction, found.group_no, other_no)
            elif doing == "role":
                role = GroupRole(form.text("role"))
                if other_no == reader.reader_no:
                    raise UsageError("let another who leads change your own role")
                put_member(transaction, found.group_no, other_no, role, now=site.clock())
            else:
                raise HTTPException(400, "There is no such thing to do. Nothing was changed.")
    except ValueError:
        raise HTTPException(400, "There is no such role. Nothing was changed.") from None
    except UsageError as error:
        return _group_page(request, found, status=400, wrong=sentence(error))
    leaves = other_no == reader.reader_no and doing != "role"
    return RedirectResponse("/account" if leaves else f"/group/{found.group_no}", 303)


def owner(request: Request) -> Response:
    return _owner_page(request)


def change_readers(request: Request, form: Form) -> Response:
    """`do` is invite, disable, enable or drop-invitation."""
    site, doing, number = site_of(request), form.text("do"), form.number("number")
    try:
        if doing == "invite":
            role = Role(form.text("role") or "reader")
            return _invite(request, form, None, role.value)
        with site.db.transaction() as transaction:
            if doing == "disable":
                disable_reader(transaction, number, now=site.clock())
            elif doing == "enable":
                enable_reader(transaction, number)
            elif doing == "drop-invitation":
                drop_invitation(transaction, number, now=site.clock())
            else:
                raise HTTPException(400, "There is no such thing to do. Nothing was changed.")
    except (ValueError, NotFoundError):
        raise HTTPException(404, "There is nobody and nothing like that here.") from None
    except UsageError as error:
        return _owner_page(request, status=400, wrong=sentence(error))
    return RedirectResponse("/owner", 303)


def _invite(request: Request, form: Form, found: Group | None, role: str) -> Response:
    """The link is shown once, to whoever invites, and mailed where mail can be sent.

    Raises UsageError for what is no address.
    """
    site, reader, email = site_of(request), reader_of(request), form.text("email").lower()
    if not within(site, (INVITATIONS_OF_READER, str(reader.reader_no))):
        raise HTTPException(429, "That was tried too often. Try again tomorrow.")
    secret = make_link(
        site,
        LinkKind.INVITATION,
        email,
        by=reader.reader_no,
        group_no=found.group_no if found else None,
        role=role,
    )
    address = link_address(request, secret)
    mailer = mailer_of(site.settings)
    if found:
        # Whoever leads a group proves an address by mail where mail can be sent.
        response = _group_page(request, found, link="" if mailer else address, email=email)
    else:
        response = _owner_page(request, link=address, email=email)
    if mailer is not None:
        text = pages_of(request).render(
            "invitation_mail.txt",
            address=address,
            by=reader.name,
            group=found.name if found else "",
        )
        subject = f"{reader.name} invites you to Broadsheet"
        response.background = BackgroundTask(send, mailer, to=email, subject=subject, text=text)
    return response


def _group(request: Request) -> Group:
    number = number_of(request.path_params["number"])
    try:
        return get_group(site_of(request).db, reader_of(request).reader_no, number)
    except NotFoundError:
        raise HTTPException(404, "There is no such group of yours.") from None


def _group_page(
    request: Request,
    found: Group,
    *,
    status: int = 200,
    wrong: str = "",
    link: str = "",
    email: str = "",
) -> Response:
    return pages_of(request).unkept_page(
        request,
        "group.html",
        status=status,
        group=found,
        members=list_members(site_of(request).db, found.group_no),
        roles=[role.value for role in GroupRole],
        wrong=wrong,
        link=link,
        email=email,
    )


def _owner_page(
    request: Request, *, status: int = 200, wrong: str = "", link: str = "", email: str = ""
) -> Response:
    site = site_of(request)
    return pages_of(request).unkept_page(
        request,
        "owner.html",
        status=status,
        readers=list_readers(site.db),
        invitations=list_invitations(site.db, now=site.clock()),
        wrong=wrong,
        link=link,
        email=email,
    )
