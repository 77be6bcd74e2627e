"""Named entities of the ontology's classes, from the encoder's states."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from kg import lexicon
from kg.known import adjectives, known_class, known_names
from kg.pipeline.attributes import said, text_of, tokens_of, words_of
from kg.pipeline.encoder import session
from kg.pipeline.shapes import shape_id

# Below this the network itself holds a span to be more likely wrong than right.
MIN_SCORE = 0.5
KNOWN_SCORE = 0.9  # of a span that is a well-known name, however unsure the network is
# From this log-probability on, a word is sure to be in no name.
SURELY_OUTSIDE = -0.02
REFERENCE = "Reference"  # its label for a mention that is no name


@Language.factory(
    "kg_ner",
    requires=["doc.tensor", "doc.spans"],
    assigns=["doc.ents", "doc.spans"],
    default_score_weights={"ents_f": 1.0},
)
def create_ner(nlp: Language, name: str) -> Ner:
    """Create the component for a pipeline; weights come with ``from_disk``."""
    return Ner(nlp)


class Ner:
    """Sets ``doc.ents``: the best legal BIO sequence, and names that follow a pattern.

    Mentions that the network holds to be no names go to ``doc.spans["references"]``.

    Patterns (act numbers and the like) and the classes of well-known names come from the
    ontology's lexicon and overrule the network, which sees them too rarely.
    """

    def __init__(self, nlp: Language) -> None:
        self._model = b""
        self._labels: list[str] = []
        self._session: Any = None
        self._other: Language | None = None
        self._patterns = [
            (re.compile(rf"(?<!\w){pattern}(?!\w)"), label)
            for label, patterns in sorted(lexicon.words("name").items())
            for pattern in patterns
        ]
        self._nlp = nlp
        self._patterns += [
            (_ending_in(lexicon.words("ending")[label]), label)
            for label in sorted(lexicon.words("foundBy"))
        ]

    def __call__(self, doc: Doc) -> Doc:
        """Find the entities of a document."""
        found = self._by_pattern(doc)
        taken = tokens_of(found)
        by_network = self._by_network(doc)
        if self._other is not None:
            references = [s for s in by_network if s.label_ == REFERENCE]
            by_network = [*references, *_by_other(doc, self._other)]
        doc.spans["references"] = [s for s in by_network if s.label_ == REFERENCE]
        for span in by_network:
            if span.label_ != REFERENCE and not taken.intersection(
                range(span.start, span.end)
            ):
                found.append(span)
        # Of overlapping names the longest stays: "England" within "Bank of England" is
        # no name of its own.
        found += self._known(doc, as_spans=True)
        # Furniture says nothing, and the "NZ$70" of a sum is no name.
        no_names = [
            (span.start, span.end)
            for group in ("furniture", "amounts")
            for span in doc.spans.get(group, ())
        ]
        doc.ents = filter_spans(
            span
            for span in found
            if not any(start < span.end and span.start < end for start, end in no_names)
        )
        return doc

    @cached_property
    def _known(self) -> PhraseMatcher:
        """Finds known names as they are written, case and all: "Meta", never "meta"."""
        # Made once there is a text: the tokeniser's rules are loaded after the components.
        matcher = PhraseMatcher(self._nlp.vocab)
        for name, label in known_names():
            matcher.add(label, [self._nlp.make_doc(name)])
        return matcher

    def borrow(self, other: Language) -> None:
        """Take the names that another pipeline finds in place of the network's."""
        self._other = other

    def _by_pattern(self, doc: Doc) -> list[Span]:
        text = text_of(doc)
        # Doc.char_span walks the whole document each time.
        begins, lengths = doc.to_array(["IDX", "LENGTH"]).T
        starts = {at: i for i, at in enumerate(begins.tolist())}
        ends = {at: i for i, at in enumerate((begins + lengths).tolist(), 1)}
        found = []
        for pattern, label in self._patterns:
            for match in pattern.finditer(text):
                start, end = starts.get(match.start()), ends.get(match.end())
                if start is not None and end is not None and end - start > 1:
                    told = class_by_words(match[0]) or label
                    found.append(Span(doc, start, end, label=told))
        return filter_spans(found)

    def _by_network(self, doc: Doc) -> list[Span]:
        tokens = np.flatnonzero(doc.to_array("IS_SPACE") == 0)
        if not len(tokens):
            return []
        words = words_of(doc)
        shapes = [shape_id(words[i]) for i in tokens.tolist()]
        if self._session is None:
            self._session = session(self._model)
        scores = self._session.run(
            None,
            {
                "words": doc.tensor[tokens],
                "shapes": np.array(shapes, dtype=np.int64),
            },
        )[0]
        logs = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
        path = best_path(logs, self._labels)
        spans = []
        start = 0
        for i in range(1, len(path) + 1):
            label = self._labels[path[i - 1]]
            goes_on = i < len(path) and self._labels[path[i]].startswith("I-")
            if label.startswith("B-"):
                start = i - 1
            if label != "O" and not goes_on:
                chosen = logs[np.arange(start, i), path[start:i]]
                ends = (int(tokens[start]), int(tokens[i - 1]) + 1)
                span: Span | None
                if label[2:] == REFERENCE:
                    span = Span(doc, *ends, label=REFERENCE)
                else:
                    span = _trimmed(doc, *ends, label[2:])
                if span is not None:
                    span._.score = float(np.exp(chosen.mean()))
                    if span.label_ != REFERENCE and known_class(span.text):
                        span._.score = max(span._.score, KNOWN_SCORE)
                    if span._.score > MIN_SCORE:
                        spans.append(span)
        return spans

    def load(self, model: bytes, labels: list[str]) -> None:
        """Take over an ONNX model and the BIO label of each of its outputs."""
        self._model, self._labels, self._session = model, labels, None

    def to_disk(self, path: Path, *, exclude: tuple[str, ...] = ()) -> None:
        """Write the weights to a folder."""
        path.mkdir(parents=True, exist_ok=True)
        (path / "ner.onnx").write_bytes(self._model)
        (path / "labels.json").write_text(json.dumps(self._labels), "utf-8")

    def from_disk(self, path: Path, *, exclude: tuple[str, ...] = ()) -> Ner:
        """Read the weights from a folder."""
        self.load(
            (path / "ner.onnx").read_bytes(),
            json.loads((path / "labels.json").read_text("utf-8")),
        )
        return self


