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
    found: list[tuple[int, int]] = []
    start = end = 0
    total = sum(sentences)
    for length in sentences:
        left = total - start
        share = left / max(1, -(-left // WINDOW_WORDS))
        # A window is full at its even share of what is left, or when no more fits.
        full = end - start + length / 2 > share or end - start + length > WINDOW_WORDS
        if end > start and left > WINDOW_WORDS and full:
            found.append((start, end))
            start = end
        end += length
        while end - start > WINDOW_WORDS:
            cut = start + -(-(end - start) // -(-(end - start) // WINDOW_WORDS))
            found.append((start, cut))
            start = cut
    if end > start:
        found.append((start, end))
    return found
