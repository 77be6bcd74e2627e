"""What a drawing shows of a graph."""

from __future__ import annotations

import random
from dataclasses import FrozenInstanceError

import pytest
from graphs import entity, evidence, export, fact, large, money, sample, slug

from kg.layout import box, page_rank, places
from kg.legend import UNKNOWN_COLOUR
from kg.ontology import load_ontology
from kg.part import surer_than, told_by
from kg.scene import Scene
from kg.view import DRAW_ALL, DRAW_TOP, pieces, scene

ONTOLOGY = load_ontology()


def of(graph: dict[str, list[dict[str, object]]]) -> Scene:
    """Return the scene of a graph."""
    return scene(graph, ONTOLOGY, "Test")


def test_scene_is_frozen() -> None:
    """Nothing between view and page changes a scene."""
    with pytest.raises(FrozenInstanceError):
        of(sample()).title = "Other"  # type: ignore[misc]


def test_scene_empty_graph() -> None:
    """A graph without anything is a scene without anything."""
    empty = of(export([]))
    assert () == empty.nodes == empty.edges == empty.money == empty.classes
    assert [status.name for status in empty.statuses] == list(ONTOLOGY.statuses)


def test_scene_same_for_any_order() -> None:
    """The order in which an export lists things changes nothing."""
    graph = sample()
    mixed = {name: list(items) for name, items in graph.items()}
    shuffle = random.Random(3)  # noqa: S311  (a fixed order, not a secret)
    for items in mixed.values():
        shuffle.shuffle(items)
    assert of(graph) == of(mixed)


def test_legend_looks_come_from_ontology() -> None:
    """Every class that occurs is listed with the ontology's colour, shape and count."""
    classes = {key.name: key for key in of(sample()).classes if not key.money}
    for name, key in classes.items():
        term = ONTOLOGY.classes[name]
        assert (term.colour, term.shape, term.label) == (
            key.colour,
            key.shape,
            key.label,
        )
    assert classes["Person"].count == 9
    assert [name for name in ONTOLOGY.classes if name in classes] == list(classes)


def test_legend_unknown_class_is_grey() -> None:
    """A graph of another ontology is drawn, its strange terms by their names."""
    strange = of(
        export(
            [entity("A", "Robot"), entity("B", "Robot")],
            [fact("A", "repairs", "B", "rumoured")],
        )
    )
    assert [(k.name, k.colour) for k in strange.classes] == [("Robot", UNKNOWN_COLOUR)]
    assert [key.label for key in strange.predicates] == ["repairs"]
    assert not strange.statuses[-1].asserted


def test_edges_merge_what_says_the_same() -> None:
    """Facts with the same status are one edge, the surest sentence first."""
    one = fact("A", "supports", "B")
    two = {**one, "id": "fact/2", "document": "doc-2", "confidence": 0.95}
    plan = fact("A", "supports", "B", "planned")
    edges = of(export([entity("A"), entity("B")], [one, two, plan])).edges
    assert sorted(edge.status for edge in edges) == ["done", "planned"]
    merged = next(edge for edge in edges if edge.status == "done")
    assert [saying.document for saying in merged.sayings] == ["doc-2", "doc-1"]
    assert merged.confidence == 0.95


def test_edges_bring_all_evidence() -> None:
    """A document that says it twice is quoted twice."""
    more = [evidence("A again supports B.", "A", "B", 300)]
    said = fact("A", "supports", "B", furtherEvidence=more)
    (edge,) = of(export([entity("A"), entity("B")], [said])).edges
    texts = ["".join(piece.text for piece in told.pieces) for told in edge.sayings]
    assert texts == [said["evidence"]["text"], "A again supports B."]


def test_edges_between_the_same_nodes_bend_apart() -> None:
    """No line hides another: seen from one end, all bends differ."""
    facts = [
        fact("A", "supports", "B"),
        fact("A", "opposes", "B"),
        fact("B", "supports", "A"),
    ]
    edges = of(export([entity("A"), entity("B")], facts)).edges
    seen_from_a = [e.bend if e.source == slug("A") else -e.bend for e in edges]
    assert len(set(seen_from_a)) == 3
    single = of(export([entity("A"), entity("B")], facts[:1])).edges
    assert single[0].bend == 0


def test_edges_to_entities_left_out() -> None:
    """A fact whose object is not part of the export has nowhere to go."""
    assert of(export([entity("A")], [fact("A", "supports", "B")])).edges == ()


def test_money_is_a_node_with_its_parties() -> None:
    """A sum is a node with its label, kind and what is told about it."""
    drawn = of(
        export([entity("A"), entity("B")], [], [money("A", "B", "€5 million", "5")])
    )
    node = next(node for node in drawn.nodes if node.id == drawn.money[0].id)
    assert (node.label, node.type) == ("€5 million", "Investment")
    assert ((slug("A"),), (slug("B"),)) == (
        drawn.money[0].payer,
        drawn.money[0].recipient,
    )
    assert (
        next(piece.text for piece in drawn.money[0].sayings[0].pieces if piece.object)
        == "€5 million"
    )


def test_money_told_twice_is_one_event() -> None:
    """Events that agree in all they tell are one; vague ones stay apart."""
    one = money("A", "B", "€5 million", "5")
    again = {**one, "id": "money/again", "document": "doc-2"}
    graph = export([entity("A"), entity("B")], [], [one, again])
    assert [len(event.sayings) for event in of(graph).money] == [2]
    vague = [{**event, "amount": None} for event in (one, again)]
    assert len(of(export([entity("A"), entity("B")], [], vague)).money) == 2


