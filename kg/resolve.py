"""Which entities of different documents are the same real-world thing.

The answer depends only on the set of documents, never on their order.  Names are grouped
by equality and by what the register tells; a short name joins the one longer name it can
stand for; people of one name are told apart by their posts, bodies of one name ("Ministry
of Finance") by the polity they belong to.  Where two could be meant, a name stays apart.
What people decided (:mod:`kg.corrections`) comes last and wins.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kg import lexicon
from kg.corrected import Corrected
from kg.corrections import Correction, Verdicts
from kg.groups import Group, Key, Reference, id_of, label_of, name_of, type_of, winner
from kg.known import full_key, known_label, stands_alone
from kg.model import Annotation, Entity
from kg.namesakes import (
    common,
    owners_of,
    partners_of,
    persons_of,
    seats_of,
    told_apart,
)
from kg.register import Entry, Register, load_register
from kg.slug import slug


@dataclass(frozen=True, slots=True)
class Resolution:
    """Who is meant.

    Attributes:
        entities: For each document and entity key, the real-world entity.
        entries: What the register tells, by the entity's id.
        verdicts: What people decided about facts and sums.
        strayed: Decisions about entities that met nothing in these documents.
    """

    entities: Mapping[Reference, Entity]
    entries: Mapping[str, Entry]
    verdicts: Verdicts
    strayed: tuple[Correction, ...] = ()

    def unmet(self) -> tuple[Correction, ...]:
        """Return the decisions that met nothing, once all documents are stated."""
        idle = [c for c in self.verdicts if c not in self.verdicts.met]
        return tuple(sorted((*self.strayed, *idle), key=lambda c: c.line))


def resolve(
    documents: Iterable[tuple[str, Annotation]],
    corrections: Iterable[Correction] = (),
    register: Register | None = None,
) -> Resolution:
    """Decide who is meant.

    Args:
        documents: Each document's id and what was found in it.
        corrections: What people decided, in order.
        register: Well-known actors; the one that comes with the program if left out.
    """
    corrections = tuple(corrections)
    groups = _named_alike(documents, register or load_register())
    apart = {
        frozenset(
            slug(full_key(name_of(p).replace("-", " "))) for p in correction.parts
        )
        for correction in corrections
        if correction.verb == "apart"
    }
    for family in sorted({key[0] for key in groups}):
        mine = {key: group for key, group in groups.items() if key[0] == family}
        _join_short_names(mine, groups, apart)
    corrected = Corrected(groups)
    for correction in corrections:
        corrected.apply(correction)
    entities, entries, ids = _entities(groups)
    verdicts = Verdicts()
    for correction in corrections:
        if correction.verb in {"accept", "reject"}:
            verdicts.add(corrected.fact(correction, ids), correction)
    return Resolution(entities, entries, verdicts, tuple(corrected.strayed))


# ------------------------------------------------------------ equal names, and namesakes


def _named_alike(
    documents: Iterable[tuple[str, Annotation]], register: Register
) -> dict[Key, Group]:
    """Group local entities by class family and full name, people by person too."""
    groups: dict[Key, Group] = defaultdict(Group)
    people: dict[tuple[str, str], list[Group]] = defaultdict(list)
    bodies: dict[tuple[str, str], list[tuple[str, set[str], Group]]] = defaultdict(list)
    seats = seats_of()
    for document, annotation in documents:
        entries = register.link(annotation)
        labels = {
            e.key: entry.name
            if (entry := entries[e.key])
            else known_label(e.label, e.type) or e.label
            for e in annotation.entities
        }
        owners = owners_of(annotation, labels)
        for e in annotation.entities:
            if entries[e.key] is None and e.key in owners:
                entry = register.of_owner(e.label, e.type, owners[e.key])
                entries[e.key] = entry
                labels[e.key] = entry.name if entry else labels[e.key]
        partners = partners_of(annotation, labels)
        named = {labels[e.key] for e in annotation.entities if e.type in seats}
        for entity in annotation.entities:
            entry, label = entries[entity.key], labels[entity.key]
            weight = len(entity.mentions)
            posts, ties = partners.get(entity.key, (set(), set()))
            group = Group(
                Counter({entity.type: weight}),
                Counter({label: weight}),
                set(entity.names) | {label},
                [(document, entity.key)],
                {entry} if entry else set(),
                Counter(posts),
                ties,
            )
            family = lexicon.family_of(entity.type)
            group.owners |= {owners[entity.key]} if entity.key in owners else set()
            if entity.type in lexicon.words("namesakes"):
                group.around = named
                people[family, full_key(label)].append(group)
                continue
            if entity.type in lexicon.words("ownedBy") and entry is None:
                owner = owners.get(entity.key, "")
                bodies[family, full_key(label)].append((owner, named, group))
                continue
            groups[family, full_key(label), ""].take_alike(group)
    for (family, name), members in sorted(people.items()):
        persons = persons_of(name, members)
        for person in persons:
            told = told_apart(person) if len(persons) > 1 else ""
            groups[family, name, told] = person
    for (family, name), owned in sorted(bodies.items()):
        known = {owner for owner, *_ in owned if owner}
        for owner, named, body in owned:
            meant = {owner} if owner else known & named
            told = meant.pop() if len(known) > 1 and len(meant) == 1 else ""
            groups[family, name, told].take_alike(body)
    return dict(groups)


# ---------------------------------------------------------------------- short names


def _join_short_names(
    family: dict[Key, Group],
    groups: dict[Key, Group],
    apart: set[frozenset[str]],
) -> None:
    """Move each group whose name is short for exactly one other group's into that one."""
    users: dict[str, set[Key]] = defaultdict(set)
    for key, group in family.items():
        for alias in group.aliases - {key[1]}:
            users[alias].add(key)
        if "suffix" in _ways(group):
            # A surname or "Commission" stands for the full name even in documents
            # that never say so themselves.
            users[key[1].rpartition(" ")[2]].add(key)
    for key in sorted(family, key=lambda k: (len(k[1]), k)):
        longer = {
            user
            for user in users.get(key[1], ())
            if user in groups
            and user != key
            and not (apart and frozenset((slug(user[1]), slug(key[1]))) in apart)
        }
        if stands_alone(key[1]) or len(longer) != 1:
            continue
        target = longer.pop()
        if len(target[1]) > len(key[1]) and _may_join(key, target, groups):
            groups[target].take(groups.pop(key))


