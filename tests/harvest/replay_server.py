"""A real server on loopback that speaks the sources' protocols, and misbehaves on demand.

It answers from a synthetic arXiv (`synthetic_arxiv.World`), or from recorded answers
put under a path; a list of faults says which requests are answered wrongly, and how.
"""

from __future__ import annotations

import gzip
import io
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from broadsheet.settings import Settings
from tests.harvest.synthetic_arxiv import World, api_error, api_feed, feed, oai_record

Params = Mapping[str, str]


@dataclass
class Reply:
    """What goes over the wire; `cut` sends only so many bytes of the body, then hangs up."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "text/xml; charset=utf-8"
    content_length: int | None = None
    cut: int | None = None
    pause_s: float = 0.0
    hang_up: bool = False


@dataclass
class Fault:
    """From the `skip`-th request that `when` accepts, `times` replies are changed by `act`."""

    act: Callable[[Reply], Reply]
    when: Callable[[str, Params], bool] = lambda path, params: True
    skip: int = 0
    times: int = 1

    def applies(self, path: str, params: Params) -> bool:
        if self.times <= 0 or not self.when(path, params):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass(frozen=True)
class Request:
    path: str
    params: Params
    headers: Mapping[str, str]


@dataclass
class ReplayServer:
    """Start with `with ReplayServer(world) as server`; `url` has no slash at its end."""

    world: World
    page_size: int = 25
    faults: list[Fault] = field(default_factory=list)
    routes: dict[str, Callable[[Params], Reply]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    clock_skew: timedelta = timedelta()
    feed_day: date | None = None
    known_sets: Callable[[str], bool] = lambda name: True
    formats: tuple[str, ...] = ("arXivRaw", "arXiv", "oai_dc")
    hf_lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)
    notes_version: int = 2
    notes_limit_max: int = 10
    notes_counted: bool = True
    api_knows: Callable[[str], bool] = lambda number: True
    complete_list_size: Callable[[int], int | None] = lambda size: size
    pause: Callable[[float], None] = time.sleep

    def __enter__(self) -> ReplayServer:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server._answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def settings(self, **more: Any) -> Settings:
        return Settings(
            arxiv_oai_url=f"{self.url}/oai",
            arxiv_api_url=f"{self.url}/api/query",
            arxiv_feed_url=f"{self.url}/atom/",
            hf_url=self.url,
            openreview_url=self.url,
            acl_url=f"{self.url}/acl",
            **more,
        )

    def asked(self, path: str) -> list[Params]:
        return [request.params for request in self.requests if request.path == path]

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.requests.append(Request(parts.path, params, headers))
        reply = self._reply(parts.path, params, headers)
        for fault in self.faults:
            if fault.applies(parts.path, params):
                reply = fault.act(reply)
        try:
            self._send(handler, reply, headers)
        except (BrokenPipeError, ConnectionResetError):
            handler.close_connection = True

    def _send(
        self, handler: BaseHTTPRequestHandler, reply: Reply, headers: Mapping[str, str]
    ) -> None:
        if reply.hang_up:
            handler.close_connection = True
            return
        body = reply.body
        if reply.status == 304:
            reply.headers["Content-Encoding"] = "gzip"  # as some servers do, with no body at all
        elif "gzip" in headers.get("accept-encoding", "") and "content-encoding" not in {
            name.lower() for name in reply.headers
        }:
            body = gzip.compress(body, 1)
            reply.headers["Content-Encoding"] = "gzip"
        handler.send_response_only(reply.status)
        sent_at = self.world.now + self.clock_skew
        reply.headers.setdefault("Date", format_datetime(sent_at.astimezone(UTC), usegmt=True))
        reply.headers.setdefault("Content-Type", reply.content_type)
        length = len(body) if reply.content_length is None else reply.content_length
        if reply.status != 304:
            reply.headers.setdefault("Content-Length", str(length))
        else:
            body = b""
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        part = body if reply.cut is None else body[: reply.cut]
        step = len(part) if not reply.pause_s else 200
        for start in range(0, len(part), max(step, 1)):
            handler.wfile.write(part[start : start + step])
            handler.wfile.flush()
            if reply.pause_s:
                self.pause(reply.pause_s)
        if reply.cut is not None or reply.content_length is not None:
            handler.close_connection = True

    def _reply(self, path: str, params: Params, headers: Mapping[str, str]) -> Reply:
        if path in self.routes:
            return self.routes[path](params)
        if path == "/oai":
            return self._oai(params)
        if path.startswith("/atom/"):
            day = self.feed_day or (self.world.now - timedelta(hours=4)).date()
            return Reply(feed(self.world, path.removeprefix("/atom/"), day).encode())
        if path == "/api/query":
            return self._api(params)
        if path == "/api/daily_papers":
            entries = self.hf_lists.get(params.get("date", ""), [])
            start = int(params.get("p", "0")) * int(params["limit"])
            page = entries[start : start + int(params["limit"])]
            return Reply(json.dumps(page).encode(), content_type="application/json")
        if path == "/notes":
            return self._notes(params)
        return Reply(b"<html>not found</html>", 404, content_type="text/html")

    # OAI-PMH

    def _oai(self, params: Params) -> Reply:
        match params.get("verb"):
            case "ListRecords":
                return self._list_records(params)
            case "GetRecord":
                return self._get_record(params)
        return self._oai_reply(params, '<error code="badVerb">no such verb</error>')

    def _list_records(self, params: Params) -> Reply:
        token = params.get("resumptionToken")
        if token is not None:
            try:
                asked, start = json.loads(token), 0
                start = int(asked.pop("start"))
            except (ValueError, KeyError, AttributeError):
                return self._oai_reply(params, '<error code="badResumptionToken">expired</error>')
        else:
            asked = {name: value for name, value in params.items() if name != "verb"}
            start = 0
        if asked.get("metadataPrefix") not in self.formats:
            return self._oai_reply(params, '<error code="cannotDisseminateFormat"/>')
        name = asked.get("set", "")
        if name and not self.known_sets(name):
            return self._oai_reply(params, f'<error code="badArgument">no set {name}</error>')
        matching = [
            paper
            for paper in sorted(self.world.public(), key=lambda p: (p.datestamp, p.number))
            if (not name or name in paper.sets)
            and str(paper.datestamp) >= asked.get("from", "")
            and str(paper.datestamp) <= asked.get("until", "9999")
        ]
        if not matching:
            return self._oai_reply(params, '<error code="noRecordsMatch"/>')
        page = matching[start : start + self.page_size]
        end = start + self.page_size
        records = "".join(oai_record(paper, asked["metadataPrefix"]) for paper in page)
        following = ""
        if end < len(matching) or start:
            text = json.dumps({**asked, "start": end}).replace('"', "&quot;")
            size = self.complete_list_size(len(matching))
            attribute = f' completeListSize="{size}"' if size is not None else ""
            text = text if end < len(matching) else ""
            following = f'<resumptionToken cursor="{start}"{attribute}>{text}</resumptionToken>'
        return self._oai_reply(params, f"<ListRecords>{records}{following}</ListRecords>")

    def _get_record(self, params: Params) -> Reply:
        paper = self.world.papers.get(params.get("identifier", "").rpartition(":")[2])
        if params.get("metadataPrefix") not in self.formats:
            return self._oai_reply(params, '<error code="cannotDisseminateFormat"/>')
        if paper is None or paper not in self.world.public():
            return self._oai_reply(params, '<error code="idDoesNotExist">no such id</error>')
        record = oai_record(paper, params["metadataPrefix"])
        return self._oai_reply(params, f"<GetRecord>{record}</GetRecord>")

    def _oai_reply(self, params: Params, inner: str) -> Reply:
        stamp = f"{self.world.now + self.clock_skew:%Y-%m-%dT%H:%M:%SZ}"
        return Reply(
            (
                '<?xml version="1.0" encoding="UTF-8"?>\n'
                '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
                f"<responseDate>{stamp}</responseDate>"
                f'<request verb="{params.get("verb", "")}">http://oai.test/oai</request>'
                f"{inner}</OAI-PMH>"
            ).encode()
        )

    # The Atom API, OpenReview

    def _api(self, params: Params) -> Reply:
        numbers = [part for part in params.get("id_list", "").split(",") if part]
        for number in numbers:
            if not number[:1].isdigit() and "/" not in number:
                return Reply(api_error(number).encode(), 400)
        papers = [
            paper
            for number in numbers
            if (paper := self.world.papers.get(number)) and self.api_knows(number)
            if not paper.deleted
        ]
        return Reply(api_feed(papers).encode())

    def _notes(self, params: Params) -> Reply:
        notes = sorted(self.notes, key=lambda note: str(note["id"]))
        limit = min(int(params["limit"]), self.notes_limit_max)
        if self.notes_version == 2 and "after" in params:
            notes = [note for note in notes if note["id"] > params["after"]]
        start = int(params.get("offset", "0"))
        answer: dict[str, Any] = {"notes": notes[start : start + limit]}
        if self.notes_counted:
            answer["count"] = len(self.notes)
        return Reply(json.dumps(answer).encode(), content_type="application/json")


# What can go wrong, as changes of a reply.


def status(code: int, **headers: str) -> Callable[[Reply], Reply]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda reply: Reply(b"<html>busy</html>", code, dict(named), "text/html")


def truncated(reply: Reply) -> Reply:
    reply.headers["Content-Encoding"] = "identity"
    reply.cut = len(reply.body) // 2
    return reply


def truncated_gzip(reply: Reply) -> Reply:
    """Half a gzip member, with a Content-Length that is true of the half."""
    reply.body = gzip.compress(reply.body)[: len(gzip.compress(reply.body)) // 2]
    reply.headers["Content-Encoding"] = "gzip"
    return reply


def short_content_length(reply: Reply) -> Reply:
    """A Content-Length smaller than the body: what is read ends in the middle."""
    reply.headers["Content-Encoding"] = "identity"
    reply.content_length = len(reply.body) // 2
    return reply


def long_content_length(reply: Reply) -> Reply:
    reply.headers["Content-Encoding"] = "identity"
    reply.content_length = len(reply.body) + 1000
    return reply


def slow(reply: Reply) -> Reply:
    reply.headers["Content-Encoding"] = "identity"
    reply.pause_s = 0.02
    return reply


def empty(reply: Reply) -> Reply:
    return Reply(b"")


def html_page(reply: Reply) -> Reply:
    page = b"<!DOCTYPE html><html><body><h1>Rate exceeded.</h1></body></html>"
    return Reply(page, content_type="text/html")


def broken_xml(reply: Reply) -> Reply:
    """Whole, with ids and token to be seen, and not well formed all the same."""
    reply.body = reply.body.replace(b"</metadata>", b"</metadta>", 1)
    return reply


def hang_up(reply: Reply) -> Reply:
    reply.hang_up = True
    return reply


def bomb(reply: Reply) -> Reply:
    """40 MB of spaces in 40 kB."""
    sink = io.BytesIO()
    with gzip.GzipFile(fileobj=sink, mode="wb", compresslevel=9) as packed:
        for _ in range(40):
            packed.write(b" " * 1_000_000)
    return Reply(sink.getvalue(), headers={"Content-Encoding": "gzip"})


def redirect(location: str, code: int = 302) -> Callable[[Reply], Reply]:
    return lambda reply: Reply(b"moved", code, {"Location": location})


def bad_token(reply: Reply) -> Reply:
    body = (
        b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        b"<responseDate>2026-03-13T12:00:00Z</responseDate><request>x</request>"
        b'<error code="badResumptionToken">The value is expired</error></OAI-PMH>'
    )
    return Reply(body)


def first_page(path: str, params: Params) -> bool:
    return (
        path == "/oai" and params.get("verb") == "ListRecords" and "resumptionToken" not in params
    )


def later_page(path: str, params: Params) -> bool:
    return path == "/oai" and "resumptionToken" in params


def retry_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)