def _by_other(doc: Doc, other: Language) -> Iterator[Span]:
    """Yield what another pipeline finds, in our classes; labels unknown to us are none."""
    mapped = {
        label: name
        for name, labels in lexicon.words("foreignLabel").items()
        for label in labels
    }
    for ent in other(doc.text).ents:
        if ent.label_ not in mapped:
            continue
        span = doc.char_span(ent.start_char, ent.end_char, alignment_mode="expand")
        if span is not None:
            trimmed = _trimmed(doc, span.start, span.end, mapped[ent.label_])
            if trimmed is not None:
                yield trimmed


def _ending_in(words: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern of capitalised words that end in one of the given ones.

    Small words may stand between them, but not at the start: "Cyber Resilience Act",
    "CHIPS and Science Act".
    """
    capital = r"(?!(?:The|This|That|In|An?|Under|While|When|If|And|But)\b)[A-Z][\w-]*"
    # "and the" begins another name.
    small = r"(?:(?:of|for|on|in|to) (?:the )?|and |& )?"
    ending = lexicon.alternation(words)
    return re.compile(
        rf"(?<![\w’'-]){capital} (?:{small}[A-Z][\w-]* ){{0,5}}{ending}(?!\w)"
    )


def class_by_words(name: str) -> str | None:
    """Return the class that the head of a longer name tells, if it tells one.

    The head is the last word, or the last before the first "of" or "for".
    """
    if " " not in name:
        return None
    head = re.split(r" (?:of|for) ", name)[0].rpartition(" ")[2]
    head = head[:1].upper() + head[1:]
    for property_ in ("ending", "kindWord"):
        for label, told in sorted(lexicon.words(property_).items()):
            if head in told:
                return label
    return None


def _in_name(word: str) -> bool:
    """Tell whether a word can stand at the edge of a name: punctuation cannot."""
    return any(character.isalnum() for character in word)


@cache
def _no_names() -> frozenset[str]:
    return frozenset(word.lower() for word in lexicon.all_words("noName"))


def _trimmed(doc: Doc, start: int, end: int, label: str) -> Span | None:
    """Return the span without a leading article, a possessive and stray punctuation."""
    words = words_of(doc)
    while start < end and words[start].lower() in {"the", "a", "an"}:
        start += 1
    while start < end and (
        words[end - 1].lower() in {"'s", "’s", "and", "of", "the", "for", "in"}
        or not (words[end - 1] == ")" or _in_name(words[end - 1]))
    ):
        end -= 1
    while start < end and not _in_name(words[start]):
        start += 1
    # Of a lone surname the title stays: "Lord North" is more than "North".
    titles = lexicon.words("beforeName").get(label, ())
    while end - start > 2 and words[start] in titles:
        start += 1
    name = said(doc[start:end])
    if not name or "\n" in name:
        return None
    # Only in a text without capitals is a word without one a name.
    if name.lower() in _no_names() or (name.islower() and not text_of(doc).islower()):
        return None
    known = known_class(name)
    if known is None:
        if name.lower().removesuffix("s") in adjectives().keys() - {name.lower()}:
            return None  # "Americans" are people
        # "French" stands for its country.
        known = known_class(adjectives().get(name.lower(), ""))
    return Span(doc, start, end, label=known or class_by_words(name) or label)


def best_path(logs: NDArray[np.float32], labels: Sequence[str]) -> NDArray[np.int64]:
    """Return the most probable label sequence in which I- only follows its own class.

    Where the likeliest labels follow each other legally, they are the sequence; only the
    stretches where they do not, between two words that surely name nothing, are searched.
    """
    follows = np.array(
        [[not b.startswith("I-") or a[2:] == b[2:] for b in labels] for a in labels]
    )
    outside = labels.index("O")
    path: NDArray[np.int64] = logs.argmax(1)
    before = np.concatenate([[outside], path[:-1]])
    sure = np.flatnonzero((path == outside) & (logs[:, outside] > SURELY_OUTSIDE))
    cuts = np.concatenate([[-1], sure, [len(path)]])
    wrong = np.flatnonzero(~follows[before, path])
    for place in np.unique(np.searchsorted(cuts, wrong)).tolist():
        start, end = cuts[place - 1] + 1, cuts[place]
        path[start:end] = _searched(logs[start:end], follows, outside)
    return path


def _searched(
    logs: NDArray[np.float32], follows: NDArray[np.bool_], outside: int
) -> NDArray[np.int64]:
    """Return the best legal path through a stretch that stands behind an O (Viterbi)."""
    cost = np.where(follows, 0.0, -1e9)
    best = logs[0] + cost[outside]
    back = np.zeros(logs.shape, dtype=np.int64)
    for t in range(1, len(logs)):
        candidates = best[:, None] + cost
        back[t] = candidates.argmax(0)
        best = candidates.max(0) + logs[t]
    path = np.zeros(len(logs), dtype=np.int64)
    path[-1] = int(best.argmax())
    for t in range(len(logs) - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path
