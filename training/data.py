"""Public annotated texts, mapped to the classes of the ontology.

A label that is true for several of our classes keeps them all: a token carries the *set*
of BIO labels it may have, and training maximises the probability of that set (learning
from partial labels, Cour, Sapp and Taskar 2011).  Where a source is silent, everything
it is silent about stays allowed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

ANY_BODY = ("GovernmentBody", "Company", "Organization")
ANY_PLACE = ("Polity", "Place")
ANY_NAMED = ("Product", "Law", "Event", "Initiative", "Organization", "")

# Words in a name that decide its class, tried in order; "" stands for no entity at all.
_DECIDING = [
    (r"\b(act|treaty|bill|constitution|directive|regulation|accords?)$", "Law"),
    (
        r"\b(war|elections?|cup|olympics|games|championships?|festival|award|prize)\b",
        "Event",
    ),
    (r"\b(conference|summit|expo|battle|referendum|revolution)\b", "Event"),
    (
        r"\b(ministry|department|parliament|congress|senate|court|army|navy)\b",
        "GovernmentBody",
    ),
    (
        r"\b(police|air force|house of|assembly|government|central bank)\b",
        "GovernmentBody",
    ),
    (
        r"\b(university|college|institute|party|association|foundation)\b",
        "Organization",
    ),
    (r"\b(club|f\.?c\.?|church|society|school|academy|league)\b", "Organization"),
    (r"\b(inc|corp|corporation|ltd|llc|plc|gmbh|records|airlines)\b", "Company"),
    (
        r"\b(motors|entertainment|studios|games|pictures|technologies|company)\b",
        "Company",
    ),
    (r"\b(river|lake|mount|mountains?|sea|ocean|islands?|valley|airport)\b", "Place"),
    (r"\b(street|bridge|park|stadium|building|peninsula|desert|station)\b", "Place"),
    (r"^(africa|asia|europe|north america|south america|antarctica)$", "Place"),
]
_DECIDING = [(re.compile(pattern), name) for pattern, name in _DECIDING]

# Wikidata relations of Re-DocRED that tell the class of their head or tail.
_HEAD_CLASS = {
    "P35": "Polity",
    "P6": "Polity",
    "P36": "Polity",
    "P178": "Product",
    "P176": "Product",
    "P169": "Company",
    "P355": "Company",
}
_TAIL_CLASS = {
    "P17": "Polity",
    "P27": "Polity",
    "P495": "Polity",
    "P131": "Polity",
    "P150": "Polity",
    "P1376": "Polity",
    "P102": "Organization",
    "P241": "GovernmentBody",
    "P749": "Company",
    "P355": "Company",
    "P264": "Company",
    "P176": "Company",
    "P123": "Company",
}

_CROSSNER = {
    **dict.fromkeys(
        ("politician", "person", "researcher", "scientist", "writer", "musicalartist"),
        ("Person",),
    ),
    **dict.fromkeys(("politicalparty", "university", "band"), ("Organization",)),
    **dict.fromkeys(("election", "event", "conference", "award"), ("Event",)),
    "organisation": ANY_BODY,
    "country": ("Polity",),
    "location": ANY_PLACE,
    "product": ("Product",),
    "misc": ("*",),
    **dict.fromkeys(
        ("algorithm", "programlang", "book", "song", "album", "poem"), ("Product", "")
    ),
    **dict.fromkeys(("magazine", "academicjournal"), ("Organization", "Company", "")),
    "astronomicalobject": ("Place", ""),
}


@dataclass(frozen=True, slots=True)
class Example:
    """Words, and for each the set of labels it may have, such as ``{"B-Law", "O"}``."""

    words: list[str]
    allowed: list[frozenset[str]]


def allowed_labels(
    words: list[str],
    spans: list[tuple[int, int, tuple[str, ...]]],
    outside: frozenset[str] = frozenset("O"),
) -> list[frozenset[str]]:
    """Return the label set of each word, given spans with their possible classes."""
    labels = [outside] * len(words)
    for start, end, classes in spans:
        for i in range(start, end):
            prefix = "B-" if i == start else "I-"
            if "*" in classes:
                labels[i] = frozenset("*")
            else:
                labels[i] = frozenset(prefix + c if c else "O" for c in classes)
    return labels


def decide(name: str, classes: tuple[str, ...]) -> tuple[str, ...]:
    """Narrow the possible classes of a name by a telling word in it."""
    if len(classes) == 1:
        return classes
    for pattern, decided in _DECIDING:
        if decided in classes and pattern.search(name.lower()):
            return (decided,)
    return classes


def sentence_starts(document: dict[str, Any]) -> list[int]:
    """Return at which word each sentence of a Re-DocRED document starts, and the end."""
    return [0, *accumulate(map(len, document["sents"]))]


def redocred(path: Path) -> Iterator[Example]:
    """Yield the documents of a Re-DocRED file."""
    coarse = {
        "PER": ("Person",),
        "ORG": ANY_BODY,
        "LOC": ANY_PLACE,
        "MISC": ANY_NAMED,
        "TIME": ("",),
        "NUM": ("",),
    }
    for document in json.loads(path.read_text("utf-8")):
        known: dict[int, str] = {}
        for relation in document["labels"]:
            if relation["r"] in _HEAD_CLASS:
                known[relation["h"]] = _HEAD_CLASS[relation["r"]]
            if relation["r"] in _TAIL_CLASS:
                known[relation["t"]] = _TAIL_CLASS[relation["r"]]
        starts = sentence_starts(document)
        spans = []
        for i, vertex in enumerate(document["vertexSet"]):
            for mention in vertex:
                classes = coarse[mention["type"]]
                if known.get(i) in classes:
                    classes = (known[i],)
                offset = starts[mention["sent_id"]]
                first, last = mention["pos"]
                classes = decide(mention["name"], classes)
                spans.append((offset + first, offset + last, classes))
        words = [word for sentence in document["sents"] for word in sentence]
        # Spans that overlap are rare slips of the data; the longer one is kept.
        spans.sort(key=lambda s: s[1] - s[0])
        yield Example(words, allowed_labels(words, spans))


def bio_file(
    path: Path,
    column: int,
    classes: dict[str, tuple[str, ...]],
    outside: frozenset[str] = frozenset("O"),
) -> Iterator[Example]:
    """Yield the sentences of a BIO file; a class that is not mapped counts as none."""
    words: list[str] = []
    tags: list[str] = []
    for line in [*path.read_text("utf-8").splitlines(), ""]:
        if line.startswith("# "):
            continue
        if line.strip():
            fields = line.split("\t")
            words.append(fields[1 if column > 1 else 0])
            tags.append(fields[column])
        elif words:
            yield Example(
                words, allowed_labels(words, _spans(words, tags, classes), outside)
            )
            words, tags = [], []


def _spans(
    words: list[str], tags: list[str], classes: dict[str, tuple[str, ...]]
) -> list[tuple[int, int, tuple[str, ...]]]:
    spans = []
    start = 0
    for i, tag in enumerate([*tags, "O"]):
        if i and tags[i - 1] != "O" and not tag.startswith("I-"):
            mapped = classes.get(tags[i - 1][2:], ("",))
            spans.append((start, i, decide(" ".join(words[start:i]), mapped)))
        if tag.startswith("B-"):
            start = i
    return spans


def sentence_examples(folder: Path) -> list[Example]:
    """Return the examples of the public sets that are no whole documents."""
    silent = frozenset(
        {
            "O",
            *(
                f"{p}-{c}"
                for p in "BI"
                for c in ("Law", "Initiative", "Product", "Event")
            ),
        }
    )
    uner = {"PER": ("Person",), "ORG": ANY_BODY, "LOC": ANY_PLACE}
    examples: list[Example] = []
    for domain in ("politics", "ai", "science"):
        for part in ("train", "dev", "test"):
            path = folder / "crossner" / domain / f"{part}.txt"
            examples += joined(bio_file(path, 1, _CROSSNER))
    for part in ("dev", "test"):
        path = folder / "uner_ewt" / f"en_ewt-ud-{part}.iob2"
        examples += joined(bio_file(path, 2, uner, silent))
    return examples


def joined(examples: Iterator[Example], words: int = 90) -> Iterator[Example]:
    """Join consecutive sentences to about ``words`` words, so that context is learnt."""
    bag = Example([], [])
    for example in examples:
        bag = Example(bag.words + example.words, bag.allowed + example.allowed)
        if len(bag.words) >= words:
            yield bag
            bag = Example([], [])
    if bag.words:
        yield bag
