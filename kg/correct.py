"""Take down what a person decides, and state the graph again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kg.building import corrections_file, restate
from kg.corrections import (
    VERBS,
    Correction,
    add_correction,
    parse,
    read_corrections,
    undo_correction,
)
from kg.describe import Records, find_entities
from kg.errors import UsageError
from kg.ontology import Ontology, load_ontology
from kg.records import records_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to tell, whether the graph was stated again, and what meets nothing."""

    lines: tuple[str, ...]
    changed: bool = False
    unmet: tuple[Correction, ...] = ()


def correct(verb: str, parts: Sequence[str], output: Path) -> Outcome:
    """Take down a decision, take the last one back (``undo``), or tell all (``list``).

    Args:
        verb: One of the verbs of :mod:`kg.corrections`, ``undo`` or ``list``.
        parts: What follows it; entities by id or by name.
        output: The folder of the graph.

    Raises:
        UsageError: The decision cannot be understood, or a name means nothing or several
            things; nothing is written then.
        StoreError: There is no graph, or it cannot be written.
    """
    ontology = load_ontology()
    path = corrections_file(output)
    if verb == "list":
        decisions = read_corrections(path, ontology)
        return Outcome(tuple(f"{c.line:4}  {c}" for c in decisions))
    if verb == "undo":
        undone = undo_correction(path)
        if undone is None:
            raise UsageError(f"there is no decision in {path}")
        return Outcome((f"taken back: {undone}",), True, restate(output))
    decision = decided(verb, parts, records_of(output, ontology), ontology)
    add_correction(path, decision.verb, decision.parts)
    unmet = restate(output)
    if any(str(c) == str(decision) for c in unmet):
        undo_correction(path)
        raise UsageError(f"nothing in the graph is meant by: {decision}")
    return Outcome((f"{path}: {decision}",), True, unmet)


def decided(
    verb: str, parts: Sequence[str], records: Records, ontology: Ontology
) -> Correction:
    """Return a decision with ids in place of names.

    Raises:
        UsageError: It cannot be understood, or a name means nothing or several things.
    """
    wanted = VERBS.get(verb)
    if wanted is None:
        known = ", ".join((*VERBS, "undo", "list"))
        raise UsageError(f"no verb {verb!r}; there are: {known}")
    ids = list(parts)
    facts = verb in {"accept", "reject"}
    for i, part in enumerate(parts):
        role = wanted[i].rstrip("?") if i < len(wanted) else ""
        if role in {"ENTITY", "SUBJECT", "OBJECT"} and not (facts and len(parts) == 1):
            ids[i] = _entity_id(part, records)
        elif role == "DOCUMENT":
            ids[i] = _document_id(part, records)
        elif role == "CLASS":
            ids[i] = ontology.class_called(part)
        elif role == "PREDICATE":
            ids[i] = ontology.predicate_called(part)
    return parse(" ".join((verb, *ids)), ontology, "kg correct")[0]


def _entity_id(name: str, records: Records) -> str:
    found = find_entities(records, name)
    if len(found) > 1:
        ids = ", ".join(e["id"] for e in found)
        raise UsageError(f"{name!r} may be any of {ids}: give the id")
    return str(found[0]["id"])


def _document_id(name: str, records: Records) -> str:
    for document in records["documents"]:
        if name in {document["id"], document["path"]}:
            return str(document["id"])
    raise UsageError(f"no document {name!r}; `kg list documents` names them")
