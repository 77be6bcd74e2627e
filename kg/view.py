"""Turn an exported graph into a :class:`~kg.scene.Scene`: all that a drawing shows.

Nothing here knows HTML.  What is drawn, where it stands, how large it is and which
sentences stand behind it are decided here; :mod:`kg.page` only writes it down.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log10, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.communities import grouped
from kg.conflicts import conflicts
from kg.errors import UsageError
from kg.layout import Link, box, page_rank, places
from kg.legend import class_keys, predicate_keys, sources, status_keys
from kg.part import Part, around, surer_than, told_by
from kg.scene import Contradiction, Edge, Money, Node, Piece, Saying, Scene
from kg.slug import slug

if TYPE_CHECKING:
    from kg.ontology import Ontology

PAGE = "graph.html"
TITLE = "Policy graph"

DRAW_ALL = 150
"""Up to so many nodes everything is drawn at once; more make a tangle."""

DRAW_TOP = 60
"""So many entities are drawn at first where there are too many for all."""

SMALLEST, LARGEST = 9.0, 30.0
"""Radii of nodes in pixels."""

DECADES = 6
"""A sum a million times smaller than the largest of its currency is drawn smallest."""

GROUP = 5
"""Smaller communities are none."""

LABEL_LETTERS = 48
"""Longer labels are cut on the drawing; the panels show them whole."""

BEND = 0.18
"""How far each further line between the same two nodes bends away from the straight."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which part of a graph is drawn.

    Attributes:
        around: The name of an entity: only what lies around it; empty for all.
        hops: How many facts or sums away that may be.
        query: CONSTRUCT or DESCRIBE: only what it tells; empty for all.
        name: What a page of such a query is called.
        least: The confidence that facts and sums have at least.
    """

    around: str = ""
    hops: int = 1
    query: str = ""
    name: str = ""
    least: float = 0.0


def write_view(
    output: Path, address: str | None = None, choice: Choice | None = None
) -> Path:
    """Draw the graph of an output folder, or a part of it, as a page in that folder.

    Args:
        output: The folder of the graph.
        address: A server that keeps the graph, if not the one that the folder names.
        choice: The part, which gets a page beside that of the whole graph.

    Returns:
        Where the page is.

    Raises:
        UsageError: Nothing has the name, or the query is wrong or gives no triples.
        StoreError: The graph cannot be read or the page cannot be written.
    """
    from kg.ontology import load_ontology
    from kg.page import write_page
    from kg.records import records_of

    ontology = load_ontology()
    records = records_of(output, ontology, address)
    path, title = output / PAGE, TITLE
    if choice is not None:
        records, title = _chosen(records, ontology, choice, output, address)
        path = output / f"graph-{slug(title)}.html"
    write_page(scene(records, ontology, title), path)
    return path


def _chosen(
    records: Part,
    ontology: Ontology,
    choice: Choice,
    output: Path,
    address: str | None,
) -> tuple[Part, str]:
    """Return the part of a graph that was chosen, and its title."""
    from kg.describe import find_entities
    from kg.graph import Graph

    titles = []
    if choice.least:
        records = surer_than(records, choice.least)
        titles.append(f"confidence {choice.least:g}")
    if choice.query:
        answer = Graph(output, address).query(choice.query)
        if not isinstance(answer, str):
            raise UsageError("only what CONSTRUCT or DESCRIBE gives can be drawn")
        records = told_by(records, answer, ontology)
        titles.insert(0, choice.name)
    if choice.around:
        found = find_entities(records, choice.around)
        records = around(records, {entity["id"] for entity in found}, choice.hops)
        far = "" if choice.hops == 1 else f", {choice.hops} steps"
        titles.insert(0, f"Around {found[0]['label']}{far}")
    return records, ", ".join(titles)


def scene(export: Mapping[str, Any], ontology: Ontology, title: str) -> Scene:
    """Decide what a drawing of a graph shows.

    Facts and money events whose entities are not part of the export, as in a part of a
    graph, have nowhere to go and are left out.

    Args:
        export: The dictionary that ``kg export --format json`` writes.
        ontology: Says how classes, predicates and statuses are called and drawn.
        title: Heading of the drawing.

    Returns:
        The scene; the same for the same export, in whatever order it lists things.
    """
    known = {entity["id"] for entity in export["entities"]}
    edges = _edges(export["facts"], known)
    events = _events(export["money"], known)
    nodes = _nodes(export["entities"], edges, events)
    money = tuple(event for _, event in events)
    links = _links(edges, money)
    return Scene(
        title=title,
        nodes=_staged(nodes, links, money),
        edges=_bent(edges),
        money=money,
        contradictions=_contradictions(export, edges, ontology),
        classes=class_keys(nodes, ontology, {event.id for event in money}),
        predicates=predicate_keys(edges, ontology),
        statuses=status_keys(edges, money, ontology),
        sources=sources(export["documents"]),
    )


def _edges(facts: Iterable[Mapping[str, Any]], known: set[str]) -> list[Edge]:
    """Merge facts that say the same with the same status into one edge each."""
    same: dict[tuple[str, str, str, str], list[Saying]] = defaultdict(list)
    for fact in sorted(facts, key=lambda fact: str(fact["id"])):
        if fact["subject"] in known and fact["object"] in known:
            key = (fact["subject"], fact["predicate"], fact["object"], fact["status"])
            same[key] += _sayings(fact)
    return [
        Edge(
            id=f"edge-{number}",
            source=subject,
            target=object_,
            predicate=predicate,
            status=status,
            confidence=max(saying.confidence for saying in sayings),
            sayings=_surest_first(sayings),
        )
        for number, ((subject, predicate, object_, status), sayings) in enumerate(
            sorted(same.items()), start=1
        )
    ]


def _events(
    money: Iterable[Mapping[str, Any]], known: set[str]
) -> list[tuple[Mapping[str, Any], Money]]:
    """Merge money events that agree in all they tell; the first one stands for all.

    An event without amount or without anybody is too vague to be the same as another.
    """
    same: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for event in sorted(money, key=lambda event: str(event["id"])):
        parties = (tuple(sorted(event["payer"])), tuple(sorted(event["recipient"])))
        if any(parties) and known.isdisjoint((*parties[0], *parties[1])):
            continue
        vague = event["amount"] is None or not any(parties)
        key = (
            *(event[name] for name in ("kind", "amount", "amountMax", "currency")),
            *(event[name] for name in ("date", "status")),
            *parties,
            event["id"] if vague else None,
        )
        same[key].append(event)
    return [(group[0], _money(group, known)) for group in same.values()]


def _money(group: Sequence[Mapping[str, Any]], known: set[str]) -> Money:
    """Tell what events that are the same tell together."""
    first = group[0]
    sayings = _surest_first(told for event in group for told in _sayings(event))
    purposes = [event["purpose"] for event in group if event["purpose"]]
    return Money(
        id=first["id"],
        payer=tuple(party for party in first["payer"] if party in known),
        recipient=tuple(party for party in first["recipient"] if party in known),
        status=first["status"],
        confidence=max(saying.confidence for saying in sayings),
        amount=first["amount"],
        currency=first["currency"],
        purpose=purposes[0] if purposes else None,
        date=first["date"],
        sayings=sayings,
    )


def _surest_first(sayings: Iterable[Saying]) -> tuple[Saying, ...]:
    return tuple(sorted(sayings, key=lambda said: (-said.confidence, said.document)))


def _sayings(item: Mapping[str, Any]) -> list[Saying]:
    """Read all evidence of an exported fact or money event."""
    return [
        Saying(
            pieces=pieces(evidence),
            document=item["document"],
            confidence=float(item["confidence"]),
            said_by=item.get("attributedTo"),
            since=item.get("since"),
            until=item.get("until"),
        )
        for evidence in (item["evidence"], *item.get("furtherEvidence", ()))
    ]


def pieces(evidence: Mapping[str, Any]) -> tuple[Piece, ...]:
    """Cut a sentence where the mentions of subject and object begin and end.

    Args:
        evidence: ``text``, its ``start`` in the document, and ``subject`` and ``object``
            as [start, end] in the document or None.

    Returns:
        The pieces; their texts joined are the sentence.
    """
    text: str = evidence["text"]
    spans = {}
    for role in ("subject", "object"):
        start, end = evidence.get(role) or (0, 0)
        spans[role] = range(start - evidence["start"], end - evidence["start"])
    inside = {
        edge
        for span in spans.values()
        for edge in (span.start, span.stop)
        if span and 0 < edge < len(text)
    }
    cuts = [0, *sorted(inside), len(text)]
    return tuple(
        Piece(text[start:end], start in spans["subject"], start in spans["object"])
        for start, end in pairwise(cuts)
        if start < end
    )


def _nodes(
    entities: Iterable[Mapping[str, Any]],
    edges: Iterable[Edge],
    events: Iterable[tuple[Mapping[str, Any], Money]],
) -> list[Node]:
    """Make a node of every entity and every money event, not yet placed."""
    facts: Counter[str] = Counter()
    for edge in edges:
        facts.update({edge.source, edge.target})
    for _, event in events:
        facts.update({*event.payer, *event.recipient})
    nodes = [
        Node(
            id=entity["id"],
            type=entity["type"],
            label=entity["label"],
            short=_short(entity["label"]),
            size=_size(facts[entity["id"]]),
            names=tuple(name for name in entity["aliases"] if name != entity["label"]),
            mentions=entity["mentions"],
            documents=tuple(entity["documents"]),
            facts=facts[entity["id"]],
        )
        for entity in entities
    ]
    largest: dict[str | None, float] = defaultdict(float)
    for _, event in events:
        largest[event.currency] = max(largest[event.currency], _amount(event))
    for told, event in events:
        label = told.get("label") or told["amount"] or told["kind"]
        nodes.append(
            Node(
                id=event.id,
                type=told["kind"],
                label=label,
                short=_short(label),
                size=_size_of_sum(_amount(event), largest[event.currency]),
                documents=tuple(sorted({said.document for said in event.sayings})),
            )
        )
    return nodes


def _short(label: str) -> str:
    """Cut a label to what fits on the drawing."""
    line = " ".join(label.split())
    return line if len(line) <= LABEL_LETTERS else f"{line[: LABEL_LETTERS - 1]}…"


def _size(facts: int) -> float:
    """Let a node's area, not its radius, grow with the number of its facts."""
    return round(min(LARGEST, SMALLEST + 3.5 * sqrt(facts)), 1)


