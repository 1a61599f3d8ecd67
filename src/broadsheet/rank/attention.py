"""How much attention a document has drawn: the order of a day's front page."""

from __future__ import annotations

from math import log1p

from broadsheet.types import Document

UPVOTES_WEIGHT = 1.0
COMMENTS_WEIGHT = 0.5
STARS_WEIGHT = 0.25
CITATIONS_WEIGHT = 0.5
CODE_WEIGHT = 0.3


def attention(document: Document) -> float:
    """Observed attention, >= 0; larger is more. Logarithms, so that no single count rules.

    Source: docs/decisions/003-attention.md
    """
    return round(
        UPVOTES_WEIGHT * log1p(document.upvotes or 0)
        + COMMENTS_WEIGHT * log1p(document.num_comments or 0)
        + STARS_WEIGHT * log1p(document.github_stars or 0)
        + CITATIONS_WEIGHT * log1p(document.gs_citations or 0)
        + CODE_WEIGHT * bool(document.living_links),
        6,
    )


def attention_inputs(document: Document) -> dict[str, int | bool]:
    """The numbers `attention` was made of, for people to see."""
    inputs = {
        "upvotes": document.upvotes,
        "num_comments": document.num_comments,
        "github_stars": document.github_stars,
        "gs_citations": document.gs_citations,
    }
    return {
        **{name: value for name, value in inputs.items() if value is not None},
        "has_code": bool(document.living_links),
    }
