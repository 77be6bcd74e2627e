"""Cases: a folder holds a text and what a careful reader takes from it, a line a fact."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from kg.annotate import annotate
from kg.model import Document
from kg.pipeline import load_pipeline
from kg.resolve import resolve
from kg.state import state

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir())


def stated(text: str) -> set[str]:
    """Return the facts and sums of a text as the lines of ``expected.txt``."""
    document = Document("case", "case.txt", text, "0" * 64)
    annotation = annotate(document, load_pipeline())
    resolution = resolve([(document.id, annotation)])
    graph = state(document, annotation, resolution)
    names = {named.entity.id: named.entity.label for named in graph.entities}

    def listed(ids: tuple[str, ...]) -> str:
        return ", ".join(names[i] for i in ids) or "nobody"

    def speaker(id_: str | None) -> str:
        return f", says {names[id_]}" if id_ else ""

    facts = {
        f"{names[f.subject]} {f.predicate} {names[f.object]} {f.status}"
        + speaker(f.attributed_to)
        for f in graph.facts
    }
    money = {
        f"{m.kind} {m.currency} {Decimal(m.amount or 0):f} {listed(m.payer)} -> "
        f"{listed(m.recipient)} {m.status}" + speaker(m.attributed_to)
        for m in graph.money
    }
    return facts | money


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case_states_what_a_reader_would(case: Path) -> None:
    expected = set((case / "expected.txt").read_text("utf-8").splitlines())
    assert stated((case / "text.txt").read_text("utf-8")) == expected


def test_all_cases_are_collected() -> None:
    assert len(CASES) == 26