def _amount(event: Money) -> float:
    return float(event.amount or 0)


def _size_of_sum(amount: float, largest: float) -> float:
    """Let the radius grow with each power of ten, up to the largest of the currency."""
    if amount <= 0:
        return SMALLEST
    share = max(0.0, 1 - log10(largest / amount) / DECADES)
    return round(SMALLEST + (LARGEST - SMALLEST) * share, 1)


def _contradictions(
    export: Mapping[str, Any], edges: Iterable[Edge], ontology: Ontology
) -> tuple[Contradiction, ...]:
    """Tell which edges contradict each other, as far as the ontology knows their terms."""
    facts = [
        fact
        for fact in export["facts"]
        if fact["predicate"] in ontology.predicates
        and fact["status"] in ontology.statuses
    ]
    by_fact = {(e.source, e.predicate, e.target, e.status): e.id for e in edges}
    found = []
    for conflict in conflicts({**export, "facts": facts}, ontology):
        keys = (
            tuple(side[key] for key in ("subject", "predicate", "object", "status"))
            for side in conflict.sides
        )
        ids = tuple(dict.fromkeys(by_fact[key] for key in keys if key in by_fact))
        if len(ids) > 1:
            found.append(Contradiction(conflict.reason, ids))
    return tuple(found)


def _links(edges: Iterable[Edge], money: Iterable[Money]) -> list[Link]:
    """List the pairs of nodes that a line joins."""
    links = [(edge.source, edge.target) for edge in edges]
    for event in money:
        links += [(event.id, party) for party in (*event.payer, *event.recipient)]
    return links


