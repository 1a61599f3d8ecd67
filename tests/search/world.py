"""A library small enough that the right answer to every query is known."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from broadsheet.index.changes import CorpusChanges
from broadsheet.index.lexical import LexicalIndex
from broadsheet.types import Author, CodeLink, Document, LinkStatus


def document(doc_no: int, name: str, title: str, abstract: str = "", **more: Any) -> Document:
    return Document(
        doc_no=doc_no, doc_id=name, title=title, identifiers=(name,), abstract=abstract, **more
    )


CODE = (CodeLink("https://github.com/a/b", LinkStatus.OFFICIAL, ()),)
DEAD_CODE = (CodeLink("https://github.com/a/c", LinkStatus.DEAD, ()),)

WORLD = [
    document(
        1, "arxiv:2603.00001", "Diffusion policies for robots",
        "We train diffusion models. Robots learn policies by imitation.",
        authors=(Author("Yann LeCun"), Author("Kaiming He")), categories=("cs.RO", "cs.LG"),
        announced=date(2026, 3, 2), year=2026, code_links=CODE,
    ),
    document(
        2, "arxiv:2603.00002", "A Schrödinger bridge",
        "Transformers meet optimal transport on $\\ell_1$ balls.",
        authors=(Author("Jörg Müller"),), categories=("stat.ML",),
        announced=date(2026, 3, 1), year=2026, code_links=DEAD_CODE,
    ),
    document(
        3, "doi:10.1/attention(3)", "Attention is all you need",
        "The dominant models use recurrence. We use attention, a transformer.",
        authors=(Author("Ashish Vaswani"), Author("Yann Ashish LeCunningham")),
        venue="NeurIPS", year=2017, code_links=CODE,
    ),
    document(
        4, "acl:P18-1234", "You need attention, and all is well",
        "A study of multimodal reading.", authors=(Author("He Kaiming"),), venue="ACL", year=2018,
        keywords=("reading comprehension",), comment="12 pages; accepted somewhere",
    ),
    document(
        5, "arxiv:2602.00005", "Robotic arms without diffusion",
        "Multi-modal robots move. 扩散模型很好。", categories=("cs.RO",),
        announced=date(2026, 2, 27), year=2026, extra={"figures": [1]},
    ),
]  # fmt: skip


def build_world(folder: Path) -> LexicalIndex:
    index = LexicalIndex(folder)
    index.follow(CorpusChanges(WORLD))
    return index
