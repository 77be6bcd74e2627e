"""Which mentions the trained heads look at together."""

from __future__ import annotations

from kg.pipeline.pairs import NEAREST, Mention, mention_pairs


def mention(start: int, thing: int, sentence: int = 0) -> Mention:
    return Mention(start, start + 1, thing, kind=0, sentence=sentence)


def test_pairs_are_ordered_and_of_different_things() -> None:
    pairs = mention_pairs(
        [mention(0, 0), mention(3, 1), mention(5, 0)], lambda a, b: True
    )
    assert pairs.ends.tolist() == [[0, 1], [1, 0], [1, 2], [2, 1]]
    # Words between: 1 and 2 for the first, none counted twice.
    assert pairs.between.tolist() == [[1, 3], [1, 3], [4, 5], [4, 5]]


def test_order_and_distance_tell_pairs_apart() -> None:
    pairs = mention_pairs([mention(0, 0), mention(3, 1)], lambda a, b: True)
    forward, backward = pairs.features.tolist()
    assert forward[0] != backward[0]
    assert forward[1:] == backward[1:] == [0, 0]


def test_a_kind_that_cannot_be_linked_is_left_out() -> None:
    pairs = mention_pairs(
        [mention(0, 0), mention(3, 1)], lambda a, b: a.thing == 1 and b.thing == 0
    )
    assert pairs.ends.tolist() == [[1, 0]]


def test_of_many_mentions_the_nearest_are_looked_at() -> None:
    many = [mention(i * 4, i % 2) for i in range(40)]
    pairs = mention_pairs(many, lambda a, b: a.thing == 0)
    assert len(pairs.ends) == NEAREST


def test_far_apart_things_keep_their_nearest_pair() -> None:
    pairs = mention_pairs(
        [mention(0, 0, 0), mention(100, 1, 9), mention(120, 1, 10)],
        lambda a, b: a.thing == 0,
    )
    assert pairs.ends.tolist() == [[0, 1]]
    assert pairs.between.tolist() == [[0, 0]]  # too long to be read as one stretch


def test_nothing_to_pair() -> None:
    assert mention_pairs([], lambda a, b: True).ends.shape == (0, 2)
    assert mention_pairs([mention(0, 0)], lambda a, b: True).features.shape == (0, 3)
