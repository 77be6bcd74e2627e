"""The readers by suffix, and what they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Content:
    """What a reader finds in a file: the text, and what the file says of itself."""

    text: str
    title: str | None = None
    date: str | None = None
    publisher: str | None = None
    url: str | None = None
    notes: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads the bytes of a file; raises ``ValueError`` with the reason if it cannot."""

    def __call__(self, data: bytes) -> Content:
        """Return the content."""


SUFFIXES = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "web",
    ".htm": "web",
    ".pdf": "pdf",
    ".docx": "word",
}
"""The module of this package that reads files of each suffix."""
