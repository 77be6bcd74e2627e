"""What changed between two graphs, and where sources contradict each other."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from graphs import sample

from kg.cli import main
from kg.conflicts import conflicts
from kg.diff import Change, diff, load_records
from kg.errors import UsageError
from kg.ontology import load_ontology


def test_equal_graphs_have_no_difference() -> None:
    assert diff(sample(), sample()) == []


def test_what_appears_vanishes_and_changes_its_status_is_told() -> None:
    old, new = sample(), copy.deepcopy(sample())
    gone = new["facts"].pop(0)
    changed = next(f for f in new["facts"] if f["status"] == "planned")
    changed["status"] = "done"
    names = {e["id"]: e["label"] for e in old["entities"]}

    def what(fact: dict) -> str:
        return f"{names[fact['subject']]} {fact['predicate']} {names[fact['object']]}"

    found = diff(old, new)
    assert Change("fact", what(gone), gone["status"], None) in found
    assert Change("fact", what(changed), "planned", "done") in found
    assert len(found) == 2
    turned = diff(new, old)
    assert Change("fact", what(gone), None, gone["status"]) in turned


def test_a_file_that_is_no_export_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("[1]", "utf-8")
    with pytest.raises(UsageError, match=r"no export|cannot read"):
        load_records(path, load_ontology())


def test_the_command_marks_each_line(tmp_path: Path) -> None:
    old, new = sample(), copy.deepcopy(sample())
    new["facts"].pop(0)
    for name, records in (("old", old), ("new", new)):
        (tmp_path / name).write_text(json.dumps(records), "utf-8")
    result = CliRunner().invoke(
        main, ["diff", str(tmp_path / "old"), str(tmp_path / "new")]
    )
    assert result.exit_code == 0
    assert result.output.startswith("- fact ")


def told() -> dict[str, list[dict[str, Any]]]:
    """Return the sample with the predicates that the ontology has."""
    records = copy.deepcopy(sample())
    known = load_ontology().predicates
    records["facts"] = [f for f in records["facts"] if f["predicate"] in known]
    return records


def test_who_says_so_and_who_says_not_stand_side_by_side() -> None:
    records = told()
    ontology = load_ontology()
    before = len(conflicts(records, ontology))
    fact = copy.deepcopy(next(f for f in records["facts"] if f["status"] == "done"))
    fact["status"], fact["id"] = "denied", "elsewhere"
    records["facts"].append(fact)
    found = conflicts(records, ontology)
    assert len(found) == before + 1
    assert {"done", "denied"} in [{s["status"] for s in c.sides} for c in found]


def test_a_law_of_two_polities_is_a_contradiction() -> None:
    records = told()
    law = next(e["id"] for e in records["entities"] if e["type"] == "Law")
    polities = [e["id"] for e in records["entities"] if e["type"] == "Polity"][:2]
    template = records["facts"][0]
    for number, polity in enumerate(polities):
        records["facts"].append(
            {
                **template,
                "id": f"new-{number}",
                "subject": law,
                "predicate": "jurisdiction",
                "object": polity,
                "status": "done",
            }
        )
    found = conflicts(records, load_ontology())
    assert any(c.reason == "there can be only one" for c in found)
