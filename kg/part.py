"""A part of a graph: what lies around an entity, what a query tells, what is sure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from pyoxigraph import RdfFormat, parse

from kg.describe import Records
from kg.ontology import Ontology

_NAMED = re.compile("/(entity|fact|money)/(.+)")

Part = dict[str, list[dict[str, Any]]]
"""Records in the form of the whole graph's."""


def around(records: Records, ids: Collection[str], hops: int = 1) -> Part:
    """Return the part of a graph that is so many facts or sums away from some entities.

    Args:
        records: What ``kg export --format json`` writes.
        ids: Of the entities in the middle.
        hops: How many facts or sums away an entity may be.

    Returns:
        Records of the same form: the entities, all that is said between them, and the
        documents that say it.
    """
    beside: dict[str, set[str]] = defaultdict(set)
    ties = [(f["subject"], f["object"]) for f in records["facts"]]
    parties = [(*m["payer"], *m["recipient"]) for m in records["money"]]
    for tied in (*ties, *parties):
        for id_ in tied:
            beside[id_].update(tied)
    reached = set(ids)
    edge = set(ids)
    for _ in range(hops):
        edge = set().union(*(beside[id_] for id_ in edge)) - reached
        reached |= edge
    facts = [f for f in records["facts"] if {f["subject"], f["object"]} <= reached]
    money = [
        m
        for m in records["money"]
        if (parties_ := {*m["payer"], *m["recipient"]}) and parties_ <= reached
    ]
    return _part(records, reached, facts, money)


def surer_than(records: Records, least: float) -> Part:
    """Return the facts and sums of at least a confidence, with all entities."""
    facts = [f for f in records["facts"] if f["confidence"] >= least]
    money = [m for m in records["money"] if m["confidence"] >= least]
    return _part(records, {e["id"] for e in records["entities"]}, facts, money)


def told_by(records: Records, triples: str, ontology: Ontology) -> Part:
    """Return the part of a graph that the answer to CONSTRUCT or DESCRIBE tells.

    That are the facts between entities that a triple links, the facts and sums that it
    names by their IRIs, their entities, and whatever other entities it names.

    Args:
        records: What ``kg export --format json`` writes.
        triples: The answer, as Turtle.
        ontology: Tells which triples are facts.
    """
    linked: set[tuple[str, str, str]] = set()
    named: dict[str, set[str]] = defaultdict(set)
    for triple in parse(triples, RdfFormat.TURTLE):
        ends = [_id_of(term) for term in (triple.subject, triple.object)]
        for kind, id_ in ends:
            named[kind].add(id_)
        predicate = triple.predicate.value.removeprefix(ontology.namespace)
        linked.add((ends[0][1], predicate, ends[1][1]))
    facts = [
        f
        for f in records["facts"]
        if (f["subject"], f["predicate"], f["object"]) in linked
        or f["id"] in named["fact"]
    ]
    money = [m for m in records["money"] if m["id"] in named["money"]]
    reached = set(named["entity"])
    for fact in facts:
        reached |= {fact["subject"], fact["object"]}
    for event in money:
        reached |= {*event["payer"], *event["recipient"]}
    return _part(records, reached, facts, money)


def _id_of(term: object) -> tuple[str, str]:
    """Return what an IRI names, such as an entity, and its id; empty for all else."""
    named = _NAMED.search(getattr(term, "value", ""))
    return (named[1], named[2]) if named else ("", "")


def _part(
    records: Records,
    ids: Collection[str],
    facts: list[dict[str, Any]],
    money: list[dict[str, Any]],
) -> Part:
    told = {said["document"] for said in (*facts, *money)}
    return {
        "documents": [d for d in records["documents"] if d["id"] in told],
        "entities": [e for e in records["entities"] if e["id"] in ids],
        "facts": facts,
        "money": money,
    }
