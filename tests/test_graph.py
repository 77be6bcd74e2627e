"""The graph in Python: what scripts and notebooks get."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from servers import OXIGRAPH, oxigraph

import kg
from kg.cli import main
from kg.errors import UsageError

OURS = "https://kg.internal/ontology#"
TEXT = "President Emmanuel Macron of France pledged €40 million for Mistral AI."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graph")
    (folder / "a.txt").write_text(TEXT, "utf-8")
    report = kg.build([folder / "a.txt"], str(folder / "output"))
    assert report.added
    return folder / "output"


def test_a_graph_gives_records(folder: Path) -> None:
    graph = kg.open(folder)
    assert [d["path"] for d in graph.documents] == ["a.txt"]
    assert "Mistral AI" in {e["label"] for e in graph.entities}
    leads = next(f for f in graph.facts if f["predicate"] == "leads")
    assert leads["evidence"]["text"] == TEXT
    assert graph.money[0]["amount"] == "40000000"
    assert graph.money[0]["status"] == "planned"


def test_a_graph_is_asked_in_sparql(folder: Path) -> None:
    graph = kg.open(folder)
    rows = graph.query("SELECT ?who ?name { ?who a kg:Company ; rdfs:label ?name }")
    assert isinstance(rows, kg.Rows)
    assert len(rows) == 1
    (row,) = rows
    assert row["name"] == "Mistral AI"
    assert str(row["who"]).endswith("/entity/company/mistral-ai")
    assert "<td>Mistral AI</td>" in rows._repr_html_()
    assert graph.query("ASK { ?x a kg:Company }") is True
    assert "kg:Person" in str(graph.query("CONSTRUCT WHERE { ?x a kg:Person }"))
    with pytest.raises(UsageError):
        graph.query("DROP ALL")


def test_names_are_shown_and_words_found(folder: Path) -> None:
    graph = kg.open(folder)
    (found,) = graph.show("mistral ai")
    assert found.entity["label"] == "Mistral AI"
    assert found.money
    assert graph.search("pledged")
    with pytest.raises(UsageError, match="did you mean Mistral AI"):
        graph.show("Mistal AI")


def test_networkx_and_rdflib_get_the_same_graph(folder: Path) -> None:
    from rdflib import Dataset, URIRef

    graph = kg.open(folder)
    linked = graph.to_networkx()
    assert linked.has_node("company/mistral-ai")
    dataset = graph.to_rdflib()
    assert isinstance(dataset, Dataset)
    people = set(dataset.query(f"SELECT ?x {{ ?x a <{OURS}Person> }}"))
    assert len(people) == 1
    (macron,) = people.pop()
    leads = URIRef(OURS + "leads")
    assert len(list(dataset.quads((macron, leads, None, None)))) == 2
    named = [g for g in dataset.graphs() if "/document/" in str(g.identifier)]
    assert len(named) == 1


def test_a_graph_is_read_again_after_a_build(tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("Arthur Mensch leads Mistral AI.", "utf-8")
    kg.build([text], tmp_path / "output")
    graph = kg.open(tmp_path / "output")
    assert "1 documents, 2 entities" in repr(graph)
    assert "<td>Companies</td><td>1</td>" in graph._repr_html_()
    text.write_text("Sam Altman leads OpenAI.", "utf-8")
    kg.build([text], tmp_path / "output")
    assert {e["label"] for e in graph.entities} == {"Sam Altman", "OpenAI"}


@pytest.mark.skipif(OXIGRAPH is None, reason="the oxigraph server is not installed")
def test_a_graph_on_a_server_is_used_alike(folder: Path, tmp_path: Path) -> None:
    with oxigraph() as address:
        kg.build([folder.parent / "a.txt"], tmp_path / "output", server=address)
        there, here = kg.open(tmp_path / "output"), kg.open(folder)
        assert there.facts == here.facts
        count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
        assert there.query(count) == here.query(count)
        leads = f"SELECT ?s ?o {{ ?s <{OURS}leads> ?o }}"
        found = [set(g.to_rdflib().query(leads)) for g in (there, here)]
        assert found[0] == found[1] != set()


def test_importing_the_package_imports_nothing_else() -> None:
    code = (
        "import sys, kg; sys.exit('kg.graph' in sys.modules or 'spacy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    with pytest.raises(AttributeError):
        kg.nothing  # noqa: B018


def test_parts_of_a_graph_are_drawn_beside_it(folder: Path) -> None:
    def view(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["view", "-o", str(folder), *arguments])

    near = view("--around", "Emmanuel Macron")
    page = Path(near.output.strip())
    assert page.name == "graph-around-emmanuel-macron.html"
    assert "Macron" in page.read_text("utf-8")
    assert view("--query", "CONSTRUCT WHERE { ?x kg:leads ?y }").exit_code == 0
    assert view("--min-confidence", "0.99", "--around", "France").exit_code == 0
    assert "CONSTRUCT or DESCRIBE" in view("--query", "ASK { ?x a kg:Law }").stderr
    assert "did you mean" in view("--around", "Emanuel Macron").stderr
