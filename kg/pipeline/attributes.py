"""What the components put on a ``Doc`` beside spaCy's own attributes.

``doc.spans``
    ``furniture``  page furniture that says nothing (cookie notices, comment forms)
    ``amounts``    sums of money; the parsed values stand in ``doc._.amounts``
    ``dates``      dates, absolute and relative
    ``references`` nominal and pronominal mentions ("the company", "she")
``doc._``
    ``skeletons``  sentences reduced for the lexicon's phrases (kg.pipeline.skeleton)
    ``windows``    tuple of :class:`Window`, what the encoder attended to
    ``clusters``   tuple of :class:`Cluster`, the document's entities
    ``amounts``    tuple of :class:`kg.values.amounts.Amount`, parallel to ``doc.spans``
    ``claims``     tuple of :class:`FoundClaim`
    ``parts``      tuple of :class:`FoundPart`: who pays or gets a sum
    ``money``      tuple of :class:`FoundMoney`
    ``published``  the document's date, ISO 8601 or None, set before the pipeline runs
``span._``
    ``score``      probability of an entity, 0 to 1
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc, Span

from kg.values.amounts import Amount


@dataclass(frozen=True, slots=True)
class Window:
    """Words the encoder read together.

    ``tokens`` [words] are their indices in the document, ``attention``
    [words, heads, words] what its last layer looked at from each of them.
    """

    tokens: NDArray[np.int64]
    attention: NDArray[np.float16]

    def looks(self, ranges: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return what the words of ranges look at on average [ranges, heads, words]."""
        lengths = ranges[:, 1] - ranges[:, 0]
        firsts = np.cumsum(lengths) - lengths
        words = np.arange(lengths.sum()) + np.repeat(ranges[:, 0] - firsts, lengths)
        rows = self.attention[words].astype(np.float32)
        looks: NDArray[np.float32] = np.add.reduceat(rows, firsts, axis=0)
        looks /= lengths[:, None, None]
        return looks


@dataclass(frozen=True, slots=True)
class Cluster:
    """One thing: its class, its names (fullest first), where it is named or meant.

    ``references`` are mentions that are no names: "the company", "she", "its".
    """

    type: str
    names: tuple[str, ...]
    mentions: tuple[Span, ...]
    references: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundClaim:
    """Subject and object by cluster number, with the words that say so.

    ``trigger`` is the token range that expresses the predicate; ``subject_at`` and
    ``object_at`` are the spans in the sentence that name the two.  A claim is ``hedgeable``
    when a "will" or "not" in its clause changes what is said: a verb's, not a title's.
    ``since`` and ``until`` are ISO 8601 dates, where the sentence tells them.
    """

    subject: int
    predicate: str
    object: int
    sentence: Span
    trigger: tuple[int, int]
    subject_at: Span
    object_at: Span
    confidence: float
    hedgeable: bool
    status: str = ""
    attributed_to: int | None = None
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class FoundPart:
    """A cluster's part in a sum: a role of the ontology, and how probable it is."""

    cluster: int
    role: str
    amount: int
    confidence: float


@dataclass(frozen=True, slots=True)
class FoundMoney:
    """A sum that is given, promised, raised or owed; roles are cluster numbers."""

    kind: str
    amount: Amount
    amount_at: Span
    sentence: Span
    trigger: tuple[int, int]
    payer: tuple[int, ...]
    recipient: tuple[int, ...]
    purpose: str | None
    date: str | None
    confidence: float
    status: str = ""
    attributed_to: int | None = None


def text_of(doc: Doc) -> str:
    """Return a document's text, which spaCy puts together anew each time it is asked."""
    text: str | None = doc.user_data.get("text")
    if text is None:
        text = doc.user_data["text"] = doc.text
    return text


def note_text(doc: Doc, text: str) -> None:
    """Note the text of a document, so that spaCy need not put it together."""
    doc.user_data["text"] = text


def words_of(doc: Doc) -> list[str]:
    """Return the text of each token, without making a token of each."""
    words: list[str] | None = doc.user_data.get("words")
    if words is None:
        strings = doc.vocab.strings
        words = [strings[orth] for orth in doc.to_array("ORTH").tolist()]
        doc.user_data["words"] = words
    return words


def said(span: Span) -> str:
    """Return the text of a span, which spaCy puts together token by token."""
    return text_of(span.doc)[span.start_char : span.end_char]


def tokens_of(spans: Iterable[Span]) -> set[int]:
    """Return the indices of the tokens in spans, without making a token of each."""
    return {i for span in spans for i in range(span.start, span.end)}


for _name in (
    "windows",
    "skeletons",
    "clusters",
    "amounts",
    "claims",
    "parts",
    "money",
):
    if not Doc.has_extension(_name):
        Doc.set_extension(_name, default=())
if not Doc.has_extension("published"):
    Doc.set_extension("published", default=None)
if not Span.has_extension("score"):
    Span.set_extension("score", default=1.0)
