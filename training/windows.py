"""Texts cut to windows, as the tensors that the network is trained on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cache
from itertools import accumulate, groupby, product

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from kg.ontology import load_ontology
from kg.pipeline.pairs import Mention, mention_pairs
from kg.pipeline.references import may_mean
from kg.pipeline.shapes import shape_id
from kg.pipeline.windows import cuts
from training.examples import OPEN, REFERENCE, ROLES, Text
from training.model import REACH, SideBySide

MASK = 103  # the encoder's piece for a hidden word
# Shares that training makes worse than they are written, so that nothing is relied on:
HIDDEN = 0.06  # of word pieces, hidden
UNSURE = 0.03  # of mentions, whose class is not told
MISTAKEN = 0.04  # of mentions, whose class is told wrong
UNMARKED = 0.3  # of nominal mentions, not marked
SPURIOUS = 2  # stretches at most that are marked in a window and name nothing


@dataclass(frozen=True, slots=True)
class Labels:
    """What the outputs of each head stand for, by number."""

    ner: tuple[str, ...]
    kinds: tuple[str, ...]
    facts: tuple[str, ...]
    sums: tuple[str, ...]
    statuses: tuple[str, ...]


@cache
def labels() -> Labels:
    """Return the labels, from the ontology's terms in its order."""
    ontology = load_ontology()
    classes = tuple(ontology.classes)
    ner = [f"{prefix}-{name}" for name in (*classes, REFERENCE) for prefix in "BI"]
    return Labels(
        ("O", *ner),
        (*classes, "amount", "open"),
        (*ontology.predicates, *ROLES),
        ("", *ontology.money_kinds),
        tuple(ontology.statuses),
    )


@dataclass(slots=True)
class Window:
    """One stretch of a text; every field a tensor in the order of its head's arguments."""

    text: str
    words: list[str]
    allowed: Tensor
    spans: Tensor = field(default_factory=lambda: torch.zeros(0, 2, dtype=torch.long))
    kinds: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.long))
    ends: Tensor = field(default_factory=lambda: torch.zeros(0, 2, dtype=torch.long))
    couples: Tensor = field(default_factory=lambda: torch.zeros(0, 2, dtype=torch.long))
    couple: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.long))
    between: Tensor = field(default_factory=lambda: torch.zeros(0, 2, dtype=torch.long))
    features: Tensor = field(
        default_factory=lambda: torch.zeros(0, 3, dtype=torch.long)
    )
    group: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.long))
    fact: Tensor = field(default_factory=lambda: torch.zeros(0, 0))
    known: Tensor = field(default_factory=lambda: torch.zeros(0, 0))
    status: Tensor = field(default_factory=lambda: torch.zeros(0, 0, dtype=torch.long))
    sums: Tensor = field(default_factory=lambda: torch.zeros(0, 2, dtype=torch.long))
    around: Tensor = field(default_factory=lambda: torch.zeros(0, 2, dtype=torch.long))
    sum_kind: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.long))
    sum_status: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.long))
    named: Tensor = field(default_factory=lambda: torch.zeros(0, 2, dtype=torch.long))
    named_kinds: Tensor = field(
        default_factory=lambda: torch.zeros(0, dtype=torch.long)
    )
    reference: Tensor = field(
        default_factory=lambda: torch.zeros(0, 2, dtype=torch.long)
    )
    reference_features: Tensor = field(
        default_factory=lambda: torch.zeros(0, 3, dtype=torch.long)
    )
    antecedent: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.bool))


@cache
def _linkable(first: str, second: str) -> frozenset[int]:
    """Return which outputs are possible between two classes."""
    ontology = load_ontology()
    facts = labels().facts
    if second == "amount":
        return frozenset(facts.index(r) for r in ROLES if first in ontology.range_of(r))
    if "amount" in (first, second):
        return frozenset()
    return frozenset(
        i
        for i, predicate in enumerate(facts[: -len(ROLES)])
        if ontology.allows(first, predicate, second)
    )


