"""The only HTTP client of a harvest: polite, bounded, and told where it may go.

One request at a time over one connection, spaced as the source asks; retries with
growing waits; a body is bounded while it streams, also after decompression.
"""

from __future__ import annotations

import logging
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, Self, TypeVar

import httpx2

from broadsheet import __version__
from broadsheet.errors import HarvestError, ParseError, ThrottledError
from broadsheet.harvest.guard import Door, GuardedBackend, GuardedTransport, Resolve
from broadsheet.harvest.verdict import Accept, Again, Refuse, http_date, judge

log = logging.getLogger(__name__)

Parsed = TypeVar("Parsed")
Method = Literal["GET", "HEAD"]

#: Seconds between two requests. arXiv's terms of use for its APIs: one request every
#: three seconds, one connection at a time, over all of its machines together.
INTERVALS_S = {"arxiv.org": 3.0}
INTERVAL_S = 1.0
PARSE_ATTEMPTS = 3

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


#: After every attempt to connect failed: a harvest of thirty days is not thirty long waits.
UNREACHED_S = 300.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as an argument: `now` aware UTC, `monotonic` and `sleep` in seconds."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Bounds:
    """A bound on everything. Waits are per request asked for, redirects and retries included."""

    body_bytes_max: int = 64 * 1024 * 1024
    body_s_max: float = 300.0
    attempts_max: int = 5
    redirects_max: int = 5
    backoff_s: float = 2.0
    wait_s_max: float = 120.0
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A body that arrived whole. `sent_at` is the server's own clock where it told us."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    sent_at: datetime


class _BrokenOffError(Exception):
    """The answer did not arrive whole; asking again may help. `unreached`: nobody was there."""

    def __init__(self, reason: str, *, unreached: bool = False) -> None:
        super().__init__(reason)
        self.unreached = unreached


