"""Sentence boundaries by punctuation and paragraph, and page furniture set aside."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span, Token

from kg import lexicon
from kg.pipeline.attributes import said, text_of, words_of

_STOPS = frozenset({".", "!", "?", "…", "..."})
_CLOSERS = frozenset({'"', "”", "’", "'", ")", "]", "»"})
# A word that may follow an abbreviation only at the start of a sentence.
_OPENERS = frozenset(
    [
        "The",
        "A",
        "An",
        "In",
        "It",
        "He",
        "She",
        "They",
        "We",
        "But",
        "And",
        "This",
        "That",
        "These",
        "Those",
        "On",
        "At",
        "For",
        "If",
        "While",
        "However",
        "When",
        "As",
        "There",
        "Its",
        "His",
        "Her",
        "Their",
        "By",
        "After",
        "Before",
    ]
)
# A text without a full stop is no sentence: all that stands in one is compared with all.
_LONGEST = 400  # tokens; sentences of laws have up to 300
_NEWLINES = re.compile(r"\n")


@Language.factory("kg_sentences", assigns=["token.is_sent_start", "doc.spans"])
def create_sentences(nlp: Language, name: str) -> Sentences:
    """Create the component for a pipeline."""
    return Sentences()


class Sentences:
    """Sets sentence starts and ``doc.spans["furniture"]``.

    A line break always ends a sentence when the next line starts a paragraph, and a
    full stop ends it unless it belongs to an abbreviation ("U.S.", "Inc.") that is not
    followed by a word that opens sentences.  After 400 tokens a sentence ends anywhere.
    """

    def __init__(self) -> None:
        self._furniture = re.compile(
            "|".join(sorted(lexicon.all_words("furniture"))), re.IGNORECASE
        )

    def __call__(self, doc: Doc) -> Doc:
        """Mark the sentence starts of a document."""
        starts = [
            1,
            *(
                1 if _may_end(word) and _ends_sentence(doc[i]) else -1
                for i, word in enumerate(words_of(doc))
            ),
        ]
        _divide(starts)
        # Set at once: a token's setter looks at the whole document each time.
        marks: Any = np.array(starts[: len(doc)]).astype(np.uint64)
        doc.from_array(["SENT_START"], marks)
        doc.spans["furniture"] = [
            sentence
            for sentence in doc.sents
            if len(sentence) < 40 and self._furniture.search(said(sentence).strip())
        ]
        return doc


def _divide(starts: list[int]) -> None:
    """Start another sentence where one has gone on for too long."""
    length = 0
    for at, start in enumerate(starts):
        length = 1 if start == 1 else length + 1
        if length > _LONGEST:
            starts[at] = length = 1


def _may_end(word: str) -> bool:
    """Tell whether a word is of those that can end a sentence at all."""
    return word in _STOPS or word in _CLOSERS or word.endswith(".") or word.isspace()


def _ends_sentence(token: Token) -> bool:
    if token.i + 1 == len(token.doc):
        return False
    following = token.nbor(1)
    if _breaks_line(token):
        return True
    if following.text in _CLOSERS and not token.whitespace_:
        return False
    if token.text in _STOPS:
        return _may_open(following)
    if token.text in _CLOSERS and token.i and not token.nbor(-1).whitespace_:
        before = token.nbor(-1)
        return before.text in _STOPS and _may_open(following) and not following.is_lower
    if token.text.endswith(".") and len(token.text) > 2:
        return following.text in _OPENERS
    return False


def _breaks_line(token: Token) -> bool:
    """Tell whether a paragraph ends after a token.

    A single line break inside running text (a hard-wrapped file) ends no sentence: the
    next line then goes on in lower case, or the line before is long and has no stop.
    """
    if not token.is_space or not _NEWLINES.search(token.text):
        return False
    if token.text.count("\n") > 1 or token.i == 0:
        return True
    following = token.nbor(1)
    previous = token.nbor(-1)
    if previous.text in _STOPS or previous.text in _CLOSERS or previous.text == ":":
        return True
    line_start = text_of(token.doc).rfind("\n", 0, token.idx) + 1
    return token.idx - line_start < 60 and not following.is_lower


def _may_open(token: Token) -> bool:
    return not token.is_lower or token.is_space


def prose(doc: Doc) -> list[Span]:
    """Return the sentences of a document that are not page furniture."""
    furniture = {span.start for span in doc.spans.get("furniture", ())}
    return [sentence for sentence in doc.sents if sentence.start not in furniture]
