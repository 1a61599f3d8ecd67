"""What could be wrong with an installation, looked at one by one."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from broadsheet.deliver.mail import mailer_of
from broadsheet.errors import BroadsheetError
from broadsheet.interests.material import contradictory_rules
from broadsheet.jobs.embedding import n_without_vector, vectors_folder
from broadsheet.jobs.indexing import index_lag
from broadsheet.jobs.links import closed_hosts
from broadsheet.model.folder import check_folder, folder_of
from broadsheet.search.meaning import vector_index
from broadsheet.settings import Settings
from broadsheet.store.code_links import count_links, list_unreadable
from broadsheet.store.database import FILE_NAME, Database, is_open_to_all, open_database
from broadsheet.store.documents import count_documents
from broadsheet.store.health import find_contradictions, find_damage
from broadsheet.store.interests import every_interest, holdings_of
from broadsheet.store.ledger import list_ledger
from broadsheet.store.mail_addresses import list_paused
from broadsheet.store.outbox import list_troubled
from broadsheet.store.steps import list_steps
from broadsheet.store.subscriptions import live_subscriptions
from broadsheet.types import LedgerState

FREE_BYTES_MIN = 500_000_000
SQLITE_MIN = (3, 37)
TROUBLE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `remedy` is what to do when it is not `ok`."""

    what: str
    ok: bool
    how: str
    remedy: str = ""


def examine(settings_source: Callable[[], Settings]) -> list[Finding]:
    """Everything that can be looked at, in order; what depends on a failed part is left out."""
    try:
        settings = settings_source()
    except BroadsheetError as error:
        return [Finding("settings", False, str(error), "mend settings.toml or the environment")]
    findings = [Finding("settings", True, f"home is {settings.home}"), *_machine(settings.home)]
    if not (settings.home / FILE_NAME).exists():
        how = "there is no library yet"
        return [*findings, Finding("library", True, how, "broadsheet up --sample")]
    try:
        db = open_database(settings.home, create=False)
    except BroadsheetError as error:
        return [*findings, Finding("library", False, str(error), "broadsheet restore FILE")]
    try:
        return [
            *findings,
            _rights(settings.home),
            *_library(db),
            *_index(settings.home, db),
            *_meaning(settings, db),
            *_papers(settings, db),
            *_interests(db),
            *_ledger(db),
            *_delivery(settings, db),
            *_steps(db),
        ]
    finally:
        db.close()


def _machine(home: Path) -> Iterator[Finding]:
    version = sqlite3.sqlite_version
    yield Finding(
        "SQLite",
        sqlite3.sqlite_version_info >= SQLITE_MIN,
        version,
        "use a Python with SQLite 3.37 or newer",
    )
    nearest = next(path for path in (home, *home.parents) if path.exists())
    writable = os.access(nearest, os.W_OK)
    yield Finding(
        "folder",
        writable,
        f"{nearest} can be written" if writable else f"{nearest} cannot be written",
        f"make {nearest} yours, or choose another with --home",
    )
    free = shutil.disk_usage(nearest).free
    yield Finding(
        "disk",
        free >= FREE_BYTES_MIN,
        f"{free / 1e9:.1f} GB free",
        "free at least 0.5 GB, or move the home to another disk",
    )


def _rights(home: Path) -> Finding:
    is_open = is_open_to_all(home)
    how = "everybody on this machine can read the library: notes, addresses, keys of links"
    return Finding(
        "privacy",
        not is_open,
        how if is_open else "not everybody on this machine can read the library",
        f"chmod -R o-rwx {shlex.quote(str(home))}",
    )


def _library(db: Database) -> Iterator[Finding]:
    try:
        damage = find_damage(db)
        wrong = find_contradictions(db) if not damage else []
        how = f"{count_documents(db):,} documents" if not damage else damage[0]
    except BroadsheetError as error:
        damage, wrong, how = [str(error)], [], str(error)
    yield Finding("library", not damage, how, "broadsheet restore FILE, from your last backup")
    if not damage:
        yield Finding(
            "library agrees with itself",
            not wrong,
            "; ".join(wrong) or "records, identifiers and people agree",
            "please report this, with the last commands you ran; a backup is safe to restore",
        )


def _index(home: Path, db: Database) -> Iterator[Finding]:
    try:
        lag = index_lag(home, db)
    except BroadsheetError as error:
        yield Finding("index", False, str(error), "broadsheet index --rebuild")
        return
    how = "up to date" if not lag else f"{lag:,} changes behind"
    yield Finding("index", not lag, how, "broadsheet index")


