"""Digests of every kind, and a library whose digests are known."""

from __future__ import annotations

from datetime import date

from broadsheet.deliver.digest import Digest, Item, Section, Title, Topic
from broadsheet.deliver.render import Links

DAY = date(2026, 3, 2)


def an_item(number: int = 1, **changes: object) -> Item:
    fields: dict[str, object] = {
        "doc_no": number,
        "doc_id": f"arxiv:2603.{number:05d}",
        "title": f"Sparse attention for long documents, part {number}",
        "authors": ("Ada Lovelace", "Bo Fis", "Céline Ñandú"),
        "why": "shares “sparse attention” with what you like; is by Ada Lovelace",
        "sentence": "We keep ninety-eight percent of its quality at a tenth of the cost.",
        "kicker": "cs.CL",
        "code_url": "https://github.com/ada/sparse",
    }
    return Item(**{**fields, **changes})  # type: ignore[arg-type]


def a_digest(*items: Item, **changes: object) -> Digest:
    fields: dict[str, object] = {
        "topic": Topic.INTEREST,
        "name": "Efficient transformers",
        "path": "/interest/1",
        "day": DAY,
        "first": DAY,
        "last": DAY,
        "n_stream": 412,
        "sections": (Section("", items),) if items else (),
        "below": (Title("arxiv:2603.00090", "Another look at kernels"),),
        "promise": "Of the papers you would like, at most 10 % are expected to be missing here.",
    }
    return Digest(**{**fields, **changes})  # type: ignore[arg-type]


def some_links() -> Links:
    return Links(
        "https://papers.example.org",
        "https://papers.example.org/unsubscribe/dS4xYjJ",
        "https://papers.example.org/deliveries",
        an_act,
    )


def an_act(verb: str, doc_no: int) -> str:
    return f"https://papers.example.org/mail/{verb}-{doc_no}-" + "x" * 48
