"""A cluster gives the graph that one machine gives, whoever dies on the way.

KG_LONG_TESTS=1 pytest tests/test_cluster.py     # all of it: an hour
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
import pytest
from distributed import Client, LocalCluster

from kg import cluster
from kg.building import build
from kg.errors import UsageError
from kg.export import export
from kg.ontology import load_ontology
from kg.progress import Advance
from kg.store import GraphStore

POISON = """
import os
from spacy.language import Language

@Language.component("poison")
def poison(doc):
    if "arsenic" in doc.text:
        os._exit(1)
    return doc
"""
POINTS = "[spacy_factories]\npoison = poison:poison\n"
# spaCy looks for factories once in a process, so the pipeline is made in another.
MADE = """
import sys, spacy
nlp = spacy.blank("en")
nlp.add_pipe("entity_ruler").add_patterns([{"label": "ORG", "pattern": "OpenAI"}])
nlp.add_pipe("poison")
nlp.to_disk(sys.argv[1])
"""
BUILD = """
import sys
from kg.building import build
if __name__ == "__main__":
    folder, out, pipeline, address = sys.argv[1:]
    report = build([folder], out, pipeline=pipeline, dask=address)
    print(report.added, *report.failed)
"""

LONG = bool(os.environ.get("KG_LONG_TESTS"))
long = pytest.mark.skipif(not LONG, reason="takes minutes: KG_LONG_TESTS=1")


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """Return a folder of more files than a batch holds, one of which cannot be read."""
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(cluster.BATCH * 2 + 3):
        (folder / f"news-{number:03}.txt").write_text(
            f"Firm{number} has raised €{number + 2} million from Lightspeed Venture "
            f"Partners. Firm{number} competes with OpenAI.\n",
            "utf-8",
        )
    (folder / "news-004.txt").write_bytes(b"\x00\x01")
    return folder


@contextmanager
def workers(count: int) -> Iterator[LocalCluster]:
    """Start a cluster of processes that listens to this machine alone."""
    with LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=50,
    ) as made:
        yield made


def nquads(output: Path) -> bytes:
    return export(GraphStore.open(output), load_ontology(), "nq")


def test_workers_that_are_killed_change_nothing(texts: Path, tmp_path: Path) -> None:
    here = build([str(texts)], tmp_path / "here")
    with workers(2) as made, Client(made) as client:
        pids = list(client.run(os.getpid).values())

        def progress(*_: object) -> None:
            if pids:
                os.kill(pids.pop(), signal.SIGKILL)

        there = build(
            [str(texts)],
            tmp_path / "there",
            dask=made.scheduler_address,
            shards=(tmp_path / "shared").as_uri(),
            progress=progress,
        )
    assert not pids
    assert there.added == here.added
    assert [str(e) for e in there.failed] == [str(e) for e in here.failed]
    assert len(here.failed) == 1
    assert nquads(tmp_path / "there") == nquads(tmp_path / "here")
    assert list((tmp_path / "shared").iterdir()) == []


@long
def test_ten_thousand_documents_and_two_dead_workers(tmp_path: Path) -> None:
    from benchmarks.texts import write

    write(10_000, tmp_path / "texts")
    outputs = {}
    for name in ("here", "there"):
        with workers(2) as made, Client(made) as client:
            pids = list(client.run(os.getpid).values())

            def progress(step: Advance, left: list[int] = pids) -> None:
                if left and step.done > 2000 * len(left):
                    os.kill(left.pop(), signal.SIGKILL)

            there = {"dask": made.scheduler_address, "progress": progress}
            build(
                [str(tmp_path / "texts")],
                tmp_path / name,
                **(there if name == "there" else {}),
            )
            assert bool(pids) == (name == "here")
        outputs[name] = nquads(tmp_path / name)
    assert outputs["here"] == outputs["there"]


@long
def test_a_build_that_is_killed_goes_on_with_what_was_done(
    texts: Path, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    out = tmp_path / "out"
    with workers(1) as made:
        code = (
            "import os, sys; from kg.building import build\n"
            "def progress(step):\n"
            f"    if step.done == {cluster.BATCH + 2}: os._exit(9)\n"
            "build([sys.argv[1]], sys.argv[2], dask=sys.argv[3], shards=sys.argv[4],"
            " progress=progress)"
        )
        command = [sys.executable, "-c", code, str(texts), str(out)]
        command += [made.scheduler_address, str(shared)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 9, done.stderr
        report = build(
            [str(texts)], out, dask=made.scheduler_address, shards=str(shared)
        )
    assert 0 < len(report.unchanged) < cluster.BATCH + 3
    build([str(texts)], tmp_path / "here")
    assert nquads(out) == nquads(tmp_path / "here")


@long
def test_a_text_that_kills_every_worker_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    (site / "poison-1.0.dist-info").mkdir(parents=True)
    (site / "poison.py").write_text(POISON, "utf-8")
    (site / "poison-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: poison\nVersion: 1.0\n", "utf-8"
    )
    (site / "poison-1.0.dist-info" / "entry_points.txt").write_text(POINTS, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(site), prepend=os.pathsep)
    monkeypatch.syspath_prepend(str(site))  # workers get the path of this process
    pipeline = str(tmp_path / "pipeline")
    subprocess.run([sys.executable, "-c", MADE, pipeline], check=True)
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_text(f"OpenAI sells {number} things.", "utf-8")
    (folder / "2.txt").write_text("OpenAI sells arsenic.", "utf-8")
    # Each death costs the start of another worker.
    few = dask.config.set({"distributed.scheduler.allowed-failures": 0})
    with few, workers(1) as made:
        command = [sys.executable, "-c", BUILD, str(folder), str(tmp_path / "out")]
        command += [pipeline, made.scheduler_address]
        done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == (
        "('0.txt', '1.txt') 2.txt: every worker that read it died\n"
    ), done.stderr


def test_an_address_where_nobody_is_is_told(texts: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Dask scheduler answers at tcp://127"):
        build([str(texts)], tmp_path / "out", dask="tcp://127.0.0.1:9")
    with pytest.raises(UsageError, match="--dask"):
        build([str(texts)], tmp_path / "out", shards=str(tmp_path))
