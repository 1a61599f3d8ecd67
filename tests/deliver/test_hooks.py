"""Webhooks: what is posted, how a receiver knows it is ours, and where nothing is ever posted."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from broadsheet.deliver.hooks import DELIVERY, SIGNATURE, is_signed, sign_body, to_body
from broadsheet.errors import UsageError
from broadsheet.harvest import post as harvest_post
from broadsheet.harvest.post import check_hook, post
from broadsheet.jobs import sending
from broadsheet.jobs.delivery import deliver_due
from broadsheet.store.accounts import make_reader
from broadsheet.store.readers import Role
from broadsheet.store.subscriptions import Channel, get_subscription
from tests.deliver.post_office import open_office
from tests.deliver.presses import MONDAY, Hours, a_press, entries_of, states_of, want
from tests.deliver.samples import a_digest, an_item
from tests.worlds import NOW

ORIGIN = "https://papers.example.org"
NASTY = "<!channel> @everyone [x](javascript:alert(1)) *b* `c` <https://evil.example|x>"


class Receiver:
    """A server that keeps what is posted to it and answers with `statuses` in turn."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.kept: list[tuple[dict[str, str], bytes]] = []
        self.paths: list[str] = []
        self.delay_s = 0.0


@contextmanager
def receiving() -> Iterator[tuple[Receiver, str]]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.kept.append((dict(self.headers), body))
            receiver.paths.append(self.path)
            time.sleep(receiver.delay_s)
            status = receiver.statuses.pop(0) if receiver.statuses else 204
            if status == 0:
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_our_json_says_everything() -> None:
    body = to_body("json", a_digest(an_item(1), an_item(2)), origin=ORIGIN, delivery="17")
    said = json.loads(body)
    assert said["delivery"] == "17"
    assert said["n_stream"] == 412
    assert [paper["doc_id"] for paper in said["papers"]] == [
        "arxiv:2603.00001", "arxiv:2603.00002",
    ]  # fmt: skip
    assert said["papers"][0]["url"] == f"{ORIGIN}/paper/arxiv:2603.00001"
    assert said["promise"].startswith("Of the papers you would like")


def test_a_receiver_knows_it_is_ours_and_fresh() -> None:
    body = b'{"a":1}'
    header = sign_body("secret", body, now=NOW)
    assert is_signed("secret", body, header, now=NOW + timedelta(minutes=4))
    assert not is_signed("secret", body, header, now=NOW + timedelta(minutes=6))
    assert not is_signed("other", body, header, now=NOW)
    assert not is_signed("secret", body + b" ", header, now=NOW)
    later = header.replace(f"t={int(NOW.timestamp())}", f"t={int(NOW.timestamp()) + 3600}")
    assert not is_signed("secret", body, later, now=NOW + timedelta(hours=1))
    for nonsense in ("", "t=,v1=", "t=x", "v1=abc", "t=1,v1"):
        assert not is_signed("secret", body, nonsense, now=NOW)


def test_slack() -> None:
    said = json.loads(
        to_body("slack", a_digest(an_item(1, title=NASTY)), origin=ORIGIN, delivery="")
    )
    text = said["blocks"][1]["text"]["text"]
    assert "<!channel>" not in json.dumps(said)
    assert "&lt;!channel&gt;" in text
    assert text.startswith(f"*<{ORIGIN}/paper/arxiv:2603.00001|")
    assert text.count("<http") == 2
    many = json.loads(
        to_body("slack", a_digest(*(an_item(n) for n in range(1, 200))), origin=ORIGIN, delivery="")
    )
    assert len(many["blocks"]) <= 50
    assert all(len(block["text"]["text"]) <= 3_000 for block in many["blocks"] if "text" in block)


def test_discord() -> None:
    digest = a_digest(*(an_item(n, title=NASTY, sentence="long " * 90) for n in range(1, 40)))
    said = json.loads(to_body("discord", digest, origin=ORIGIN, delivery=""))
    assert said["allowed_mentions"] == {"parse": []}
    assert len(said["embeds"]) <= 10
    assert len(said["content"]) <= 2_000
    n_chars = sum(len(e["title"]) + len(e["description"]) for e in said["embeds"])
    assert n_chars <= 6_000
    assert all(len(e["title"]) <= 256 for e in said["embeds"])


