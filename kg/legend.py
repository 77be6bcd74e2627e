"""What the colours, lines and marks of a drawing mean: read from the ontology."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kg.scene import ClassKey, Edge, Money, Node, PredicateKey, Source, StatusKey

if TYPE_CHECKING:
    from kg.ontology import Ontology

UNKNOWN_COLOUR = "gray"
"""A grey for classes of graphs that were built with another ontology."""

UNKNOWN_SHAPE = "dot"


def class_keys(
    nodes: Iterable[Node], ontology: Ontology, events: set[str]
) -> tuple[ClassKey, ...]:
    """Make the legend of the classes and kinds that occur.

    Args:
        nodes: All nodes of a scene.
        ontology: Says how they are called and drawn.
        events: Ids of those nodes that are money events.

    Returns:
        Classes, then kinds, each in the ontology's order; unknown ones last, in grey.
    """
    counts = Counter((node.id in events, node.type) for node in nodes)
    keys = []
    for money, terms in ((False, ontology.classes), (True, ontology.money_kinds)):
        names = [name for kind, name in counts if kind == money]
        strange = sorted(name for name in names if name not in terms)
        for name in [*(name for name in terms if name in names), *strange]:
            term = terms.get(name)
            keys.append(
                ClassKey(
                    name=name,
                    label=term.label if term else name,
                    plural=term.plural if term else name,
                    definition=term.definition if term else "",
                    colour=term.colour if term else UNKNOWN_COLOUR,
                    shape=term.shape if term else UNKNOWN_SHAPE,
                    count=counts[money, name],
                    money=money,
                )
            )
    return tuple(keys)


def predicate_keys(
    edges: Iterable[Edge], ontology: Ontology
) -> tuple[PredicateKey, ...]:
    """List the predicates that occur.

    Args:
        edges: All edges of a scene.
        ontology: Says how predicates are read in both directions.

    Returns:
        The predicates, the most frequent first.
    """
    counts = Counter(edge.predicate for edge in edges)
    keys = []
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        term = ontology.predicates.get(name)
        if term is None:
            keys.append(PredicateKey(name, name, name, "", count))
            continue
        inverse = term.label if term.symmetric else term.inverse_label
        keys.append(PredicateKey(name, term.label, inverse, term.definition, count))
    return tuple(keys)


def status_keys(
    edges: Iterable[Edge], money: Iterable[Money], ontology: Ontology
) -> tuple[StatusKey, ...]:
    """List the statuses.

    Args:
        edges: All edges of a scene.
        money: All money events of a scene.
        ontology: Says how statuses are called and drawn.

    Returns:
        All of the ontology's, in its order, then unknown ones, which are not asserted.
    """
    items: list[Edge | Money] = [*edges, *money]
    counts = Counter(item.status for item in items)
    keys = [
        StatusKey(
            name=name,
            label=status.label,
            definition=status.definition,
            asserted=status.asserted,
            line=status.line,
            mark=status.mark,
            count=counts[name],
        )
        for name, status in ontology.statuses.items()
    ]
    strange = sorted(name for name in counts if name not in ontology.statuses)
    keys += [
        StatusKey(name, name, "", False, "dotted", "?", counts[name])
        for name in strange
    ]
    return tuple(keys)


def sources(documents: Iterable[Mapping[str, Any]]) -> tuple[Source, ...]:
    """List the documents of an export, by id."""
    return tuple(
        Source(
            id=document["id"],
            title=document.get("title") or document["path"],
            path=document["path"],
            date=document.get("date"),
            publisher=document.get("publisher"),
        )
        for document in sorted(documents, key=lambda document: str(document["id"]))
    )
