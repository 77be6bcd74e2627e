"""Where a text is cut so that each stretch fits the encoder; training cuts alike."""

from __future__ import annotations

from collections.abc import Sequence

WINDOW_WORDS = 300  # what the heads were trained on


def cuts(sentences: Sequence[int]) -> list[tuple[int, int]]:
    """Return word ranges of at most ``WINDOW_WORDS`` words, of about equal length.

    They end between sentences; a sentence that is longer than a window is cut.

    Args:
        sentences: The number of words of each sentence.
    """
    total = sum(sentences)
    windows = -(-total // WINDOW_WORDS)
    found: list[tuple[int, int]] = []
    start = end = 0
    for length in sentences:
        # A window is full at its even share of the text, or when no more fits.
        full = end - start >= total / max(1, windows) - length / 2
        if end > start and (full or end - start + length > WINDOW_WORDS):
            found.append((start, end))
            start = end
        end += length
        while end - start > WINDOW_WORDS:
            found.append((start, start + WINDOW_WORDS))
            start += WINDOW_WORDS
    if end > start:
        found.append((start, end))
    return found
