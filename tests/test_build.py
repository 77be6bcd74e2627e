"""A build reads what changed, loses nothing, and gives the same graph each time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kg.building import build, remove
from kg.deep import damage
from kg.errors import StoreError, UsageError
from kg.export import export
from kg.ontology import load_ontology
from kg.records import read_records
from kg.store import GraphStore

NEWS = {
    "garante.txt": "Italy's privacy watchdog, the Garante, fined OpenAI €15 million over "
    "how it trained ChatGPT.\n\nOpenAI said it would appeal.\n",
    "mistral.txt": "Paris-based Mistral AI has raised €105 million from Lightspeed Venture "
    "Partners. Mistral AI competes with OpenAI.\n",
    "macron.txt": "Emmanuel Macron, president of France, said France will invest €40 "
    "million in an open-source commons.\n",
}


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    for name, text in NEWS.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def nquads(output: Path) -> bytes:
    return export(GraphStore.open(output), load_ontology(), "nq")


def records(output: Path) -> dict[str, list[dict]]:
    return read_records(GraphStore.open(output), load_ontology())


def test_build_again_finds_nothing_to_do(texts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    first = build([str(texts)], output)
    before = nquads(output)
    again = build([str(texts)], output)
    assert sorted(first.added) == sorted(NEWS)
    assert (again.added, again.replaced, again.restated) == ((), (), 0)
    assert sorted(again.unchanged) == sorted(NEWS)
    assert nquads(output) == before


def test_build_gives_the_same_bytes_in_any_order_and_from_any_folder(
    texts: Path, tmp_path: Path
) -> None:
    build([str(texts)], tmp_path / "whole")
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(texts, elsewhere)
    for name in sorted(NEWS, reverse=True):
        build([str(elsewhere / name)], tmp_path / "pieces")
    assert nquads(tmp_path / "whole") == nquads(tmp_path / "pieces")


def test_build_gives_the_same_bytes_with_any_number_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = Path(__file__).parent.parent / "corpus"
    monkeypatch.setattr("kg.annotating.FEW", 1)
    for number in (1, 3):
        monkeypatch.setattr("kg.annotating.cores", lambda n=number: n)
        build([str(corpus)], tmp_path / str(number))
    assert nquads(tmp_path / "1") == nquads(tmp_path / "3")


def test_build_replaces_a_changed_file(texts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    build([str(texts)], output)
    (texts / "mistral.txt").write_text(
        "Aleph Alpha has raised $500 million.\n", "utf-8"
    )
    report = build([str(texts)], output)
    assert report.replaced == ("mistral.txt",)
    assert report.documents == len(NEWS)
    amounts = {event["amount"] for event in records(output)["money"]}
    assert "500000000" in amounts
    assert "105000000" not in amounts


def test_build_that_ends_before_it_tells_who_is_meant_goes_on(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out"
    first, *others = sorted(texts.iterdir())
    build([str(first)], output)

    def full(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr("kg.building._restate", full)
        with pytest.raises(StoreError):
            build([str(texts)], output)
    assert list(damage(output)) == []
    again = build([str(texts)], output)
    assert len(again.unchanged) == len(NEWS)
    assert again.restated >= len(others)
    assert list(damage(output)) == []
    build([str(texts)], tmp_path / "whole")
    assert nquads(output) == nquads(tmp_path / "whole")


def test_build_prunes_only_when_asked(texts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    build([str(texts)], output)
    (texts / "macron.txt").unlink()
    assert build([str(texts)], output).documents == len(NEWS)
    report = build([str(texts)], output, prune=True)
    assert report.documents == len(NEWS) - 1
    assert len(report.removed) == 1


def test_bad_inputs_cost_only_themselves(texts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    build([str(texts)], output)
    before = nquads(output)
    empty = tmp_path / "empty.txt"
    empty.touch()
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and then nothing")
    bare = tmp_path / "bare"
    bare.mkdir()
    missing = tmp_path / "missing.txt"
    report = build([str(p) for p in (empty, broken, bare, missing)], output)
    assert len(report.failed) == 4
    for error in report.failed:
        assert "\n" not in str(error)
    assert nquads(output) == before


def test_failed_reading_keeps_what_was_known(texts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    build([str(texts)], output)
    before = nquads(output)
    (texts / "mistral.txt").write_bytes(b"")
    report = build([str(texts)], output)
    assert [Path(e.path).name for e in report.failed] == ["mistral.txt"]
    assert nquads(output) == before


def test_only_done_facts_are_plain_triples(texts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    build([str(texts)], output)
    ontology = load_ontology()
    store = GraphStore.open(output)
    predicates = {ontology.iri(name) for name in ontology.predicates}
    plain = sum(q.predicate.value in predicates for q in store.all_quads())
    facts = records(output)["facts"]
    done = [f for f in facts if ontology.statuses[f["status"]].asserted]
    triples = {(f["subject"], f["predicate"], f["object"]) for f in done}
    assert plain == len(triples)
    assert plain > 0


def test_evidence_stands_at_its_offsets(texts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    build([str(texts)], output)
    found = records(output)
    paths = {document["id"]: document["path"] for document in found["documents"]}
    said = found["facts"] + found["money"]
    assert len(said) >= 5
    for item in said:
        text = NEWS[paths[item["document"]]]
        evidence = item["evidence"]
        assert text[evidence["start"] : evidence["end"]] == evidence["text"]
        start, end = evidence["object"]
        assert text[start:end].strip() == text[start:end] != ""


def test_remove_takes_a_document_out(texts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    build([str(texts)], output)
    remove([str(texts / "macron.txt")], output)
    paths = {document["path"] for document in records(output)["documents"]}
    assert paths == {"garante.txt", "mistral.txt"}
    with pytest.raises(UsageError, match="no document"):
        remove(["macron.txt"], output)


def test_remove_asks_which_of_two_documents_of_one_path_is_meant(
    texts: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "macron.txt").write_text("Emmanuel Macron leads France.\n", "utf-8")
    output = tmp_path / "out"
    build([str(texts), str(other)], output)
    with pytest.raises(UsageError, match=rf"any of .*{other}.*: give the id"):
        remove(["macron.txt"], output)
    assert len(remove([str(other / "macron.txt")], output)) == 1
    assert len(remove(["macron.txt"], output)) == 1


def test_decisions_are_never_left_out_because_their_file_is_gone(
    texts: Path, tmp_path: Path
) -> None:
    output, decided = tmp_path / "out", tmp_path / "decided.txt"
    with pytest.raises(UsageError, match="no such file"):
        build([str(texts)], output, corrections=decided)
    decided.write_text("reject mistral-ai competesWith openai\n", "utf-8")
    build([str(texts)], output, corrections=decided)
    before = nquads(output)
    decided.unlink()
    with pytest.raises(UsageError, match=r"put .* back"):
        build([str(texts)], output)
    assert nquads(output) == before


def test_a_short_name_joins_the_full_name_of_another_document(
    texts: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    (texts / "later.txt").write_text(
        "Macron met Xi Jinping, president of China.\n", "utf-8"
    )
    build([str(texts)], output)
    named = [e for e in records(output)["entities"] if "Macron" in e["label"]]
    assert len(named) == 1
    assert len(named[0]["documents"]) == 2


def test_base_of_iris_is_settled_once(texts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    build([str(texts)], output, base="https://graph.test/policy/")
    assert all(
        iri.startswith("https://graph.test/policy/document/")
        for iri in GraphStore.open(output).documents()
    )
    with pytest.raises(UsageError, match="begin with"):
        build([str(texts)], output, base="https://other.test/")


def test_a_second_build_at_the_same_time_is_refused(
    texts: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    holder = GraphStore.open(output, writable=True)
    with pytest.raises(StoreError, match="in use"):
        build([str(texts)], output)
    del holder
