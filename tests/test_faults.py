"""What must hold when files are bad, processes die and disks fail: the quick part.

``python -m tests.faults`` tries the same with large numbers.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from annotations import annotation
from asked import DOCUMENTS, store_sample
from faults import kills, writes
from faults.hostile import CHANGING, REACHING, sink
from faults.inputs import CASES, among
from faults.tried import Row
from faults.warm import Warm
from pyoxigraph import Literal, NamedNode, Quad, Store

from kg.annotate import annotate
from kg.building import build, locked, remove
from kg.deep import damage
from kg.errors import StoreError, UsageError
from kg.model import Document, Span
from kg.ontology import load_ontology
from kg.parts import LENGTH, WORDS, joined, parts
from kg.pipeline import load_pipeline
from kg.published import newest
from kg.query.guard import checked
from kg.query.worker import Worker
from kg.reading import apart
from kg.reading.apart import read_apart
from kg.resolve import resolve
from kg.settling import Settling, Stated
from kg.shelf import Shelf
from kg.state import state
from kg.store import FOLDER, GraphStore

linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="is of Linux")
QUICK = [(group, case) for group, case in CASES if not case.heavy]


def test_the_corpus_holds_84_cases() -> None:
    assert len(CASES) == 84


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("inputs")


@linux
@pytest.mark.parametrize(
    ("number", "group", "case"),
    [(n, *pair) for n, pair in enumerate(QUICK)],
    ids=[f"{group}: {case.name}" for group, case in QUICK],
)
def test_a_bad_input_costs_itself_alone(
    number: int, group: str, case: object, work: Path
) -> None:
    assert among(case, work / str(number)) == []  # type: ignore[arg-type]


# ------------------------------------------------------------------ parsers apart


@pytest.fixture
def reader() -> Iterator[int]:
    """Yield the process that parses for this thread."""
    assert "Ada" in read_apart(".md", b"Ada leads Acme.").text
    yield apart._kept.reader._process.pid
    assert "Ada" in read_apart(".md", b"Ada leads Acme.").text


def test_a_parser_that_takes_too_long_is_ended(
    reader: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "SECONDS", 0.3)
    os.kill(reader, signal.SIGSTOP)  # it will never answer
    with pytest.raises(ValueError, match=r"longer than 0\.3 s"):
        read_apart(".md", b"Ada leads Acme.")


def test_a_parser_that_dies_costs_one_file(reader: int) -> None:
    os.kill(reader, signal.SIGSTOP)
    killer = threading.Timer(0.2, os.kill, (reader, signal.SIGKILL))
    killer.start()
    with pytest.raises(ValueError, match="broke the parser"):
        read_apart(".md", b"Ada leads Acme.")
    killer.join()


@linux
def test_a_parser_has_so_much_memory_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apart, "MEMORY", 110 << 20)
    monkeypatch.setattr(apart, "_kept", threading.local())
    page = b"<p>Ada leads Acme.</p>" * 250_000
    with pytest.raises(ValueError, match="memory"):
        read_apart(".html", page)
    assert "Ada" in read_apart(".html", b"<p>Ada leads Acme.</p>").text


# ------------------------------------------------------------- long and endless texts


@pytest.mark.parametrize("paragraph", ["\n\n", "\n", ". ", " ", ""])
def test_parts_are_the_whole_text(paragraph: str) -> None:
    text = paragraph.join(["Ada leads Acme and Borealis"] * 8_000)
    found = parts(text)
    assert "".join(text[part.start : part.end] for part in found) == text
    assert max(part.end - part.start for part in found) <= LENGTH
    assert found[0].start == 0
    assert all(a.end == b.start for a, b in pairwise(found))
    assert text[: found[0].end].endswith(paragraph)


@pytest.mark.parametrize("words", ["a b ", "§.", "go. "])
def test_parts_have_so_many_words_however_short(words: str) -> None:
    text = words * 20_000
    found = parts(text)
    assert "".join(text[part.start : part.end] for part in found) == text
    most = max(part.end - part.start for part in found) / len(words) * 2
    assert WORDS / 2 < most <= WORDS


def test_what_is_found_in_parts_is_put_together() -> None:
    first = annotation(
        "Person | Ada Stone, Stone\nCompany | Acme", "Ada Stone | leads | Acme"
    )
    second = annotation(
        "Company | Acme\nPerson | Stone\nCompany | Borealis",
        "Stone | leads | Borealis\nAcme | competesWith | Borealis",
    )
    whole = joined([(0, first), (1000, second)])
    labels = {entity.key: entity.label for entity in whole.entities}
    assert sorted(labels.values()) == ["Acme", "Ada Stone", "Borealis"]
    told = [(labels[c.subject], c.predicate, labels[c.object]) for c in whole.claims]
    assert told == [
        ("Ada Stone", "leads", "Acme"),
        ("Ada Stone", "leads", "Borealis"),
        ("Acme", "competesWith", "Borealis"),
    ]
    assert whole.claims[1].evidence.start == 1000
    acme = next(e for e in whole.entities if e.label == "Acme")
    assert acme.mentions == (Span(0, 1), Span(1000, 1001))


def test_a_long_text_keeps_its_offsets() -> None:
    text = "Emmanuel Macron leads France. Macron met Xi Jinping.\n\n" + (
        "Nothing was said of it. " * 3_000
        + "President Emmanuel Macron of France spoke.\n\n"
    )
    found = annotate(Document("d", "d.txt", text, "0" * 64), load_pipeline())
    assert len(parts(text)) == 2
    said = [claim.evidence for claim in found.claims]
    assert max(evidence.start for evidence in said) > LENGTH
    assert all(text[e.start : e.end] == e.text for e in said)
    assert sum(entity.label == "Emmanuel Macron" for entity in found.entities) == 1


# -------------------------------------------------------------- what readers see


def test_a_reader_keeps_what_it_reads_while_builds_go_on(tmp_path: Path) -> None:
    output = store_sample(tmp_path)
    first = newest(output)
    assert first is not None
    with closing(GraphStore.open(output)) as reader:
        for _ in range(3):
            with closing(GraphStore.open(output, writable=True)) as store:
                store.replace(DOCUMENTS[0], ())
                store.publish(output)
        assert reader.documents() == sorted(DOCUMENTS)
        assert len(list(reader.quads(DOCUMENTS[0]))) > 0
    assert first.folder.exists()
    first.close()
    with closing(GraphStore.open(output, writable=True)) as store:
        store.publish(output)
    assert not first.folder.exists()
    assert len(list((output / "published").iterdir())) == 2  # one, and its name


def test_a_half_written_snapshot_is_removed(tmp_path: Path) -> None:
    output = store_sample(tmp_path)
    (output / "published" / "7").mkdir()
    (output / "published" / "8.tmp").mkdir()
    GraphStore.open(output, writable=True).close()
    names = {path.name for path in (output / "published").iterdir()}
    assert names == {"1", "current"}


def test_a_folder_of_an_older_version_is_read_and_then_published(
    tmp_path: Path,
) -> None:
    output = store_sample(tmp_path)
    shutil.rmtree(output / "published")
    with closing(GraphStore.open(output)) as store:
        assert store.documents() == sorted(DOCUMENTS)
    with closing(GraphStore.open(output, writable=True)) as store:
        store.replace(DOCUMENTS[0], ())
        with closing(GraphStore.open(output)) as reader:
            assert reader.documents() == sorted(DOCUMENTS)


def test_nobody_sees_a_graph_before_it_is_whole(tmp_path: Path) -> None:
    with closing(GraphStore.open(tmp_path, writable=True)) as store:
        graph = NamedNode(DOCUMENTS[0])
        store.replace(graph.value, [Quad(graph, graph, Literal("x"), graph)])
        with pytest.raises(StoreError, match="run `kg build` first"):
            GraphStore.open(tmp_path)
        with pytest.raises(StoreError, match="run `kg build` first"):
            Worker(tmp_path)


def test_a_store_that_was_never_finished_is_no_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class HalfMade:
        @staticmethod
        def read_only(_: str) -> Store:
            raise OSError("Invalid argument: Column family not found: graphs")

    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "CURRENT").touch()
    monkeypatch.setattr("kg.store.Store", HalfMade)
    with pytest.raises(StoreError, match="never finished: run `kg build` again"):
        GraphStore.open(tmp_path)


def test_a_document_counts_as_done_when_it_is_on_the_disk(tmp_path: Path) -> None:
    shelf = Shelf.open(tmp_path, writable=True)
    document = Document("a-1", "a.txt", "Ada leads Acme.", "0" * 64)
    found = annotation("Person | Ada\nCompany | Acme", "Ada | leads | Acme")
    shelf.put("/a.txt", "1", "1", document, found)
    graph = state(document, found, resolve([(document.id, found)]))
    seen: list[list[str]] = []

    class Recorded(GraphStore):
        def flush(self) -> None:
            seen.append([shelved.stated for shelved in shelf])

    with Settling(Recorded(Store(), tmp_path), shelf, 1) as settling:
        settling.replace(DOCUMENTS[0], Stated(graph, (), "digest", ()))
    assert seen == [[""]]
    assert [shelved.stated for shelved in shelf] == ["digest"]
    shelf.close()


def test_a_triple_goes_with_its_last_document_whatever_its_number(
    tmp_path: Path,
) -> None:
    """The index of a store on disk gives 256 as well when it is asked for 255."""
    store = GraphStore.open(tmp_path, writable=True)
    thing, number = NamedNode("a:thing"), NamedNode("a:number")
    for graph, value in zip(DOCUMENTS, (255, 256), strict=True):
        store.replace(graph, [Quad(thing, number, Literal(value), NamedNode(graph))])
    store.replace(DOCUMENTS[0], ())
    merged = store.raw.query("SELECT ?n { <a:thing> <a:number> ?n }")
    assert [row["n"].value for row in merged] == ["256"]  # type: ignore[union-attr]
    store.close()


# ----------------------------------------------------------------- killed and failing


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    warm = Warm()
    yield warm
    warm.close()


@linux
def test_a_build_that_is_killed_loses_and_tears_nothing(
    warm: Warm, tmp_path: Path
) -> None:
    folder = kills.texts(tmp_path / "texts", kills.SHORT)
    output = tmp_path / "out"
    by_turns = ((folder, *kills.SURE), (folder, *kills.UNSURE))
    states, seconds = kills.timed(warm, output, *by_turns, *by_turns)
    row = Row("", "")
    builds = kills.Builds(warm, output, by_turns, states[2:], seconds)
    kills.cut_off(row, builds, 4, begin=lambda _: None)
    assert row.broken == []
    assert row.tried == 5


@linux
@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_a_write_that_fails_loses_nothing(
    warm: Warm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = kills.texts(tmp_path / "short", kills.SHORT)
    build([str(folder)], tmp_path / "built")
    monkeypatch.setattr(writes, "prepared", lambda _: (folder, tmp_path / "built"))
    row = writes.failing_writes(warm, tmp_path, most=4)
    assert row.broken == []
    assert row.tried >= 12


@linux
def test_one_of_two_builds_at_once_is_told_why_not(warm: Warm, tmp_path: Path) -> None:
    folder = kills.texts(tmp_path / "short", kills.SHORT)
    output = tmp_path / "out"
    build([str(folder)], output)
    with closing(GraphStore.open(output, writable=True)):
        done = warm.kg("build", folder, "-o", output)
    assert (done.code, done.said.count("\n")) == (3, 1)
    assert "in use by another `kg build`" in done.said


# --------------------------------------------------------------------------- damage


def test_damaged_names_are_found(tmp_path: Path) -> None:
    folder = kills.texts(tmp_path / "short", kills.SHORT)
    output = tmp_path / "out"
    build([str(folder)], output)
    with closing(sqlite3.connect(output / "documents.db")) as shelf, shelf:
        shelf.execute("UPDATE ledger_entities SET label = 'Nobody'")
    ((path, message),) = damage(output)
    assert path == output / "documents.db"
    assert "run `kg build` on all texts again" in message


@pytest.mark.parametrize("kind", ["*.sst", "MANIFEST*", "CURRENT", "documents.db"])
def test_damage_is_found_and_mended(kind: str, tmp_path: Path) -> None:
    folder = kills.texts(tmp_path / "short", kills.SHORT)
    output = tmp_path / "out"
    build([str(folder)], output)
    before = kills.seen(output)
    assert list(damage(output)) == []
    where = output if kind == "documents.db" else output / FOLDER
    path = max(where.glob(kind), key=lambda p: p.stat().st_size)
    with path.open("r+b") as file:
        # The middle, where a page of the shelf begins: what follows in it may be unused.
        file.seek(path.stat().st_size // 8192 * 4096)
        file.write(b"\x55" * 64)
    found = list(damage(output))
    assert found
    assert all("run `kg build`" in said for _, said in found)
    shutil.rmtree(output / FOLDER)
    if kind == "documents.db":
        path.unlink()
    build([str(folder)], output)
    assert kills.seen(output) == before
    assert list(damage(output)) == []


def test_a_document_that_is_removed_leaves_no_graph(tmp_path: Path) -> None:
    folder = kills.texts(tmp_path / "short", kills.SHORT)
    build([str(folder)], tmp_path / "out")
    name = next(iter(kills.SHORT))
    remove([str(folder / name)], tmp_path / "out")
    assert len(kills.written(tmp_path / "out")) == len(kills.SHORT) - 1
    assert list(damage(tmp_path / "out")) == []


# -------------------------------------------------------------------------- queries


def test_no_query_reaches_out_or_changes_anything(tmp_path: Path) -> None:
    ontology = load_ontology()
    with sink() as (address, asked), closing(Worker(store_sample(tmp_path))) as worker:

        def ask(text: str) -> None:
            worker.ask(checked(text, ontology))

        for spelling in REACHING:
            with pytest.raises(UsageError):
                ask(spelling.format(address, address))
        for text in CHANGING:
            with pytest.raises(UsageError):
                ask(text)
        assert asked == []


_OFFLINE = """
import sys

