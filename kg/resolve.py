"""Which entities of different documents are the same real-world thing.

The answer depends only on the set of documents, never on their order: names are grouped
by equality, and a short name joins the one longer name it can stand for.  Where two
longer names could be meant, it stays apart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kg import lexicon
from kg.known import known_label, name_key, stands_alone
from kg.model import Entity, LocalEntity
from kg.slug import slug

Reference = tuple[str, str]
"""A document's id and the key of an entity in it."""


@dataclass(slots=True)
class _Group:
    """Local entities that share one full name."""

    types: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    aliases: set[str] = field(default_factory=set)
    members: list[Reference] = field(default_factory=list)

    def take(self, other: _Group) -> None:
        self.types += other.types
        self.aliases |= other.aliases
        self.members += other.members


def resolve(
    documents: Iterable[tuple[str, Iterable[LocalEntity]]],
) -> Mapping[Reference, Entity]:
    """Decide who is meant.

    Args:
        documents: Each document's id and its entities.

    Returns:
        For each document id and entity key, the real-world entity.
    """
    groups = _by_full_name(documents)
    for family in sorted({family for family, _ in groups}):
        _join_short_names({k: g for k, g in groups.items() if k[0] == family}, groups)
    resolved: dict[Reference, Entity] = {}
    for _, group in sorted(groups.items()):
        type_ = _winner(group.types)
        label = _winner(group.labels)
        label = known_label(label, type_) or label
        entity = Entity(f"{slug(type_)}/{slug(label)}", type_, label)
        resolved.update(dict.fromkeys(group.members, entity))
    return resolved


def _by_full_name(
    documents: Iterable[tuple[str, Iterable[LocalEntity]]],
) -> dict[tuple[str, str], _Group]:
    families = {name: words[0] for name, words in lexicon.words("family").items()}
    groups: dict[tuple[str, str], _Group] = defaultdict(_Group)
    for document, entities in documents:
        for entity in entities:
            label = known_label(entity.label, entity.type) or entity.label
            family = families.get(entity.type, entity.type)
            group = groups[family, full_key(label)]
            weight = len(entity.mentions)
            group.types[entity.type] += weight
            group.labels[label] += weight
            group.aliases |= {full_key(name) for name in entity.names}
            group.members.append((document, entity.key))
    return dict(groups)


def full_key(name: str) -> str:
    """Return a name in comparable form: no case, dots, article or legal form."""
    words = name_key(" ".join(name.split())).replace(",", "").split()
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    forms = {name_key(form) for form in lexicon.all_words("legalForm")}
    while len(words) > 1 and words[-1] in forms:
        words.pop()
    return " ".join(words)


def _join_short_names(
    family: dict[tuple[str, str], _Group], groups: dict[tuple[str, str], _Group]
) -> None:
    """Move each group whose name is short for exactly one other group's into that one."""
    users: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for key, group in family.items():
        for alias in group.aliases - {key[1]}:
            users[alias].add(key)
        if "suffix" in _ways(group):
            # A surname or "Commission" stands for the full name even in documents
            # that never say so themselves.
            users[key[1].rpartition(" ")[2]].add(key)
    for key in sorted(family, key=lambda k: (len(k[1]), k)):
        longer = {user for user in users.get(key[1], ()) if user in groups} - {key}
        if stands_alone(key[1]):
            continue
        if len(longer) == 1 and len(target := longer.pop()[1]) > len(key[1]):
            groups[key[0], target].take(groups.pop(key))


def _ways(group: _Group) -> tuple[str, ...]:
    return lexicon.words("shortName").get(_winner(group.types), ())


def _winner(counts: Counter[str]) -> str:
    return min(counts, key=lambda value: (-counts[value], value))
