"""Which entities of different documents are the same real-world thing.

The answer depends only on the set of documents, never on their order.  Names are grouped
by equality and by what the register tells; a short name joins the one longer name it can
stand for; people of one name are told apart by their posts.  Where two could be meant, a
name stays apart.  What people decided (:mod:`kg.corrections`) comes last and wins.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kg import lexicon
from kg.corrections import Correction, Verdicts
from kg.known import full_key, known_label, stands_alone
from kg.model import Annotation, Entity
from kg.ontology import load_ontology
from kg.register import Entry, Register, load_register
from kg.slug import slug

Reference = tuple[str, str]
"""A document's id and the key of an entity in it."""

_Key = tuple[str, str, str]
"""Family of the class, full name, and what tells namesakes apart (mostly nothing)."""

# Log-odds that two documents mean one person by one name.  They are chosen, not trained:
# namesakes are too rare in any set of texts to count.
SAME_FULL_NAME = 2.0
SAME_SINGLE_NAME = 0.5  # whom a text names by surname alone, everyone knows
SHARED_POST = 3.0
OTHER_POSTS = -2.5
SHARED_TIE = 1.0  # for each of up to three things that both have to do with
SHARED_SEAT = 0.3  # for each of up to three bodies and polities that both texts name
DOUBTFUL = (0.3, 0.75)  # probabilities that are worth a person's look
SURE_POST = 0.6  # claims below it tell nobody apart


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two groups of one name, how probably they are one, and what was done."""

    first: str
    second: str
    probability: float
    merged: bool


@dataclass(frozen=True, slots=True)
class Resolution:
    """Who is meant.

    Attributes:
        entities: For each document and entity key, the real-world entity.
        entries: What the register tells, by the entity's id.
        verdicts: What people decided about facts and sums.
        doubts: Decisions on namesakes that were close.
        strayed: Decisions about entities that met nothing in these documents.
    """

    entities: Mapping[Reference, Entity]
    entries: Mapping[str, Entry]
    verdicts: Verdicts
    doubts: tuple[Doubt, ...] = ()
    strayed: tuple[Correction, ...] = ()

    def unmet(self) -> tuple[Correction, ...]:
        """Return the decisions that met nothing, once all documents are stated."""
        idle = [c for c in self.verdicts if c not in self.verdicts.met]
        return tuple(sorted((*self.strayed, *idle), key=lambda c: c.line))


@dataclass(slots=True)
class _Group:
    """Local entities that are one thing as far as is known."""

    types: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)
    members: list[Reference] = field(default_factory=list)
    entries: set[Entry] = field(default_factory=set)
    posts: Counter[str] = field(default_factory=Counter)
    ties: set[str] = field(default_factory=set)
    around: set[str] = field(default_factory=set)
    type: str = ""
    label: str = ""

    def take(self, other: _Group) -> None:
        self.types.update(other.types)
        self.names |= other.names
        self.members += other.members
        self.entries |= other.entries
        self.posts.update(other.posts)
        self.ties |= other.ties
        self.around |= other.around

    @property
    def aliases(self) -> set[str]:
        return {full_key(name) for name in self.names}


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
    groups, doubts = _named_alike(documents, register or load_register())
    apart = {
        frozenset(_name_of(part) for part in correction.parts)
        for correction in corrections
        if correction.verb == "apart"
    }
    for family in sorted({key[0] for key in groups}):
        mine = {key: group for key, group in groups.items() if key[0] == family}
        _join_short_names(mine, groups, apart)
    corrected = _Corrected(groups)
    for correction in corrections:
        corrected.apply(correction)
    entities, entries, ids = _entities(groups)
    verdicts = Verdicts()
    for correction in corrections:
        if correction.verb in {"accept", "reject"}:
            verdicts.add(corrected.fact(correction, ids), correction)
    return Resolution(
        entities, entries, verdicts, tuple(doubts), tuple(corrected.strayed)
    )


# ------------------------------------------------------------ equal names, and namesakes


def _named_alike(
    documents: Iterable[tuple[str, Annotation]], register: Register
) -> tuple[dict[_Key, _Group], list[Doubt]]:
    """Group local entities by class family and full name, people by person too."""
    families = {name: words[0] for name, words in lexicon.words("family").items()}
    groups: dict[_Key, _Group] = defaultdict(_Group)
    people: dict[tuple[str, str], list[_Group]] = defaultdict(list)
    seats = _seats()
    for document, annotation in documents:
        around = frozenset(
            full_key(name) for e in annotation.entities for name in e.names
        )
        entries = {
            e.key: register.find(e.names, e.type, around) for e in annotation.entities
        }
        labels = {
            e.key: entry.name
            if (entry := entries[e.key])
            else known_label(e.label, e.type) or e.label
            for e in annotation.entities
        }
        partners = _partners(annotation, labels)
        named = {labels[e.key] for e in annotation.entities if e.type in seats}
        for entity in annotation.entities:
            entry, label = entries[entity.key], labels[entity.key]
            weight = len(entity.mentions)
            posts, ties = partners.get(entity.key, (set(), set()))
            group = _Group(
                Counter({entity.type: weight}),
                Counter({label: weight}),
                set(entity.names) | {label},
                [(document, entity.key)],
                {entry} if entry else set(),
                Counter(posts),
                ties,
            )
            family = families.get(entity.type, entity.type)
            if entity.type in lexicon.words("namesakes"):
                group.around = named
                people[family, full_key(label)].append(group)
                continue
            same = groups[family, full_key(label), ""]
            same.take(group)
            same.labels.update(group.labels)
    doubts: list[Doubt] = []
    for (family, name), members in sorted(people.items()):
        persons = _persons(name, members, doubts)
        for person in persons:
            told = _told_apart(person) if len(persons) > 1 else ""
            groups[family, name, told] = person
    return dict(groups), doubts


def _seats() -> frozenset[str]:
    """Return the classes of that in which one can have a post."""
    ontology = load_ontology()
    return frozenset(
        seat
        for seat in ontology.classes
        for post in lexicon.words("title")
        for holder in lexicon.words("namesakes")
        if ontology.allows(holder, post, seat)
    )


def _partners(
    annotation: Annotation, labels: Mapping[str, str]
) -> dict[str, tuple[set[str], set[str]]]:
    """Return, by entity, the names of what it has a post in and of what it is tied to."""
    found: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for claim in annotation.claims:
        if claim.predicate in lexicon.words("title") and claim.confidence > SURE_POST:
            found[claim.subject][0].add(labels[claim.object])
        found[claim.subject][1].add(labels[claim.object])
        found[claim.object][1].add(labels[claim.subject])
    return dict(found)


def _persons(name: str, members: list[_Group], doubts: list[Doubt]) -> list[_Group]:
    """Return the persons whom documents call by one name, as groups of members.

    Those with a post in common come together first; each of the others joins the one it
    shares most with, if it is more probably the same than not.
    """
    members = sorted(members, key=lambda m: m.members[0])
    persons: list[_Group] = []
    holders: dict[str, _Group] = {}
    rest = []
    for member in members:
        marks = _marks(member)
        if not marks:
            rest.append(member)
            continue
        known = {id(p): p for mark in marks if (p := holders.get(mark))}
        person = _united([*known.values(), member], persons)
        holders.update(dict.fromkeys(_marks(person), person))
    joined = True
    while joined:
        joined = False
        for i, first in enumerate(persons):
            for second in persons[i + 1 :]:
                if _judged(name, first, second, doubts):
                    persons.remove(first)
                    persons.remove(second)
                    _united([first, second], persons)
                    joined = True
                    break
            if joined:
                break
    persons.sort(key=lambda p: min(p.members))
    return _with_the_rest(name, persons, rest, doubts)


def _marks(person: _Group) -> list[str]:
    """Return what only one person of a name has: each post, and an entry's name."""
    return [*person.posts, *(f"={entry.name}" for entry in person.entries)]


