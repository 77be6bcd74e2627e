"""Who heads which: where a text names several leaders and countries, each to its own."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

# What it costs to give one thing a second head: more than the difference between two
# guesses, less than what a text says clearly.  Of two presidents neither shares a country
# while the other's goes without; a minister may share the prime minister's.
SHARED = 0.25
MOST = 4096  # ways to choose that are compared at most


def chosen(likely: Mapping[int, Mapping[int, float]]) -> dict[int, int]:
    """Choose one object for each subject that vies with another for the same two.

    "Trump and Starmer signed; the US and the UK agreed" makes both look like heads of
    both.  The choice is that of the highest sum of probabilities, less :data:`SHARED` for
    each further subject of one object.

    Args:
        likely: By subject, its possible objects and how probable each is.

    Returns:
        The object of each such subject; empty where nobody vies, or too many do.
    """
    vying = sorted(
        s
        for s in likely
        if any(s != t and len(likely[s].keys() & likely[t].keys()) > 1 for t in likely)
    )
    ways = 1
    for subject in vying:
        ways *= len(likely[subject])
    if not vying or ways > MOST:
        return {}

    def worth(way: tuple[int, ...]) -> float:
        sure = sum(likely[s][o] for s, o in zip(vying, way, strict=True))
        return sure - SHARED * (len(way) - len(set(way)))

    best = max(
        product(*(sorted(likely[s]) for s in vying)), key=lambda way: (worth(way), way)
    )
    return dict(zip(vying, best, strict=True))