@dataclass
class PoliteClient:
    """Asks for one thing at a time. Safe to share between threads: they queue.

    `interval_s` overrides the spacing of every host (tests).
    """

    door: Door
    contact: str = ""
    clock: Clock = field(default_factory=Clock)
    bounds: Bounds = field(default_factory=Bounds)
    interval_s: float | None = None
    resolve: Resolve | None = None

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._asked_at: dict[str, float] = {}
        self._closed_until: dict[str, float] = {}
        self._unreached_until: dict[str, float] = {}
        self._troubles: list[str] = []
        self._backend = GuardedBackend(self.door, self.resolve)
        self._http = httpx2.Client(
            transport=GuardedTransport(self._backend),
            headers={"User-Agent": user_agent(self.contact), "Accept": "*/*",
                     "Accept-Encoding": "gzip"},
            timeout=httpx2.Timeout(
                self.bounds.read_timeout_s, connect=self.bounds.connect_timeout_s
            ),
            trust_env=False,
            follow_redirects=False,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        accepted: Collection[int] = (200,),
        method: Method = "GET",
    ) -> Answer:
        """The whole answer, after as many polite attempts as the bounds allow.

        Raises ThrottledError (retry_after_s) where the source told us to wait longer
        than we may, HarvestError otherwise; `permanent` where asking again is no use.
        """
        target = httpx2.URL(url)
        if params:
            target = target.copy_merge_params(dict(params))
        with self._lock:
            return self._get(target, dict(headers or {}), accepted, method)

    def take_troubles(self) -> tuple[str, ...]:
        """What went wrong and was overcome since this was last asked, oldest first."""
        with self._lock:
            troubles, self._troubles = tuple(self._troubles), []
            return troubles

    def note_trouble(self, trouble: str) -> None:
        with self._lock:
            self._troubles.append(trouble)

    def wait(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    def _get(
        self,
        target: httpx2.URL,
        headers: Mapping[str, str],
        accepted: Collection[int],
        method: Method,
    ) -> Answer:
        self._refuse_if_closed(target)
        waited_s, n_troubles = 0.0, len(self._troubles)
        for attempt in range(self.bounds.attempts_max):
            answer: Answer | None = None
            unreached = False
            verdict: Accept | Again | Refuse
            try:
                answer = self._follow(target, headers, attempt, method)
                verdict = judge(answer.status, answer.headers, self.clock.now(), accepted)
                is_empty = not answer.body and answer.status == 200 and method == "GET"
                if isinstance(verdict, Accept) and is_empty:
                    verdict = Again("an empty body")
            except _BrokenOffError as broken:
                verdict, unreached = Again(str(broken)), broken.unreached
            if isinstance(verdict, Accept) and answer is not None:
                return answer
            if isinstance(verdict, Refuse):
                raise HarvestError(f"{target.host} {verdict.reason}", permanent=True)
            assert isinstance(verdict, Again)
            wait_s = verdict.wait_s
            if wait_s is None:
                wait_s = self.bounds.backoff_s * 2**attempt
            is_last = attempt + 1 == self.bounds.attempts_max
            if is_last or waited_s + wait_s > self.bounds.wait_s_max:
                if unreached:
                    until = self.clock.monotonic() + UNREACHED_S
                    self._unreached_until[target.host] = until
                    del self._troubles[n_troubles:]  # each was this, and the error counts them
                    raise HarvestError(
                        f"{target.host} could not be reached in {attempt + 1} attempts: "
                        f"{verdict.reason}; the next harvest goes on from here",
                        retry_after_s=wait_s,
                    )
                raise self._gives_up(target, verdict, wait_s, attempt + 1)
            self._troubles.append(f"{verdict.reason}, asked again after {wait_s:.0f} s")
            self.clock.sleep(wait_s)
            waited_s += wait_s
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _gives_up(
        self, target: httpx2.URL, verdict: Again, wait_s: float, n_attempts: int
    ) -> HarvestError:
        if verdict.is_throttle:
            self._closed_until[_group(target.host)] = self.clock.monotonic() + wait_s
            told = "slow down" if verdict.wait_s is None else f"wait {wait_s:.0f} s"
            return ThrottledError(
                f"{target.host} answered {verdict.reason} and told us to {told}; the next harvest "
                "goes on from here",
                retry_after_s=wait_s,
            )
        return HarvestError(
            f"{target.host} did not answer as it should ({verdict.reason}) in {n_attempts} "
            "attempts; the next harvest goes on from here",
            retry_after_s=wait_s,
        )

    def _refuse_if_closed(self, target: httpx2.URL) -> None:
        """A host that told us to wait is not asked again before that, by any source; nor,
        for a while, one that could not be reached at all."""
        if self._unreached_until.get(target.host, 0.0) > self.clock.monotonic():
            raise HarvestError(
                f"{target.host} could not be reached a moment ago; the next harvest goes on from "
                "here"
            )
        left_s = self._closed_until.get(_group(target.host), 0.0) - self.clock.monotonic()
        if left_s > 0:
            raise ThrottledError(
                f"{target.host} told us to wait {left_s:.0f} s more; the next harvest goes on "
                "from here",
                retry_after_s=left_s,
            )

    def _follow(
        self, target: httpx2.URL, headers: Mapping[str, str], attempt: int, method: Method
    ) -> Answer:
        for _ in range(self.bounds.redirects_max + 1):
            if (refusal := self.door.refusal(target)) is not None:
                raise HarvestError(
                    f"{target} is not fetched: {refusal}; check the source's address in "
                    "settings.toml",
                    permanent=True,
                )
            answer = self._ask(target, headers, attempt, method)
            location = answer.headers.get("location", "")
            if answer.status not in _REDIRECTS or not location:
                return answer
            target = _redirected(target, location)
        raise HarvestError(
            f"{target.host} redirects in circles; check the source's address in settings.toml",
            permanent=True,
        )

    def _ask(
        self, target: httpx2.URL, headers: Mapping[str, str], attempt: int, method: Method
    ) -> Answer:
        self._keep_distance(target.host)
        began = self.clock.monotonic()
        self._backend.end_within(self.bounds.read_timeout_s + self.bounds.body_s_max)
        status, n_bytes = 0, 0
        try:
            request = self._http.build_request(method, target, headers=headers)
            response = self._http.send(request, stream=True)
            try:
                status = response.status_code
                body = self._read(response, began) if method == "GET" else b""
                n_bytes = len(body)
            finally:
                response.close()
            plain = {name.lower(): value for name, value in response.headers.items()}
            sent_at = http_date(plain.get("date", "")) or self.clock.now()
            return Answer(str(target), status, plain, body, sent_at)
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            unreached = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
            raise _BrokenOffError(_transport_reason(error), unreached=unreached) from error
        finally:
            self._asked_at[_group(target.host)] = self.clock.monotonic()
            log.info(
                "fetch host=%s path=%s status=%d bytes=%d attempt=%d took_ms=%d",
                target.host, target.path, status, n_bytes, attempt + 1,
                (self.clock.monotonic() - began) * 1000,
            )  # fmt: skip

    def _keep_distance(self, host: str) -> None:
        group = _group(host)
        interval_s = INTERVALS_S.get(group, INTERVAL_S) if self.interval_s is None else (
            self.interval_s
        )  # fmt: skip
        asked_at = self._asked_at.get(group)
        if asked_at is not None:
            left_s = asked_at + interval_s - self.clock.monotonic()
            if left_s > 0:
                self.clock.sleep(left_s)

    def _read(self, response: httpx2.Response, began: float) -> bytes:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "", "gzip", "x-gzip"):
            raise _BrokenOffError(f"a body in the encoding {encoding[:20]}")
        if response.status_code in (204, 304):
            return b""
        parts: list[bytes] = []
        size = 0
        chunks = response.iter_raw()
        for part in _inflate(chunks) if encoding.endswith("gzip") else chunks:
            size += len(part)
            if size > self.bounds.body_bytes_max:
                raise HarvestError(
                    f"{response.url.host} sent more than {self.bounds.body_bytes_max} bytes for "
                    "one page, which is not read; the next harvest asks again"
                )
            if self.clock.monotonic() - began > self.bounds.body_s_max:
                raise _BrokenOffError("a body that came too slowly")
            parts.append(part)
        return b"".join(parts)


