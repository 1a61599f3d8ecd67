"""What a monitor reads: counts and moments of this library in Prometheus' text form.

Source: Prometheus, "Exposition formats", text-based format 0.0.4.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from broadsheet.store.code_links import count_links, list_unreadable
from broadsheet.store.database import Database
from broadsheet.store.ledger import list_ledger
from broadsheet.store.mail_addresses import list_paused
from broadsheet.store.outbox import count_states
from broadsheet.store.steps import StepState, list_steps
from broadsheet.store.subscriptions import live_subscriptions
from broadsheet.web.condition import Condition

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LEDGER_DAYS = 7

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Metric:
    """`kind` is gauge or counter; `samples` are (labels, value)."""

    name: str
    kind: str
    says: str
    samples: tuple[tuple[Labels, float], ...]


def list_metrics(db: Database, condition: Condition, *, now: datetime) -> list[Metric]:
    """Nothing in them names a reader, an address or a search."""
    since = now.date() - timedelta(days=LEDGER_DAYS)
    ledger = Counter((row.source, row.state.value) for row in list_ledger(db, since=since))
    wanted = Counter(entry.wish.channel.value for entry in live_subscriptions(db))
    return [
        _one("documents", "Papers in the library", condition.n_documents or 0),
        _one("index_lag", "Changes the text index has not taken in", condition.index_lag or 0),
        _one("unreadable_documents", "Papers that cannot be read", len(list_unreadable(db))),
        Metric(
            "code_links", "gauge", "Places that papers link to, by what was found there",
            tuple(({"state": state}, n) for state, n in _link_states(db)),
        ),
        _one("up", "1 while library and index can be read", float(condition.ok)),
        Metric(
            "digests", "gauge", "Digests by state",
            tuple(({"state": state}, n) for state, n in count_states(db).items()),
        ),
        Metric(
            "subscriptions", "gauge", "Subscriptions by channel",
            tuple(({"channel": channel}, n) for channel, n in sorted(wanted.items())),
        ),
        _one("paused_addresses", "Mail addresses that nothing is sent to", len(list_paused(db))),
        Metric(
            "ledger_rows", "gauge", f"Days of sources in the last {LEDGER_DAYS} days, by state",
            tuple(
                ({"source": source, "state": state}, n)
                for (source, state), n in sorted(ledger.items())
            ),
        ),
        *_step_metrics(list_steps(db)),
    ]  # fmt: skip


def _link_states(db: Database) -> Iterator[tuple[str, float]]:
    counts = count_links(db)
    yield "alive", counts.n_looked - counts.n_dead
    yield "dead", counts.n_dead
    yield "unseen", counts.n_links - counts.n_looked


def print_metrics(metrics: Iterable[Metric]) -> str:
    return "".join(line + "\n" for metric in metrics for line in _lines(metric))


def _step_metrics(steps: Iterable[StepState]) -> Iterator[Metric]:
    steps = list(steps)
    yield Metric(
        "step_ok", "gauge", "1 where the step went well the last time",
        tuple(({"step": step.step}, float(step.is_ok)) for step in steps),
    )  # fmt: skip
    yield Metric(
        "step_last_success_timestamp_seconds", "gauge", "When the step last went well",
        tuple(({"step": step.step}, step.ok_at.timestamp()) for step in steps if step.ok_at),
    )  # fmt: skip
    yield Metric(
        "step_duration_seconds", "gauge", "How long its last run took",
        tuple(({"step": step.step}, step.took_s) for step in steps),
    )  # fmt: skip
    yield Metric(
        "step_runs_total", "counter", "Runs of the step",
        tuple(({"step": step.step}, step.n_runs) for step in steps),
    )  # fmt: skip
    yield Metric(
        "step_failures_total", "counter", "Runs of the step that failed",
        tuple(({"step": step.step}, step.n_failures) for step in steps),
    )  # fmt: skip


def _one(name: str, says: str, value: float) -> Metric:
    return Metric(name, "gauge", says, (({}, value),))


def _lines(metric: Metric) -> Iterator[str]:
    name = f"broadsheet_{metric.name}"
    yield f"# HELP {name} {metric.says}"
    yield f"# TYPE {name} {metric.kind}"
    for labels, value in metric.samples:
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{name}{{{inside}}} {value:.10g}" if inside else f"{name} {value:.10g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
