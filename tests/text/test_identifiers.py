import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.text.identifiers import (
    canonical_identifier,
    find_arxiv,
    identifier_url,
    is_strong,
    own_identifier,
    url_identifier,
)


@pytest.mark.parametrize(
    ("raw", "identifier"),
    [
        ("2509.01234", "arxiv:2509.01234"),
        (" 2509.01234v3 ", "arxiv:2509.01234"),
        ("0704.0001", "arxiv:0704.0001"),
        ("arXiv:2509.01234v12", "arxiv:2509.01234"),
        ("ARXIV: 2509.01234", "arxiv:2509.01234"),
        ("hep-th/9901001", "arxiv:hep-th/9901001"),
        ("hep-th/9901001v2", "arxiv:hep-th/9901001"),
        ("math.GT/0309136", "arxiv:math/0309136"),
        ("arXiv:math.GT/0309136v1", "arxiv:math/0309136"),
        ("https://arxiv.org/abs/2509.01234v2?context=cs.LG", "arxiv:2509.01234"),
        ("http://www.arxiv.org/pdf/2509.01234", "arxiv:2509.01234"),
        ("https://arxiv.org/pdf/hep-th/9901001v1.pdf", "arxiv:hep-th/9901001"),
        ("https://arxiv.org/html/2509.01234v1", "arxiv:2509.01234"),
        ("https://export.arxiv.org/abs/math/0309136", "arxiv:math/0309136"),
        ("https://huggingface.co/papers/2509.01234", "arxiv:2509.01234"),
        ("arxiv.org/abs/2509.01234", "arxiv:2509.01234"),
        ("oai:arXiv.org:2509.01234", "arxiv:2509.01234"),
        ("oai:arXiv.org:math/0309136", "arxiv:math/0309136"),
        ("10.48550/arXiv.2509.01234", "arxiv:2509.01234"),
        ("https://doi.org/10.48550/ARXIV.2309.17452", "arxiv:2309.17452"),
        ("doi:10.1103/PhysRevB.85.115117", "doi:10.1103/physrevb.85.115117"),
        ("https://doi.org/10.1103/PhysRevB.85.115117.", "doi:10.1103/physrevb.85.115117"),
        ("http://dx.doi.org/10.1000/182);", "doi:10.1000/182"),
        ("10.1007/JHEP05(2017)030", "doi:10.1007/jhep05(2017)030"),
        ("https://doi.org/10.1007%2Fabc", "doi:10.1007/abc"),
        ("openreview:rJXMpikCZ", "openreview:rJXMpikCZ"),
        ("https://openreview.net/forum?id=rJXMpikCZ&noteId=abc", "openreview:rJXMpikCZ"),
        ("https://openreview.net/pdf?id=rJXMpikCZ", "openreview:rJXMpikCZ"),
        ("acl:p18-1234", "acl:P18-1234"),
        ("https://aclanthology.org/P18-1234v2.pdf", "acl:P18-1234"),
        ("https://www.aclweb.org/anthology/2020.acl-main.12/", "acl:2020.acl-main.12"),
        ("url:0123456789abcdef", "url:0123456789abcdef"),
        ("P18-1234", None),
        ("nips1987:004703250a", None),
        ("1234.56789", None),
        ("2513.00001", None),
        ("10.1/x", None),
        ("3.14", None),
        ("https://openreview.net/pdf/0123.pdf", None),
        ("https://[broken", None),
        ("", None),
    ],
)
def test_canonical_identifier(raw: str, identifier: str | None) -> None:
    assert canonical_identifier(raw) == identifier


@given(st.text(max_size=80))
def test_canonical_identifier_is_strong_and_stable(raw: str) -> None:
    identifier = canonical_identifier(raw)
    if identifier is not None:
        assert is_strong(identifier)
        assert canonical_identifier(identifier) == identifier


def test_arxiv_id_is_found_in_words() -> None:
    assert find_arxiv("arXiv preprint arXiv:2004.05150, 2020") == "arxiv:2004.05150"
    assert find_arxiv("CoRR abs/1911.02150") == "arxiv:1911.02150"
    assert find_arxiv("pages 1911.02150") is None


@pytest.mark.parametrize(
    ("identifier", "url"),
    [
        ("arxiv:2509.01234", "https://arxiv.org/abs/2509.01234"),
        ("doi:10.1000/a<b", "https://doi.org/10.1000/a%3Cb"),
        ("openreview:rJXMpikCZ", "https://openreview.net/forum?id=rJXMpikCZ"),
        ("acl:P18-1234", "https://aclanthology.org/P18-1234/"),
        ("nips1987:0047", ""),
    ],
)
def test_identifier_url(identifier: str, url: str) -> None:
    assert identifier_url(identifier) == url
    if url:
        assert canonical_identifier(url) == identifier


def test_url_identifier_is_equal_for_spellings_of_one_address() -> None:
    spellings = ["http://www.Example.org/a/?utm_source=x#top", "https://example.org/a"]
    assert len({url_identifier(url) for url in spellings}) == 1
    assert url_identifier("https://example.org/b") != url_identifier("https://example.org/a")
    assert canonical_identifier(url_identifier("https://[")) is not None


@pytest.mark.parametrize(
    ("raw", "identifier"),
    [
        ("nips1987:004703250a", "nips1987:004703250a"),
        ("4703250a", "id:4703250a"),
        ("a b\n", "id:a%20b"),
        ("arxiv:nonsense", "id:arxiv:nonsense"),
        ("id:3", "id:3"),
        (" \t", None),
    ],
)
def test_own_identifier(raw: str, identifier: str | None) -> None:
    assert own_identifier(raw) == identifier


@given(st.text(max_size=500))
def test_own_identifier_is_bounded_and_stable(raw: str) -> None:
    identifier = own_identifier(raw)
    if identifier is not None:
        assert len(identifier) <= 200
        assert identifier.isprintable() or not identifier.isascii()
        assert not any(map(str.isspace, identifier))
        assert own_identifier(identifier) == identifier
        assert canonical_identifier(identifier) is None