def windows_of(texts: list[Text], rng: random.Random | None) -> Iterator[Window]:
    """Cut texts to windows; with ``rng``, as they are varied for training."""
    for text in texts:
        for start, end in cuts_of(text):
            yield _window(text, start, end, rng)


def cuts_of(text: Text) -> list[tuple[int, int]]:
    """Return the word ranges of a text's windows, cut as the pipeline cuts them."""
    return cuts([len(list(words)) for _, words in groupby(text.sentences)])


def _window(text: Text, start: int, end: int, rng: random.Random | None) -> Window:
    names = labels()
    index = {label: i for i, label in enumerate(names.ner)}
    words = text.words[start:end]
    allowed = np.zeros((len(words), len(names.ner)), dtype=np.bool_)
    for i, told in enumerate(text.allowed[start:end]):
        if "*" in told:
            allowed[i] = True
        else:
            for label in told:
                allowed[i, index[label]] = True
    if rng and (chance := rng.random()) < 0.07:
        words = [w.lower() if chance < 0.04 else w.upper() for w in words]
    window = Window(text.id, words, torch.from_numpy(allowed))
    mentions, kinds = _mentions(text, start, end, rng)
    if text.told:
        _add_facts(window, text, mentions, kinds)
    if text.sums is not None:
        _add_sums(window, text, start, end)
    _add_references(window, text, start, end)
    return window


def _mentions(
    text: Text, start: int, end: int, rng: random.Random | None
) -> tuple[list[Mention], dict[int, frozenset[str]]]:
    """Return the mentions of a window, sums among them, and the classes of the things.

    In training the marks are as faulty as the recogniser's will be.
    """
    names = labels()
    kinds = {i: types for i, types in enumerate(text.types) if types}
    found = []
    for m in text.mentions:
        if not start <= m.start < end or m.end > end or m.thing not in kinds:
            continue
        if m.nominal and rng and rng.random() < UNMARKED:
            continue
        types = kinds[m.thing]
        kind = names.kinds.index(next(iter(types)) if len(types) == 1 else "open")
        if rng and (chance := rng.random()) < UNSURE + MISTAKEN:
            wrong = rng.randrange(len(names.kinds) - 2)
            kind = names.kinds.index("open") if chance < UNSURE else wrong
        sentence = text.sentences[m.start]
        found.append(
            Mention(m.start - start, m.end - start, m.thing, kind, sentence, m.nominal)
        )
    for number, s in enumerate(text.sums or ()):
        if start <= s.start and s.end <= end:
            thing = len(text.types) + number
            kinds[thing] = frozenset(("amount",))
            kind = names.kinds.index("amount")
            sentence = text.sentences[s.start]
            found.append(Mention(s.start - start, s.end - start, thing, kind, sentence))
    if rng and text.sums is not None:  # all that has a name is marked
        for start_, kind in _spurious(text, found, start, end, rng):
            thing = -1 - start_
            kinds[thing] = frozenset((names.kinds[kind],))
            sentence = text.sentences[start + start_]
            found.append(Mention(start_, start_ + 1, thing, kind, sentence))
    found.sort(key=lambda m: (m.start, m.end))
    return found, kinds


def _spurious(
    text: Text, mentions: list[Mention], start: int, end: int, rng: random.Random
) -> Iterator[tuple[int, int]]:
    """Yield place and class of some words that look like names and are none."""
    taken = {i for m in mentions for i in range(m.start, m.end)}
    free = [
        i
        for i, word in enumerate(text.words[start:end])
        if i not in taken and word[:1].isupper()
    ]
    for i in rng.sample(free, min(len(free), rng.randrange(SPURIOUS + 1))):
        yield i, rng.randrange(len(labels().kinds) - 2)


