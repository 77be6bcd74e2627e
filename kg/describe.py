"""One entity with all that is said of it, and the evidence of one fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from kg.errors import UsageError
from kg.known import name_key

Record = Mapping[str, Any]
Records = Mapping[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Description:
    """An entity, the facts it is subject or object of, and the money it has part in."""

    entity: Record
    outgoing: tuple[Record, ...]
    incoming: tuple[Record, ...]
    money: tuple[Record, ...]


def find_entities(records: Records, name: str) -> list[dict[str, Any]]:
    """Return the entities that a name or id means, the most mentioned first.

    Raises:
        UsageError: Nothing has that name; the message suggests names that are close.
    """
    key = name_key(name)
    by_key: dict[str, list[dict[str, Any]]] = {}
    for entity in records["entities"]:
        forms = (entity["id"], entity["label"], *entity["aliases"])
        for form in {name_key(form) for form in forms}:
            by_key.setdefault(form, []).append(entity)
    if key not in by_key:
        close = get_close_matches(key, by_key, n=3, cutoff=0.6)
        close += [k for k in sorted(by_key) if key in k and k not in close][
            : 3 - len(close)
        ]
        hint = ", ".join(sorted({by_key[k][0]["label"] for k in close}))
        raise UsageError(
            f"nothing is named {name!r}" + (f"; did you mean {hint}?" if hint else "")
        )
    # A full name beats another thing's alias.
    found = sorted(
        by_key[key],
        key=lambda e: (name_key(e["label"]) != key, -e["mentions"], e["id"]),
    )
    exact = [e for e in found if key in {name_key(e["label"]), name_key(e["id"])}]
    return exact or found


def describe(records: Records, entity: Record) -> Description:
    """Gather what the graph says of an entity."""
    id_ = entity["id"]
    return Description(
        entity,
        tuple(f for f in records["facts"] if f["subject"] == id_),
        tuple(f for f in records["facts"] if f["object"] == id_),
        tuple(
            m for m in records["money"] if id_ in m["payer"] or id_ in m["recipient"]
        ),
    )


def why(
    records: Records, subject: str, predicate: str | None, object_: str
) -> list[Record]:
    """Return the facts and money that link two named entities, with their evidence.

    Facts of both directions count, for a reader may not know which is the subject.

    Raises:
        UsageError: A name is unknown.
    """
    subjects = {e["id"] for e in find_entities(records, subject)}
    objects = {e["id"] for e in find_entities(records, object_)}
    found: list[Record] = []
    for fact in records["facts"]:
        ends = (fact["subject"], fact["object"])
        linked = (ends[0] in subjects and ends[1] in objects) or (
            ends[0] in objects and ends[1] in subjects
        )
        if linked and predicate in {None, fact["predicate"]}:
            found.append(fact)
    if predicate is None:
        for event in records["money"]:
            parts = {*event["payer"], *event["recipient"]}
            if parts & subjects and parts & objects:
                found.append(event)
    return found
