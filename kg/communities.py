"""Groups of entities that have more to do with each other than with the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from zlib import crc32

UNEVEN = 1e-6  # by how much at most the weight of a tie is raised
SEED = 0
CORE = 5000  # so many of the most central are grouped by themselves


def communities_of(links: Any) -> list[set[str]]:
    """Return communities by Louvain's method.

    What has one tie only is always in the community of the entity to which it is tied,
    and that is most of a graph.  So it is first made a loop there, which leaves all
    modularities as they are (Arenas, Duch, Fernández and Gómez, New Journal of Physics
    9, 2007).  The method may leave a community in pieces that nothing ties to each other
    (Traag, Waltman and van Eck, Scientific Reports 9, 2019): each piece is one.

    Args:
        links: A networkx graph without weights.
    """
    import networkx as nx

    core = nx.Graph(links.edges)
    followers: dict[str, list[str]] = defaultdict(list)
    for node, (neighbour, *others) in links.adj.items():
        # Of two that have only each other, the second stays.
        if not others and node not in followers:
            followers[neighbour].append(node)
            core.remove_node(node)
            core.add_edge(neighbour, neighbour, weight=len(followers[neighbour]))
    # networkx moves a node while it gains anything.  Where two places are exactly as good,
    # rounding makes each a little better than the other, and it never ends: so no two are.
    for one, other, told in core.edges(data=True):
        pair = " ".join(sorted((one, other))).encode()
        told["weight"] = told.get("weight", 1) * (1 + crc32(pair) / 2**32 * UNEVEN)
    return [
        {*piece, *(follower for node in piece for follower in followers[node])}
        for community in nx.community.louvain_communities(core, seed=SEED)
        for piece in nx.connected_components(core.subgraph(community))
    ]


def grouped(
    ordered: Sequence[str], links: Iterable[tuple[str, str]], least: int
) -> dict[str, int]:
    """Number the community of each node, the largest 0.

    Of a large graph the :data:`CORE` most central nodes are grouped, for Louvain's method
    takes a minute for some graphs of 20,000; the others go with the most central of their
    neighbours.

    Args:
        ordered: The nodes, the most central first.
        links: Pairs of nodes.
        least: Smaller communities are left out.

    Returns:
        The numbers of the nodes that are in a community.
    """
    import networkx as nx

    place = {node: number for number, node in enumerate(ordered)}
    whole = nx.Graph()
    # In a fixed order, on which the method's results depend.
    whole.add_edges_from(sorted({link for link in links if link[0] != link[1]}))
    core = nx.Graph(whole.subgraph(ordered[:CORE]).edges)
    found = communities_of(core)
    group = {node: number for number, part in enumerate(found) for node in part}
    waiting = [node for node in ordered if node in whole and node not in group]
    while waiting:
        taken = {}
        for node in waiting:
            near = [other for other in whole.adj[node] if other in group]
            if near:
                taken[node] = group[min(near, key=place.__getitem__)]
        if not taken:
            break
        group |= taken
        waiting = [node for node in waiting if node not in taken]
    members: dict[int, list[str]] = defaultdict(list)
    for node in ordered:
        if node in group:
            members[group[node]].append(node)
    large = [part for part in members.values() if len(part) >= least]
    large.sort(key=lambda part: (-len(part), place[part[0]]))
    return {node: number for number, part in enumerate(large) for node in part}
