"""Annotations as the pipeline would make them, from a few lines, for tests without it."""

from __future__ import annotations

from kg.model import Annotation, Claim, Evidence, LocalEntity, Span


def annotation(entities: str, claims: str = "") -> Annotation:
    """Return what a document tells.

    Args:
        entities: A line each: ``Class | name, other name``.
        claims: A line each: ``name | predicate | name | status | confidence``; the last
            two may be missing.
    """
    found: list[LocalEntity] = []
    keys: dict[str, str] = {}
    for number, line in enumerate(filter(None, map(str.strip, entities.splitlines()))):
        class_, _, told = line.partition(" | ")
        names = tuple(told.split(", "))
        keys.update(dict.fromkeys(names, f"e{number}"))
        found.append(LocalEntity(f"e{number}", class_, names[0], names, (Span(0, 1),)))
    stated = []
    for number, line in enumerate(filter(None, map(str.strip, claims.splitlines()))):
        subject, predicate, object_, *rest = line.split(" | ")
        status, confidence = (*rest, "done", "0.9")[:2] if len(rest) < 2 else rest
        evidence = Evidence(line, number * 100, number * 100 + len(line))
        stated.append(
            Claim(
                keys[subject],
                predicate,
                keys[object_],
                status,
                float(confidence),
                evidence,
            )
        )
    return Annotation(tuple(found), tuple(stated), (), 10)