def _add_facts(
    window: Window,
    text: Text,
    mentions: list[Mention],
    kinds: dict[int, frozenset[str]],
) -> None:
    names = labels()
    possible = {
        (a, b): frozenset().union(
            *(_linkable(x, y) for x, y in product(kinds[a], kinds[b]))
        )
        for a, b in product({m.thing for m in mentions}, repeat=2)
    }
    linked = [[bool(possible[a.thing, b.thing]) for b in mentions] for a in mentions]
    pairs = mention_pairs(mentions, np.array(linked, dtype=np.bool_))
    if not len(pairs.ends):
        return
    window.spans = torch.tensor([(m.start, m.end) for m in mentions])
    window.kinds = torch.tensor([m.kind * 2 + m.nominal for m in mentions])
    window.ends = torch.from_numpy(pairs.ends)
    window.couples = torch.from_numpy(pairs.couples)
    window.couple = torch.from_numpy(pairs.couple)
    window.between = torch.from_numpy(pairs.between)
    window.features = torch.from_numpy(pairs.features)
    groups: dict[tuple[int, int], int] = {}
    of_pair = []
    for i, j in pairs.ends.tolist():
        key = (mentions[i].thing, mentions[j].thing)
        of_pair.append(groups.setdefault(key, len(groups)))
    window.group = torch.tensor(of_pair)
    shape = (len(groups), len(names.facts))
    fact, known = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    status = np.full(shape, -1)
    told = {names.facts.index(p) for p in text.told} | {
        names.facts.index(role) for role in ROLES
    }
    for (a, b), group in groups.items():
        allowed = possible[a, b] & told
        known[group, list(allowed)] = 1
        if b >= len(text.types) and text.sums is not None:
            for role, things in text.sums[b - len(text.types)].parts.items():
                if a in things:
                    fact[group, names.facts.index(role)] = 1
            continue
        for output in allowed:
            sure = text.facts.get((a, b, names.facts[output]))
            if sure == OPEN:
                known[group, output] = 0
            elif sure is not None:
                fact[group, output] = 1
                status[group, output] = names.statuses.index(sure)
    window.fact, window.known = torch.from_numpy(fact), torch.from_numpy(known)
    window.status = torch.from_numpy(status)


def _add_sums(window: Window, text: Text, start: int, end: int) -> None:
    names = labels()
    found = [s for s in text.sums or () if start <= s.start and s.end <= end]
    if not found:
        return
    window.sums = torch.tensor([(s.start - start, s.end - start) for s in found])
    around = []
    for s in found:
        low = high = s.start
        while low > start and text.sentences[low - 1] == text.sentences[s.start]:
            low -= 1
        while high < end and text.sentences[high] == text.sentences[s.start]:
            high += 1
        around.append((low - start, high - start))
    window.around = torch.tensor(around)
    window.sum_kind = torch.tensor([names.sums.index(s.kind) for s in found])
    window.sum_status = torch.tensor(
        [names.statuses.index(s.status) if s.status else -1 for s in found]
    )


def _add_references(window: Window, text: Text, start: int, end: int) -> None:
    """Pair each reference with the names around it, and say which of them it means."""
    inside = [m for m in text.mentions if start <= m.start and m.end <= end]
    mentions = []
    for number, m in enumerate(inside):
        types = text.types[m.thing]
        kind = next(iter(types)) if len(types) == 1 else "open"
        # Each mention is its own thing here, so that all of them are paired.
        mentions.append(
            Mention(
                m.start - start,
                m.end - start,
                number,
                labels().kinds.index(kind),
                text.sentences[m.start],
                m.nominal,
            )
        )
    mentions.sort(key=lambda m: (m.start, m.end))
    pairs = mention_pairs(mentions, may_mean(mentions))
    if not len(pairs.ends):
        return
    thing = [inside[m.thing].thing for m in mentions]
    window.named = torch.tensor([(m.start, m.end) for m in mentions])
    window.named_kinds = torch.tensor([m.kind * 2 + m.nominal for m in mentions])
    window.reference = torch.from_numpy(pairs.ends)
    window.reference_features = torch.from_numpy(pairs.features)
    window.antecedent = torch.tensor(
        [thing[i] == thing[j] for i, j in pairs.ends.tolist()]
    )