def _staged(
    nodes: Sequence[Node], links: Sequence[Link], money: Sequence[Money]
) -> tuple[Node, ...]:
    """Order nodes by rank, choose those drawn at first and place them."""
    rank = page_rank([node.id for node in nodes], links)
    # Rounded, for the last digits depend on the order in which ranks were added up.
    ordered = sorted(nodes, key=lambda node: (-round(rank[node.id], 9), node.id))
    shown = _first_shown(ordered, links, money)
    boxes = {
        node.id: box(node.short, node.size) for node in ordered if node.id in shown
    }
    group = grouped([node.id for node in ordered], links, GROUP)
    at = places(boxes, [link for link in links if shown.issuperset(link)], group)
    return tuple(
        replace(
            node,
            shown=node.id in shown,
            place=at.get(node.id),
            group=group.get(node.id),
        )
        for node in ordered
    )


def _first_shown(
    ordered: Sequence[Node], links: Iterable[Link], money: Sequence[Money]
) -> set[str]:
    """Choose what is drawn at first: all, or the top and the money between them.

    The top are those of the most central entities that something ties to another of
    them; only where these are too few, others stand beside.
    """
    if len(ordered) <= DRAW_ALL:
        return {node.id for node in ordered}
    parties = {event.id: {*event.payer, *event.recipient} for event in money}
    near: dict[str, set[str]] = defaultdict(set)
    for ends in (*links, *parties.values()):
        for id_ in ends:
            near[id_].update(ends)
    entities = [node.id for node in ordered if node.id not in parties]
    wide = set(entities[: 2 * DRAW_TOP])
    # What is near an entity holds itself too.
    tied = [id_ for id_ in entities[: len(wide)] if len(near[id_] & wide) > 1]
    top = set(list(dict.fromkeys([*tied, *entities]))[:DRAW_TOP])
    sums = [
        node.id for node in ordered if parties.get(node.id) and parties[node.id] <= top
    ]
    return top.union(sums[: DRAW_ALL - DRAW_TOP])


def _bent(edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """Bend edges that join the same two nodes, so that none hides another."""
    between: dict[frozenset[str], list[Edge]] = defaultdict(list)
    for edge in edges:
        between[frozenset((edge.source, edge.target))].append(edge)
    bends: dict[str, float] = {}
    for group in between.values():
        first = min(group[0].source, group[0].target)
        for index, edge in enumerate(group):
            side = round((index - (len(group) - 1) / 2) * BEND, 2)
            # The side of a bend is seen from the source: turn it for the way back.
            bends[edge.id] = side if edge.source == first else -side
    return tuple(replace(edge, bend=bends[edge.id]) for edge in edges)
