"""Which nodes of a drawing matter most, and where they stand.

Both are plain functions of the graph: the same nodes and links always give the same
ranks and the same places, whatever machine draws them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import atan2, ceil, cos, sin, sqrt

import networkx as nx

Link = tuple[str, str]
Place = tuple[float, float]

SEED = 20
"""Start of the spring layout; any fixed number would do."""

LETTER = 7.4
"""Mean width in pixels of one letter of a label of 14 px."""

LABEL_WIDTH = 140.0
"""Width in pixels at which a label wraps."""

LINE_HEIGHT = 17.0
MARGIN = 20.0
SLACK = 1.8
"""Room of a connected part as a multiple of the room that its boxes fill."""

ACROSS = 0.25
"""How strongly a link between two communities pulls, where one within pulls by 1."""

EVENNESS = 0.65
"""How far coordinates are drawn to their rank: 0 leaves the springs as they are."""

ASPECT = 1.15
"""Width by height of the whole drawing: that of a screen between two side panels."""


@dataclass(frozen=True, slots=True)
class Box:
    """Room that a node and the label below it need, in pixels."""

    width: float
    above: float
    below: float


def box(label: str, size: float) -> Box:
    """Say how much room a node takes.

    Args:
        label: The text below the node.
        size: Radius of the node in pixels.

    Returns:
        The room around the node's centre.
    """
    text = len(label) * LETTER
    lines = ceil(text / LABEL_WIDTH) if text else 0
    width = max(2 * size, min(text, LABEL_WIDTH)) + MARGIN
    return Box(width, size + MARGIN / 2, size + lines * LINE_HEIGHT + MARGIN / 2)


def page_rank(
    nodes: Sequence[str],
    links: Iterable[Link],
    *,
    damping: float = 0.85,
    tolerance: float = 1e-6,
    rounds: int = 100,
) -> dict[str, float]:
    """Rank nodes by PageRank (Brin and Page, 1998) over links taken both ways.

    The direction of a fact says who acts, not who matters: a law is as central as the
    body that proposes it.  Written out here because the networkx function needs scipy,
    which nothing else in the program needs.

    Args:
        nodes: All nodes.
        links: Pairs of nodes; a pair that occurs twice counts twice.
        damping: Share of the rank that follows links.
        tolerance: Mean change per node at which the ranks count as settled.
        rounds: The most rounds to go.

    Returns:
        The rank of every node; the ranks sum to one.
    """
    near: dict[str, list[str]] = {node: [] for node in nodes}
    for one, other in links:
        near[one].append(other)
        near[other].append(one)
    count = len(near)
    rank = dict.fromkeys(near, 1 / count) if count else {}
    for _ in range(rounds):
        loose = sum(rank[node] for node in near if not near[node])
        ground = (1 - damping + damping * loose) / count if count else 0.0
        fresh = dict.fromkeys(near, ground)
        for node, others in near.items():
            for other in others:
                fresh[other] += damping * rank[node] / len(others)
        change = sum(abs(fresh[node] - rank[node]) for node in near)
        rank = fresh
        if change < tolerance * count:
            break
    return rank


def places(
    boxes: Mapping[str, Box],
    links: Iterable[Link],
    groups: Mapping[str, int] | None = None,
) -> dict[str, Place]:
    """Place nodes so that linked ones are near and no label covers another.

    Every connected part is laid out by springs (Fruchterman and Reingold, 1991) and
    loosened until its boxes are apart; the parts then stand in rows, the largest first,
    and nodes without any link in rows below them.

    Args:
        boxes: The room that each node needs; its order settles ties.
        links: Pairs of these nodes.
        groups: Their communities, whose members are drawn together.

    Returns:
        The centre of every node in whole pixels, the drawing's centre near (0, 0).
    """
    graph = nx.Graph()
    graph.add_nodes_from(boxes)
    groups = groups or {}
    for one, other in links:
        if one != other:
            within = groups.get(one) == groups.get(other)
            graph.add_edge(one, other, weight=1.0 if within else ACROSS)
    order = {node: index for index, node in enumerate(boxes)}
    parts = [
        sorted(part, key=order.__getitem__) for part in nx.connected_components(graph)
    ]
    parts.sort(key=lambda part: (-len(part), order[part[0]]))
    drawn = [_part(graph, part, boxes) for part in parts]
    return _centred(_rows(drawn, boxes))


def _part(
    graph: nx.Graph, part: Sequence[str], boxes: Mapping[str, Box]
) -> dict[str, Place]:
    """Lay out one connected part by itself."""
    if len(part) == 1:
        return {part[0]: (0.0, 0.0)}
    # Springs start by node order, and the order of a subgraph is not fixed: make one.
    ordered = nx.Graph()
    ordered.add_nodes_from(part)
    ordered.add_edges_from(graph.edges(part, data=True))
    start = nx.circular_layout(ordered) if len(part) < 4 else None
    loose = nx.spring_layout(ordered, pos=start, seed=SEED, iterations=150, scale=None)
    return _apart(_spread(loose, boxes), boxes)


def _spread(
    loose: Mapping[str, Sequence[float]], boxes: Mapping[str, Box]
) -> dict[str, Place]:
    """Scale springs to the room their boxes need and even them out.

    Springs leave long arms and empty corners, which make everything small on a screen.
    Each coordinate is therefore drawn towards its rank among all coordinates: left stays
    left and above stays above, but the room is used.
    """
    room = SLACK * sum(
        b.width * (b.above + b.below) for b in map(boxes.get, loose) if b
    )
    width, height = sqrt(room * ASPECT), sqrt(room / ASPECT)
    turned = _turned({node: (float(x), float(y)) for node, (x, y) in loose.items()})
    across = _even({node: x for node, (x, _) in turned.items()})
    down = _even({node: y for node, (_, y) in turned.items()})
    return {node: (across[node] * width, down[node] * height) for node in loose}


def _turned(places: Mapping[str, Place]) -> dict[str, Place]:
    """Turn a drawing so that its longest extent (first principal axis) is level."""
    count = len(places)
    middle_x = sum(x for x, _ in places.values()) / count
    middle_y = sum(y for _, y in places.values()) / count
    moved = {node: (x - middle_x, y - middle_y) for node, (x, y) in places.items()}
    xx = sum(x * x for x, _ in moved.values())
    yy = sum(y * y for _, y in moved.values())
    xy = sum(x * y for x, y in moved.values())
    angle = atan2(2 * xy, xx - yy) / 2
    return {
        node: (x * cos(angle) + y * sin(angle), y * cos(angle) - x * sin(angle))
        for node, (x, y) in moved.items()
    }


def _even(values: Mapping[str, float]) -> dict[str, float]:
    """Map values to 0..1, in part by what they are and in part by their rank."""
    low, high = min(values.values()), max(values.values())
    ordered = sorted(values, key=lambda node: values[node])
    rank = {node: index / (len(ordered) - 1) for index, node in enumerate(ordered)}
    return {
        node: (1 - EVENNESS) * (value - low) / ((high - low) or 1.0)
        + EVENNESS * rank[node]
        for node, value in values.items()
    }


def _apart(
    start: Mapping[str, Place], boxes: Mapping[str, Box], rounds: int = 120
) -> dict[str, Place]:
    """Push overlapping boxes apart, each pair along the way that is shorter."""
    nodes = list(start)
    xs = [start[node][0] for node in nodes]
    ys = [start[node][1] for node in nodes]
    for _ in range(rounds):
        moved = False
        for one in range(len(nodes)):
            first = boxes[nodes[one]]
            for other in range(one + 1, len(nodes)):
                second = boxes[nodes[other]]
                across = (first.width + second.width) / 2 - abs(xs[other] - xs[one])
                if across <= 0:
                    continue
                upper, lower = (
                    (first, second) if ys[one] <= ys[other] else (second, first)
                )
                down = upper.below + lower.above - abs(ys[other] - ys[one])
                if down <= 0:
                    continue
                moved = True
                if across < down:
                    push = across / 2 if xs[other] >= xs[one] else -across / 2
                    xs[one] -= push
                    xs[other] += push
                else:
                    push = down / 2 if ys[other] >= ys[one] else -down / 2
                    ys[one] -= push
                    ys[other] += push
        if not moved:
            break
    return {node: (xs[i], ys[i]) for i, node in enumerate(nodes)}


def _frame(
    part: Mapping[str, Place], boxes: Mapping[str, Box]
) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a part with its labels."""
    return (
        min(x - boxes[node].width / 2 for node, (x, _) in part.items()),
        min(y - boxes[node].above for node, (_, y) in part.items()),
        max(x + boxes[node].width / 2 for node, (x, _) in part.items()),
        max(y + boxes[node].below for node, (_, y) in part.items()),
    )