@pytest.mark.parametrize(
    ("subject", "object_", "marked"),
    [
        (
            "Ann",
            "Bob",
            [("Ann", True, False), (" met ", False, False), ("Bob", False, True)],
        ),
        ("Ann met Bob", "Bob", [("Ann met ", True, False), ("Bob", True, True)]),
        ("nobody", "Bob", [("Ann met ", False, False), ("Bob", False, True)]),
        ("nobody", "nothing", [("Ann met Bob", False, False)]),
    ],
)
def test_pieces(
    subject: str, object_: str, marked: list[tuple[str, bool, bool]]
) -> None:
    """A sentence is cut where mentions begin and end, and nothing of it is lost."""
    cut = pieces(evidence("Ann met Bob", subject, object_))
    assert marked == [(piece.text, piece.subject, piece.object) for piece in cut]


def test_pieces_of_mentions_outside_the_sentence() -> None:
    """A mention in the sentence before is not marked."""
    said = {
        "text": "It met Bob",
        "start": 50,
        "end": 60,
        "subject": [3, 9],
        "object": None,
    }
    assert [piece.text for piece in pieces(said)] == ["It met Bob"]


def test_shown_all_when_few() -> None:
    """Small graphs are drawn whole, every node at a place of its own."""
    nodes = of(sample()).nodes
    assert all(node.shown and node.place is not None for node in nodes)
    assert len(nodes) == len({node.place for node in nodes})


def test_shown_top_when_many() -> None:
    """Of a large graph the most central entities are drawn first."""
    nodes = of(large(DRAW_ALL + 1)).nodes
    assert sum(node.shown for node in nodes) == DRAW_TOP
    assert all(node.shown for node in nodes[:DRAW_TOP])
    assert all((node.place is not None) == node.shown for node in nodes)


def test_size_grows_with_facts() -> None:
    """Who takes part in more facts is drawn larger."""
    size = {node.label: node.size for node in of(sample()).nodes}
    assert size["AI Act"] > size["Emmanuel Macron"] > size["Ada Lovelace Institute"]


def test_long_labels_are_cut_on_the_drawing_only() -> None:
    """The panels keep what the drawing has no room for."""
    node = of(export([entity("Very " * 40 + "long")])).nodes[0]
    assert len(node.short) < 50 < len(node.label)


def test_page_rank_prefers_hubs_and_sums_to_one() -> None:
    """The middle of a star ranks highest; loose nodes have some rank too."""
    rank = page_rank(
        ["hub", "a", "b", "c", "loose"], [("a", "hub"), ("hub", "b"), ("c", "hub")]
    )
    assert max(rank, key=lambda node: rank[node]) == "hub"
    assert pytest.approx(sum(rank.values())) == 1
    assert 0 < rank["loose"] < rank["a"]
    assert page_rank([], []) == {}


def test_places_keep_boxes_apart() -> None:
    """No label of the sample covers another node or label."""
    drawn = [node for node in of(sample()).nodes if node.place is not None]
    for index, one in enumerate(drawn):
        for other in drawn[index + 1 :]:
            assert one.place is not None
            assert other.place is not None
            first, second = box(one.short, one.size), box(other.short, other.size)
            upper, lower = (
                (first, second) if one.place[1] <= other.place[1] else (second, first)
            )
            across = abs(one.place[0] - other.place[0])
            down = abs(one.place[1] - other.place[1])
            # Places are rounded to whole pixels.
            apart = across >= (first.width + second.width) / 2 - 2
            assert apart or down >= upper.below + lower.above - 2, (
                one.label,
                other.label,
            )


def test_places_ignore_loops() -> None:
    """A node that is linked to itself stands somewhere."""
    assert {
        node: (round(x / 99), round(y / 99))
        for node, (x, y) in places({"a": box("a", 9)}, [("a", "a")]).items()
    } == {"a": (0, 0)}


def test_a_part_tells_what_a_query_tells() -> None:
    graph = sample()
    base = "https://kg.internal/"
    first, other = graph["facts"][0], graph["facts"][5]
    event = graph["money"][0]
    triples = (
        f"<{base}entity/{first['subject']}> <{ONTOLOGY.namespace}{first['predicate']}>"
        f" <{base}entity/{first['object']}> .\n"
        f"<{base}fact/{other['id']}> <a:b> 1 . <{base}money/{event['id']}> <a:b> 2 ."
    )
    part = told_by(graph, triples, ONTOLOGY)
    told = {(f["subject"], f["predicate"], f["object"]) for f in (first, other)}
    assert {(f["subject"], f["predicate"], f["object"]) for f in part["facts"]} == told
    assert [m["id"] for m in part["money"]] == [event["id"]]
    ends = {first["subject"], first["object"], other["subject"], other["object"]}
    ends |= {*event["payer"], *event["recipient"]}
    assert {e["id"] for e in part["entities"]} == ends
    assert {d["id"] for d in part["documents"]} <= {d["id"] for d in graph["documents"]}


def test_a_part_may_hold_only_what_is_sure() -> None:
    graph = sample()
    graph["facts"][0]["confidence"] = 0.1
    part = surer_than(graph, 0.2)
    assert part["facts"] == graph["facts"][1:]
    assert len(part["entities"]) == len(graph["entities"])