def _with_the_rest(
    name: str, persons: list[_Group], rest: list[_Group], doubts: list[Doubt]
) -> list[_Group]:
    """Give each member without a post to the person it is probably about."""
    left: list[_Group] = []
    for member in rest:
        shared = sorted(
            ((len(_common(p, member)), -i) for i, p in enumerate(persons)),
            reverse=True,
        )
        clear = len(shared) == 1 or (shared and shared[0][0] > shared[1][0])
        if clear and _judged(name, persons[-shared[0][1]], member, doubts):
            _united([persons[-shared[0][1]], member], [])
        else:
            left.append(member)
    if not persons:
        return [_united(left, [])] if left else []
    by_tie: dict[str, _Group] = {}
    for member in left:
        known = {id(p): p for tie in member.ties if (p := by_tie.get(tie))}
        person = _united([*known.values(), member], persons)
        by_tie.update(dict.fromkeys(person.ties, person))
    return persons


def _united(parts: list[_Group], persons: list[_Group]) -> _Group:
    """Make one group of several, in place of them among the persons."""
    first, *others = parts
    for other in others:
        first.take(other)
        first.labels.update(other.labels)
    for gone in others:
        if any(gone is p for p in persons):
            persons[:] = [p for p in persons if p is not gone]
    if not any(first is p for p in persons):
        persons.append(first)
    return first


