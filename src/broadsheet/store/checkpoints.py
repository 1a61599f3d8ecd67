"""Where each harvest resumes: written in the transaction of the page it follows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from broadsheet.store.database import Database, Transaction


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`state` is the source's own JSON object; None forgets the checkpoint."""

    source: str
    scope: str
    state: Mapping[str, Any] | None


def find_checkpoint(db: Database, source: str, scope: str) -> Mapping[str, Any] | None:
    """The state put last; None where there is none, or none that can be read."""
    rows = db.read("SELECT state FROM checkpoints WHERE source = ? AND scope = ?", (source, scope))
    if not rows:
        return None
    try:
        state = json.loads(rows[0][0])
    except ValueError:
        return None
    return state if isinstance(state, dict) else None


def put_checkpoint(transaction: Transaction, checkpoint: Checkpoint, *, now: datetime) -> None:
    if checkpoint.state is None:
        transaction.run(
            "DELETE FROM checkpoints WHERE source = ? AND scope = ?",
            (checkpoint.source, checkpoint.scope),
        )
        return
    transaction.run(
        "INSERT INTO checkpoints (source, scope, state, put_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (source, scope) DO UPDATE SET state = excluded.state,"
        " put_at = excluded.put_at",
        (
            checkpoint.source,
            checkpoint.scope,
            json.dumps(dict(checkpoint.state), ensure_ascii=False, sort_keys=True),
            now.isoformat(),
        ),
    )
