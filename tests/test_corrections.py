"""Decisions of people: one readable file, applied at each build, taken back at will."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from kg.building import build
from kg.cli import main
from kg.corrections import add_correction, parse, read_corrections, undo_correction
from kg.errors import UsageError
from kg.export import export
from kg.ontology import load_ontology
from kg.store import GraphStore

TEXT = (
    "BRUSSELS, 12 March 2025 - Ana Duarte, chief executive of Nordlys AI, said the start-up "
    "has raised €30 million from Fjord Capital.\n\n"
    "Nordlys AI competes with OpenAI.\n"
)


def test_decisions_are_read_with_comments_and_names_of_several_words() -> None:
    text = (
        "# what we know better\n\nrename law/ai-act  Artificial Intelligence Act  # long\n"
        "merge law/a law/b\nreject doc-1/investment-30-abc\n"
    )
    found = parse(text, load_ontology())
    assert [(c.line, c.verb, c.parts) for c in found] == [
        (3, "rename", ("law/ai-act", "Artificial Intelligence Act")),
        (4, "merge", ("law/a", "law/b")),
        (5, "reject", ("doc-1/investment-30-abc",)),
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("marry law/a law/b", "no verb 'marry'"),
        ("merge law/a", "merge is followed by ENTITY ENTITY"),
        ("merge law/a law/a", "the same"),
        ("retype law/a Statute", "no class 'Statute'"),
        ("reject person/a loves person/b", "no predicate 'loves'"),
        ("reject person/a leads", "SUBJECT PREDICATE OBJECT"),
    ],
)
def test_a_line_that_is_no_decision_is_named(line: str, why: str) -> None:
    with pytest.raises(UsageError, match=f"corrections.txt:2: .*{why}"):
        parse("# head\n" + line, load_ontology())


def test_undo_takes_the_last_decision_and_leaves_comments(tmp_path: Path) -> None:
    path = tmp_path / "new" / "corrections.txt"
    assert undo_correction(path) is None
    add_correction(path, "merge", ("law/a", "law/b"))
    path.write_text("# ours\n" + path.read_text("utf-8") + "# end", "utf-8")
    add_correction(path, "rename", ("law/b", "The B Act"))
    assert undo_correction(path) == "rename law/b The B Act"
    assert undo_correction(path) == "merge law/a law/b"
    assert undo_correction(path) is None
    assert read_corrections(path, load_ontology()) == ()
    assert path.read_text("utf-8") == "# ours\n# end\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corrected")
    (folder / "news.txt").write_text(TEXT, "utf-8")
    build([str(folder / "news.txt")], folder / "out")
    return folder


def kg(folder: Path, *arguments: str) -> str:
    result = CliRunner().invoke(main, [*arguments, "-o", str(folder / "out")])
    assert result.exit_code == 0, result.output
    return str(result.output)


def nquads(folder: Path) -> bytes:
    return export(GraphStore.open(folder / "out"), load_ontology(), "nq")


def test_decisions_survive_a_rebuild_and_undo_brings_back_every_byte(
    built: Path,
) -> None:
    before = nquads(built)
    kg(built, "correct", "rename", "Nordlys AI", "Nordlys")
    kg(built, "correct", "retype", "Nordlys", "Organization")
    kg(built, "correct", "reject", "Nordlys", "competesWith", "OpenAI")
    corrected = nquads(built)
    shown = kg(built, "show", "Nordlys")
    assert "Nordlys  Organisation" in shown
    assert "competes" not in shown
    build([str(built / "news.txt")], built / "out")
    assert nquads(built) == corrected
    kept = (built / "out" / "corrections.txt").read_text("utf-8")
    (built / "again").mkdir()
    (built / "again" / "corrections.txt").write_text(kept, "utf-8")
    build([str(built / "news.txt")], built / "again")
    fresh = export(GraphStore.open(built / "again"), load_ontology(), "nq")
    assert fresh == corrected
    for _ in range(3):
        kg(built, "correct", "undo")
    assert nquads(built) == before


def test_a_sum_is_rejected_by_its_id(built: Path) -> None:
    from kg.records import read_records

    ontology = load_ontology()
    (event,) = read_records(GraphStore.open(built / "out"), ontology)["money"]
    kg(built, "correct", "reject", event["id"])
    assert read_records(GraphStore.open(built / "out"), ontology)["money"] == []
    kg(built, "correct", "undo")


def test_a_decision_on_nothing_is_refused_and_leaves_no_line(built: Path) -> None:
    result = CliRunner().invoke(
        main,
        ["correct", "reject", "OpenAI", "owns", "Nordlys AI", "-o", str(built / "out")],
    )
    assert result.exit_code == 2
    assert "nothing in the graph is meant" in result.output
    assert kg(built, "correct", "list") == ""


def test_a_decision_that_meets_nothing_any_more_is_told_at_each_build(
    built: Path,
) -> None:
    path = built / "out" / "corrections.txt"
    path.write_text("rename law/gone-act Gone\n", "utf-8")
    report = build([str(built / "news.txt")], built / "out")
    assert any("correction 1 meets nothing" in note.text for note in report.notes)
    path.unlink()


def test_a_slip_in_the_file_costs_nothing_but_the_command(built: Path) -> None:
    before = nquads(built)
    path = built / "out" / "corrections.txt"
    path.write_text("renam law/gone-act Gone\n", "utf-8")
    with pytest.raises(UsageError, match=r"corrections\.txt:1"):
        build([str(built / "news.txt")], built / "out")
    path.unlink()
    assert nquads(built) == before


def test_the_file_may_lie_elsewhere_and_is_remembered(
    built: Path, tmp_path: Path
) -> None:
    (tmp_path / "ours.txt").write_text("rename company/openai OpenAI Inc\n", "utf-8")
    output = tmp_path / "out"
    build([str(built / "news.txt")], output, corrections=tmp_path / "ours.txt")
    build([str(built / "news.txt")], output)
    assert b"OpenAI Inc" in export(GraphStore.open(output), load_ontology(), "nq")


def test_review_takes_down_what_is_answered_and_takes_back(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kg.review import Question, review

    pair = Question(
        "pair", "same?", "", ("company/openai", "company/nordlys-ai"), False
    )
    fact = Question(
        "fact",
        "so?",
        "news.txt: …",
        ("company/nordlys-ai", "competesWith", "company/openai", "doc"),
        True,
    )
    monkeypatch.setattr("kg.review.questions", lambda _: [pair, fact, fact])
    answers = iter(
        # an unknown key; keep apart; take back, and rename instead; skip; reject; done
        ["x", "a", "u", "n", "2", "Nordlys", "s", "r"]
    )
    told: list[str] = []
    assert review(built / "out", ask=lambda *_, **__: next(answers), tell=told.append)
    path = built / "out" / "corrections.txt"
    assert path.read_text("utf-8").splitlines() == [
        "rename company/nordlys-ai Nordlys",
        "reject company/nordlys-ai competesWith company/openai doc",
    ]
    assert "no 'x' here" in told
    assert told[-1] == "2 decided"
    # There is no document of that id: the decision meets nothing, and that is told.
    assert any("correction 2 meets nothing" in line for line in told)
    assert "Nordlys" in kg(built, "list", "Company")
    path.unlink()
    build([str(built / "news.txt")], built / "out")


def test_review_asks_about_the_least_sure_facts_first(tmp_path: Path) -> None:
    from kg.review import NEAR, questions

    build(
        [str(Path(__file__).parent.parent / "corpus" / "brazil-ai-bill.txt")], tmp_path
    )
    distances = [q.distance for q in questions(tmp_path) if q.kind == "fact"]
    assert distances == sorted(distances)
    assert all(distance <= NEAR for distance in distances)


def test_review_asks_about_names_that_nearly_agree_once(tmp_path: Path) -> None:
    from kg.review import questions

    (tmp_path / "a.txt").write_text("Nordlys AI has raised €30 million.\n", "utf-8")
    (tmp_path / "b.txt").write_text("Nordlyss AI has raised €30 million.\n", "utf-8")
    output = tmp_path / "out"
    build([str(tmp_path)], output)
    pairs = [q for q in questions(output) if q.kind == "pair"]
    assert [set(q.ids) for q in pairs] == [
        {"company/nordlys-ai", "company/nordlyss-ai"}
    ]
    kg(tmp_path, "correct", "apart", "Nordlys AI", "Nordlyss AI")
    assert [q for q in questions(output) if q.kind == "pair"] == []


def test_review_asks_whether_namesakes_told_apart_are_one() -> None:
    from kg.model import Entity
    from kg.ontology import load_ontology
    from kg.review import _pairs

    smiths = [
        Entity("person/john-smith-acme", "Person", "John Smith (Acme)"),
        Entity("person/john-smith-ohio", "Person", "John Smith (Ohio)"),
        Entity("person/jane-poe", "Person", "Jane Poe"),
    ]
    asked = [question.ids for question in _pairs(smiths, load_ontology())]
    assert asked == [("person/john-smith-acme", "person/john-smith-ohio")]


def test_a_fact_decided_for_all_documents_is_not_asked_again(tmp_path: Path) -> None:
    from kg.review import questions

    output = tmp_path / "out"
    build([str(Path(__file__).parent.parent / "corpus" / "brazil-ai-bill.txt")], output)
    first = next(q for q in questions(output) if q.kind == "fact")
    kg(tmp_path, "correct", "reject", *first.ids[:3])
    assert first.ids not in [q.ids for q in questions(output)]