def _judged(name: str, first: _Group, second: _Group, doubts: list[Doubt]) -> bool:
    """Tell whether two are more probably one person than not; close calls are noted."""
    probability = same_person(
        name,
        set(first.posts),
        set(second.posts),
        _common(first, second),
        first.around & second.around,
    )
    merged = probability >= 0.5
    if DOUBTFUL[0] <= probability <= DOUBTFUL[1] and first.posts and second.posts:
        doubts.append(Doubt(_described(first), _described(second), probability, merged))
    return merged


def _common(first: _Group, second: _Group) -> set[str]:
    """Return what links two: whom both have to do with, posts that the other's text names."""
    named = (first.posts.keys() & second.around) | (second.posts.keys() & first.around)
    return (first.ties & second.ties) | named


def _described(group: _Group) -> str:
    return f"{_winner(group.labels)} ({', '.join(sorted(group.posts))})"


def same_person(
    name: str,
    first_posts: set[str],
    second_posts: set[str],
    common: set[str],
    seats: set[str],
) -> float:
    """Return how probably two documents that use one name mean one person.

    Args:
        name: The name.
        first_posts: Where the one has a post, as one document tells.
        second_posts: The same of the other.
        common: What both have to do with.
        seats: Bodies and polities that both documents name.
    """
    odds = SAME_FULL_NAME if " " in name else SAME_SINGLE_NAME
    shared = first_posts & second_posts
    if shared:
        odds += SHARED_POST
    elif first_posts and second_posts:
        odds += OTHER_POSTS
    odds += SHARED_TIE * min(3, len(common - shared))
    odds += SHARED_SEAT * min(3, len(seats - shared - common))
    return 1 / (1 + math.exp(-odds))


def _told_apart(person: _Group) -> str:
    """Return what tells a person from a namesake: the post, else the first document."""
    return _winner(person.posts) if person.posts else min(person.members)[0]


# ---------------------------------------------------------------------- short names


def _join_short_names(
    family: dict[_Key, _Group],
    groups: dict[_Key, _Group],
    apart: set[frozenset[str]],
) -> None:
    """Move each group whose name is short for exactly one other group's into that one."""
    users: dict[str, set[_Key]] = defaultdict(set)
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
            and frozenset((slug(user[1]), slug(key[1]))) not in apart
        }
        if stands_alone(key[1]) or len(longer) != 1:
            continue
        target = longer.pop()
        if len(target[1]) > len(key[1]) and _may_join(key, target, groups):
            groups[target].take(groups.pop(key))


def _may_join(key: _Key, target: _Key, groups: dict[_Key, _Group]) -> bool:
    """Tell whether a surname may stand for a person; other short names always may."""
    short, full = groups[key], groups[target]
    if not short.types.keys() & lexicon.words("namesakes").keys():
        return True
    contrary = short.posts and full.posts and not short.posts.keys() & full.posts.keys()
    return not contrary or bool(_common(short, full))


def _ways(group: _Group) -> tuple[str, ...]:
    return lexicon.words("shortName").get(_winner(group.types), ())


# ------------------------------------------------------------------ what people decided


