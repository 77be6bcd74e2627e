"""A part of a graph: what lies around some of its entities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from kg.describe import Records


def around(
    records: Records, ids: Collection[str], hops: int = 1
) -> dict[str, list[dict[str, Any]]]:
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
    told = {said["document"] for said in (*facts, *money)}
    return {
        "documents": [d for d in records["documents"] if d["id"] in told],
        "entities": [e for e in records["entities"] if e["id"] in reached],
        "facts": facts,
        "money": money,
    }
