"""What this is, how it is, and the small files that browsers and robots ask for."""

from __future__ import annotations

import json

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from broadsheet.rank import attention
from broadsheet.store.code_links import list_unreadable
from broadsheet.store.outbox import count_states
from broadsheet.store.steps import list_steps
from broadsheet.web.condition import examine
from broadsheet.web.metrics import MEDIA_TYPE, list_metrics, print_metrics
from broadsheet.web.pages import pages_of
from broadsheet.web.site import site_of

FOREVER = "public, max-age=31536000, immutable"
#: A reader's own copy: robots find the papers better at their sources.
ROBOTS = "User-agent: *\nDisallow: /\n"


def about(request: Request) -> Response:
    site = site_of(request)
    return pages_of(request).page(
        request, "about.html", condition=examine(site.db, site.index), weights=attention
    )


def health(request: Request) -> Response:
    """200 while the library and its index can be read, else 503; programs watch this. Why a step
    failed stands in the log and in `broadsheet doctor`: whoever asks may be anybody."""
    site = site_of(request)
    condition = examine(site.db, site.index)
    body = {
        "ok": condition.ok,
        "documents": condition.n_documents,
        "index": {"position": condition.index_position, "lag": condition.index_lag},
        "problem": condition.problem,
        "unreadable": len(list_unreadable(site.db)) if condition.ok else None,
        "digests": count_states(site.db) if condition.ok else {},
        "steps": {
            step.step: {
                "ok": step.is_ok,
                "ended_at": step.ended_at.isoformat(),
                "ok_at": step.ok_at.isoformat() if step.ok_at else None,
            }
            for step in (list_steps(site.db) if condition.ok else ())
        },
    }
    return Response(
        json.dumps(body),
        200 if condition.ok else 503,
        {"Cache-Control": "no-store"},
        "application/json",
    )


def metrics(request: Request) -> Response:
    site = site_of(request)
    found = list_metrics(site.db, examine(site.db, site.index), now=site.clock())
    return Response(
        print_metrics(found), headers={"Cache-Control": "no-store"}, media_type=MEDIA_TYPE
    )


def robots(request: Request) -> Response:
    return Response(ROBOTS, media_type="text/plain; charset=utf-8")


def favicon(request: Request) -> Response:
    asset = request.app.state.assets["favicon.svg"]
    return Response(
        asset.body, headers={"Cache-Control": "public, max-age=86400"}, media_type=asset.media_type
    )


def static(request: Request) -> Response:
    asset = request.app.state.assets_by_path.get(request.url.path)
    if asset is None:
        raise HTTPException(404, "There is no such file.")
    return Response(asset.body, headers={"Cache-Control": FOREVER}, media_type=asset.media_type)
