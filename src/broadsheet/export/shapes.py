"""Documents as plain JSON values: one shape for the command line, the API and exports.

The keys are a contract: more may be added, none renamed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from broadsheet.export.fields import author_fields, day_text, plain_fields
from broadsheet.rank.attention import attention, attention_inputs
from broadsheet.slate import Pick, Slate
from broadsheet.types import Document, LedgerRow, Merge


def document_shape(document: Document, merges: Sequence[Merge] = ()) -> dict[str, Any]:
    """The whole document, as `show --json` prints it."""
    return {
        "doc_id": document.doc_id,
        **plain_fields(document),
        "abstract_by": document.abstract_by or None,
        "authors": [author_fields(author) for author in document.authors],
        "identifiers": list(document.identifiers),
        "versions": [
            {
                "number": version.number,
                "dated": day_text(version.dated),
                "source": version.source,
                "changed": dict(version.changed),
            }
            for version in document.versions
        ],
        "sources": [
            {
                "source": via.source,
                "key": via.key,
                "url": via.url,
                "announced": day_text(via.announced),
                "deleted": via.deleted,
            }
            for via in document.via
        ],
        "merges": [
            {
                "merge_no": merge.merge_no,
                "from_doc_id": merge.from_doc_id,
                "reason": merge.reason,
                "merged_at": merge.merged_at,
                "undone_at": merge.undone_at,
            }
            for merge in merges
        ],
        "code_links": [
            {
                "url": link.url,
                "status": str(link.status),
                "evidence": [
                    {
                        "place": evidence.place,
                        "source": evidence.source,
                        "sentence": evidence.sentence,
                        "found_on": day_text(evidence.found_on),
                    }
                    for evidence in link.evidence
                ],
            }
            for link in document.code_links
        ],
        "figures": [],
        "extra": dict(document.extra),
    }


def day_shape(day: str, documents: Iterable[Document]) -> dict[str, Any]:
    """A day's papers in the given order, as `day --json` prints them."""
    return {
        "date": day,
        "papers": [
            {
                "doc_id": document.doc_id,
                "title": document.title,
                "score": attention(document),
                "inputs": attention_inputs(document),
                "authors": [author.name for author in document.authors],
                "categories": list(document.categories),
                "code_urls": [link.url for link in document.living_links],
            }
            for document in documents
        ],
    }


class Found(Protocol):
    """A hit of a ranking: what every channel shows of it."""

    @property
    def doc_id(self) -> str: ...
    @property
    def score(self) -> float: ...
    @property
    def title(self) -> str: ...
    @property
    def reasons(self) -> tuple[str, ...]: ...


class Answer(Protocol):
    @property
    def query(self) -> str: ...
    @property
    def mode(self) -> str: ...
    @property
    def total(self) -> int: ...
    @property
    def notice(self) -> str | None: ...
    @property
    def hits(self) -> Sequence[Found]: ...


def ranking_shape(answer: Answer, took_ms: float) -> dict[str, Any]:
    """A ranking, best first, as `search --json` and `similar --json` print it."""
    return {
        "query": answer.query,
        "mode": answer.mode,
        "total": answer.total,
        "took_ms": took_ms,
        "notice": answer.notice,
        "ranking": [
            {
                "doc_id": hit.doc_id,
                "score": hit.score,
                "title": hit.title,
                "reasons": list(hit.reasons),
            }
            for hit in answer.hits
        ],
    }


def ledger_shape(rows: Iterable[LedgerRow]) -> dict[str, Any]:
    return {
        "rows": [
            {
                "source": row.source,
                "category": row.category,
                "day": row.day.isoformat(),
                "announced": row.announced,
                "stored": row.stored,
                "missing": list(row.missing),
                "state": str(row.state),
                "reason": row.reason,
                "checked_at": row.checked_at.isoformat() if row.checked_at else None,
            }
            for row in rows
        ]
    }


def slate_shape(slate: Slate) -> dict[str, Any]:
    """What an interest brings for a day."""
    return {
        "interest": slate.interest_no,
        "name": slate.name,
        "date": slate.day.isoformat(),
        "first": slate.first.isoformat(),
        "announced": slate.n_announced,
        "ruled_out": slate.n_ruled_out,
        "known": slate.n_known,
        "stream": slate.n_stream,
        "above": slate.n_above,
        "alpha": slate.alpha,
        "promise": slate.promise,
        "promised": slate.setting.promised,
        "dial": [asdict(setting) for setting in slate.dial],
        "realised": asdict(slate.realised),
        "notice": slate.notice or None,
        "published": slate.is_published,
        "papers": [pick_shape(pick) for pick in slate.picks],
        "more": [_titled(document) for document in slate.more],
        "below": [_titled(document) for document in slate.below],
    }


def pick_shape(pick: Pick) -> dict[str, Any]:
    return {
        **_titled(pick.document),
        "score": pick.score,
        "propensity": pick.propensity,
        "explores": pick.explores,
        "reasons": [
            {
                "kind": reason.kind.value,
                "said": reason.said,
                "added": reason.added,
                "names": list(reason.names),
                "doc_ids": list(reason.doc_ids),
            }
            for reason in pick.reasons
        ],
        "code_urls": [link.url for link in pick.document.living_links],
    }


def _titled(document: Document) -> dict[str, Any]:
    return {"doc_id": document.doc_id, "title": document.title}
