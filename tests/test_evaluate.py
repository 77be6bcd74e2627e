"""Measuring the graph against gold files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kg.errors import UsageError
from kg.evaluate import evaluate, name_key
from kg.ontology import load_ontology


def entity(id_: str, type_: str, label: str, *aliases: str) -> dict[str, Any]:
    return {
        "id": id_,
        "type": type_,
        "label": label,
        "aliases": list(aliases),
        "documents": ["d-1"],
    }


def fact(s: str, p: str, o: str, status: str = "done") -> dict[str, Any]:
    return {
        "subject": s,
        "predicate": p,
        "object": o,
        "status": status,
        "document": "d-1",
    }


@pytest.fixture
def records() -> dict[str, list[dict[str, Any]]]:
    return {
        "documents": [{"id": "d-1", "path": "news/talks.txt"}],
        "entities": [
            entity("company/mistral", "Company", "Mistral AI", "Mistral"),
            entity("polity/france", "Polity", "France"),
            entity("company/le-chat", "Company", "Le Chat"),
            entity("person/nobody", "Person", "Nobody"),
        ],
        "facts": [
            fact("company/mistral", "basedIn", "polity/france"),
            fact("polity/france", "partnersWith", "company/mistral"),
            fact("person/nobody", "leads", "company/mistral"),
        ],
        "money": [
            {
                "id": "m",
                "document": "d-1",
                "kind": "Investment",
                "amount": "105000000",
                "currency": "EUR",
                "status": "done",
                "payer": ["polity/france"],
                "recipient": ["company/mistral"],
            }
        ],
    }


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    wanted = {
        "doc": "talks",
        "entities": [
            {"id": "e1", "type": "Company", "names": ["Mistral"]},
            {"id": "e2", "type": "Polity", "names": ["the France"]},
            {"id": "e3", "type": "Product", "names": ["Le Chat"]},
            {"id": "e4", "type": "Law", "names": ["AI Act"]},
            {"id": "e5", "type": "Law", "names": ["DMA"], "optional": True},
        ],
        "relations": [
            {"s": "e1", "p": "basedIn", "o": "e2", "status": "done", "core": True},
            {
                "s": "e1",
                "p": "partnersWith",
                "o": "e2",
                "status": "planned",
                "core": False,
            },
            {"s": "e1", "p": "develops", "o": "e3", "status": "done", "core": True},
            {"s": "e4", "p": "regulates", "o": "e1", "status": "done", "core": False},
        ],
        "money": [
            {
                "kind": "Investment",
                "amount": 105100000,
                "currency": "EUR",
                "status": "planned",
                "payer": ["e4"],
                "recipient": ["e1"],
            }
        ],
    }
    (tmp_path / "talks.json").write_text(json.dumps(wanted), "utf-8")
    return tmp_path


def test_each_measure(records: Any, gold: Path) -> None:
    result = evaluate(records, gold, load_ontology())
    scores = result.scores
    assert (scores["entities"].right, scores["entities"].wrong) == (3, 1)
    assert scores["entities"].missed == 1  # the AI Act; the DMA is optional
    assert (scores["classes"].right, scores["classes"].missed) == (2, 2)
    # Right: basedIn, and partnersWith turned around; wrong: leads; missed: develops.
    relations = scores["relations"]
    assert (relations.right, relations.wrong, relations.missed) == (2, 1, 1)
    assert relations.precision == pytest.approx(2 / 3)
    assert relations.recall == pytest.approx(1 / 2)  # of core facts alone
    assert (scores["money"].right, scores["money kinds"].right) == (1, 0)
    assert (scores["money roles"].right, scores["money roles"].wrong) == (1, 1)
    # The partnership and the sum are plans that the graph calls done.
    assert result.asserted == 2
    assert result.figures()["status.accuracy"] == pytest.approx(1 / 3, abs=1e-4)
    assert "talks: missed fact Mistral develops Le Chat" in result.errors


def test_a_document_that_is_not_in_the_graph_counts_as_missed(
    records: Any, gold: Path
) -> None:
    empty = {key: [] for key in records}
    result = evaluate(empty, gold, load_ontology())
    assert result.missing == ["talks"]
    assert result.scores["entities"].missed == 4
    assert result.scores["relations"].f1 == 0.0


def test_a_folder_without_gold_is_refused(records: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no gold files"):
        evaluate(records, tmp_path, load_ontology())
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(UsageError, match="no gold file"):
        evaluate(records, tmp_path, load_ontology())


@pytest.mark.parametrize(
    ("part", "wrong", "said"),
    [
        ("entities", [{"id": "e0", "type": "Planet", "names": ["X"]}], "no class 'Planet'"),
        ("relations", [{"s": "e0", "p": "partof", "o": "e1"}], "no predicate 'partof'"),
        ("relations", [{"s": "e1", "p": "leads", "o": "zz"}], "no entity 'zz'"),
        ("money", [{"amount": "lots", "currency": "EUR"}], "could not convert"),
        ("money", [{"amount": 5}], "'currency' is missing"),
    ],
)  # fmt: skip
def test_gold_that_could_only_count_as_missed_is_refused(
    records: Any, gold: Path, part: str, wrong: list[Any], said: str
) -> None:
    path = gold / "talks.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {part: wrong}))
    with pytest.raises(UsageError, match=f"talks.json is no gold file: {said}"):
        evaluate(records, gold, load_ontology())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the White House", "White House"),
        ("Google’s", "Google"),
        ("SENATE", "Senate"),
        ("S.B. 53", "SB 53"),
    ],
)
def test_names_that_count_as_the_same(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)
