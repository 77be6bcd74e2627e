"""Local entities of many documents that are one thing as far as is known."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

from kg.known import full_key, known_label
from kg.slug import slug

Reference = tuple[str, str]
"""A document's id and the key of an entity in it."""

Key = tuple[str, str, str]
"""Family of the class, full name, and what tells namesakes apart (mostly nothing)."""

_text = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(slots=True, eq=False)
class Group:
    """Local entities that are one thing as far as is known.

    Attributes:
        types: Classes that documents give it, by number of mentions.
        labels: Its full names, by number of mentions.
        names: All its names.
        entries: What the register takes some of them for, by their numbers there.
        posts: In what a person has a post.
        ties: With what a person has to do.
        around: Bodies and polities that a person's documents name.
        owners: Polities that a body belongs to.
        first: The first of the entities; not kept, for it only settles who is who.
        type: The class that people decided on.
        label: The name that people decided on.
    """

    types: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)
    entries: set[int] = field(default_factory=set)
    posts: Counter[str] = field(default_factory=Counter)
    ties: set[str] = field(default_factory=set)
    around: set[str] = field(default_factory=set)
    owners: set[str] = field(default_factory=set)
    first: Reference = ("", "")
    type: str = ""
    label: str = ""

    def take(self, other: Group) -> None:
        """Take over another group; what this one is called stays."""
        self.types.update(other.types)
        self.names |= other.names
        self.entries |= other.entries
        self.posts.update(other.posts)
        self.ties |= other.ties
        self.around |= other.around
        self.owners |= other.owners
        self.first = min(self.first, other.first)

    def take_alike(self, other: Group) -> None:
        """Take over another group of the same name; how often it is so called counts."""
        self.take(other)
        self.labels.update(other.labels)

    @property
    def aliases(self) -> set[str]:
        """All its names in comparable form."""
        return {full_key(name) for name in self.names}

    def text(self) -> str:
        """Return what documents tell of it, as one text that equal groups share."""
        counted = [sorted(c.items()) for c in (self.types, self.labels, self.posts)]
        spoken = [sorted(s) for s in (self.names, self.ties, self.around, self.owners)]
        return _text([*counted, sorted(self.entries), *spoken])

    @classmethod
    def of_text(cls, text: str) -> Group:
        """Return the group that a text tells of."""
        types, labels, posts, entries, names, ties, around, owners = json.loads(text)
        return cls(
            Counter(dict(types)),
            Counter(dict(labels)),
            set(names),
            set(entries),
            Counter(dict(posts)),
            set(ties),
            set(around),
            set(owners),
        )


def id_of(key: Key, group: Group) -> str:
    """Return the id of what a group stands for: class and name."""
    return f"{slug(type_of(group))}/{slug(label_of(key, group))}"


def name_of(id_: str) -> str:
    """Return the part of an id that was made of the name."""
    return id_.partition("/")[2]


def type_of(group: Group) -> str:
    """Return its class: decided by people, or the most frequent."""
    return group.type or winner(group.types)


def label_of(key: Key, group: Group) -> str:
    """Return its name: decided by people, or the most frequent."""
    if group.label:
        return group.label
    label = winner(group.labels)
    label = known_label(label, type_of(group)) or label
    return f"{label} ({key[2]})" if key[2] else label


def winner(counts: Counter[str]) -> str:
    """Return what is counted most; of equals the first of the alphabet."""
    return min(counts, key=lambda value: (-counts[value], value))
