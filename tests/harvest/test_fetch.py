"""The client against a real server on loopback: pace, bounds, retries, and where it may go."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest

from broadsheet.errors import HarvestError, ParseError, ThrottledError
from broadsheet.harvest.fetch import Bounds, PoliteClient, fetch_parsed, user_agent
from broadsheet.harvest.guard import Door, door_to, is_private_literal, is_public
from tests.harvest import replay_server as wrong
from tests.harvest.fakes import FakeClock
from tests.harvest.replay_server import Fault, ReplayServer, Reply, retry_date
from tests.harvest.synthetic_arxiv import World

BODY = b"<page>" + b"many words " * 300 + b"</page>"


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer(World({})) as running:
        running.routes["/page"] = lambda params: Reply(BODY)
        yield running


def client_of(server: ReplayServer, fake: FakeClock, **bounds: float) -> PoliteClient:
    return PoliteClient(
        door_to([server.url]),
        contact="reader@example.org",
        clock=fake.clock(),
        bounds=Bounds(**bounds),  # type: ignore[arg-type]
        interval_s=3.0,
    )


def test_tells_who_asks_and_reads_gzip(server: ReplayServer) -> None:
    with client_of(server, FakeClock()) as client:
        answer = client.get(f"{server.url}/page", {"q": "a b&c"})
    assert answer.body == BODY
    request = server.requests[0]
    assert request.headers["user-agent"].startswith("Broadsheet/")
    assert "reader@example.org" in request.headers["user-agent"]
    assert request.params == {"q": "a b&c"}


def test_user_agent_is_safe_whatever_the_contact() -> None:
    assert "\n" not in user_agent("a\r\nX-Evil: 1")
    assert "no contact" in user_agent("")


def test_keeps_its_distance_and_one_log_line_a_request(
    server: ReplayServer, caplog: pytest.LogCaptureFixture
) -> None:
    fake = FakeClock()
    with caplog.at_level(logging.INFO, "broadsheet"), client_of(server, fake) as client:
        for _ in range(3):
            client.get(f"{server.url}/page")
    assert fake.waits_s == [3.0, 3.0]
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 3
    assert all("status=200" in line and "bytes=" in line for line in lines)


@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_in_seconds(server: ReplayServer, code: int) -> None:
    fake = FakeClock()
    server.faults.append(Fault(wrong.status(code, Retry_After="17")))
    with client_of(server, fake) as client:
        assert client.get(f"{server.url}/page").body == BODY
        assert client.take_troubles() == (f"{code}, asked again after 17 s",)
    assert 17.0 in fake.waits_s


@pytest.mark.parametrize("skew", [timedelta(), timedelta(hours=9), timedelta(days=-2)])
def test_retry_after_as_a_date_is_read_by_the_servers_own_clock(
    server: ReplayServer, skew: timedelta
) -> None:
    fake = FakeClock()
    server.clock_skew = skew
    until = retry_date(server.world.now + skew + timedelta(seconds=40))
    server.faults.append(Fault(wrong.status(503, Retry_After=until)))
    with client_of(server, fake) as client:
        # status() makes a new reply, whose Date the server still sets by its skewed clock.
        assert client.get(f"{server.url}/page").body == BODY
    assert 40.0 in fake.waits_s


def test_a_wait_beyond_the_bound_is_an_error_that_says_how_long(server: ReplayServer) -> None:
    fake = FakeClock()
    server.faults.append(Fault(wrong.status(503, Retry_After="3600"), times=99))
    client = client_of(server, fake)
    with pytest.raises(ThrottledError, match="told us to wait 3600 s") as caught:
        client.get(f"{server.url}/page")
    assert caught.value.retry_after_s == 3600
    with pytest.raises(ThrottledError):
        client.get(f"{server.url}/page")
    assert len(server.requests) == 1, "a host that said wait is left alone"
    client.close()
    assert fake.elapsed_s < 120


def test_endless_throttling_ends_within_the_bound(server: ReplayServer) -> None:
    fake = FakeClock()
    server.faults.append(Fault(wrong.status(429, Retry_After="50"), times=99))
    with client_of(server, fake) as client, pytest.raises(ThrottledError):
        client.get(f"{server.url}/page")
    assert fake.elapsed_s <= 120 + 3 * 5


def test_a_strange_retry_after_falls_back_to_growing_waits(server: ReplayServer) -> None:
    fake = FakeClock()
    server.faults.append(Fault(wrong.status(503, Retry_After="soon"), times=2))
    with client_of(server, fake) as client:
        assert client.get(f"{server.url}/page").body == BODY
    assert fake.waits_s == [2.0, 1.0, 4.0] or fake.waits_s == [2.0, 1.0, 4.0, 3.0]


@pytest.mark.parametrize("code", [400, 401, 403, 404, 406, 410])
def test_refusals_are_permanent_and_say_what_to_do(server: ReplayServer, code: int) -> None:
    server.faults.append(Fault(wrong.status(code), times=99))
    with (
        client_of(server, FakeClock()) as client,
        pytest.raises(HarvestError, match=str(code)) as caught,
    ):
        client.get(f"{server.url}/page")
    assert caught.value.permanent
    assert len(server.requests) == 1
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "act",
    [
        wrong.truncated,
        wrong.truncated_gzip,
        wrong.long_content_length,
        wrong.empty,
        wrong.hang_up,
        wrong.status(500),
        wrong.status(502),
    ],
    ids=["truncated", "truncated-gzip", "long-length", "empty", "hang-up", "500", "502"],
)
def test_what_did_not_arrive_whole_is_asked_for_again(server: ReplayServer, act: object) -> None:
    server.faults.append(Fault(act, times=2))  # type: ignore[arg-type]
    with client_of(server, FakeClock()) as client:
        assert client.get(f"{server.url}/page").body == BODY
        assert len(client.take_troubles()) == 2
    assert len(server.requests) == 3


def test_a_server_that_never_answers_whole_fails_after_bounded_attempts(
    server: ReplayServer,
) -> None:
    server.faults.append(Fault(wrong.truncated, times=99))
    with (
        client_of(server, FakeClock()) as client,
        pytest.raises(HarvestError, match="cut off") as caught,
    ):
        client.get(f"{server.url}/page")
    assert not caught.value.permanent
    assert len(server.requests) == 5


def test_no_server_at_all() -> None:
    fake = FakeClock()
    with socket.socket() as deaf:  # the port is taken, and nobody listens
        deaf.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with (
            PoliteClient(door_to([url]), clock=fake.clock()) as client,
            pytest.raises(HarvestError, match="no connection"),
        ):
            client.get(f"{url}/page")
    assert len(fake.waits_s) >= 4


def test_a_body_that_drips_is_given_up_in_time(server: ReplayServer) -> None:
    fake = FakeClock()
    server.faults.append(Fault(wrong.slow, times=1))
    # Set, not added to: what drips on after it was given up takes no time from the next answer.
    server.pause = lambda _: setattr(fake, "elapsed_s", 9.0)
    with client_of(server, fake, body_s_max=5.0, backoff_s=0.1) as client:
        assert client.get(f"{server.url}/page").body == BODY
        assert client.take_troubles() == ("a body that came too slowly, asked again after 0 s",)


def test_a_gzip_bomb_is_noticed_before_it_is_held(server: ReplayServer) -> None:
    server.faults.append(Fault(wrong.bomb, times=99))
    with (
        client_of(server, FakeClock(), body_bytes_max=8_000_000) as client,
        pytest.raises(HarvestError, match="more than 8000000 bytes"),
    ):
        client.get(f"{server.url}/page")
    assert len(server.requests) == 1


def test_a_large_plain_body_is_bounded_too(server: ReplayServer) -> None:
    with (
        client_of(server, FakeClock(), body_bytes_max=1000) as client,
        pytest.raises(HarvestError, match="more than 1000 bytes"),
    ):
        client.get(f"{server.url}/page")


def test_follows_redirects_to_where_it_may_go(server: ReplayServer) -> None:
    server.faults.append(Fault(wrong.redirect("/page?moved=1", 301)))
    with client_of(server, FakeClock()) as client:
        assert client.get(f"{server.url}/page").body == BODY
    assert server.requests[-1].params == {"moved": "1"}


@pytest.mark.parametrize(
    "location",
    [
        "http://evil.example/x",
        "http://127.0.0.1:1/x",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/x",
        "http://10.0.0.8/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "http://reader:secret@127.0.0.1/x",
        "http://0x7f000001/x",
    ],
)
def test_never_follows_a_redirect_elsewhere(server: ReplayServer, location: str) -> None:
    server.faults.append(Fault(wrong.redirect(location), times=99))
    with (
        client_of(server, FakeClock()) as client,
        pytest.raises(HarvestError, match="is not fetched") as caught,
    ):
        client.get(f"{server.url}/page")
    assert caught.value.permanent
    assert len(server.requests) == 1


def test_redirects_in_circles_end(server: ReplayServer) -> None:
    server.faults.append(Fault(wrong.redirect("/page"), times=99))
    with client_of(server, FakeClock()) as client, pytest.raises(HarvestError, match="circles"):
        client.get(f"{server.url}/page")
    assert len(server.requests) == 6


def test_a_name_that_leads_inside_is_not_connected_to(server: ReplayServer) -> None:
    port = int(server.url.rpartition(":")[2])
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    client = PoliteClient(
        Door(frozenset({"papers.example"})), clock=FakeClock().clock(), resolve=resolve
    )
    with client, pytest.raises(HarvestError, match="private address") as caught:
        client.get(f"http://papers.example:{port}/page")
    assert caught.value.permanent
    assert asked == ["papers.example"]
    assert server.requests == []


def test_only_the_origin_the_reader_wrote_down_is_trusted(server: ReplayServer) -> None:
    door = door_to([server.url])
    port = int(server.url.rpartition(":")[2])
    assert door.allows_address("127.0.0.1", port, "127.0.0.1")
    assert not door.allows_address("127.0.0.1", port + 1, "127.0.0.1")
    assert not door.allows_address("arxiv.org", 443, "10.1.2.3")
    assert door.allows_address("arxiv.org", 443, "151.101.3.42")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "::1",
     "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
     "100.64.0.1", "224.0.0.1", "ff02::1", "::10.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b:1::a00:1",
     "fec0::1", "5f00::1", "nonsense"],
)  # fmt: skip
def test_private_addresses_in_every_dress(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["151.101.3.42", "2606:4700::6810:84e5", "8.8.8.8"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


def test_private_literals() -> None:
    assert is_private_literal("localhost")
    assert is_private_literal("::1")
    assert not is_private_literal("arxiv.org")


def test_what_cannot_be_parsed_is_fetched_again_then_returned(server: ReplayServer) -> None:
    def parse(body: bytes) -> int:
        if not body.endswith(b"</page>"):
            raise ParseError("ends in the middle")
        return len(body)

    server.faults.append(Fault(wrong.short_content_length, times=2))
    with client_of(server, FakeClock()) as client:
        _, parsed = fetch_parsed(client, f"{server.url}/page", None, parse)
        assert parsed == len(BODY)
        server.faults.append(Fault(wrong.short_content_length, times=99))
        answer, failed = fetch_parsed(client, f"{server.url}/page", None, parse)
    assert isinstance(failed, ParseError)
    assert answer.body == BODY[: len(BODY) // 2]
    assert len(server.requests) == 6


def test_a_host_that_nobody_answers_at_is_not_tried_for_every_page() -> None:
    fake = FakeClock()
    gone = "http://127.0.0.1:9/page"  # the discard port: nothing listens
    with PoliteClient(door_to([gone]), clock=fake.clock()) as client:
        with pytest.raises(HarvestError, match=r"could not be reached in 5 attempts: no connec"):
            client.get(gone)
        assert client.take_troubles() == ()  # it was one, and is said once
        n_waits = len(fake.waits_s)
        with pytest.raises(HarvestError, match="could not be reached a moment ago"):
            client.get(gone)
        assert len(fake.waits_s) == n_waits
        fake.elapsed_s += 400
        with pytest.raises(HarvestError, match="attempts"):
            client.get(gone)
