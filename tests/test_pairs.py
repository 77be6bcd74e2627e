"""Which mentions the trained heads look at together."""

from __future__ import annotations

import numpy as np

from kg.pipeline.pairs import NEAREST, Mention, Pairs, mention_pairs


def mention(start: int, thing: int, sentence: int = 0) -> Mention:
    return Mention(start, start + 1, thing, kind=0, sentence=sentence)


def pairs_of(*mentions: Mention, first: int | None = None) -> Pairs:
    """Pair mentions; only those of the thing ``first`` may be subjects, if it is given."""
    may = [[first in (None, a.thing) for _ in mentions] for a in mentions]
    links = np.array(may, dtype=np.bool_).reshape(len(may), len(may))
    return mention_pairs(mentions, links)


def test_pairs_are_ordered_and_of_different_things() -> None:
    pairs = pairs_of(mention(0, 0), mention(3, 1), mention(5, 0))
    assert pairs.ends.tolist() == [[0, 1], [1, 0], [1, 2], [2, 1]]
    # Words between: 1 and 2 for the first, none counted twice.
    assert pairs.couples.tolist() == [[0, 1], [1, 2]]
    assert pairs.couple.tolist() == [0, 0, 1, 1]
    assert pairs.between.tolist() == [[1, 3], [4, 5]]


def test_order_and_distance_tell_pairs_apart() -> None:
    pairs = pairs_of(mention(0, 0), mention(3, 1))
    forward, backward = pairs.features.tolist()
    assert forward[0] != backward[0]
    assert forward[1:] == backward[1:] == [0, 0]


def test_a_kind_that_cannot_be_linked_is_left_out() -> None:
    pairs = pairs_of(mention(0, 0), mention(3, 1), first=1)
    assert pairs.ends.tolist() == [[1, 0]]


def test_of_many_mentions_the_nearest_are_looked_at() -> None:
    many = [mention(i * 4, i % 2) for i in range(40)]
    pairs = pairs_of(*many, first=0)
    assert len(pairs.ends) == NEAREST


def test_far_apart_things_keep_their_nearest_pair() -> None:
    pairs = pairs_of(mention(0, 0, 0), mention(100, 1, 9), mention(120, 1, 10), first=0)
    assert pairs.ends.tolist() == [[0, 1]]
    assert pairs.between.tolist() == [[0, 0]]  # too long to be read as one stretch


def test_nothing_to_pair() -> None:
    assert pairs_of().ends.shape == (0, 2)
    assert pairs_of(mention(0, 0)).features.shape == (0, 3)
