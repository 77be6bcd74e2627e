"""The mentions of a document as the trained heads are given them, window by window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc, Span

from kg.known import adjectives, name_key
from kg.pipeline.attributes import Window, tokens_of
from kg.pipeline.pairs import Ints, Mention, Pairs

AMOUNT = "amount"  # the kind of a sum of money among the kinds of mentions


@dataclass(frozen=True, slots=True)
class Mentioned:
    """The mentions of one window, and where each stands in the document.

    A mention's ``thing`` is the number of its cluster; sums follow the clusters.
    """

    window: Window
    mentions: tuple[Mention, ...]
    spans: tuple[Span, ...]

    def inputs(self, doc: Doc, pairs: Pairs) -> dict[str, NDArray[np.generic]]:
        """Return what heads that read pairs are told, by the names of their inputs."""
        return {
            "states": doc.tensor[self.window.tokens],
            "spans": self.ranges(),
            "kinds": np.array(
                [m.kind * 2 + m.nominal for m in self.mentions], dtype=np.int64
            ),
            "ends": pairs.ends,
            "features": pairs.features,
        }

    def ranges(self) -> Ints:
        """Return the word range of each mention [mentions, 2]."""
        return np.array([(m.start, m.end) for m in self.mentions], dtype=np.int64)


def mentioned(
    doc: Doc, kinds: tuple[str, ...], *, loose: tuple[Span, ...] = ()
) -> Iterator[Mentioned]:
    """Yield the mentions of each window that has some.

    Args:
        doc: With clusters and amounts.
        kinds: The classes in the order of the network's numbers.
        loose: References whose thing is not known yet; each counts as a thing of its own.
    """
    sentence = np.cumsum(doc.to_array("SENT_START") == 1).tolist()
    numbered = {kind: i for i, kind in enumerate(kinds)}
    clusters = doc._.clusters
    things: list[tuple[Span, int, int, bool]] = []
    for number, cluster in enumerate(clusters):
        kind = numbered[cluster.type]
        things += [(span, number, kind, False) for span in cluster.mentions]
        things += [(span, number, kind, True) for span in cluster.references]
    things += [
        (span, number, numbered[clusters[number].type], False)
        for span, number in _adjectives(doc)
    ]
    for number, span in enumerate(doc.spans.get("amounts", ())):
        things.append((span, len(clusters) + number, numbered[AMOUNT], False))
    first = len(clusters) + len(doc.spans.get("amounts", ()))
    things += [
        (span, first + number, numbered["open"], True)
        for number, span in enumerate(loose)
    ]
    things.sort(key=lambda thing: (thing[0].start, thing[0].end, thing[1]))
    for window in doc._.windows:
        place = {int(token): i for i, token in enumerate(window.tokens)}
        found = [
            (
                Mention(
                    place[span.start],
                    place[_last(span)] + 1,
                    thing,
                    kind,
                    sentence[span.start],
                    nominal,
                ),
                span,
            )
            for span, thing, kind, nominal in things
            if span.start in place and _last(span) in place
        ]
        if found:
            yield Mentioned(
                window, tuple(m for m, _ in found), tuple(s for _, s in found)
            )


def _last(span: Span) -> int:
    """Return the last token of a span that is no white space."""
    last = int(span.end) - 1
    while last > span.start and span.doc[last].is_space:
        last -= 1
    return last


def _adjectives(doc: Doc) -> Iterator[tuple[Span, int]]:
    """Yield the adjectives that mean a polity the document names: "French"."""
    polities = {
        name_key(name): number
        for number, cluster in enumerate(doc._.clusters)
        for name in cluster.names
    }
    named = tokens_of(s for cluster in doc._.clusters for s in cluster.mentions)
    strings = doc.vocab.strings
    known = {strings[word]: polity for word, polity in adjectives().items()}
    lower = doc.to_array("LOWER")
    for i in np.flatnonzero(np.isin(lower, list(known))).tolist():
        number = polities.get(name_key(known[int(lower[i])]))
        if number is not None and i not in named and not doc[i].is_lower:
            yield doc[i : i + 1], number
