"""Which mentions the trained heads look at together, and what they are told beside words.

Training and the pipeline share these functions, so that both see a text alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NEAREST = 4  # mention pairs of one pair of things that are looked at,
NEAREST_APART = 2  # and those among them that stand in two sentences
SENTENCES_APART = 2  # a pair farther apart counts only as its things' nearest
BETWEEN_WORDS = 40  # words between two mentions that are read as one stretch
DISTANCES = 24  # signed buckets of word distance
APART = 5  # buckets of sentence distance
CROWD = 6  # buckets of the number of mentions between


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of words ``start:end`` of a window that stands for a thing.

    ``thing`` numbers what is meant, ``kind`` its class for the heads, ``sentence`` the
    sentence it stands in; ``nominal`` when it is no name.
    """

    start: int
    end: int
    thing: int
    kind: int
    sentence: int
    nominal: bool = False


@dataclass(frozen=True, slots=True)
class Pairs:
    """Mention pairs as arrays: indices into the mentions, and their features.

    ``ends`` [pairs, 2], ``features`` [pairs, 3] (distance, sentences apart, mentions
    between).  Two pairs that differ in direction only are one couple: ``couples``
    [couples, 2], ``couple`` [pairs] which one a pair is, ``between`` [couples, 2] (word
    range, empty when too long).
    """

    ends: Ints
    couples: Ints
    couple: Ints
    between: Ints
    features: Ints


def mention_pairs(mentions: Sequence[Mention], may_link: Bools) -> Pairs:
    """Return the ordered pairs of mentions worth looking at.

    Args:
        mentions: Those of one window, in order of their start.
        may_link: Whether any fact may lead from one mention to another [mentions,
            mentions].
    """
    told = [(m.start, m.end, m.thing, m.sentence) for m in mentions]
    starts, ends, things, sentences = np.array(told, dtype=np.int64).reshape(-1, 4).T
    i, j = np.nonzero(may_link & (things[:, None] != things))
    gap = abs(starts[i] - starts[j]) + 15 * abs(sentences[i] - sentences[j])
    order = np.lexsort((j, i, gap, things[j], things[i]))
    i, j = i[order], j[order]
    apart = abs(sentences[i] - sentences[j])
    rank = _rank_within(things[i], things[j])
    reach = np.where(apart == 0, NEAREST, NEAREST_APART)
    chosen = (rank == 0) | ((rank < reach) & (apart <= SENTENCES_APART))
    i, j = i[chosen], j[chosen]
    order = np.lexsort((j, i))
    i, j = i[order], j[order]
    low, high = np.minimum(ends[i], ends[j]), np.maximum(starts[i], starts[j])
    crowd = np.searchsorted(starts, high) - np.searchsorted(starts, low)
    readable = (high > low) & (high - low <= BETWEEN_WORDS)
    _, first, couple = np.unique(
        np.minimum(i, j) * len(starts) + np.maximum(i, j),
        return_index=True,
        return_inverse=True,
    )
    pairs = np.stack([i, j], axis=1)
    return Pairs(
        pairs,
        pairs[first],
        couple,
        np.where(readable, [low, high], 0).T[first].copy(),
        np.stack(
            [
                _distance(high - low, starts[i] < starts[j]),
                np.minimum(abs(sentences[i] - sentences[j]), APART - 1),
                np.clip(crowd, 0, CROWD - 1),
            ],
            axis=1,
        ),
    )


def _rank_within(first: Ints, second: Ints) -> Ints:
    """Return each row's place among the rows before it that are equal; rows are sorted."""
    place = np.arange(len(first))
    new = np.ones(len(first), dtype=np.bool_)
    new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    return place - np.maximum.accumulate(np.where(new, place, 0))


def _distance(words: Ints, forward: Bools) -> Ints:
    """Return buckets, exact up to 4 and then by steps that grow, signed by order."""
    far = 5 + (np.log2(np.maximum(words, 5) / 5) * 1.6).astype(np.int64)
    bucket = np.where(words < 5, np.maximum(words, 0), np.minimum(far, 11))
    return np.asarray(bucket + np.where(forward, 12, 0), dtype=np.int64)
