import numpy as np
import pytest

from broadsheet.rank.aspects import Aspect
from broadsheet.rank.similar import (
    Parts,
    Pool,
    best_matches,
    closest_pair,
    closest_part,
    likeness,
    part_weights,
    similarity,
    weighed,
)

ONES, BACKGROUND, METHOD, RESULT = (1.0, 1.0, 1.0), (1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)
E = np.eye(6, dtype=np.float32)


def paper(*rows: tuple[int, tuple[float, float, float]]) -> Parts:
    return Parts(E[[row for row, _ in rows]], np.array([shares for _, shares in rows]))


QUERY = paper((0, ONES), (1, BACKGROUND), (2, METHOD), (3, RESULT))


def test_weights_of_aspects() -> None:
    assert part_weights(QUERY, Aspect.ALL).tolist() == [0.25] * 4
    assert part_weights(QUERY, Aspect.METHOD).tolist() == [0.5, 0, 0.5, 0]
    assert part_weights(QUERY, Aspect.METHOD, rows=[3]).tolist() == [0.5, 0, 0, 0.5]
    only_background = paper((0, ONES), (1, BACKGROUND))
    assert part_weights(only_background, Aspect.RESULT).tolist() == [0.5, 0.5]
    assert part_weights(paper((0, ONES)), Aspect.METHOD).tolist() == [1.0]


def test_best_matches_are_per_paper() -> None:
    pool = Pool.of([paper((0, ONES), (4, METHOD)), paper((5, ONES))])
    assert best_matches(QUERY.vectors, pool).tolist() == [[1, 0], [0, 0], [0, 0], [0, 0]]


def test_the_aspect_decides_what_is_alike() -> None:
    same_background = paper((5, ONES), (1, BACKGROUND), (4, METHOD))
    same_method = paper((5, ONES), (4, BACKGROUND), (2, METHOD))
    pool = Pool.of([same_background, same_method])
    even = np.zeros(2)
    for aspect, best in ((Aspect.BACKGROUND, 0), (Aspect.METHOD, 1)):
        scores = similarity(QUERY, pool, whole=even, words=even, aspect=aspect)
        assert scores.argmax() == best


def test_a_match_in_a_sentence_of_another_aspect_counts_less() -> None:
    as_result = paper((5, ONES), (4, BACKGROUND), (2, RESULT))
    as_background = paper((5, ONES), (2, BACKGROUND), (4, METHOD))
    pool = Pool.of([as_background, as_result])
    even = np.zeros(2)
    query = paper((0, ONES), (1, METHOD), (2, RESULT))
    scores = similarity(query, pool, whole=even, words=even, aspect=Aspect.RESULT)
    assert scores[1] > scores[0]


def test_an_empty_pool_has_no_scores() -> None:
    for aspect in Aspect:
        assert similarity(QUERY, Pool.of([]), whole=[], words=[], aspect=aspect).shape == (0,)


def test_a_paper_without_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to compare"):
        Pool.of([Parts(np.zeros((0, 6), np.float32), np.zeros((0, 3)))])


def test_the_closest_pair_is_of_sentences_of_the_aspect() -> None:
    other = paper((0, ONES), (4, BACKGROUND), (2, METHOD), (1, RESULT))
    assert closest_pair(QUERY, other, Aspect.METHOD) == (2, 2, 1.0)
    assert closest_pair(QUERY, other, Aspect.BACKGROUND) == (1, 3, 1.0)
    assert closest_pair(QUERY, paper((0, ONES)), Aspect.ALL)[1] == 0


def test_the_closest_part_to_a_query() -> None:
    assert closest_part(E[2], QUERY) == (2, 1.0)
    assert closest_part(E[0], paper((0, ONES))) == (0, 1.0)


@pytest.mark.parametrize("aspect", list(Aspect))
def test_likeness_does_not_depend_on_the_rest_of_the_pool(aspect: Aspect) -> None:
    papers = [
        paper((0, ONES), (1, RESULT)),
        paper((5, ONES), (1, BACKGROUND), (4, METHOD)),
        paper((2, ONES)),
        paper((3, ONES), (2, METHOD), (0, RESULT)),
    ]
    whole, words, some = np.array([0.3, 0.1, 0.2, 0.6]), np.array([2.0, 1.0, 0.0]), [3, 0, 2]
    alike = likeness(QUERY, Pool.of(papers), whole=whole, aspect=aspect)
    few = Pool.of([papers[row] for row in some])
    expected = similarity(QUERY, few, whole=whole[some], words=words, aspect=aspect)
    assert weighed(alike.at(some), words=words, aspect=aspect) == pytest.approx(expected)


def test_a_paper_of_a_pool_has_its_own_parts() -> None:
    papers = [paper((0, ONES)), paper((5, ONES), (1, BACKGROUND))]
    found = Pool.of(papers).paper(1)
    assert found.vectors.tolist() == papers[1].vectors.tolist()
    assert found.shares.tolist() == papers[1].shares.tolist()