def test_mattermost() -> None:
    digest = a_digest(*(an_item(n, title=NASTY) for n in range(1, 200)))
    said = json.loads(to_body("mattermost", digest, origin=ORIGIN, delivery=""))
    assert len(said["text"]) <= 16_383
    assert "@everyone" not in said["text"]
    assert "](javascript:" not in said["text"]
    nothing = a_digest(nothing_because="nothing new has come in")
    text = json.loads(to_body("mattermost", nothing, origin=ORIGIN, delivery=""))["text"]
    assert "Nothing today, because nothing new has come in." in text


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/x", "https://127.0.0.1/x", "https://localhost/x",
        "https://10.0.0.7/x", "https://[::1]/x", "https://169.254.169.254/latest", "ftp://a.org",
        "https://user@hooks.example.org/", "https://", "nonsense", "https://[::ffff:10.0.0.1]/",
    ],
)  # fmt: skip
def test_where_nothing_is_posted(url: str) -> None:
    with pytest.raises(UsageError):
        check_hook(url, ())
    posted = post(url, b"{}", {}, contact="")
    assert (posted.status, posted.may_have_arrived) == (0, False)


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "::1", "169.254.169.254"])
def test_a_name_that_leads_inside_is_not_posted_to(address: str) -> None:
    posted = post(
        "https://hooks.example.org/x", b"{}", {}, contact="", resolve=lambda host, port: [address]
    )
    assert (posted.status, posted.may_have_arrived) == (0, False)
    assert "private address" in posted.reason


def test_an_allowed_origin_is_that_port_alone() -> None:
    assert check_hook("http://127.0.0.1:8065/hooks/x", ["http://127.0.0.1:8065"]) == "127.0.0.1"
    with pytest.raises(UsageError):
        check_hook("http://127.0.0.1:8066/hooks/x", ["http://127.0.0.1:8065"])


def test_a_digest_is_posted_once_and_signed(tmp_path: Path) -> None:
    with receiving() as (receiver, origin):
        press = a_press(tmp_path, 1, webhook_origins=[origin])
        number = want(press, channel=Channel.JSON, target=f"{origin}/hook")
        want(press, channel=Channel.SLACK, target=f"{origin}/slack", topic="search",
             value="surprises", name="Surprises")  # fmt: skip
        for _ in range(3):
            deliver_due(press)
        ((headers, body),) = receiver.kept
        secret = get_subscription(press.db, number).secret
        assert is_signed(secret, body, headers[SIGNATURE], now=MONDAY)
        assert headers[DELIVERY] == json.loads(body)["delivery"]
        # All that the search finds has been brought already.
        assert states_of(press) == ["sent", "empty"]


def test_answers_decide_what_follows(tmp_path: Path) -> None:
    with receiving() as (receiver, origin):
        hours = Hours()
        press = a_press(tmp_path, 1, hours=hours, webhook_origins=[origin])
        number = want(press, channel=Channel.JSON, target=f"{origin}/hook")
        receiver.statuses, receiver.headers = [429, 503], {"Retry-After": "1200"}
        deliver_due(press)
        hours.at += timedelta(minutes=19)
        deliver_due(press)
        assert len(receiver.kept) == 1
        hours.at += timedelta(minutes=2)
        deliver_due(press)
        hours.at += timedelta(minutes=21)
        deliver_due(press)
        assert states_of(press, number) == ["sent"]
        signatures = [headers[SIGNATURE] for headers, _ in receiver.kept]
        assert len(set(signatures)) == len(signatures) == 3
        assert len({body for _, body in receiver.kept}) == 1


