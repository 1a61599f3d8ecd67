"""What was worked out before, as of a change number; made again when the library has moved on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from broadsheet.store.database import Transaction
from broadsheet.store.documents import Reads


@dataclass(frozen=True, slots=True)
class Computed:
    change_no: int
    made_at: datetime
    content: dict[str, Any]


def find_computed(db: Reads, name: str) -> Computed | None:
    rows = db.read("SELECT change_no, made_at, content FROM computed WHERE name = ?", (name,))
    if not rows:
        return None
    change_no, made_at, content = rows[0]
    return Computed(change_no, datetime.fromisoformat(made_at), json.loads(content))


def put_computed(transaction: Transaction, name: str, computed: Computed) -> None:
    transaction.run(
        "INSERT OR REPLACE INTO computed (name, change_no, made_at, content) VALUES (?, ?, ?, ?)",
        (name, computed.change_no, computed.made_at.isoformat(), json.dumps(computed.content)),
    )
