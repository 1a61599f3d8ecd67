"""The pages of a library of 90,000 papers: server time, weight, and a hundred readers at once.

The library is that of `bench meaning`, its vectors made up but for a few (without a model: words
alone), served by `broadsheet web` as it is installed. Server time is
what one reader waits on this machine for the whole answer, gzip included, requests one after
another on one connection; beside it the processor time that the server took. The crowd is `wrk`
(Debian package `wrk`; skipped without it): 100 connections that ask for a mixture of pages as fast
as they are answered. The same addresses are asked of a peer that scans the library for each
request, as arxiv-sanity-lite does (`bench/_scanning.py`).
"""

from __future__ import annotations

import gzip
import http.client
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter, sleep
from urllib.parse import quote

import numpy as np

from bench.meaning import N_EMBEDDED, fill
from bench.search import bench_home, data_missing, make_queries, open_library, sample
from broadsheet.addresses import author_path, day_path, paper_path, search_path
from broadsheet.jobs.embedding import meaning_source
from broadsheet.model.passages import embed_documents
from broadsheet.rank.passage import passage
from broadsheet.settings import load_settings
from broadsheet.store.database import open_database
from broadsheet.store.documents import iterate_documents
from broadsheet.text.names import author_key

N_ASKED = 200
N_WARM = 10
READERS = 100
CROWD_S = 15
START_WITHIN_S = 120.0
BUDGET_FRONT_P99_MS, BUDGET_SEARCH_P99_MS = 40.0, 80.0
BUDGET_PER_S = 150.0
BUDGET_WEIGHT_BYTES = 80_000
DAYS = 60  # the newest: what is read at all
#: What a hundred readers do: most read the day, a third searches, some open a paper.
MIXTURE = {"front page": 30, "day": 20, "search": 30, "paper": 15, "author": 5}
ASKS = """
local paths, place = {}, 0
function init(args)
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
  math.randomseed(tonumber(tostring({}):match("0x(%x+)"), 16) % 100000)
  place = math.random(#paths)
end
function request()
  place = place % #paths + 1
  return wrk.format("GET", paths[place], {["Accept-Encoding"] = "gzip"})
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"us":%d,"bad":%d,"p50":%d,"p99":%d}\\n', summary.requests,
    summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""

Paths = dict[str, list[str]]


@dataclass(frozen=True)
class Server:
    port: int
    pid: int

    def cpu_s(self) -> float:
        """Processor time so far, of all its threads; 0 where the system does not tell."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    if data_missing("site"):
        return
    with bench_home() as name:
        home = Path(name)
        open_library(home)
        _give_vectors(home)
        paths = choose_paths(home, random.Random(20261121))
        with serving([sys.executable, "-m", "broadsheet", "--home", name, "web", "--port"]) as ours:
            _print_times(ours, paths)
            _print_weights(ours, paths)
            _print_crowd("ours", ours, paths)
        scanning = [sys.executable, "-m", "bench._scanning", name]
        with serving(scanning) as peer:
            _print_crowd("scanning", peer, paths)


def _give_vectors(home: Path) -> None:
    """A vector for every paper that could have one."""
    db = open_database(home)
    source = meaning_source(db, load_settings(home=home))
    meaning, reason = source.find()
    numbers = np.sort([document.doc_no for document in iterate_documents(db)])
    if meaning is None:
        print(f"site: pages are made by words alone, {reason}")
    elif meaning.vectors.n_docs < len(numbers):
        few = sample(iterate_documents(db), random.Random(20261121), n=N_EMBEDDED)
        passages = [passage(document.title, document.abstract) for document in few]
        fill(source, numbers, *embed_documents(meaning.model, passages))
    db.close()


def choose_paths(home: Path, rng: random.Random) -> Paths:
    db = open_database(home)
    documents = list(sample(iterate_documents(db), rng, n=1_000))
    db.close()
    days = sorted({document.announced for document in documents if document.announced})
    queries = [
        query.ours
        for name, made in make_queries(documents, rng).items()
        if name in ("1 term", "3 terms", "phrase")
        for query in made
    ]
    rng.shuffle(queries)
    names = [document.authors[0].name for document in documents if document.authors]
    return {
        "front page": ["/"],
        "day": [day_path(day) for day in days[-DAYS:]],
        "search": [search_path(query) for query in queries],
        "paper": [paper_path(document.doc_id) for document in documents],
        "author": [quote(author_path(author_key(name)), safe="/~-") for name in names],
    }