class _Corrected:
    """Applies decisions to groups; what a decision calls things is found by any name."""

    def __init__(self, groups: dict[_Key, _Group]) -> None:
        self._groups = groups
        self.strayed: list[Correction] = []
        self._by_name: dict[str, list[_Key]] = defaultdict(list)
        for key, group in groups.items():
            for name in {slug(n) for n in group.names}:
                self._by_name[name].append(key)

    def apply(self, correction: Correction) -> None:
        """Apply one decision, or note that it meets nothing."""
        verb, parts = correction.verb, correction.parts
        if verb in {"accept", "reject"}:
            return
        found = [self.find(part) for part in parts[: 2 if verb in _PAIRS else 1]]
        if None in found or not self._done(verb, [k for k in found if k], parts):
            self.strayed.append(correction)

    def _done(self, verb: str, keys: list[_Key], parts: tuple[str, ...]) -> bool:
        group = self._groups[keys[0]]
        if verb == "rename":
            group.label = parts[1]
            self._also(keys[0], parts[1])
        elif verb == "retype":
            group.type = parts[1]
        elif verb == "merge" and keys[0] != keys[1]:
            self._groups[keys[1]].take(self._groups.pop(keys[0]))
            for held in self._by_name.values():
                if keys[0] in held:
                    held[:] = dict.fromkeys(
                        keys[1] if k == keys[0] else k for k in held
                    )
        elif verb == "split":
            return self._split(keys[0], parts[1], parts[2])
        return True

    def _split(self, key: _Key, document: str, name: str) -> bool:
        group = self._groups[key]
        moved = [member for member in group.members if member[0] == document]
        if not moved:
            return False
        group.members = [m for m in group.members if m[0] != document]
        target = (key[0], full_key(name), "")
        new = self._groups.setdefault(target, _Group(types=Counter(group.types)))
        new.labels[name] += len(moved)
        new.names.add(name)
        new.members += moved
        self._also(target, name)
        if not group.members:
            del self._groups[key]
        return True

    def _also(self, key: _Key, name: str) -> None:
        if key not in self._by_name[slug(name)]:
            self._by_name[slug(name)].append(key)

    def find(self, id_: str) -> _Key | None:
        """Return the group that an id means: by its label first, then by any name."""
        class_, _, name = id_.partition("/")
        found = [key for key in self._by_name.get(name, ()) if key in self._groups]
        if not found:
            found = [k for k, g in self._groups.items() if _id(k, g) == id_]
        exact = [key for key in found if _id(key, self._groups[key]) == id_]
        alike = [k for k in found if class_ in {slug(t) for t in self._types(k)}]
        chosen = exact or alike or found
        return chosen[0] if len(chosen) == 1 else None

    def _types(self, key: _Key) -> set[str]:
        group = self._groups[key]
        return {*group.types, group.type}

    def fact(self, correction: Correction, ids: Mapping[_Key, str]) -> tuple[str, ...]:
        """Return the key of the fact or sum that a decision is about."""
        parts = list(correction.parts)
        if len(parts) > 1:
            for i in (0, 2):
                key = self.find(parts[i])
                parts[i] = ids[key] if key else parts[i]
        return tuple(parts)


_PAIRS = frozenset(("merge", "apart"))


def _name_of(id_: str) -> str:
    return id_.partition("/")[2]


# -------------------------------------------------------------------------- entities


def _entities(
    groups: Mapping[_Key, _Group],
) -> tuple[dict[Reference, Entity], dict[str, Entry], dict[_Key, str]]:
    resolved: dict[Reference, Entity] = {}
    entries: dict[str, Entry] = {}
    ids: dict[_Key, str] = {}
    taken: set[str] = set()
    for key, group in sorted(groups.items()):
        id_ = next(i for i in _numbered(_id(key, group)) if i not in taken)
        taken.add(id_)
        ids[key] = id_
        # Two entries in one group: one of the two links is wrong, and none is made.
        entry = next(iter(group.entries)) if len(group.entries) == 1 else None
        if entry:
            entries[id_] = entry
        same_as = entry.same_as if entry else ()
        entity = Entity(id_, _type(group), _label(key, group), same_as)
        resolved.update(dict.fromkeys(group.members, entity))
    return resolved, entries, ids


def _numbered(id_: str) -> Iterator[str]:
    yield id_
    number = 2
    while True:
        yield f"{id_}-{number}"
        number += 1


def _id(key: _Key, group: _Group) -> str:
    return f"{slug(_type(group))}/{slug(_label(key, group))}"


def _type(group: _Group) -> str:
    return group.type or _winner(group.types)


def _label(key: _Key, group: _Group) -> str:
    if group.label:
        return group.label
    label = _winner(group.labels)
    label = known_label(label, _type(group)) or label
    return f"{label} ({key[2]})" if key[2] else label


def _winner(counts: Counter[str]) -> str:
    return min(counts, key=lambda value: (-counts[value], value))