def _may_join(key: Key, target: Key, groups: dict[Key, Group]) -> bool:
    """Tell whether a short name may stand for a longer one.

    A surname may not if the two have different posts, nor a body's short name if the
    bodies belong to different polities.
    """
    short, full = groups[key], groups[target]
    if short.owners and full.owners and short.owners.isdisjoint(full.owners):
        return False
    if not short.types.keys() & lexicon.words("namesakes").keys():
        return True
    contrary = short.posts and full.posts and not short.posts.keys() & full.posts.keys()
    return not contrary or bool(common(short, full))


def _ways(group: Group) -> tuple[str, ...]:
    return lexicon.words("shortName").get(winner(group.types), ())


# -------------------------------------------------------------------------- entities


def _entities(
    groups: Mapping[Key, Group],
) -> tuple[dict[Reference, Entity], dict[str, Entry], dict[Key, str]]:
    resolved: dict[Reference, Entity] = {}
    entries: dict[str, Entry] = {}
    ids: dict[Key, str] = {}
    taken: set[str] = set()
    for key, group in sorted(groups.items()):
        id_ = next(i for i in _numbered(id_of(key, group)) if i not in taken)
        taken.add(id_)
        ids[key] = id_
        # Two entries in one group: one of the two links is wrong, and none is made.
        entry = next(iter(group.entries)) if len(group.entries) == 1 else None
        if entry:
            entries[id_] = entry
        same_as = entry.same_as if entry else ()
        entity = Entity(id_, type_of(group), label_of(key, group), same_as)
        resolved.update(dict.fromkeys(group.members, entity))
    return resolved, entries, ids


def _numbered(id_: str) -> Iterator[str]:
    yield id_
    number = 2
    while True:
        yield f"{id_}-{number}"
        number += 1