def fetch_parsed(
    client: PoliteClient,
    url: str,
    params: Mapping[str, str] | None,
    parse: Callable[[bytes], Parsed],
    *,
    accepted: Collection[int] = (200,),
    headers: Mapping[str, str] | None = None,
) -> tuple[Answer, Parsed | ParseError]:
    """Fetch and parse; what cannot be parsed may have been cut off, and is fetched again.

    An answer whose status already says that it is none is not asked for twice.

    The last ParseError is returned as a value, beside the body that caused it.
    """
    for attempt in range(PARSE_ATTEMPTS):
        answer = client.get(url, params, accepted=accepted, headers=headers)
        if answer.status == 304:
            return answer, ParseError("not modified", place=answer.url)
        try:
            return answer, parse(answer.body)
        except ParseError as error:
            if attempt + 1 == PARSE_ATTEMPTS or answer.status != 200:
                return answer, error
            client.note_trouble(f"a page that cannot be read ({error.reason}), asked again")
            client.wait(client.bounds.backoff_s * 2**attempt)
    raise AssertionError("unreachable: the last attempt returns")


def user_agent(contact: str) -> str:
    """Product, version and whom to write to; header-safe whatever `contact` holds."""
    safe = "".join(char for char in contact if " " < char < "\x7f" and char not in "()")[:200]
    return f"Broadsheet/{__version__} (personal paper reader; {safe or 'no contact set'})"


def _inflate(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress in steps of bounded size, so that a bomb is noticed before it is held."""
    step_bytes = 1024 * 1024
    inflater = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            data = chunk
            while data:
                yield inflater.decompress(data, step_bytes)
                data = inflater.unconsumed_tail
                if inflater.eof and inflater.unused_data:
                    data = inflater.unused_data
                    inflater = zlib.decompressobj(wbits=31)
        while tail := inflater.decompress(b"", step_bytes):
            yield tail
    except zlib.error as error:
        raise _BrokenOffError(f"a body that does not decompress ({error})") from error
    if not inflater.eof:
        raise _BrokenOffError("a compressed body that was cut off")


def _redirected(target: httpx2.URL, location: str) -> httpx2.URL:
    try:
        url = target.join(location)
    except httpx2.InvalidURL as error:
        raise HarvestError(
            f"{target.host} redirects to something that is no address; check the source's "
            "address in settings.toml",
            permanent=True,
        ) from error
    if target.scheme == "https" and url.scheme == "http":
        raise HarvestError(
            f"{target.host} redirects from https to http, which is not followed; check the "
            "source's address in settings.toml",
            permanent=True,
        )
    return url


def _group(host: str) -> str:
    """Machines of one owner share one pace: the last two labels of a name, or the address."""
    labels = host.split(".")
    return host if labels[-1].isdigit() or ":" in host else ".".join(labels[-2:])


def _transport_reason(error: Exception) -> str:
    if isinstance(error, httpx2.ConnectTimeout | httpx2.ReadTimeout):
        return "no answer in time"
    if isinstance(error, httpx2.RemoteProtocolError):
        return "an answer that was cut off"
    return f"no connection, {error}" if isinstance(error, httpx2.ConnectError) else str(error)
