"""What a drawing of a graph shows: plain frozen data between view and page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence.

    Attributes:
        text: The words.
        subject: Whether they mention the subject of the fact.
        object: Whether they mention the object of the fact or the amount of the money.
    """

    text: str
    subject: bool = False
    object: bool = False


@dataclass(frozen=True, slots=True)
class Saying:
    """One sentence that says something, who says it and how sure it is.

    Attributes:
        pieces: The exact sentence, cut where subject and object begin and end.
        document: Id of the document it stands in.
        confidence: Between 0 and 1.
        said_by: Id of the entity the document attributes it to.
        since: ISO 8601 date from which it holds, if the document tells.
        until: Until when, likewise.
    """

    pieces: tuple[Piece, ...]
    document: str
    confidence: float
    said_by: str | None = None
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """An entity or a money event on the drawing.

    Attributes:
        id: Id of the entity or of the event.
        type: Name of its class or of its kind.
        label: Full name, or the amount.
        short: The name as the drawing writes it.
        size: Radius in pixels.
        shown: Whether it is drawn at first.
        place: Centre in pixels, for nodes drawn at first.
        names: Other names.
        mentions: How often the documents name it.
        documents: Ids of the documents that name it, or that tell of the sum.
        facts: Number of facts and money events it takes part in.
        group: Number of its community, the largest 0; None in none.
    """

    id: str
    type: str
    label: str
    short: str
    size: float
    shown: bool = False
    place: tuple[float, float] | None = None
    names: tuple[str, ...] = ()
    mentions: int = 0
    documents: tuple[str, ...] = ()
    facts: int = 0
    group: int | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """Everything that is said with one status about subject, predicate and object.

    Attributes:
        id: Unique in the scene.
        source: Id of the subject.
        target: Id of the object.
        predicate: Name of the predicate.
        status: Name of the status.
        confidence: The highest of its sentences.
        bend: 0 for a straight line; positive and negative values bend to either side.
        sayings: The sentences, the surest first.
    """

    id: str
    source: str
    target: str
    predicate: str
    status: str
    confidence: float
    sayings: tuple[Saying, ...]
    bend: float = 0.0


@dataclass(frozen=True, slots=True)
class Money:
    """What is told about a sum; its node has the same id.

    Attributes:
        id: Id of its node.
        payer: Ids of those who pay.
        recipient: Ids of those who receive.
        status: Name of the status.
        confidence: The highest of its sentences.
        amount: The sum as a decimal number, the lower end of a range; None if untold.
        currency: ISO 4217, or None.
        purpose: What it is for.
        date: ISO 8601, as exact as the source says.
        sayings: The sentences, the surest first.
    """

    id: str
    payer: tuple[str, ...]
    recipient: tuple[str, ...]
    status: str
    confidence: float
    amount: str | None
    currency: str | None
    purpose: str | None
    date: str | None
    sayings: tuple[Saying, ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Edges that cannot all be true at one time, by their ids, and why not, in words."""

    reason: str
    edges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClassKey:
    """One line of the legend; ``money`` tells kinds of money events from classes."""

    name: str
    label: str
    plural: str
    definition: str
    colour: str
    shape: str
    count: int
    money: bool


@dataclass(frozen=True, slots=True)
class PredicateKey:
    """A predicate that occurs, read in both directions; ``count`` counts edges."""

    name: str
    label: str
    inverse: str
    definition: str
    count: int


@dataclass(frozen=True, slots=True)
class StatusKey:
    """A status, the line and mark that show it; ``count`` counts edges and events."""

    name: str
    label: str
    definition: str
    asserted: bool
    line: str
    mark: str
    count: int


@dataclass(frozen=True, slots=True)
class Source:
    """A document as a reader is pointed to it."""

    id: str
    title: str
    path: str
    date: str | None = None
    publisher: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a drawing of a graph shows.

    Attributes:
        title: What the drawing is called.
        nodes: Entities and money events, the most central first.
        edges: Facts, one edge for all that say the same.
        money: What is told about each money event.
        contradictions: Where edges contradict each other.
        classes: The legend, in the ontology's order; only what occurs.
        predicates: The predicates that occur, the most frequent first.
        statuses: All statuses in the ontology's order.
        sources: The documents, by their ids.
    """

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    money: tuple[Money, ...]
    contradictions: tuple[Contradiction, ...]
    classes: tuple[ClassKey, ...]
    predicates: tuple[PredicateKey, ...]
    statuses: tuple[StatusKey, ...]
    sources: tuple[Source, ...]