def refuse(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
        raise RuntimeError(f"{event} {arguments}")

sys.addaudithook(refuse)
from kg.cli import main
main(sys.argv[1:])
"""


def test_a_build_uses_no_network(tmp_path: Path) -> None:
    folder = kills.texts(tmp_path / "texts", kills.SHORT)
    linked = '<p>Ada Stone leads Acme.</p><img src="http://127.0.0.1:9/x.png">'
    (folder / "page.html").write_text(linked * 20)
    command = [sys.executable, "-c", _OFFLINE, "build", str(folder)]
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "out")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


_TELLING = """
import signal
import sys
from pathlib import Path
from kg import building
from kg.cli import main
build = building.build

def telling(*arguments, progress, **more):
    return build(*arguments, progress=told, **more)

def told(*_):
    Path(sys.argv[1]).write_text("")
    while True:
        pass  # until it is interrupted

building.build = telling
# What runs in the background of a shell is born deaf to it.
signal.signal(signal.SIGINT, signal.default_int_handler)
main(["build", sys.argv[2], "-q"])
"""


def test_an_interrupted_build_says_so_and_leaves_no_process(tmp_path: Path) -> None:
    folder = kills.texts(tmp_path / "texts", kills.SHORT)
    (folder / "a.md").write_text("Ada leads Acme.")
    os.mkfifo(tmp_path / "ready")
    process = subprocess.Popen(
        [sys.executable, "-c", _TELLING, str(tmp_path / "ready"), str(folder)],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    (tmp_path / "ready").read_text()  # until the first text is annotated
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "kg: interrupted\n")
    assert kills.harm(tmp_path / "output", ()) == ""


def test_a_rival_that_only_asks_for_the_folder_does_not_keep_it(tmp_path: Path) -> None:
    """Two that ask at once must not send each other away."""
    with locked(tmp_path), pytest.raises(StoreError, match="in use"), locked(tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / "build.lock")) as rival:
        rival.execute("BEGIN")
        rival.execute("SELECT * FROM sqlite_master").fetchall()  # as each does first
        with locked(tmp_path):
            pass
