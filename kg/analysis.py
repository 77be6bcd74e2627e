"""What the graph's shape tells: chains between entities, the central, groups, brokers.

What is told as done ties two entities: asserted facts and done payments.  Only where
there is no chain of them, chains take the rest.  Results come in the same order each time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Set
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise
from math import inf, log2
from typing import Any

from kg.communities import communities_of
from kg.describe import Record, Records, find_entities
from kg.errors import UsageError
from kg.ontology import Ontology

CHAINS = 5
LISTED = 20  # of the most central entities and of the brokers
GROUP = 3  # fewer entities are no group; so many name one

# A step that is not asserted costs more than any chain of asserted ones.
_NOT_ASSERTED = 1e6
# The best chain is found at once; where others are rare, the search for them ends here.
_LOOKS = 500_000


@dataclass(frozen=True, slots=True)
class Tie:
    """A fact or a payment and the two entities that it links.

    Its name is the predicate, or the kind of payment.
    """

    source: str
    target: str
    name: str
    said: Record


@dataclass(frozen=True, slots=True)
class Step:
    """A tie as a chain passes it: forwards from its source, or backwards."""

    tie: Tie
    forwards: bool

    @property
    def start(self) -> str:
        """The entity that the step leaves."""
        return self.tie.source if self.forwards else self.tie.target

    @property
    def end(self) -> str:
        """The entity that the step leads to."""
        return self.tie.target if self.forwards else self.tie.source


@dataclass(frozen=True, slots=True)
class Member:
    """An entity as results name it."""

    id: str
    label: str
    type: str


@dataclass(frozen=True, slots=True)
class Central:
    """An entity, its PageRank, and the surest of what ties it to others."""

    entity: Member
    score: float
    evidence: Record


@dataclass(frozen=True, slots=True)
class Community:
    """Entities with more ties among them than to others, the most central first."""

    size: int
    members: tuple[Member, ...]
    evidence: Record


@dataclass(frozen=True, slots=True)
class Broker:
    """The only tie of some groups to the rest: without it they are on their own."""

    entity: Member
    groups: tuple[tuple[Member, ...], ...]
    evidence: Record


@dataclass(frozen=True, slots=True)
class Analysis:
    """What :func:`analyse` finds, each most telling first."""

    central: tuple[Central, ...]
    communities: tuple[Community, ...]
    brokers: tuple[Broker, ...]


def to_networkx(records: Records, ontology: Ontology) -> Any:
    """Make the graph that GraphML, GEXF, chains and statistics start from.

    Args:
        records: The records of a graph, as :func:`kg.records.read_records` gives them.
        ontology: Gives labels, and which statuses are asserted.

    Returns:
        A ``networkx.MultiDiGraph`` whose nodes are entities and money events.  A fact is
        an edge from subject to object; an event has an edge from each payer and one to
        each recipient.  What is not known is no attribute; texts are as they were read.
    """
    import networkx as nx

    dates = {document["id"]: document["date"] for document in records["documents"]}
    graph = nx.MultiDiGraph()

    def told(said: Record) -> dict[str, Any]:
        return {
            "status": said["status"],
            "asserted": ontology.statuses[said["status"]].asserted,
            "confidence": said["confidence"],
            "attributedTo": said["attributedTo"],
            "document": said["document"],
            "documentDate": dates[said["document"]],
            "sentence": said["evidence"]["text"],
        }

    for entity in records["entities"]:
        graph.add_node(
            entity["id"],
            label=entity["label"],
            **{"class": entity["type"]},
            mentions=entity["mentions"],
        )
    for fact in records["facts"]:
        attributes = {
            "label": ontology.predicates[fact["predicate"]].label,
            "predicate": fact["predicate"],
            "since": fact.get("since"),
            "until": fact.get("until"),
            **told(fact),
        }
        graph.add_edge(
            fact["subject"], fact["object"], key=fact["id"], **_known(attributes)
        )
    for event in records["money"]:
        attributes = {
            "label": event["label"] or ontology.money_kinds[event["kind"]].label,
            "class": event["kind"],
            "amount": event["amount"] and float(event["amount"]),
            "currency": event["currency"],
            "purpose": event["purpose"],
            "date": event["date"],
            **told(event),
        }
        graph.add_node(event["id"], **_known(attributes))
        shared = _known(told(event))
        for role in ("payer", "recipient"):
            for entity in event[role]:
                ends = (entity, event["id"])
                graph.add_edge(
                    *(ends if role == "payer" else reversed(ends)),
                    key=f"{event['id']}/{role}/{entity}",
                    label=role,
                    **shared,
                )
    return graph


def _known(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}


def _links(records: Records, ontology: Ontology, *, asserted: bool = True) -> Any:
    """Return a ``networkx.Graph`` that joins each two entities which something ties.

    Args:
        records: The records of a graph.
        ontology: Tells what is asserted.
        asserted: Leave out what is planned, possible or denied.

    Returns:
        The graph; ``ties`` of an edge are what links its ends, the surest first.
    """
    import networkx as nx

    graph = to_networkx(records, ontology)
    facts = {fact["id"]: fact for fact in records["facts"]}
    ties = [
        Tie(source, target, facts[key]["predicate"], facts[key])
        for source, target, key in graph.edges(keys=True)
        if key in facts
    ]
    for event in records["money"]:
        ties += [
            Tie(payer, recipient, event["kind"], event)
            for payer in graph.predecessors(event["id"])
            for recipient in graph.successors(event["id"])
        ]

    def is_asserted(tie: Tie) -> bool:
        return ontology.statuses[tie.said["status"]].asserted

    ties.sort(key=lambda t: (not is_asserted(t), -t.said["confidence"], t.said["id"]))
    links = nx.Graph()
    for tie in ties:
        if tie.source == tie.target or (asserted and not is_asserted(tie)):
            continue
        if links.has_edge(tie.source, tie.target):
            links.edges[tie.source, tie.target]["ties"].append(tie)
        else:
            links.add_edge(tie.source, tie.target, ties=[tie])
    return links


def chains(
    records: Records, ontology: Ontology, start: str, end: str, max_length: int
) -> list[tuple[Step, ...]]:
    """Return the chains of facts and payments that best link two named entities.

    A chain is as long as it has steps, and longer the less specific they are: where it
    passes through an entity, it comes in by one of *n* ties of that kind (all that are
    based in a country) and leaves by one of *m*, which adds (log2 *n* + log2 *m*) / 2.
    Through an entity's only ties of their kinds nothing is added; through a country in
    which a hundred companies have their seat, 6.6 steps.  This is the degree-weighted
    path of Himmelstein and Baranzini (PLoS Computational Biology 11(7), 2015), whose
    damping exponent is 0.4 to our 0.5, as a sum of logarithms, with the steps added.

    Args:
        records: The records of a graph.
        ontology: Tells which statuses are asserted and which predicates are symmetric.
        start: A name or id; where it means several entities, each may begin a chain.
        end: A name or id of where chains end.
        max_length: The most steps of a chain.

    Returns:
        At most :data:`CHAINS` chains, the best first.  Only if there is no chain of
        asserted steps, others serve too, as few as can be.

    Raises:
        UsageError: A name is unknown, both mean one entity, or nothing links them.
    """
    starts = {entity["id"] for entity in find_entities(records, start)}
    ends = {entity["id"] for entity in find_entities(records, end)}
    if starts <= ends:
        ends -= starts
    else:
        starts -= ends
    if not ends:
        raise UsageError(f"{start!r} and {end!r} are the same")
    for asserted in (True, False):
        links = _links(records, ontology, asserted=asserted)
        steps = _priced(links, ontology, starts | ends)
        found = _cheapest(links, starts, ends, max_length)
        if found:
            return [tuple(steps[pair] for pair in pairwise(path)) for path in found]
    raise UsageError(f"nothing links {start!r} and {end!r} in {max_length} steps")


def _priced(
    links: Any, ontology: Ontology, given: Set[str]
) -> dict[tuple[str, str], Step]:
    """Price each edge by its most specific tie; return that tie as a step each way.

    The ends of the chain are given, so nothing is unspecific about them.
    """

    def sides(tie: Tie) -> tuple[tuple[str, str, bool], tuple[str, str, bool]]:
        predicate = ontology.predicates.get(tie.name)
        symmetric = predicate is not None and predicate.symmetric
        return (tie.source, tie.name, True), (tie.target, tie.name, symmetric)

    alike: dict[tuple[str, str, bool], set[str]] = defaultdict(set)
    for *_, ties in links.edges(data="ties"):
        for tie in ties:
            source, target = sides(tie)
            alike[source].add(tie.target)
            alike[target].add(tie.source)

    added = {
        side: 0.0 if side[0] in given else log2(len(others)) / 2
        for side, others in alike.items()
    }

    def price(tie: Tie) -> float:
        source, target = sides(tie)
        length = 1 + added[source] + added[target]
        asserted = ontology.statuses[tie.said["status"]].asserted
        return length if asserted else length + _NOT_ASSERTED

    steps = {}
    for one, other, edge in links.edges(data=True):
        prices = [price(tie) for tie in edge["ties"]]
        edge["price"] = min(prices)
        tie = edge["ties"][prices.index(edge["price"])]
        steps[one, other] = Step(tie, forwards=tie.source == one)
        steps[other, one] = Step(tie, forwards=tie.source == other)
    return steps


def _cheapest(
    links: Any, starts: Set[str], ends: Set[str], max_length: int
) -> list[tuple[str, ...]]:
    """Return the cheapest simple paths of at most ``max_length`` edges.

    ``networkx.shortest_simple_paths`` knows no limit of length: where the only short
    path is a dear one, it would go through all cheaper long ones first.  So this is a
    best-first search (A*): what a path costs so far, and what the cheapest walk to an
    end with the edges that are left costs, decide which is looked at next.
    """
    between = _between(links, starts, ends)
    # ahead[n][node] is the price of the cheapest walk of at most n edges to an end.
    ahead = [dict.fromkeys(ends & between, 0.0)]
    for _ in range(max_length):
        prices = dict(ahead[-1])
        for node, price in ahead[-1].items():
            for neighbour, edge in links.adj[node].items():
                if neighbour in between:
                    known = prices.get(neighbour, inf)
                    prices[neighbour] = min(known, price + edge["price"])
        ahead.append(prices)
    queue: list[tuple[float, float, tuple[str, ...]]] = []
    for start in starts & ahead[-1].keys():
        heappush(queue, (ahead[-1][start], 0.0, (start,)))
    found: list[tuple[str, ...]] = []
    looks = 0
    while queue and len(found) < CHAINS and looks < _LOOKS:
        _, price, path = heappop(queue)
        if path[-1] in ends:
            found.append(path)
            continue
        left = ahead[max_length - len(path)]
        looks += len(links.adj[path[-1]])
        for neighbour, edge in links.adj[path[-1]].items():
            if neighbour in left and neighbour not in path:
                so_far = price + edge["price"]
                heappush(queue, (so_far + left[neighbour], so_far, (*path, neighbour)))
    return found


def _between(links: Any, starts: Set[str], ends: Set[str]) -> Set[str]:
    """Return the entities through which a simple path from a start to an end can lead.

    If one more edge joined both, they would be biconnected.
    """
    import networkx as nx

    joined = nx.Graph(links.edges)
    joined.add_edges_from((0, start) for start in starts)
    joined.add_edges_from((1, end) for end in ends)
    joined.add_edge(0, 1)
    blocks = nx.biconnected_components(joined)
    return next(block - {0, 1} for block in blocks if {0, 1} <= block)


def counts(records: Records, ontology: Ontology) -> dict[str, dict[str, int]]:
    """Count what is in the graph: all, then by class, predicate, kind and status."""
    said = records["facts"] + records["money"]

    def by(
        key: str, items: Iterable[Record], terms: Mapping[str, object]
    ) -> dict[str, int]:
        found = Counter(item[key] for item in items)
        return {name: found[name] for name in terms if found[name]}

    return {
        "graph": {
            "documents": len(records["documents"]),
            "words": sum(document["words"] for document in records["documents"]),
            "entities": len(records["entities"]),
            "facts": len(records["facts"]),
            "money events": len(records["money"]),
        },
        "entities": by("type", records["entities"], ontology.classes),
        "facts": by("predicate", records["facts"], ontology.predicates),
        "money": by("kind", records["money"], ontology.money_kinds),
        "status": by("status", said, ontology.statuses),
    }


def analyse(records: Records, ontology: Ontology) -> Analysis:
    """Find the central entities, the communities and the brokers.

    Central is who has a high PageRank.  Which end of a fact is its subject is grammar
    and no esteem, so ties count both ways, and each two entities count once however
    often they are told of.  Betweenness would say who stands between others, but takes a
    walk through the whole graph for each entity, which is minutes for 20,000; the brokers
    say that.  Communities are those of Louvain's method, with a fixed seed.  Brokers are
    articulation points that tie groups of at least :data:`GROUP` entities to the rest.
    """
    import networkx as nx

    links = _links(records, ontology)
    if not links:
        return Analysis((), (), ())
    # Rounded, so that no last digit of a sum decides about an order.
    rank = {
        id_: round(score, 7)
        for id_, score in nx.pagerank(links, tol=1e-9, max_iter=200).items()
    }
    members = {
        entity["id"]: Member(entity["id"], entity["label"], entity["type"])
        for entity in records["entities"]
    }
    order = sorted(links, key=lambda id_: (-rank[id_], id_))
    place = {id_: number for number, id_ in enumerate(order)}

    def named(ids: Iterable[str]) -> tuple[Member, ...]:
        return tuple(members[id_] for id_ in sorted(ids, key=place.__getitem__))

    def evidence(one: str, among: Container[str]) -> Record:
        """Return the surest of what ties an entity to others."""
        ties = (
            (place[other], edge["ties"][0].said)
            for other, edge in links.adj[one].items()
            if other in among
        )
        said: Record
        _, said = min(ties, key=lambda tie: (-tie[1]["confidence"], tie[0]))
        return said

    communities = [ids for ids in communities_of(links) if len(ids) >= GROUP]
    communities.sort(key=lambda ids: (-len(ids), min(place[id_] for id_ in ids)))
    return Analysis(
        tuple(
            Central(members[id_], rank[id_], evidence(id_, links))
            for id_ in order[:LISTED]
        ),
        tuple(
            Community(len(ids), named(ids), evidence(named(ids)[0].id, ids))
            for ids in communities
        ),
        tuple(
            Broker(
                members[id_],
                tuple(named(group) for group in groups),
                evidence(id_, groups[0]),
            )
            for id_, groups in _brokers(links, place)
        ),
    )


def _brokers(links: Any, place: Mapping[str, int]) -> list[tuple[str, list[set[str]]]]:
    """Return entities with the groups that only they tie to the rest, largest first.

    The block-cut tree tells of all articulation points in one walk how many entities
    each cuts off: its branches there are the parts into which the graph would fall.
    """
    import networkx as nx

    blocks: list[set[str]] = list(nx.biconnected_components(links))
    times = Counter(id_ for block in blocks for id_ in block)
    points = [id_ for id_ in links if times[id_] > 1]
    joints = nx.Graph()
    joints.add_nodes_from(range(len(blocks)))
    for number, block in enumerate(blocks):
        joints.add_edges_from((number, p) for p in sorted(block) if times[p] > 1)
    tree = nx.dfs_tree(joints)
    below: dict[Any, int] = {}
    for node in reversed(list(nx.topological_sort(tree))):
        own = 1 if node in times else sum(times[id_] == 1 for id_ in blocks[node])
        below[node] = own + sum(below[branch] for branch in tree.succ[node])
    component = {id_: part for part in nx.connected_components(links) for id_ in part}

    def cut_off(point: str) -> int:
        parts = [below[branch] for branch in tree.succ[point]]
        parts.append(len(component[point]) - below[point])
        return sum(size for size in sorted(parts)[:-1] if size >= GROUP)

    def groups(point: str) -> list[set[str]]:
        parts = []
        rest: set[str] = component[point] - {point}
        for branch in tree.succ[point]:
            nodes = {branch, *nx.descendants(tree, branch)}
            ids = set().union(*(blocks[n] for n in nodes if n not in times))
            parts.append(ids - {point})
            rest -= ids
        parts.append(rest)
        parts.sort(key=lambda part: (-len(part), min(place[id_] for id_ in part)))
        return [part for part in parts[1:] if len(part) >= GROUP]

    sizes = {point: cut_off(point) for point in points}
    points.sort(key=lambda point: (-sizes[point], place[point]))
    return [(point, groups(point)) for point in points[:LISTED] if sizes[point]]
