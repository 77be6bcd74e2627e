"""Where sources contradict each other: each side with its sentence."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from kg.describe import Record, Records
from kg.ontology import Ontology


@dataclass(frozen=True, slots=True)
class Conflict:
    """Facts that cannot all be true at one time, in the order of their documents' dates.

    Attributes:
        reason: Why not, in words.
        sides: The facts.
    """

    reason: str
    sides: tuple[Record, ...]


def conflicts(records: Records, ontology: Ontology) -> list[Conflict]:
    """Return what is asserted by one source and denied by another, and double objects.

    A predicate that the ontology declares functional has one object: two asserted ones
    contradict each other.  Nothing is decided: a later source may tell of a change.
    """
    dates = {d["id"]: d["date"] or "" for d in records["documents"]}
    by_triple: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
    by_subject: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for fact in records["facts"]:
        triple = (fact["subject"], fact["predicate"], fact["object"])
        by_triple[triple].append(fact)
        holds = ontology.statuses[fact["status"]].asserted
        if holds and ontology.predicates[fact["predicate"]].functional:
            by_subject[triple[:2]].append(fact)

    def side(fact: Record) -> tuple[str, str, int]:
        return dates[fact["document"]], fact["document"], fact["evidence"]["start"]

    found = []
    for _, facts in sorted(by_triple.items()):
        denied = [f for f in facts if ontology.statuses[f["status"]].contrary]
        asserted = [f for f in facts if ontology.statuses[f["status"]].asserted]
        if denied and asserted:
            sides = tuple(sorted([*denied, *asserted], key=side))
            found.append(Conflict("one says that it is so, one that it is not", sides))
    for _, facts in sorted(by_subject.items()):
        if len({f["object"] for f in facts}) > 1:
            found.append(
                Conflict("there can be only one", tuple(sorted(facts, key=side)))
            )
    return found
