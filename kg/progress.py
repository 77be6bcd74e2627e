"""How far a build is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

READING, WRITING = "reading", "writing"


@dataclass(frozen=True, slots=True)
class Advance:
    """A text that is done.

    Attributes:
        doing: ``reading`` texts, or ``writing`` what they say into the graph.
        done: How many are done with it.
        total: How many there are.
        words: How many words were read so far.
        name: The text at hand.
    """

    doing: str
    done: int
    total: int
    words: int
    name: str


Progress = Callable[[Advance], None]
"""Called with each text that is done."""
