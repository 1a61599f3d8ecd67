"""What was announced, what is stored, what is missing, and why."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from broadsheet.web.accounts import compose_accounts
from broadsheet.web.pages import pages_of
from broadsheet.web.parameters import page_asked, text_asked
from broadsheet.web.site import site_of


def ledger(request: Request) -> Response:
    accounts = compose_accounts(
        site_of(request).db, source=text_asked(request, "source"), page=page_asked(request)
    )
    return pages_of(request).page(request, "ledger.html", accounts=accounts)
