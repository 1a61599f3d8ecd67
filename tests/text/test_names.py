import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.text.names import author_key, parse_name, surname


@pytest.mark.parametrize(
    ("raw", "name", "key", "last"),
    [
        ("Kaiming He", "Kaiming He", "kaiming-he", "he"),
        ("He, Kaiming", "Kaiming He", "kaiming-he", "he"),
        ("King, Jr., Martin Luther", "Martin Luther King Jr.", "martin-luther-king-jr", "king"),
        ("Martin Luther King, Jr.", "Martin Luther King Jr.", "martin-luther-king-jr", "king"),
        ("van der Maaten, Laurens", "Laurens van der Maaten", "laurens-van-der-maaten", "maaten"),
        ("何恺明", "何恺明", "何恺明", "何恺明"),
        ("Paul Erd\\H{o}s", "Paul Erdős", "paul-erdos", "erdos"),
        ("{\\L}ukasz Kaiser", "Łukasz Kaiser", "lukasz-kaiser", "kaiser"),
        ("Conan O'Brien", "Conan O'Brien", "conan-obrien", "obrien"),
    ],
)
def test_names(raw: str, name: str, key: str, last: str) -> None:
    assert parse_name(raw) == name
    assert author_key(name) == key
    assert author_key(raw) == key
    assert surname(raw) == last


@pytest.mark.parametrize("raw", ["", ".", " , ", "—"])
def test_no_name(raw: str) -> None:
    assert parse_name(raw) == ""
    assert surname(raw) == ""
    assert author_key(raw)


@given(st.text(max_size=400))
def test_author_key_is_stable_bounded_and_never_empty(name: str) -> None:
    key = author_key(name)
    assert 0 < len(key) <= 100
    assert author_key(key) == key
    assert len(parse_name(name)) <= 300
