"""Places that a text names only to tell where: the head of a report, and where others are from.

In "PARIS — President Emmanuel Macron said" nobody leads Paris, and in "Norwegian companies
signed with Kenya" Norway signs nothing.
"""

from __future__ import annotations

from functools import cache

from spacy.tokens import Span

from kg import lexicon

_DASHES = frozenset({"—", "–", "--", "-"})
HEAD = 8  # words of a dateline behind its place: a date, an agency in brackets
SHORTEST = 4  # letters of a place in capitals; shorter ones are names such as "EU"


def is_aside(span: Span) -> bool:
    """Return whether a mention only tells where a report or a group of others is from."""
    return _is_dateline(span) or _is_origin(span)


def _is_dateline(span: Span) -> bool:
    """Return whether a mention is the place in "PARIS, 3 March (Reuters) — "."""
    if span.start != span.sent.start or not span.text.isupper():
        return False
    if len(span.text) < SHORTEST:
        return False
    behind = span.doc[span.end : min(span.end + HEAD, span.sent.end)]
    return any(token.text in _DASHES for token in behind)


def _is_origin(span: Span) -> bool:
    """Return whether a mention stands before a group: "US tech companies"."""
    behind = span.doc[span.end : min(span.end + _longest(), span.sent.end)]
    words = tuple(token.lower_ for token in behind)
    return any(words[:length] in _groups() for length in range(1, len(words) + 1))


@cache
def _groups() -> frozenset[tuple[str, ...]]:
    return frozenset(
        tuple(group.lower().split()) for group in lexicon.all_words("groupNoun")
    )


@cache
def _longest() -> int:
    return max(len(group) for group in _groups())