def _rows(
    parts: Sequence[Mapping[str, Place]], boxes: Mapping[str, Box]
) -> dict[str, Place]:
    """Stand parts side by side in rows of about the same width, in their order."""
    frames = [_frame(part, boxes) for part in parts]
    # A single node brings margin enough of its own.
    gaps = [3 * MARGIN if len(part) > 1 else 0.0 for part in parts]
    room = sum(
        (x1 - x0 + gap) * (y1 - y0 + gap)
        for (x0, y0, x1, y1), gap in zip(frames, gaps, strict=True)
    )
    width = max([sqrt(room * ASPECT), *(f[2] - f[0] for f in frames)], default=0.0)
    placed: dict[str, Place] = {}
    left = top = height = 0.0
    for part, (x0, y0, x1, y1), gap in zip(parts, frames, gaps, strict=True):
        if left > 0 and left + x1 - x0 > width:
            left, top, height = 0.0, top + height, 0.0
        for node, (x, y) in part.items():
            placed[node] = (left + x - x0, top + y - y0)
        left += x1 - x0 + gap
        height = max(height, y1 - y0 + gap)
    return placed


def _centred(places: Mapping[str, Place]) -> dict[str, Place]:
    """Move a drawing to the origin and round it to whole pixels."""
    if not places:
        return {}
    xs = [x for x, _ in places.values()]
    ys = [y for _, y in places.values()]
    middle = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    return {
        node: (float(round(x - middle[0])), float(round(y - middle[1])))
        for node, (x, y) in places.items()
    }
