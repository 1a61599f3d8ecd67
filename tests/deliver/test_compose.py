"""What a digest tells of a paper, a slate and an empty day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from broadsheet.deliver.compose import (
    attention_in_words,
    compose_item,
    telling_sentence,
    why_nothing,
)
from broadsheet.types import (
    Author,
    CodeLink,
    Document,
    Evidence,
    LedgerRow,
    LedgerState,
    LinkStatus,
)

ABSTRACT = (
    "Attention is costly. We propose a sparse kernel for reading long documents. Experiments show "
    "that it improves accuracy by 12% over the baselines. Code is at our page."
)
PAPER = Document(
    1, "arxiv:2603.00001", "Sparse attention", ("arxiv:2603.00001",), abstract=ABSTRACT,
    authors=(Author("Ada Lovelace"),), categories=("cs.CL", "cs.LG"),
)  # fmt: skip
RESULT = "Experiments show that it improves accuracy by 12% over the baselines."


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), RESULT),
        (("nothing", "here"), RESULT),
        # Words of little meaning do not outweigh what was found.
        (("attention",), RESULT),
    ],
)
def test_the_sentence_that_matters(words: tuple[str, ...], sentence: str) -> None:
    assert telling_sentence(PAPER, words) == sentence


def test_the_readers_words_decide_where_nothing_was_found() -> None:
    method = "We propose a sparse kernel for reading long documents."
    paper = replace(PAPER, abstract=f"Attention is costly today. {method} It is a kernel of ours.")
    assert telling_sentence(paper, ("Kernel", "DOCUMENTS")) == method
    assert telling_sentence(paper) != method


@pytest.mark.parametrize(
    ("abstract", "sentence"),
    [("", ""), ("One.", "One."), ("Sparse attention. It works well for long texts.",
                                  "It works well for long texts.")],
)  # fmt: skip
def test_little_abstracts(abstract: str, sentence: str) -> None:
    assert telling_sentence(replace(PAPER, abstract=abstract)) == sentence


def test_code_is_linked_where_it_lives_and_may_be_linked() -> None:
    def link(url: str, status: LinkStatus) -> CodeLink:
        return CodeLink(url, status, (Evidence("abstract", "x"),))

    links = (
        link("https://github.com/dead/one", LinkStatus.DEAD),
        link("javascript:alert(1)", LinkStatus.OFFICIAL),
        link("https://github.com/ada/two", LinkStatus.OFFICIAL),
    )
    item = compose_item(replace(PAPER, code_links=links), why="x")
    assert item.code_url == "https://github.com/ada/two"
    assert compose_item(PAPER, why="x").code_url == ""
    assert compose_item(replace(PAPER, venue="ACL 2026"), why="x").kicker == "ACL 2026"


def test_attention_in_words() -> None:
    drawn = replace(PAPER, upvotes=40, num_comments=1)
    assert attention_in_words(drawn) == "has 40 upvotes and 1 comment"
    assert attention_in_words(PAPER) == "was announced"


def row(state: LedgerState, source: str = "arxiv", reason: str = "") -> LedgerRow:
    return LedgerRow(source, "cs.CL", date(2026, 3, 2), 0, 0, (), state, reason)


@pytest.mark.parametrize(
    ("rows", "n_stream", "said"),
    [
        ([], 0, "nothing new has come in"),
        ([], 7, "of 7 new papers none matches “x”"),
        ([row(LedgerState.QUIET, reason="no listing on Sundays")], 0, "no listing on Sundays"),
        ([row(LedgerState.STALE)], 0, "arxiv still shows an earlier day"),
        ([row(LedgerState.THROTTLED, "hf-daily")], 0, "hf-daily asked us to wait"),
        ([row(LedgerState.QUIET), row(LedgerState.FAILED), row(LedgerState.FAILED, "acl")], 0,
         "acl and arxiv could not be read"),
    ],
)  # fmt: skip
def test_why_there_is_nothing(rows: list[LedgerRow], n_stream: int, said: str) -> None:
    """A quiet day, a stale feed, a throttled fetch and a failure are told apart."""
    assert why_nothing(rows, n_stream, name="“x”") == said
