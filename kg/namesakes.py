"""Who of those with one name is whom: people are told apart by their posts."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from kg import lexicon
from kg.groups import Group, Reference, winner
from kg.known import adjectives, known_label
from kg.model import Annotation
from kg.ontology import load_ontology

# Log-odds that two documents mean one person by one name.  They are chosen, not trained:
# namesakes are too rare in any set of texts to count.
SAME_FULL_NAME = 2.0
SAME_SINGLE_NAME = 0.5  # whom a text names by surname alone, everyone knows
SHARED_POST = 3.0
OTHER_POSTS = -2.5
SHARED_TIE = 1.0  # for each of up to three things that both have to do with
SHARED_SEAT = 0.3  # for each of up to three bodies and polities that both texts name
SURE_POST = 0.6  # claims below it tell nobody apart
# Nor a body, by a polity that it belongs to; though there often is but one candidate.
LIKELY_OWNER = 0.3


def seats_of() -> frozenset[str]:
    """Return the classes of that in which one can have a post."""
    ontology = load_ontology()
    return frozenset(
        seat
        for seat in ontology.classes
        for post in lexicon.words("title")
        for holder in lexicon.words("namesakes")
        if ontology.allows(holder, post, seat)
    )


def partners_of(
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


def owners_of(annotation: Annotation, labels: Mapping[str, str]) -> dict[str, str]:
    """Return, by entity, the name of the polity that a body most likely belongs to.

    None where another is half as likely: then the text speaks of two.  Where nothing is
    said of it, the name may tell: "UK AI Security Institute".
    """
    types = {entity.key: entity.type for entity in annotation.entities}
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for claim in annotation.claims:
        owned = lexicon.words("ownedBy").get(types[claim.subject], ())
        by_polity = types[claim.object] in lexicon.words("means")
        if claim.predicate in owned and by_polity and claim.confidence > LIKELY_OWNER:
            likely, name = found[claim.subject], labels[claim.object]
            likely[name] = max(claim.confidence, likely.get(name, 0.0))
    owners = {}
    for key, likely in found.items():
        best, *others = sorted(likely, key=lambda name: (-likely[name], name))
        if not others or likely[others[0]] < likely[best] / 2:
            owners[key] = best
    (polity,) = lexicon.words("means")
    for entity in annotation.entities:
        if entity.type in lexicon.words("ownedBy") and entity.key not in found:
            first = {name.partition(" ")[0] for name in entity.names}
            told = {
                adjectives().get(name.lower()) or known_label(name, polity)
                for name in first
            } - {None}
            if len(told) == 1:
                owners[entity.key] = str(told.pop())
    return owners


class Persons:
    """The persons whom documents call by one name.

    Those with a post in common come together first; each of the others joins the one it
    shares most with, if it is more probably the same than not.  What documents tell is
    taken in one by one and not kept, for some names stand in most documents.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._united: dict[Group, Group] = {}
        self._members: list[tuple[Reference, Group]] = []
        self.found: list[Group] = []

    def take(self, marked: Iterable[Group], rest: Iterable[Group]) -> None:
        """Take all that documents tell, each part in the order of documents.

        Args:
            marked: People with a post, or that the register knows.
            rest: The others.
        """
        holders: dict[str, Group] = {}
        for member in marked:
            known = [holders[mark] for mark in _marks(member) if mark in holders]
            person = self._one([*map(self._now, known), member])
            holders.update(dict.fromkeys(_marks(member), person))
        while pair := next(
            (p for p in combinations(self.found, 2) if _same(self._name, *p)), None
        ):
            self._one([*pair])
        self.found.sort(key=lambda person: person.first)
        self._take_rest(rest)

    def _take_rest(self, rest: Iterable[Group]) -> None:
        """Give each member without a post to the person it is probably about."""
        if not self.found:
            for member in rest:
                self._one([*self.found, member])
            return
        left: list[Group] = []
        for member in rest:
            shared = [len(common(person, member)) for person in self.found]
            most = max(shared)
            likeliest = [
                p for p, n in zip(self.found, shared, strict=True) if n == most
            ]
            if len(likeliest) == 1 and _same(self._name, likeliest[0], member):
                self._one([likeliest[0], member])
            else:
                left.append(member)
        by_tie: dict[str, Group] = {}
        for member in left:
            ties = sorted(member.ties)
            known = [by_tie[tie] for tie in ties if tie in by_tie]
            person = self._one([*map(self._now, known), member])
            by_tie.update(dict.fromkeys(ties, person))

    def _now(self, group: Group) -> Group:
        """Return the person that a group has become part of."""
        while group in self._united:
            group = self._united[group]
        return group

    def _one(self, parts: list[Group]) -> Group:
        """Make one person of several, in place of them; the last may be new."""
        first, *others = dict.fromkeys(parts)
        if first not in self.found:
            self.found.append(first)
            self._members.append((first.first, first))
        for other in others:
            if other in self.found:
                self.found.remove(other)
                self._united[other] = first
            else:
                self._members.append((other.first, first))
            first.take_alike(other)
        return first

    def members(self) -> Iterator[tuple[Reference, Group]]:
        """Yield who is whom."""
        for member, group in self._members:
            yield member, self._now(group)


def _marks(person: Group) -> list[str]:
    """Return what only one person of a name has: each post, and an entry."""
    return [*person.posts, *(f"={entry}" for entry in sorted(person.entries))]


def _same(name: str, first: Group, second: Group) -> bool:
    """Tell whether two are more probably one person than not."""
    probability = same_person(
        name,
        set(first.posts),
        set(second.posts),
        common(first, second),
        first.around & second.around,
    )
    return probability >= 0.5


def common(first: Group, second: Group) -> set[str]:
    """Return what links two: whom both have to do with, posts that the other's text names."""
    named = (first.posts.keys() & second.around) | (second.posts.keys() & first.around)
    return (first.ties & second.ties) | named


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


def told_apart(person: Group) -> str:
    """Return what tells a person from a namesake: the post, else the first document."""
    return winner(person.posts) if person.posts else person.first[0]
