"""Other names in the same places, so that names are not learnt by heart.

A fact is told by the words around its names.  In some copies of a text every thing gets
the names of another of its class: "Macron, president of France" becomes "Ortiz,
president of Kenya", and who leads what must be read off again.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, replace

from kg.known import adjectives
from training.examples import Sum, Text, TextMention

Names = tuple[tuple[str, ...], ...]  # the surface forms of one thing, as words


@dataclass(frozen=True, slots=True)
class Donors:
    """By class, the names that things of the training texts have, longest first."""

    names: dict[str, list[Names]]


def donors(texts: list[Text]) -> Donors:
    """Collect the names of all things of some texts."""
    found: dict[str, set[Names]] = defaultdict(set)
    for text in texts:
        for thing, forms in _forms(text).items():
            if len(text.types[thing]) == 1 and forms:
                found[next(iter(text.types[thing]))].add(forms)
    return Donors({kind: sorted(names) for kind, names in sorted(found.items())})


def _forms(text: Text) -> dict[int, Names]:
    """Return the forms of each thing's names; none where one is an adjective."""
    forms: dict[int, dict[tuple[str, ...], None]] = defaultdict(dict)
    barred = set()
    for m in text.mentions:
        if not m.nominal:
            words = tuple(text.words[m.start : m.end])
            forms[m.thing][words] = None
            if words[-1].lower() in adjectives():
                barred.add(m.thing)
    return {
        thing: tuple(sorted(names, key=lambda n: (-len(n), n)))
        for thing, names in forms.items()
        if thing not in barred
    }


def varied(text: Text, source: Donors, rng: random.Random, share: float) -> Text:
    """Return a text in which a share of the things bear other names of their class."""
    new_names: dict[tuple[int, tuple[str, ...]], tuple[str, ...]] = {}
    used: set[Names] = set()
    for thing, forms in _forms(text).items():
        if len(text.types[thing]) != 1 or rng.random() > share:
            continue
        pool = source.names.get(next(iter(text.types[thing])), [])
        if not pool:
            continue
        other = rng.choice(pool)
        if other in used:
            continue
        used.add(other)
        for rank, form in enumerate(forms):
            new_names[thing, form] = other[min(rank, len(other) - 1)]
    places = {
        m.start: (m.end, new)
        for m in text.mentions
        if not m.nominal
        and (new := new_names.get((m.thing, tuple(text.words[m.start : m.end]))))
    }
    if not places:
        return text
    words: list[str] = []
    sentences: list[int] = []
    allowed: list[frozenset[str]] = []
    moved: dict[int, int] = {}
    i = 0
    while i < len(text.words):
        moved[i] = len(words)
        if i in places:
            end, new = places[i]
            first = next(iter(text.allowed[i]))[2:]
            words += new
            sentences += [text.sentences[i]] * len(new)
            allowed += [
                frozenset((("B-" if j == 0 else "I-") + first,))
                for j in range(len(new))
            ]
            for j in range(i + 1, end):
                moved[j] = len(words)
            i = end
        else:
            words.append(text.words[i])
            sentences.append(text.sentences[i])
            allowed.append(text.allowed[i])
            i += 1
    moved[len(text.words)] = len(words)
    return replace(
        text,
        words=words,
        sentences=sentences,
        allowed=allowed,
        mentions=[
            TextMention(moved[m.start], moved[m.end], m.thing, m.nominal)
            for m in text.mentions
        ],
        sums=None
        if text.sums is None
        else [
            Sum(moved[s.start], moved[s.end], s.kind, s.status, s.parts)
            for s in text.sums
        ],
    )
