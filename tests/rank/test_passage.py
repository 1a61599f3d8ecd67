from broadsheet.rank.passage import passage


def test_a_passage_has_its_title_first() -> None:
    found = passage("A title", "First sentence here. Second sentence here.")
    assert found.text == "A title. First sentence here. Second sentence here."
    assert found.parts() == ["A title", "First sentence here.", "Second sentence here."]


def test_an_abstract_that_repeats_the_title_loses_it() -> None:
    assert passage("On wings .", "On wings . They lift the aeroplane.").text == (
        "On wings . They lift the aeroplane."
    )


def test_passages_without_title_or_abstract() -> None:
    assert passage("", "Only an abstract here.").has_title is False
    assert passage("Only a title", "").spans == ((0, 12),)
    assert passage("", "").spans == ()