@contextmanager
def serving(command: Sequence[str]) -> Iterator[Server]:
    """The server, given a free port as its last argument."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port, process)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = monotonic() + START_WITHIN_S
    while process.poll() is None and monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            sleep(0.2)
        else:
            return
    raise SystemExit(f"site: {process.args!r} did not start")


def _print_times(server: Server, paths: Paths) -> None:
    print(f"\npages, {N_ASKED} each, ms")
    print(f"{'page':24}{'p50':>7}{'p99':>7}{'CPU each':>10}   budget p99")
    budgets = {"front page": BUDGET_FRONT_P99_MS, "search": BUDGET_SEARCH_P99_MS}
    for name, known in paths.items():
        chosen = (known * N_ASKED)[: N_ASKED + N_WARM]
        ask(server, chosen[:N_WARM])
        before = server.cpu_s()
        times = ask(server, chosen[N_WARM:])
        cpu_ms = (server.cpu_s() - before) / len(times) * 1000
        cuts = quantiles(times, n=100)
        budget = f"{budgets[name]:.0f}" if name in budgets else ""
        print(f"{name:24}{cuts[49]:7.1f}{cuts[98]:7.1f}{cpu_ms:10.1f}   {budget}")


def ask(server: Server, paths: Sequence[str]) -> list[float]:
    """Milliseconds until each whole answer was here."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    times = []
    for path in paths:
        began = perf_counter()
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        answer.read()
        times.append((perf_counter() - began) * 1000)
        if answer.status not in (200, 301):
            raise SystemExit(f"site: {path} gave {answer.status}")
    connection.close()
    return times


def _print_weights(server: Server, paths: Paths) -> None:
    print("\non the wire at a first visit, with styles, script and typefaces, bytes")
    for name, known in paths.items():
        sizes = [weigh(server, path) for path in known[:20]]
        print(f"{name:24}{max(sizes):>9,} at most   (budget ≤ {BUDGET_WEIGHT_BYTES:,})")


def weigh(server: Server, path: str) -> int:
    """Bytes of a page and of everything it is sure to load."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def get(asked: str) -> tuple[int, str]:
        connection.request("GET", asked, headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 301:
            return get(answer.headers["location"])
        packed = answer.headers.get("content-encoding") == "gzip"
        return len(body), (gzip.decompress(body) if packed else body).decode("utf-8", "replace")

    size, text = get(path)
    needed = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', text))
    return size + sum(get(found)[0] for found in needed)


def _print_crowd(name: str, server: Server, paths: Paths) -> None:
    wrk = shutil.which("wrk")
    if wrk is None:
        print("\ncrowd: skipped, there is no wrk (Debian: apt-get install wrk)")
        return
    rng = random.Random(7)
    mixed = [rng.choice(paths[page]) for page, share in MIXTURE.items() for _ in range(share * 20)]
    rng.shuffle(mixed)
    with TemporaryDirectory() as folder:
        script, asked = Path(folder) / "asks.lua", Path(folder) / "paths"
        script.write_text(ASKS, "utf-8")
        asked.write_text("\n".join(mixed), "utf-8")
        before = server.cpu_s()
        told = subprocess.run(
            [wrk, "-t2", f"-c{READERS}", f"-d{CROWD_S}s", "--timeout", "60s", "-s", str(script),
             f"http://127.0.0.1:{server.port}", "--", str(asked)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        cpu_s = server.cpu_s() - before
    found = json.loads(told.stdout.strip().splitlines()[-1])
    per_s = found["requests"] / found["us"] * 1e6
    print(
        f"\n{READERS} readers at once, mixed pages, {name}: {per_s:,.1f} requests/s, "
        f"{found['bad']} errors, p50 {found['p50'] / 1000:,.0f} ms, "
        f"p99 {found['p99'] / 1000:,.0f} ms,"
        f" {cpu_s / max(found['requests'], 1) * 1000:.1f} ms of CPU each"
        f" (budget ≥ {BUDGET_PER_S:.0f}/s, no error)"
    )


if __name__ == "__main__":
    main()
