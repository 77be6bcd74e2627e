"""Which entities of different documents are the same real-world thing.

The answer depends only on the set of documents, never on their order.  Names are grouped
by equality and by what the register tells; a short name joins the one longer name it can
stand for; people of one name are told apart by their posts, bodies of one name ("Ministry
of Finance") by the polity they belong to.  Where two could be meant, a name stays apart.
What people decided (:mod:`kg.corrections`) comes last and wins.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass

from kg import ledger as tables
from kg.corrected import Corrected
from kg.corrections import Correction, Verdicts
from kg.groups import Reference, name_of
from kg.known import full_key
from kg.ledger import Ledger
from kg.model import Annotation, Entity
from kg.named import named_in
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
        unmet = (*self.strayed, *self.verdicts.unmet())
        return tuple(sorted(unmet, key=lambda c: c.line))


def resolve(
    documents: Iterable[tuple[str, Annotation]],
    corrections: Iterable[Correction] = (),
    register: Register | None = None,
) -> Resolution:
    """Decide who is meant in some documents.

    Args:
        documents: Their ids and annotations.
        corrections: What people decided, in the order of the decisions.
        register: Well-known actors; the one that comes with the program if left out.
    """
    register = register or load_register()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.executescript(tables.SCHEMA)
        ledger = Ledger(database, register)
        for document, annotation in documents:
            ledger.put(document, *named_in(annotation, register))
        verdicts, strayed = settle(ledger, corrections)
        return Resolution(*who(ledger, register), verdicts, strayed)


def settle(
    ledger: Ledger, corrections: Iterable[Correction]
) -> tuple[Verdicts, tuple[Correction, ...]]:
    """Decide who is meant, after documents or decisions have changed.

    Args:
        ledger: Then knows who is meant, and which documents are to be stated again.
        corrections: What people decided, in the order of the decisions.

    Returns:
        What people decided about facts and sums, and the decisions about entities that
        met nothing.
    """
    corrections = tuple(corrections)
    ledger.settle(
        {
            frozenset(
                slug(full_key(name_of(p).replace("-", " "))) for p in correction.parts
            )
            for correction in corrections
            if correction.verb == "apart"
        }
    )
    corrected = Corrected(ledger)
    for correction in corrections:
        corrected.apply(correction)
    corrected.write()
    ledger.number()
    verdicts = Verdicts()
    for correction in corrections:
        if correction.verb in {"accept", "reject"}:
            verdicts.add(corrected.fact(correction), correction)
    _mark_decided(ledger, verdicts)
    return verdicts, tuple(corrected.strayed)


def _mark_decided(ledger: Ledger, verdicts: Verdicts) -> None:
    """Have the documents stated again that tell what was decided otherwise before."""
    old = {(tuple(fact), accepts) for fact, accepts in ledger.kept("verdicts")}
    for fact, _ in old ^ verdicts.all():
        if len(fact) == 3:
            subject, object_ = ledger.with_id(fact[0]), ledger.with_id(fact[2])
            if subject and object_:
                ledger.mark_common(subject, object_)
        else:
            # A sum's id begins with its document's.
            ledger.mark_stale([fact[3] if len(fact) > 1 else fact[0].partition("/")[0]])
    ledger.keep("verdicts", sorted(verdicts.all()))


def who(
    ledger: Ledger, register: Register, document: str | None = None
) -> tuple[dict[Reference, Entity], dict[str, Entry]]:
    """Return who is meant in a document or in all, and what the register tells of them."""
    known: dict[tuple[str, str, str], Entity] = {}
    entities: dict[Reference, Entity] = {}
    entries: dict[str, Entry] = {}
    for member, key in ledger.members(document):
        if key not in known:
            found = ledger.entity_of(key)
            assert found is not None  # noqa: S101 - each settled group is an entity
            known[key], entry = found
            if entry is not None:
                entries[found[0].id] = register.entries[entry]
        entities[member] = known[key]
    return entities, entries
