"""The shape of a word (case, digits, length) as a number the recogniser can embed."""

from __future__ import annotations

import zlib
from functools import lru_cache

from spacy.lang.lex_attrs import word_shape

BUCKETS = 512


@lru_cache(maxsize=20_000)
def shape_id(word: str) -> int:
    """Return the bucket of a word's shape, the same on every machine.

    The encoder is uncased, so case reaches the recogniser only through this.
    """
    return zlib.crc32(word_shape(word).encode()) % BUCKETS
