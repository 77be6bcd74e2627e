"""Turn a document's claims into facts about real-world entities."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping

from kg.corrections import Verdicts
from kg.groups import name_of
from kg.model import (
    Annotation,
    Claim,
    Document,
    DocumentGraph,
    Entity,
    Fact,
    MoneyEvent,
    NamedEntity,
)
from kg.ontology import load_ontology
from kg.resolve import Resolution
from kg.slug import slug

# Claims below this are more likely wrong than is worth telling: chosen for a precision of
# .8 on texts that were not trained on (training/README.md).
MIN_CONFIDENCE = 0.5


def state(
    document: Document,
    annotation: Annotation,
    resolution: Resolution,
    min_confidence: float = MIN_CONFIDENCE,
) -> DocumentGraph:
    """State what a document says.

    Args:
        document: The document.
        annotation: What the pipeline found in it.
        resolution: Who is meant, from :func:`kg.resolve.resolve`.
        min_confidence: Claims and sums below this probability are left out, unless a
            person accepted them; what a person rejected is left out in any case.

    Returns:
        The content of the document's named graph: one fact for each subject, predicate,
        object, status and speaker, with all its sentences, in a fixed order.
    """
    entities = {
        e.key: resolution.entities[document.id, e.key] for e in annotation.entities
    }
    verdicts = resolution.verdicts
    return DocumentGraph(
        document,
        annotation.words,
        _named(annotation, entities),
        _facts(document, annotation, entities, min_confidence, verdicts),
        _money(document, annotation, entities, min_confidence, verdicts),
    )


def _named(
    annotation: Annotation, entities: Mapping[str, Entity]
) -> tuple[NamedEntity, ...]:
    names: dict[Entity, list[str]] = defaultdict(list)
    mentions: dict[Entity, int] = defaultdict(int)
    for local in annotation.entities:
        entity = entities[local.key]
        names[entity] += local.names
        mentions[entity] += len(local.mentions)
    return tuple(
        NamedEntity(entity, tuple(dict.fromkeys(names[entity])), mentions[entity])
        for entity in sorted(names, key=lambda e: e.id)
    )


def _facts(
    document: Document,
    annotation: Annotation,
    entities: Mapping[str, Entity],
    min_confidence: float,
    verdicts: Verdicts,
) -> tuple[Fact, ...]:
    ontology = load_ontology()
    said: dict[tuple[str, str, str, str, str | None], list[Claim]] = defaultdict(list)
    for claim in annotation.claims:
        subject, object_ = entities[claim.subject], entities[claim.object]
        verdict = verdicts.of_fact(subject.id, claim.predicate, object_.id, document.id)
        if not _holds(claim.confidence, min_confidence, verdict):
            continue
        speaker = claim.attributed_to and entities[claim.attributed_to].id
        # Other documents may have shown that two names mean one thing, or that a thing
        # is of another class than this document lets one think.
        if subject != object_ and ontology.allows(
            subject.type, claim.predicate, object_.type
        ):
            key = (subject.id, claim.predicate, object_.id, claim.status, speaker)
            said[key].append(claim)
    facts = []
    for key, claims in said.items():
        subject_id, predicate, object_id, status, speaker = key
        claims.sort(key=lambda c: (-c.confidence, c.evidence.start))
        facts.append(
            Fact(
                _id(
                    document, (name_of(subject_id), predicate, name_of(object_id)), key
                ),
                subject_id,
                predicate,
                object_id,
                status,
                claims[0].confidence,
                document.id,
                tuple(dict.fromkeys(claim.evidence for claim in claims)),
                speaker,
                next((claim.since for claim in claims if claim.since), None),
                next((claim.until for claim in claims if claim.until), None),
            )
        )
    return tuple(sorted(facts, key=lambda f: (f.evidence[0].start, f.id)))


def _money(
    document: Document,
    annotation: Annotation,
    entities: Mapping[str, Entity],
    min_confidence: float,
    verdicts: Verdicts,
) -> tuple[MoneyEvent, ...]:
    events = []
    for claim in annotation.money:
        payer = _ids(claim.payer, entities)
        recipient = tuple(i for i in _ids(claim.recipient, entities) if i not in payer)
        parts = (claim.kind, str(claim.amount), claim.currency or "")
        key = (
            *parts,
            str(claim.amount_max),
            claim.evidence.start,
            claim.evidence.object,
        )
        id_ = _id(document, parts, key)
        if not _holds(claim.confidence, min_confidence, verdicts.of_sum(id_)):
            continue
        events.append(
            MoneyEvent(
                id_,
                claim.kind,
                payer,
                recipient,
                claim.amount,
                claim.amount_max,
                claim.currency,
                claim.purpose,
                claim.date,
                claim.status,
                claim.confidence,
                document.id,
                (claim.evidence,),
                claim.attributed_to and entities[claim.attributed_to].id,
            )
        )
    return tuple(sorted(events, key=lambda e: (e.evidence[0].start, e.id)))


def _holds(confidence: float, least: float, verdict: bool | None) -> bool:
    """Tell whether something is stated: people decide, and else how sure it is."""
    return confidence >= least if verdict is None else verdict


def _ids(keys: tuple[str, ...], entities: Mapping[str, Entity]) -> tuple[str, ...]:
    return tuple(sorted({entities[key].id for key in keys}))


def _id(document: Document, parts: tuple[str, ...], key: tuple[object, ...]) -> str:
    """Return a readable id, made unique by a digest of all that tells it apart."""
    digest = hashlib.sha256(repr(key).encode()).hexdigest()[:8]
    return f"{document.id}/{slug('-'.join(parts), 80)}-{digest}"
