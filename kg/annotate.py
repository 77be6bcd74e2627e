"""Run the pipeline over a document; the one place where spaCy's objects become ours."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Span as DocSpan

from kg.model import (
    Annotation,
    Claim,
    Document,
    Evidence,
    LocalEntity,
    MoneyClaim,
    Span,
)
from kg.parts import joined, parts
from kg.pipeline.tokens import make_doc


def annotate(document: Document, nlp: Language) -> Annotation:
    """Find the entities, claims and money of one document.

    Args:
        document: What was read.
        nlp: The pipeline of :func:`kg.pipeline.load_pipeline`.

    Returns:
        The annotation; its offsets refer to ``document.text``.
    """
    found = [
        (part.start, _annotated(document.text[part.start : part.end], document, nlp))
        for part in parts(document.text)
    ]
    return found[0][1] if len(found) == 1 else joined(found)


def _annotated(text: str, document: Document, nlp: Language) -> Annotation:
    doc = make_doc(nlp, text)
    doc._.published = document.date
    doc = nlp(doc)
    entities = tuple(
        LocalEntity(
            _key(number),
            cluster.type,
            cluster.names[0],
            cluster.names,
            tuple(_span(mention) for mention in cluster.mentions),
        )
        for number, cluster in enumerate(doc._.clusters)
    )
    claims = tuple(
        Claim(
            _key(claim.subject),
            claim.predicate,
            _key(claim.object),
            claim.status,
            claim.confidence,
            _evidence(claim.sentence, claim.subject_at, claim.object_at),
            _optional_key(claim.attributed_to),
            claim.since,
            claim.until,
        )
        for claim in doc._.claims
    )
    money = tuple(
        MoneyClaim(
            event.kind,
            tuple(map(_key, event.payer)),
            tuple(map(_key, event.recipient)),
            event.amount.low,
            event.amount.high,
            event.amount.currency,
            event.purpose,
            event.date,
            event.status,
            event.confidence,
            _evidence(event.sentence, None, event.amount_at),
            _optional_key(event.attributed_to),
        )
        for event in doc._.money
    )
    words = int(doc.to_array(["IS_ALPHA", "LIKE_NUM"]).any(axis=1).sum())
    return Annotation(entities, claims, money, words, document.date)


def _key(cluster: int) -> str:
    return f"e{cluster}"


def _optional_key(cluster: int | None) -> str | None:
    return None if cluster is None else _key(cluster)


def _span(span: DocSpan) -> Span:
    return Span(span.start_char, span.end_char)


def _evidence(
    sentence: DocSpan, subject: DocSpan | None, object_: DocSpan | None
) -> Evidence:
    """Return the sentence without the white space around it, and where the parts stand.

    A part that stands in another sentence (an antecedent) is left out of the sentence
    but keeps its offsets.
    """
    text = sentence.text
    start = sentence.start_char + len(text) - len(text.lstrip())
    stripped = text.strip()
    return Evidence(
        stripped,
        start,
        start + len(stripped),
        None if subject is None else _span(subject),
        None if object_ is None else _span(object_),
    )
