"""Which mentions the trained heads look at together, and what they are told beside words.

Training and the pipeline share these functions, so that both see a text alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

NEAREST = 4  # mention pairs of one pair of things that are looked at
SENTENCES_APART = 3  # a pair farther apart counts only as its things' nearest
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

    ``ends`` [pairs, 2], ``between`` [pairs, 2] (word range, empty when too long),
    ``features`` [pairs, 3] (distance, sentences apart, mentions between).
    """

    ends: Ints
    between: Ints
    features: Ints


def mention_pairs(
    mentions: Sequence[Mention], may_link: Callable[[Mention, Mention], bool]
) -> Pairs:
    """Return the ordered pairs of mentions worth looking at.

    Args:
        mentions: Those of one window, in order of their start.
        may_link: Whether any fact may lead from the first kind to the second.
    """
    near: dict[tuple[int, int], list[tuple[int, int, int]]] = defaultdict(list)
    for i, first in enumerate(mentions):
        for j, second in enumerate(mentions):
            if first.thing == second.thing or not may_link(first, second):
                continue
            gap = abs(second.start - first.start) + 15 * abs(
                second.sentence - first.sentence
            )
            near[first.thing, second.thing].append((gap, i, j))
    ends = []
    for found in near.values():
        found.sort()
        for rank, (_, i, j) in enumerate(found[:NEAREST]):
            apart = abs(mentions[i].sentence - mentions[j].sentence)
            if rank == 0 or apart <= SENTENCES_APART:
                ends.append((i, j))
    ends.sort()
    starts = np.array([m.start for m in mentions])
    between, features = [], []
    for i, j in ends:
        first, second = mentions[i], mentions[j]
        low, high = min(first.end, second.end), max(first.start, second.start)
        crowd = int(((starts >= low) & (starts < high)).sum())
        between.append((low, high) if 0 < high - low <= BETWEEN_WORDS else (0, 0))
        features.append(
            (
                _distance(high - low, first.start < second.start),
                min(abs(first.sentence - second.sentence), APART - 1),
                min(crowd, CROWD - 1),
            )
        )
    return Pairs(
        np.array(ends, dtype=np.int64).reshape(-1, 2),
        np.array(between, dtype=np.int64).reshape(-1, 2),
        np.array(features, dtype=np.int64).reshape(-1, 3),
    )


def _distance(words: int, forward: bool) -> int:
    """Return a bucket, exact up to 4 and then by steps that grow, signed by order."""
    words = max(words, 0)
    bucket = words if words < 5 else min(5 + int(np.log2(words / 5) * 1.6), 11)
    return bucket + (12 if forward else 0)
