"""The corpus: what it holds, and what the saved questions find in its graph."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from kg.building import build
from kg.graph import Rows, open_graph
from kg.ontology import load_ontology
from kg.paths import queries_folder
from kg.query.saved import saved_queries, with_parameters
from kg.reading import find_sources, read, read_bytes
from kg.records import read_records
from kg.store import GraphStore
from kg.validate import validate

CORPUS = Path(__file__).parent.parent / "corpus"
QUESTIONS = saved_queries(queries_folder())


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    report = build([str(CORPUS)], folder)
    assert report.failed == ()
    return folder


def test_corpus_holds_thirty_texts_of_readable_length_with_their_metadata() -> None:
    sources = find_sources([str(CORPUS)]).found
    metadata = tomllib.loads((CORPUS / "metadata.toml").read_text("utf-8"))
    assert len(sources) >= 30
    assert set(metadata) == {source.path for source in sources}
    for source in sources:
        words = len(read(source, read_bytes(source)).text.split())
        assert 150 <= words <= 600, (source.path, words)
        assert {"title", "date", "publisher", "voice", "topic"} <= metadata[
            source.path
        ].keys()


# For each question a row that a reader of the corpus would expect, as the words in it.
EXPECTED = {
    "claims-by-speaker": (),
    "denied": ("OpenAI", "ChatGPT"),
    "exemptions-and-duties": ("exempts", "Hugging Face", "possible"),
    "fines": ("Clearview AI", "€30.5 million"),
    "funding-rounds": ("Anthropic", "$2 billion"),
    "investigations": ("New York Times", "OpenAI"),
    "largest-sums": ("$500 billion", "USD"),
    "laws-by-jurisdiction": ("European Union",),
    "most-named": ("OpenAI", "Company"),
    "planned-money": ("Canada", "CAD 2.4 billion"),
    "planned-not-done": ("International Telecommunication Union", "launches"),
    "products-by-company": ("OpenAI", "ChatGPT"),
    "public-money": ("France", "€40 million"),
    "rivals-and-partners": ("Anthropic", "OpenAI"),
    "stance-on-law": ("European Parliament",),
    "who-is-where": ("UNESCO", "Paris"),
    "who-leads-what": ("Narendra Modi", "India"),
}


def test_every_question_is_expected() -> None:
    assert EXPECTED.keys() == QUESTIONS.keys()


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_question_finds_what_the_corpus_says(output: Path, name: str) -> None:
    text = with_parameters(QUESTIONS[name], {})
    result = open_graph(output).query(text)
    assert isinstance(result, Rows)
    rows = [[str(cell) for cell in row] for row in result.rows]
    assert any(set(EXPECTED[name]) <= set(row) for row in rows), rows


def test_a_pledge_is_a_plan_and_a_round_is_done(output: Path) -> None:
    records = read_records(GraphStore.open(output), load_ontology())
    (document,) = [
        d["id"]
        for d in records["documents"]
        if d["path"] == "france-open-source-ai-push.txt"
    ]
    events = {m["label"]: m for m in records["money"] if m["document"] == document}
    assert events["€40 million"]["status"] == "planned"
    assert events["€40 million"]["payer"] == ["polity/france"]
    assert events["€500 million"]["status"] == "planned"
    assert events["€105 million"]["status"] == "done"
    assert events["€105 million"]["recipient"] == ["company/mistral-ai"]


def test_corpus_graph_is_sound(output: Path) -> None:
    assert validate(output, load_ontology()) == []
