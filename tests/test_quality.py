"""The quality gate: what the shipped pipeline finds in texts that it was not trained on.

``quality.toml`` holds the floors and the digest of the texts they were measured on.  When
the held-out texts change, or a floor is to be moved, somebody has to write it there.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from kg.building import build
from kg.evaluate import Evaluation, evaluate
from kg.ontology import load_ontology
from kg.records import read_records
from kg.store import GraphStore
from training.held_out import write_held_out

GATE = tomllib.loads((Path(__file__).parent / "quality.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def held_out(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("held-out")
    return folder, write_held_out(folder)


@pytest.fixture(scope="module")
def evaluation(held_out: tuple[Path, str]) -> Evaluation:
    folder, _ = held_out
    report = build([str(folder / "text")], folder / "output")
    assert not report.failed
    records = read_records(GraphStore.open(folder / "output"), load_ontology())
    return evaluate(records, folder / "gold", load_ontology())


def test_the_floors_were_measured_on_these_texts(held_out: tuple[Path, str]) -> None:
    assert held_out[1] == GATE["texts"], (
        "the held-out texts have changed: measure again (training/README.md) and write "
        "the new digest and floors to tests/quality.toml"
    )


@pytest.mark.parametrize(("measure", "floor"), sorted(GATE["floors"].items()))
def test_no_measure_falls_below_its_floor(
    evaluation: Evaluation, measure: str, floor: float
) -> None:
    assert evaluation.figures()[measure] >= floor


@pytest.mark.parametrize(("measure", "ceiling"), sorted(GATE["ceilings"].items()))
def test_no_error_rises_above_its_ceiling(
    evaluation: Evaluation, measure: str, ceiling: float
) -> None:
    assert evaluation.figures()[measure] <= ceiling