@pytest.mark.parametrize(("status", "state"), [(404, "failed"), (302, "failed"), (0, "unknown")])
def test_what_will_not_be_had_is_not_tried_again(tmp_path: Path, status: int, state: str) -> None:
    with receiving() as (receiver, origin):
        hours = Hours()
        press = a_press(tmp_path, 1, hours=hours, webhook_origins=[origin])
        number = want(press, channel=Channel.DISCORD, target=f"{origin}/hook")
        receiver.statuses, receiver.headers = [status], {"Location": "http://127.0.0.1:9/"}
        for _ in range(5):
            deliver_due(press)
            hours.at += timedelta(hours=2)
        assert states_of(press, number) == [state]
        assert len(receiver.kept) == 1
        assert entries_of(press, number)[0].reason


def test_a_receiver_that_is_down_is_tried_again(tmp_path: Path) -> None:
    hours = Hours()
    press = a_press(tmp_path, 1, hours=hours, webhook_origins=["http://127.0.0.1:9"])
    number = want(press, channel=Channel.JSON, target="http://127.0.0.1:9/hook")
    deliver_due(press)
    assert states_of(press, number) == ["retry"]
    assert "cannot be reached" in entries_of(press, number)[0].reason


@contextmanager
def trickling(first: bytes, then: bytes) -> Iterator[str]:
    """The origin of an endpoint that takes the post, answers `first`, and then `then` for ever,
    a tenth of a second apart."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            line, _ = listener.accept()
            with line:
                line.recv(65_536)
                line.sendall(first)
                while True:
                    line.sendall(then)
                    time.sleep(0.1)
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


@pytest.mark.parametrize(
    ("first", "then", "status"),
    [
        (b"", b"H", 0),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", 0),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100_000, 200),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b"x", 200),
        (b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 503),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", b"\x1f\x8bnonsense", 200),
    ],
)
def test_an_endpoint_that_never_ends_holds_nobody_up(
    first: bytes, then: bytes, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvest_post, "CONNECT_TIMEOUT_S", 1.5)
    monkeypatch.setattr(harvest_post, "ANSWER_WITHIN_S", 1.5)
    with trickling(first, then) as origin:
        began = time.monotonic()
        posted = post(f"{origin}/x", b"{}", {}, contact="", origins=[origin])
        assert time.monotonic() - began < 30
        assert (posted.status, posted.may_have_arrived) == (status, True)


def test_one_that_never_lets_us_in_has_got_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The TLS handshake never ends: it may be tried again."""
    monkeypatch.setattr(harvest_post, "CONNECT_TIMEOUT_S", 0.3)
    monkeypatch.setattr(harvest_post, "ANSWER_WITHIN_S", 0.3)
    with trickling(b"", b"\x16") as origin:
        url = origin.replace("http:", "https:")
        posted = post(f"{url}/x", b"{}", {}, contact="", origins=[url])
    assert (posted.status, posted.may_have_arrived) == (0, False)


def test_a_readers_slow_endpoints_wait_and_nobody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six of one reader's, each of which takes its time; a mail and another reader's go first or
    in the same round."""
    monkeypatch.setattr(sending, "PATIENCE_S", 0.2)
    with receiving() as (receiver, origin), open_office() as office:
        hours = Hours()
        press = a_press(tmp_path, office.port, hours=hours, webhook_origins=[origin])
        with press.db.transaction() as transaction:
            slow, quick = (
                make_reader(transaction, email=f"{name}@example.net", name=name, role=Role.READER,
                            now=MONDAY).reader_no
                for name in ("slow", "quick")
            )  # fmt: skip
        for number in range(6):
            want(press, reader_no=slow, channel=Channel.JSON, target=f"{origin}/slow{number}",
                 when_empty=True)  # fmt: skip
        fast = want(press, reader_no=quick, channel=Channel.JSON, target=f"{origin}/quick")
        mail = want(press)
        receiver.delay_s = 0.3
        deliver_due(press)
        assert states_of(press, fast, mail) == ["sent", "sent"]
        n_slow = [path for path in receiver.paths if path.startswith("/slow")]
        assert len(n_slow) == 1
        receiver.delay_s = 0
        monkeypatch.setattr(sending, "PATIENCE_S", 60.0)
        hours.at += timedelta(minutes=2)
        deliver_due(press)
        assert set(states_of(press)) == {"sent"}
