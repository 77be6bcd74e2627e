"""Where texts are cut for the encoder."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.pipeline.windows import WINDOW_WORDS, cuts


@pytest.mark.parametrize(
    ("sentences", "wanted"),
    [
        ([], []),
        ([0, 0], []),
        ([40], [(0, 40)]),
        ([20] * 18, [(0, 180), (180, 360)]),
        ([301], [(0, 151), (151, 301)]),
        ([290, 20, 290], [(0, 290), (290, 310), (310, 600)]),
    ],
)
def test_cuts_are_even_and_between_sentences(
    sentences: list[int], wanted: list[tuple[int, int]]
) -> None:
    assert cuts(sentences) == wanted


@given(st.lists(st.integers(0, 45), max_size=200))
def test_windows_cover_the_text_and_none_is_a_scrap(sentences: list[int]) -> None:
    found = cuts(sentences)
    assert sum(end - start for start, end in found) == sum(sentences)
    assert all(first[1] == second[0] for first, second in pairwise(found))
    assert all(0 < end - start <= WINDOW_WORDS for start, end in found)
    if len(found) > 1:
        assert min(end - start for start, end in found) > 60