def _meaning(settings: Settings, db: Database) -> Iterator[Finding]:
    """Without a sentence model everything works by words: said, but nothing is wrong."""
    folder = folder_of(settings.models_folder, settings.model)
    if not folder.exists():
        how = f"{settings.model} is not here; search is by words alone"
        yield Finding("sentence model", True, how)
        return
    try:
        card = check_folder(folder)
        n_waiting = n_without_vector(db, vector_index(vectors_folder(settings.home, db), card))
    except BroadsheetError as error:
        yield Finding("sentence model", False, str(error), "broadsheet model get")
        return
    yield Finding("sentence model", True, f"{card.name} is whole")
    waiting = f"{n_waiting:,} papers wait for theirs; `up` and `broadsheet index` make them"
    yield Finding("vectors", True, waiting if n_waiting else "up to date")


def _papers(settings: Settings, db: Database) -> Iterator[Finding]:
    """What following every paper found out: those that cannot be read, and their code."""
    bad = list_unreadable(db)
    yield Finding(
        "papers",
        not bad,
        f"{len(bad)} cannot be read and are left out: {', '.join(bad[:5])}" if bad else "readable",
        "`broadsheet harvest --from DATE` or `broadsheet import FILE` brings them again",
    )
    counts = count_links(db)
    how = f"{counts.n_links:,} places, {counts.n_looked:,} looked at, {counts.n_dead:,} gone"
    closed = closed_hosts(db, settings, now=datetime.now(UTC))
    how += "".join(f"; {reason}" for _, reason in closed)
    yield Finding("code links", True, how if settings.link_hosts else f"{how}; none is asked now")


def _interests(db: Database) -> Iterator[Finding]:
    """Only what no paper could ever get past is wrong; too little evidence is said in the slate."""
    found = every_interest(db)
    closed = [
        f"{interest.interest_no} ({interest.name})"
        for interest in found
        if contradictory_rules(holdings_of(db, interest.interest_no))
    ]
    how = f"{len(found)} active"
    if closed:
        how += f"; rules contradict each other in {', '.join(closed)}"
    remedy = "broadsheet interest rule INTEREST never QUERY --drop"
    yield Finding("interests", not closed, how, remedy)


def _ledger(db: Database) -> Iterator[Finding]:
    rows = list_ledger(db)
    failed = [row for row in rows if row.state is LedgerState.FAILED]
    n_missing = sum(len(row.missing) for row in rows)
    yield Finding(
        "ledger",
        not n_missing,
        f"{len(rows)} rows, {len(failed)} failed, {n_missing} announced papers missing",
        "broadsheet harvest fetches missing papers again; broadsheet ledger says which",
    )


def _delivery(settings: Settings, db: Database) -> Iterator[Finding]:
    """Whether what readers asked for can go, and what did not."""
    by_mail = [entry for entry in live_subscriptions(db) if not entry.wish.channel.is_hook]
    try:
        mailer = mailer_of(settings)
    except BroadsheetError as error:
        yield Finding("mail", False, str(error), "mend dkim_key_file, or leave it empty")
        return
    if mailer is None:
        how = f"no mail server is set; {len(by_mail)} subscriptions wait for one"
        yield Finding(
            "mail", not by_mail, how, "set smtp_host, mail_from and address in settings.toml"
        )
    else:
        signed = "signed" if mailer.key else "not signed (dkim_key_file, dkim_selector)"
        yield Finding("mail", True, f"goes by {mailer.host}:{mailer.port}, {signed}")
        if by_mail and not settings.address:
            how = "the links in mail lead to this machine alone"
            yield Finding("address", settings.host != "0.0.0.0", how, "set address")  # noqa: S104
    troubled = list_troubled(db, since=datetime.now(UTC) - timedelta(days=TROUBLE_DAYS))
    last = f"; the last: {troubled[0].reason}" if troubled else ""
    yield Finding(
        "digests",
        not troubled,
        f"{len(troubled)} of the last {TROUBLE_DAYS} days failed, wait for a retry, or may not "
        f"have arrived{last}",
        "look at /deliveries for each one's reason; `broadsheet digest send` tries what waits",
    )
    paused = list_paused(db)
    if paused:
        named = ", ".join(entry.address for entry in paused[:5])
        how = f"mail to {len(paused)} addresses is paused: {named}"
        yield Finding("addresses", False, how, "their readers can resume them at /deliveries")


def _steps(db: Database) -> Iterator[Finding]:
    for step in list_steps(db):
        if not step.is_ok:
            last = f"last well {step.ok_at:%Y-%m-%d %H:%M} UTC" if step.ok_at else "never well"
            yield Finding(
                f"worker: {step.step}", False, f"{step.reason} ({last})",
                "it is tried again by itself; the log says more",
            )  # fmt: skip