# Fields of a window that number something, by what they number.
_NUMBERING = {
    "spans": "words",
    "between": "words",
    "sums": "words",
    "around": "words",
    "named": "words",
    "ends": "spans",
    "couples": "spans",
    "couple": "couples",
    "group": "fact",
    "reference": "named",
}


class Batch:
    """Windows side by side, as one long window whose parts do not see each other.

    ``ids`` and ``mask`` [windows, pieces] are what the encoder reads; ``first`` [windows,
    width] is each word's first piece, ``shapes`` [windows * width] its shape.  ``all`` is
    the long window: its tensors are those of the windows in a row, and number words,
    mentions and pairs through.
    """

    def __init__(
        self,
        windows: list[Window],
        tokenizer: Tokenizer,
        rng: random.Random | None = None,
    ) -> None:
        """Encode windows; with ``rng``, some word pieces are hidden, as in training."""
        encoded = [tokenizer.encode(w.words, is_pretokenized=True) for w in windows]
        width = max(len(w.words) for w in windows) + REACH
        shape = (len(windows), max(len(p.ids) for p in encoded))
        ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.float32)
        first, shapes, real = (
            np.zeros((len(windows), width), kind)
            for kind in (np.int64, np.int64, np.bool_)
        )
        for i, (encoding, window) in enumerate(zip(encoded, windows, strict=True)):
            length = len(encoding.ids)
            ids[i, :length], mask[i, :length] = encoding.ids, 1
            if rng:
                hidden = [rng.random() < HIDDEN for _ in range(length - 2)]
                ids[i, 1 : length - 1][hidden] = MASK
            # A word without pieces (a control character) takes the sentence's first.
            for j in reversed(range(length)):
                if (word := encoding.word_ids[j]) is not None:
                    first[i, word] = j
            shapes[i, : len(window.words)] = [shape_id(w) for w in window.words]
            real[i, : len(window.words)] = True
        self.ids, self.mask = torch.from_numpy(ids), torch.from_numpy(mask)
        self.first = torch.from_numpy(first)
        self.shapes = torch.from_numpy(shapes).flatten()
        self.side = SideBySide(
            torch.from_numpy(real),
            [len(w.couples) for w in windows],
            [len(w.sums) for w in windows],
        )
        self.all = _in_a_row(windows, width)

    def to(self, device: torch.device) -> Batch:
        """Move the batch to a device; returns the batch itself."""
        self.ids, self.mask = self.ids.to(device), self.mask.to(device)
        self.first, self.shapes = self.first.to(device), self.shapes.to(device)
        self.side = replace(self.side, real=self.side.real.to(device))
        self.all = Window(
            self.all.text,
            self.all.words,
            **{name: getattr(self.all, name).to(device) for name in _TENSORS},
        )
        return self


def _in_a_row(windows: list[Window], width: int) -> Window:
    tensors = {}
    for name in _TENSORS:
        parts = [getattr(w, name) for w in windows]
        if name in {"fact", "known", "status"}:
            # A window without pairs has none of the outputs' columns either.
            parts = [p for p in parts if len(p)] or parts[:1]
        elif numbers := _NUMBERING.get(name):
            sizes = [
                width if numbers == "words" else len(getattr(w, numbers))
                for w in windows
            ]
            before = [0, *accumulate(sizes)][:-1]
            parts = [p + start for p, start in zip(parts, before, strict=True)]
        tensors[name] = torch.cat(parts)
    words = [word for window in windows for word in window.words]
    return Window(" ".join(w.text for w in windows), words, **tensors)


_TENSORS = tuple(f.name for f in fields(Window) if f.name not in {"text", "words"})


def batches_of(
    windows: list[Window], pieces: int, rng: random.Random
) -> list[list[Window]]:
    """Group windows of like length, about ``pieces`` word pieces a batch, shuffled."""
    ordered = sorted(windows, key=lambda w: len(w.words) + rng.random() * 8)
    groups, group = [], []
    for window in ordered:
        group.append(window)
        if len(group) * len(window.words) * 1.4 > pieces:
            groups.append(group)
            group = []
    if group:
        groups.append(group)
    rng.shuffle(groups)
    return groups
