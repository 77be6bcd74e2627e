"""Chains, central entities, communities, brokers, and the exports of the same graph."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from decimal import Decimal
from itertools import combinations, islice
from math import log2
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import pytest
from click.testing import CliRunner, Result
from graphs import Export, entity, fact, money, slug
from graphs import export as graph_of
from graphs import sample as sample_graph
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Store

from kg import rdf
from kg.analysis import GROUP, Step, analyse, chains, counts, to_networkx
from kg.cli import main
from kg.errors import UsageError
from kg.export import COLUMNS, export
from kg.model import (
    Document,
    DocumentGraph,
    Entity,
    Evidence,
    Fact,
    MoneyEvent,
    NamedEntity,
)
from kg.ontology import load_ontology
from kg.records import read_records
from kg.store import GraphStore

ONTOLOGY = load_ontology()
HOSTILE = 'Ltd. "<&]]> \x00\x1b\x0b\ufffe\u202e'


def sample() -> Export:
    """Return the sample with the predicates that there are."""
    records = sample_graph()
    records["facts"] = [
        f for f in records["facts"] if f["predicate"] in ONTOLOGY.predicates
    ]
    return records


def linked(*facts: tuple[str, ...]) -> Export:
    """Return a graph of facts; a line each, with its status if it is not done."""
    told = [fact(*row) for row in facts]
    names = sorted({name for row in facts for name in (row[0], row[2])})
    return graph_of([entity(name) for name in names], told)


def complete(*names: str) -> list[tuple[str, ...]]:
    return [(a, "partnersWith", b) for a, b in combinations(names, 2)]


def passed(chain: tuple[Step, ...]) -> str:
    """Return the entities of a chain."""
    ids = [chain[0].start, *(step.end for step in chain)]
    return " ".join(id_.removeprefix("entity/") for id_ in ids)


def found(records: Export, start: str, end: str, max_length: int = 6) -> list[str]:
    return [passed(c) for c in chains(records, ONTOLOGY, start, end, max_length)]


def stored(records: Export, store: GraphStore | None = None) -> GraphStore:
    """Write a graph of the tests into a store as one document."""
    store = store or GraphStore(Store(), Path())
    document = Document(
        "doc-1", "news & more.txt", "", "0" * 64, title="News", date="2024-05-01"
    )
    graph = DocumentGraph(
        document,
        100,
        tuple(
            NamedEntity(
                Entity(e["id"], e["type"], e["label"]), (*e["aliases"],), e["mentions"]
            )
            for e in records["entities"]
        ),
        tuple(
            Fact(
                f["id"],
                f["subject"],
                f["predicate"],
                f["object"],
                f["status"],
                f["confidence"],
                "doc-1",
                (Evidence(f["evidence"]["text"], n * 1000, n * 1000 + 99),),
            )
            for n, f in enumerate(records["facts"])
        ),
        tuple(
            MoneyEvent(
                m["id"],
                m["kind"],
                tuple(m["payer"]),
                tuple(m["recipient"]),
                Decimal(m["amount"]),
                None,
                m["currency"],
                m["purpose"],
                m["date"],
                m["status"],
                m["confidence"],
                "doc-1",
                (Evidence(m["evidence"]["text"], n, n + 99),),
            )
            for n, m in enumerate(records["money"])
        ),
    )
    iri = rdf.document_iri(rdf.DEFAULT_BASE, "doc-1")
    store.replace(iri, rdf.quads(graph, ONTOLOGY, rdf.DEFAULT_BASE))
    return store


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("analysis")
    store = stored(sample(), GraphStore.open(folder, writable=True))
    store.publish(folder)
    store.close()
    return folder


def kg(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


# Chains


def test_the_best_chains_come_first_and_none_passes_an_entity_twice() -> None:
    records = linked(
        ("A", "owns", "B"),
        ("C", "investigates", "B"),
        ("A", "partnersWith", "D"),
        ("D", "competesWith", "E"),
        ("E", "investigates", "C"),
    )
    assert found(records, "A", "C") == ["a b c", "a d e c"]
    owned, investigated = chains(records, ONTOLOGY, "A", "C", 6)[0]
    assert (owned.forwards, investigated.forwards) == (True, False)
    assert investigated.tie.said["predicate"] == "investigates"


def test_a_chain_through_a_country_where_many_are_based_is_the_last() -> None:
    based = [(f"Firm {n}", "basedIn", "France") for n in range(30)]
    records = linked(
        *based,
        ("Firm 1", "owns", "X"),
        ("X", "investigates", "Y"),
        ("Y", "supports", "Z"),
        ("Z", "owns", "Firm 2"),
        ("Lawyer", "leads", "France"),
        ("Lawyer", "owns", "Firm 3"),
    )
    assert found(records, "Firm 1", "Firm 2") == [
        "firm-1 x y z firm-2",
        "firm-1 france firm-2",
    ]
    # What ties few to the country is specific, and the ends of a chain are given.
    assert found(records, "Lawyer", "Firm 2")[0] == "lawyer france firm-2"
    assert found(records, "France", "Firm 2")[0] == "france firm-2"


def test_of_two_ties_the_more_specific_is_the_step() -> None:
    rivals = [(f"Firm {n}", "competesWith", "Giant") for n in range(9)]
    records = linked(*rivals, ("Giant", "owns", "Firm 1"))
    chain = chains(records, ONTOLOGY, "Firm 1", "Firm 2", 6)[0]
    assert [step.tie.said["predicate"] for step in chain] == ["owns", "competesWith"]


def test_a_payment_leads_from_payer_to_recipient_if_it_was_made() -> None:
    entities = [entity(name) for name in "ABC"]
    paid = [money("A", "B", "€1", "1"), money("C", "B", "€2", "2", status="planned")]
    records = graph_of(entities, [fact("C", "owns", "A")], paid)
    (chain,) = chains(records, ONTOLOGY, "B", "C", 6)
    assert passed(chain) == "b a c"
    assert chain[0].tie.said is paid[0]
    assert not chain[0].forwards


def test_what_is_not_done_serves_only_where_nothing_else_does() -> None:
    records = linked(
        ("A", "owns", "B", "planned"),
        ("A", "owns", "C"),
        ("C", "owns", "D"),
        ("D", "owns", "B"),
        ("E", "owns", "B", "denied"),
        ("E", "owns", "F", "possible"),
        ("F", "owns", "B", "planned"),
    )
    assert found(records, "A", "B") == ["a c d b"]
    assert found(records, "A", "B", max_length=2) == ["a b"]
    # As few as can be: four steps with one are before two steps with two.
    assert found(records, "A", "E")[0] == "a c d b e"


def test_longer_chains_than_allowed_are_not_shown() -> None:
    records = linked(*((a, "owns", b) for a, b in ("AB", "BC", "CD")))
    assert found(records, "A", "D", max_length=3) == ["a b c d"]
    with pytest.raises(UsageError, match="nothing links 'A' and 'D' in 2 steps"):
        found(records, "A", "D", max_length=2)


def test_a_name_that_means_several_begins_a_chain_at_each() -> None:
    records = linked(("Jo Smith", "leads", "A"), ("Al Smith", "leads", "B"))
    records["facts"].append(fact("A", "owns", "B"))
    for person in records["entities"]:
        person["aliases"] = ["Smith"] if "Smith" in person["label"] else []
    assert found(records, "Smith", "A") == ["jo-smith a", "al-smith b a"]
    assert found(records, "Smith", "Jo Smith") == ["al-smith b a jo-smith"]
    assert found(records, "Jo Smith", "Smith") == ["jo-smith a b al-smith"]
    with pytest.raises(UsageError, match="are the same"):
        found(records, "A", "a")


pairs = st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda p: p[0] < p[1])


@settings(max_examples=60)
@given(st.sets(pairs, min_size=1, max_size=20), st.integers(1, 6))
def test_no_chain_is_better_than_those_that_are_found(
    edges: set[tuple[int, int]], max_length: int
) -> None:
    ties = nx.Graph(edges)
    start, end = min(ties), max(ties)
    # With one symmetric predicate, what n neighbours add is log2 n.
    prices = sorted(
        len(path) - 1 + sum(log2(ties.degree[node]) for node in path[1:-1])
        for path in nx.all_simple_paths(ties, start, end, cutoff=max_length)
    )
    records = linked(*((str(a), "partnersWith", str(b)) for a, b in sorted(edges)))
    if not prices:
        with pytest.raises(UsageError, match="nothing links"):
            chains(records, ONTOLOGY, str(start), str(end), max_length)
        return
    best = [
        len(chain)
        + sum(log2(ties.degree[int(slug_of(step.end))]) for step in chain[:-1])
        for chain in chains(records, ONTOLOGY, str(start), str(end), max_length)
    ]
    assert best == pytest.approx(prices[:5])


def slug_of(id_: str) -> str:
    return id_.removeprefix("entity/")


# Central entities, communities, brokers


def test_communities_are_found_where_two_places_are_as_good() -> None:
    """Even weights kept networkx going for ever on graphs such as these."""
    random = Random(5)  # noqa: S311  (a fixed order, not a secret)
    for _ in range(300):
        size = random.randint(4, 9)
        pairs = [(f"E{a}", "owns", f"E{b}") for a in range(size) for b in range(a)]
        ties = [pair for pair in pairs if random.random() < 0.5]
        if ties:
            analyse(linked(*ties), ONTOLOGY)


def test_communities_and_their_broker_are_found_with_evidence() -> None:
    records = linked(
        *complete("A1", "A2", "A3", "A4", "A5"),
        *complete("B1", "B2", "B3", "B4", "B5"),
        ("Joint", "owns", "A1"),
        ("Joint", "owns", "B1"),
        ("Far", "owns", "Away", "planned"),
        ("A2", "owns", "B2", "denied"),
    )
    result = analyse(records, ONTOLOGY)
    groups = [{m.label for m in found.members} for found in result.communities]
    for letter in "AB":  # Joint belongs to either
        assert any({f"{letter}{i}" for i in range(1, 6)} <= group for group in groups)
    assert [c.size for c in result.communities] == [len(group) for group in groups]
    for community in result.communities:
        ids = {member.id for member in community.members}
        assert {community.evidence["subject"], community.evidence["object"]} <= ids
    assert [c.entity.label for c in result.central[:2]] == ["A1", "B1"]
    assert result.central[0].score > result.central[2].score
    broker = result.brokers[0]
    assert broker.entity.label == "Joint"
    assert broker.groups[0][0].label == "B1"
    assert broker.evidence["object"] == slug("B1")
    everyone = {c.entity.label for c in result.central}
    assert not everyone & {"Far", "Away"}


@settings(max_examples=60)
@given(st.sets(pairs, min_size=1, max_size=14))
def test_brokers_are_those_whose_removal_cuts_groups_off(
    edges: set[tuple[int, int]],
) -> None:
    ties = nx.Graph((slug(str(a)), slug(str(b))) for a, b in edges)
    expected = {}
    for node in ties:
        near = nx.node_connected_component(ties, node) - {node}
        parts = nx.connected_components(ties.subgraph(near))
        sizes = sorted((len(part) for part in parts), reverse=True)[1:]
        if groups := [size for size in sizes if size >= GROUP]:
            expected[node] = groups
    records = linked(*((str(a), "partnersWith", str(b)) for a, b in sorted(edges)))
    result = analyse(records, ONTOLOGY)
    got = {b.entity.id: [len(group) for group in b.groups] for b in result.brokers}
    assert got == expected
    for broker in result.brokers:
        ids = {member.id for group in broker.groups for member in group}
        rest = ties.copy()
        rest.remove_node(broker.entity.id)
        assert ids == set().union(
            *(nx.node_connected_component(rest, group[0].id) for group in broker.groups)
        )


def test_a_graph_without_ties_has_counts_and_nothing_more() -> None:
    records = linked(("A", "owns", "B", "denied"), ("C", "owns", "C"))
    result = analyse(records, ONTOLOGY)
    assert (result.central, result.communities, result.brokers) == ((), (), ())
    counted = counts(records, ONTOLOGY)
    assert counted["graph"]["entities"] == 3
    assert counted["facts"] == {"owns": 2}
    assert counted["status"] == {"done": 1, "denied": 1}


# The commands


def test_path_shows_arrows_sentence_and_document(output: Path) -> None:
    result = kg("path", "Access Now", "Meta Platforms", "-o", str(output))
    assert result.exit_code == 0, result.stderr
    first, *rest = result.stdout.splitlines()
    assert first.startswith(
        "Access Now —opposes→ AI Act ←proposes— European Commission"
    )
    assert first.endswith("←Fine— Meta Platforms")
    assert "    “On Monday Access Now opposes AI Act, it said.”" in rest
    assert any(line.startswith("    news & more.txt, 2024-05-01, ") for line in rest)
    assert "(denied)" not in result.stdout


def test_path_marks_what_is_not_done(output: Path) -> None:
    result = kg("path", "Nvidia", "Le Chat", "-o", str(output))
    first, fact_or_sum, *_ = result.stdout.splitlines()
    assert first == "Nvidia —Investment (possible)→ Mistral AI —makes→ Le Chat"
    assert "[possible; " in fact_or_sum


@pytest.mark.parametrize("name", ["Microsft", "no such thing"])
def test_path_and_show_say_the_same_of_an_unknown_name(output: Path, name: str) -> None:
    shown = kg("show", name, "-o", str(output))
    for arguments in ([name, "OpenAI"], ["OpenAI", name]):
        result = kg("path", *arguments, "-o", str(output))
        assert (result.exit_code, result.stderr) == (2, shown.stderr)


def test_stats_show_each_result_with_a_sentence(output: Path) -> None:
    result = kg("stats", "-o", str(output))
    assert result.exit_code == 0, result.stderr
    assert "  entities                   39" in result.stdout
    for title in ("most central", "communities", "brokers"):
        part = result.stdout.split(f"\n{title}")[1].split("\n\n")[0]
        assert "“" in part
        assert "news & more.txt" in part


def test_stats_as_json_have_ids_and_evidence(output: Path) -> None:
    data = json.loads(kg("stats", "--json", "-o", str(output)).stdout)
    records = sample()
    ids = {e["id"] for e in records["entities"]}
    assert data["counts"]["graph"]["facts"] == len(records["facts"])
    for kind in ("central", "communities", "brokers"):
        assert data[kind]
        for found in data[kind]:
            assert found["evidence"]["status"] == "done"
            assert found["evidence"]["evidence"]["text"]
    assert {c["entity"]["id"] for c in data["central"]} <= ids
    community = data["communities"][0]
    assert community["size"] == len(community["members"])


# Exports


def test_graph_for_networkx_holds_all_that_is_said() -> None:
    records = sample()
    graph = to_networkx(records, ONTOLOGY)
    assert len(graph) == len(records["entities"]) + len(records["money"])
    (told,) = graph[slug("Sam Altman")][slug("OpenAI")].values()
    assert told["label"] == "leads"
    assert told["documentDate"] == "2023-06-14"
    (event,) = (m for m in records["money"] if m["kind"] == "Fine")
    assert list(graph.predecessors(event["id"])) == [slug("Meta Platforms")]
    assert list(graph.successors(event["id"])) == [slug("European Commission")]
    assert graph.nodes[event["id"]]["amount"] == 200_000_000


@pytest.mark.parametrize(
    ("format_", "read"), [("graphml", nx.read_graphml), ("gexf", nx.read_gexf)]
)
def test_xml_formats_read_back_whatever_the_texts(format_: str, read: Any) -> None:
    hostile = entity("A") | {"label": HOSTILE}
    records = graph_of(
        [hostile, entity("B", "Person")],
        [fact("A", "partnersWith", "B", "planned", text=HOSTILE)],
        [money("A", "B", "€1", "1", purpose=HOSTILE)],
    )
    data = export(stored(records), ONTOLOGY, format_)
    ElementTree.fromstring(data)  # noqa: S314  (we wrote it)
    assert b"lastmodified" not in data
    graph = read(io.BytesIO(data))
    label = graph.nodes[slug("A")]["label"]
    assert label.startswith('Ltd. "<&]]> \ufffd\ufffd\ufffd\ufffd')
    assert graph.nodes[slug("B")]["class"] == "Person"
    assert graph.nodes[slug("B")]["mentions"] == 2
    told = graph.edges[slug("A"), slug("B")]
    assert told["status"] == "planned"
    assert told["confidence"] == 0.87
    assert told["document"] == "doc-1"
    assert told["documentDate"] == "2024-05-01"
    assert told["sentence"].startswith("Ltd.")


def test_parquet_is_the_table_of_csv_with_numbers() -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    store = stored(sample())
    table = parquet.read_table(io.BytesIO(export(store, ONTOLOGY, "parquet")))
    assert tuple(table.column_names) == COLUMNS
    rows = table.to_pylist()
    lines = export(store, ONTOLOGY, "csv").decode().splitlines()
    assert len(rows) == len(lines) - 1 == len(sample()["facts"] + sample()["money"])
    for row, line in zip(rows, islice(lines, 1, None), strict=True):
        assert line.startswith(f"{row['subject']},{row['predicate']},{row['object']},")
    assert {row["amount"] for row in rows} >= {None, 20e9}
    assert isinstance(rows[0]["start"], int)
    assert rows[0]["since"] is None


def test_parquet_without_its_library_names_the_extra(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = kg("export", "--format", "parquet", "-o", str(output))
    assert result.exit_code == 2
    assert "kg-policy[parquet]" in result.stderr


def test_the_same_graph_gives_the_same_bytes_in_every_process(output: Path) -> None:
    code = (
        "import sys; from kg.cli import main\n"
        "for line in sys.argv[2:]:\n"
        "    main([*line.split(';'), '-o', sys.argv[1]], standalone_mode=False)\n"
    )
    asked = [
        "export;-f;gexf",
        "export;-f;graphml",
        "stats;--json",
        "path;Access Now;Meta Platforms",
    ]
    printed = [
        subprocess.run(
            [sys.executable, "-c", code, str(output), *asked],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert len(printed[0]) > 10_000


def test_what_is_stored_for_these_tests_is_what_was_meant() -> None:
    records = read_records(stored(sample()), ONTOLOGY)
    assert {f["id"] for f in records["facts"]} == {f["id"] for f in sample()["facts"]}
