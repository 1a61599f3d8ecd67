from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.enrich.links import find_code_links, join_code_links
from broadsheet.enrich.repositories import repository_of
from broadsheet.types import CodeLink, Evidence, LinkStatus

DAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://github.com/Ada/Engine", "https://github.com/Ada/Engine"),
        ("http://www.github.com/Ada/Engine.git", "https://github.com/Ada/Engine"),
        ("github.com/Ada/Engine/tree/main/x?a=b#c", "https://github.com/Ada/Engine"),
        ("git@github.com:Ada/Engine.git", "https://github.com/Ada/Engine"),
        (r"https://github.com/Ada/my\_engine", "https://github.com/Ada/my_engine"),
        ("https://github.com/Ada/Engine.", "https://github.com/Ada/Engine"),
        ("https://gitlab.com/g/sub/engine/-/tree/main", "https://gitlab.com/g/sub/engine"),
        ("https://gitlab.inria.fr/g/engine", "https://gitlab.inria.fr/g/engine"),
        ("https://huggingface.co/ada/engine-7b", "https://huggingface.co/ada/engine-7b"),
        ("https://hf.co/datasets/ada/cards", "https://huggingface.co/datasets/ada/cards"),
        ("https://huggingface.co/collections/ada", "https://huggingface.co/collections/ada"),
        ("https://zenodo.org/record/123456", "https://zenodo.org/records/123456"),
        ("https://doi.org/10.5281/zenodo.123456", "https://zenodo.org/records/123456"),
        ("https://osf.io/ab3de/", "https://osf.io/ab3de"),
        ("https://codeberg.org/ada/engine", "https://codeberg.org/ada/engine"),
        ("https://github.com/ada", None),
        ("https://github.com/orgs/ada/repositories", None),
        ("https://github.com/topics/engines", None),
        ("https://huggingface.co/papers/2509.01234", None),
        ("https://ada.github.io/engine", None),
        ("https://example.org/github.com/ada/engine", None),
        ("https://notgithub.com/ada/engine", None),
        ("", None),
    ],
)
def test_repository_of(url: str, canonical: str | None) -> None:
    repository = repository_of(url)
    assert (repository.url if repository else None) == canonical


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("Code: https://github.com/a/b.", ["https://github.com/a/b"]),
        ("Code is at (github.com/a/b), data at osf.io/ab3de.",
         ["https://github.com/a/b", "https://osf.io/ab3de"]),
        (r"Code at \url{https://github.com/a/b}.", ["https://github.com/a/b"]),
        (r"\href{https://github.com/a/b}{here}", ["https://github.com/a/b"]),
        ("At https://github.com/a/b and https://github.com/A/B/tree/x.",
         ["https://github.com/a/b"]),
        ("We mine GitHub issues.", []),
        ("Our method is built on https://github.com/other/base.", []),
        ("Our code, built on ours, is at https://github.com/a/b.", ["https://github.com/a/b"]),
        ("See https://a.github.io/b.", []),
    ],
)  # fmt: skip
def test_links_in_text(text: str, urls: list[str]) -> None:
    links = find_code_links(abstract=text, source="s", found_on=DAY)
    if "built on ours" in text:
        assert [link.url for link in links] == urls
    elif "built on" in text:
        assert all(link.status is LinkStatus.AUTHOR_CLAIMED for link in links)
    else:
        assert [link.url for link in links] == urls


def test_evidence_and_status() -> None:
    links = find_code_links(
        abstract="We do. Code: https://github.com/a/b. Done.",
        comment="8 pages",
        code_urls=["https://github.com/c/d", "https://github.com/e/f"],
        github_repo="https://github.com/A/B",
        source="pwc",
        found_on=DAY,
        extra={"official": ["https://github.com/E/F"]},
    )
    assert links == (
        CodeLink(
            "https://github.com/e/f",
            LinkStatus.OFFICIAL,
            (Evidence("code_urls", "pwc", "", DAY),),
        ),
        CodeLink(
            "https://github.com/a/b",
            LinkStatus.AUTHOR_CLAIMED,
            (
                Evidence("abstract", "pwc", "Code: https://github.com/a/b.", DAY),
                Evidence("github_repo", "pwc", "", DAY),
            ),
        ),
        CodeLink(
            "https://github.com/c/d",
            LinkStatus.COMMUNITY,
            (Evidence("code_urls", "pwc", "", DAY),),
        ),
    )


def test_an_authors_own_field_is_a_claim() -> None:
    [link] = find_code_links(code_urls=["https://github.com/a/b"], source="openreview")
    assert link.status is LinkStatus.AUTHOR_CLAIMED


def test_joined_links_keep_all_evidence_and_the_best_status() -> None:
    one = find_code_links(code_urls=["https://github.com/a/b"], source="hf-daily")
    two = find_code_links(comment="Code: https://github.com/A/b", source="arxiv-oai")
    [link] = join_code_links([one, two])
    assert link.status is LinkStatus.AUTHOR_CLAIMED
    assert [evidence.source for evidence in link.evidence] == ["hf-daily", "arxiv-oai"]
    assert join_code_links([[link]]) == (link,)
    assert join_code_links([]) == ()


@given(st.text(), st.lists(st.text(max_size=40), max_size=3))
def test_any_text(text: str, urls: list[str]) -> None:
    links = find_code_links(abstract=f"https://github.com/a/{text}", code_urls=urls)
    keys = [link.url.lower() for link in links]
    assert len(keys) == len(set(keys))
    assert join_code_links([links]) == links


def test_thousands_of_links_take_linear_time() -> None:
    text = "See https://github.com/a/b . " * 4_000
    [link] = find_code_links(abstract=text)
    assert link.url == "https://github.com/a/b"
