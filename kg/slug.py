"""Readable pieces of IRIs made from names."""

from __future__ import annotations

import re
import unicodedata

_BETWEEN = re.compile(r"[\W_]+")


def slug(text: str, limit: int = 60) -> str:
    """Return a name as lower-case letters and digits of any script, joined by hyphens.

    Args:
        text: The name; normalised (NFKC) and case-folded first.
        limit: Longest result in characters; longer names are cut between words.

    Returns:
        The slug, ``"x"`` if nothing in the name is a letter or digit.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    joined = _BETWEEN.sub("-", unicodedata.normalize("NFKC", folded)).strip("-")
    if len(joined) > limit:
        cut = joined[: limit + 1].rpartition("-")[0]
        joined = cut or joined[:limit]
    return joined or "x"
