"""What trends, how that is worked out, and the library's subjects."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from broadsheet.rank import topics as topic_rules
from broadsheet.rank import trending as formula
from broadsheet.web.desk import lay_desk
from broadsheet.web.pages import pages_of
from broadsheet.web.site import site_of
from broadsheet.web.trends import compose_topic_tree, compose_trends
from broadsheet.web.visitors import reader_of


def trending(request: Request) -> Response:
    db, reader = site_of(request).db, reader_of(request)
    trends = compose_trends(db, request.app.state.reckoning)
    if trends is None:
        return _waiting(request, "Trending")
    doc_nos = [paper.document.doc_no for paper in trends.papers]
    return pages_of(request).page(
        request,
        "trending.html",
        desk=lambda: lay_desk(db, reader, doc_nos),
        trends=trends,
        formula=formula,
    )


def topics(request: Request) -> Response:
    db, reader = site_of(request).db, reader_of(request)
    tree = compose_topic_tree(db, request.app.state.reckoning)
    if tree is None:
        return _waiting(request, "Topics")
    return pages_of(request).page(
        request, "topics.html", desk=lambda: lay_desk(db, reader, []), tree=tree
    )


def about(request: Request) -> Response:
    return pages_of(request).page(
        request, "about_trending.html", formula=formula, rules=topic_rules
    )


def _waiting(request: Request, title: str) -> Response:
    return pages_of(request).page(request, "waiting.html", title=title)
