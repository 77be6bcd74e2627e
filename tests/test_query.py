"""Queries are read-only, stay off the network, and take parameters as data."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, Store

from kg.errors import UsageError
from kg.ontology import load_ontology
from kg.paths import queries_folder
from kg.query import (
    Parameter,
    SavedQuery,
    Table,
    refuse_unsafe,
    run,
    saved_queries,
    with_parameters,
)
from kg.store import GraphStore


@pytest.fixture
def store() -> GraphStore:
    raw = Store()
    graph = NamedNode("https://kg.internal/document/a-1")
    label = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
    store = GraphStore(raw)
    quads = [
        Quad(
            NamedNode(f"https://kg.internal/entity/law/{i}"),
            label,
            Literal(name),
            graph,
        )
        for i, name in enumerate(('AI "Act"', "x || true", "plain"))
    ]
    store.replace(graph.value, quads)
    # Another document names the same things: each still counts once.
    store.replace("https://kg.internal/document/b-2", quads)
    return store


BY_NAME = SavedQuery(
    "by-name",
    "",
    (Parameter("name", "plain", ""),),
    "SELECT ?x WHERE { ?x rdfs:label ?l FILTER(?l = $name) }",
)


def test_union_of_all_graphs_is_asked_with_known_prefixes(store: GraphStore) -> None:
    result = run(store, "SELECT ?l WHERE { ?x rdfs:label ?l }", load_ontology())
    assert isinstance(result, Table)
    assert len(result.rows) == 3


@pytest.mark.parametrize("value", ['AI "Act"', "x || true", "plain"])
def test_a_parameter_matches_only_itself(store: GraphStore, value: str) -> None:
    result = run(store, with_parameters(BY_NAME, {"name": value}), load_ontology())
    assert isinstance(result, Table)
    assert len(result.rows) == 1


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_parameter_breaks_out_of_its_literal(value: str) -> None:
    empty = GraphStore(Store())
    result = run(empty, with_parameters(BY_NAME, {"name": value}), load_ontology())
    assert isinstance(result, Table)
    assert result.rows == []


def test_unknown_parameter_is_refused() -> None:
    with pytest.raises(UsageError, match="takes: name"):
        with_parameters(BY_NAME, {"nam": "x"})


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "SELECT * { service silent <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "SELECT * { SERVICE#c\n<http://127.0.0.1:1/> { ?s ?p ?o } }",
        "PREFIX s: <http://127.0.0.1:1/> SELECT * { SERVICE s:q { ?s ?p ?o } }",
        "SELECT * { FILTER EXISTS { SERVICE ?x { ?s ?p ?o } } }",
        "SELECT * { ?s ?p '''it''' . SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
    ],
)
def test_service_is_refused_in_any_spelling(store: GraphStore, text: str) -> None:
    with pytest.raises(UsageError, match="SERVICE"):
        run(store, text, load_ontology())


def test_the_word_service_is_allowed_in_names_and_strings(store: GraphStore) -> None:
    run(
        store,
        "SELECT ?service { ?service rdfs:label 'SERVICE' } # SERVICE",
        load_ontology(),
    )


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <a:b> <a:b> <a:b> }",
        "DELETE WHERE { ?s ?p ?o }",
        "DROP ALL",
        "CLEAR ALL",
        "LOAD <http://127.0.0.1:1/>",
        "CREATE GRAPH <a:b>",
    ],
)
def test_updates_are_refused(store: GraphStore, text: str) -> None:
    with pytest.raises(UsageError, match="wrong"):
        run(store, text, load_ontology())
    assert len(store.raw) == 9


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * " + "{" * 3000,
        "SELECT * { FILTER(" + "(" * 8000,
        "SELECT * {" + "{} UNION " * 20_000 + "{} }",
        "SELECT * { }" + " " * 70_000,
    ],
)
def test_queries_that_would_overwhelm_the_parser_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        refuse_unsafe(text)


def test_an_error_names_the_place_in_the_users_text(store: GraphStore) -> None:
    with pytest.raises(UsageError, match="line 1, column"):
        run(store, "SELEC ?x WHERE { ?x ?p ?o }", load_ontology())


def test_saved_questions_say_what_they_answer() -> None:
    saved = saved_queries(queries_folder())
    assert len(saved) >= 12
    for query in saved.values():
        assert query.summary.endswith("?"), query.name
        assert "ORDER BY" in query.text, query.name
        run(GraphStore(Store()), with_parameters(query, {}), load_ontology())


def test_saved_questions_use_only_terms_that_exist() -> None:
    import re

    ontology = load_ontology()
    turtle = "".join(
        p.read_text("utf-8") for p in sorted(Path("ontology").glob("*.ttl"))
    )
    declared = set(re.findall(r"^kg:(\w+)", turtle, re.MULTILINE))
    for query in saved_queries(queries_folder()).values():
        used = set(re.findall(r"\bkg:(\w+)", query.text))
        assert used <= declared | set(ontology.classes), query.name


def test_a_triple_leaves_the_merge_with_its_last_graph(store: GraphStore) -> None:
    everything = "SELECT ?l WHERE { ?x rdfs:label ?l }"
    for graph, rows in (("a-1", 3), ("b-2", 0)):
        store.replace(f"https://kg.internal/document/{graph}", ())
        result = run(store, everything, load_ontology())
        assert isinstance(result, Table)
        assert len(result.rows) == rows
