"""The values that travel from stage to stage, all of them frozen.

``read`` makes a :class:`Document`, ``annotate`` an :class:`Annotation` of it, ``resolve``
the :class:`Entity` objects that stand for real things, and ``state`` one
:class:`DocumentGraph` per document.  Class, predicate, kind and status names are the local
names of the terms in ``ontology/``.  Every offset counts Unicode code points in
``Document.text``, and ``text[start:end]`` is exactly what was matched.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Document:
    """A text as it was read.

    Attributes:
        id: Readable and stable: the slug of the file name and eight digits of ``sha256``.
        path: How people know the file: its path below the folder that was given.
        text: The stored text that all offsets refer to.
        sha256: Hexadecimal digest of the bytes that were read.
        title: Headline, if the source names one.
        date: ISO 8601 date of publication, as exact as the source says.
        publisher: Who published it.
        url: Where it was published.
        notes: What a reader should know about the reading, such as a guessed encoding.
    """

    id: str
    path: str
    text: str
    sha256: str
    title: str | None = None
    date: str | None = None
    publisher: str | None = None
    url: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a document's text, end exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """The sentence that says something, and where in it the parts are said.

    Attributes:
        text: The exact sentence.
        start: Offset of its first character in the document.
        end: Offset after its last character.
        subject: Where the subject (of a fact) is mentioned.
        object: Where the object (of a fact) or the amount (of a money event) is mentioned.
    """

    text: str
    start: int
    end: int
    subject: Span | None = None
    object: Span | None = None


@dataclass(frozen=True, slots=True)
class LocalEntity:
    """One real-world thing as one document speaks of it.

    Attributes:
        key: Identifies it within its document.
        type: Local name of its class.
        label: Its fullest name in the document.
        names: All names the document gives it, the label first.
        mentions: Where it is named, in text order.
    """

    key: str
    type: str
    label: str
    names: tuple[str, ...]
    mentions: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A document says, in one sentence, that subject and object are so related."""

    subject: str
    predicate: str
    object: str
    status: str
    confidence: float
    evidence: Evidence
    attributed_to: str | None = None
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class MoneyClaim:
    """A document says, in one sentence, that money is given, promised, raised or owed."""

    kind: str
    payer: tuple[str, ...]
    recipient: tuple[str, ...]
    amount: Decimal | None
    amount_max: Decimal | None
    currency: str | None
    purpose: str | None
    date: str | None
    status: str
    confidence: float
    evidence: Evidence
    attributed_to: str | None = None


@dataclass(frozen=True, slots=True)
class Annotation:
    """All that the pipeline found in one document; entities are named by their keys.

    ``date`` is the document's, by which one knows who was in office.
    """

    entities: tuple[LocalEntity, ...]
    claims: tuple[Claim, ...]
    money: tuple[MoneyClaim, ...]
    words: int
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """A real-world thing across documents.

    Attributes:
        id: Class and slug of the name, such as ``person/emmanuel-macron``.
        type: Local name of its class.
        label: The name it is shown by.
        same_as: IRIs by which others know it.
    """

    id: str
    type: str
    label: str
    same_as: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedEntity:
    """An entity as one document names it, with the number of its mentions there."""

    entity: Entity
    names: tuple[str, ...]
    mentions: int


@dataclass(frozen=True, slots=True)
class Fact:
    """Subject, predicate, object, how sure the document is of it, and its evidence.

    ``id`` is unique in the graph; subject, object and ``attributed_to`` are entity ids.
    ``evidence`` holds one sentence at least, the most telling first.  ``since`` and
    ``until`` tell when it holds, ISO 8601, where the document does.
    """

    id: str
    subject: str
    predicate: str
    object: str
    status: str
    confidence: float
    document: str
    evidence: tuple[Evidence, ...]
    attributed_to: str | None = None
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class MoneyEvent:
    """A sum with the parts that the document tells; entities are named by their ids."""

    id: str
    kind: str
    payer: tuple[str, ...]
    recipient: tuple[str, ...]
    amount: Decimal | None
    amount_max: Decimal | None
    currency: str | None
    purpose: str | None
    date: str | None
    status: str
    confidence: float
    document: str
    evidence: tuple[Evidence, ...]
    attributed_to: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentGraph:
    """Everything one document says: what becomes its named graph."""

    document: Document
    words: int
    entities: tuple[NamedEntity, ...]
    facts: tuple[Fact, ...]
    money: tuple[MoneyEvent, ...]
