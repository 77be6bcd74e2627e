"""What a reader gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Content:
    """What a reader finds in a file: the text, and what the file says of itself.

    Attributes:
        text: The text that is stored.
        title: Headline, as the file gives it.
        date: Date of publication; taken only if it is ISO 8601.
        publisher: Who published it.
        url: Where it was published.
        notes: What people should know about the reading.
    """

    text: str
    title: str | None = None
    date: str | None = None
    publisher: str | None = None
    url: str | None = None
    notes: tuple[str, ...] = ()


MAX_CHARACTERS = 5_000_000
"""Of a text: three novels of a thousand pages; a longer one takes too long in one piece."""

TOO_LONG = f"holds more than {MAX_CHARACTERS:,} characters; split it"

Reader = Callable[[bytes], Content]
"""Reads the bytes of a file; raises ``ValueError`` with the reason if it cannot."""

_HEADLINE = 160  # characters


def headline(text: str) -> str | None:
    """Return the first line that holds something, if it stands alone like a headline.

    It does if an empty line follows, it has 160 characters at most, and no full stop
    ends it.
    """
    lines = iter(text.split("\n"))
    first = next((line.strip() for line in lines if line.strip()), "")
    alone = next(lines, "x").strip() == "" and any(line.strip() for line in lines)
    good = 0 < len(first) <= _HEADLINE and not first.endswith(".")
    return first if alone and good else None
