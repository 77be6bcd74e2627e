"""Processes that end at any moment: nothing that was done is lost, and nothing is half done."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import NamedNode, Store

from kg.annotating import FEW
from kg.published import newest
from kg.shelf import Shelf
from kg.store import DOCUMENT, FOLDER, HALF_MADE, GraphStore

from .tried import ROOT, Row, children, command, environment, kg, plain, size, texts
from .warm import Warm

SHORT = {
    f"news-{i}.txt": f"Minister Ada Stone leads the Ministry of Data of France. Acme {name}"
    f" raised €{i + 3} million from Borealis Ventures.\n"
    for i, name in enumerate(("Robotics", "Energy", "Health", "Space"))
}
CHANGED = {name: text.replace("€", "€1") for name, text in SHORT.items()}
SURE = ("--min-confidence", "0.9")
UNSURE = ("--min-confidence", "0.1")

Graphs = dict[str, str]
"""A digest of each document's graph, by its IRI."""


def graphs(store: Store) -> Graphs:
    """Return a digest of each document's graph in a store."""
    found = {}
    for graph in store.named_graphs():
        if isinstance(graph, NamedNode) and DOCUMENT in graph.value:
            quads = store.quads_for_pattern(None, None, None, graph)
            lines = "\n".join(sorted(map(str, quads)))
            found[graph.value] = hashlib.sha256(lines.encode()).hexdigest()
    return found


def written(output: Path) -> Graphs:
    """Return what the store of an output folder holds; nothing if there is none."""
    folder = output / FOLDER
    if not (folder / "CURRENT").exists():
        return {}
    try:
        return graphs(Store.read_only(str(folder)))
    except (OSError, RuntimeError) as error:
        # Killed while the store was being made.
        if any(sign in str(error) for sign in HALF_MADE):
            return {}
        raise


def seen(output: Path) -> Graphs:
    """Return what readers see of an output folder."""
    if newest(output) is None:
        return {}
    with closing(GraphStore.open(output)) as store:
        return graphs(store.raw)


def acknowledged(output: Path) -> Graphs:
    """Return the digests of those documents that the shelf says are done."""
    if not (output / "documents.db").exists():
        return {}
    with closing(Shelf.open(output)) as shelf:
        base = shelf.setting("base") or ""
        return {f"{base}document/{s.document.id}": s.stated for s in shelf if s.stated}


def harm(output: Path, whole: Sequence[Graphs]) -> str:
    """Return what is lost or torn after a build was cut off; nothing if nothing is.

    Args:
        output: The folder.
        whole: The states that the graph may have.
    """
    try:
        holds, shows = written(output), seen(output)
        done = acknowledged(output)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        return f"cannot be read: {error}"
    for graph, digest in holds.items():
        if digest not in {state.get(graph) for state in whole}:
            return f"torn: {graph}"
    for graph, digest in done.items():
        if holds.get(graph) != digest:
            return f"lost: {graph}"
    if shows and shows not in whole:
        return "readers see a mixture"
    return ""


@dataclass(frozen=True, slots=True)
class Builds:
    """Builds of one folder by turns, each with the state that it leads to."""

    warm: Warm
    output: Path
    arguments: tuple[tuple[str | Path, ...], ...]
    states: tuple[Graphs, ...]
    seconds: float


def cut_off(
    row: Row,
    builds: Builds,
    kills: int,
    *,
    begin: Callable[[int], None],
    seed: int = 1,
) -> None:
    """Kill builds at times spread evenly over their course; let every fourth end.

    Args:
        row: Where the trials are counted.
        builds: What is built.
        kills: How many.
        begin: Makes the folder ready for a build that starts anew, by its number.
        seed: Of the times.
    """
    moments = random.Random(seed)  # noqa: S311 - to be the same each time
    turn = 0
    begin(turn)
    for number in range(kills):
        last = number % 4 == 3
        process = builds.warm.start(
            "build", *builds.arguments[turn], "-o", builds.output, "-q"
        )
        moment = moments.uniform(0, 1) * builds.seconds
        if not builds.warm.ends(moment):
            os.kill(process, signal.SIGKILL)
        builds.warm.outcome()
        wrong = harm(builds.output, builds.states)
        row.expect(not wrong, f"kill {number} after {moment:.2f} s: {wrong}")
        if last:
            done = builds.warm.kg(
                "build", *builds.arguments[turn], "-o", builds.output, "-q"
            )
            same = seen(builds.output) == written(builds.output) == builds.states[turn]
            row.expect(
                done.code == 0 and same, f"the build after kill {number}: {done.said}"
            )
            turn = (turn + 1) % len(builds.arguments)
            begin(turn)


def prepared(work: Path) -> tuple[Path, Path]:
    """Build the texts of the corpus once; return the texts and the output folder."""
    folder = work / "corpus"
    folder.mkdir(parents=True)
    for path in sorted((ROOT / "corpus").glob("*.txt")):
        shutil.copy(path, folder)
    done = kg("build", folder, "-o", work / "prepared", "-q", patience=600)
    if done.code:
        raise RuntimeError(done.said)
    return folder, work / "prepared"


def timed(
    warm: Warm, output: Path, *arguments: tuple[str | Path, ...]
) -> tuple[tuple[Graphs, ...], float]:
    """Build by turns; return the states that this gives, and how long the last took."""
    states = []
    seconds = 0.0
    for more in arguments:
        seconds = warm.kg("build", *more, "-o", output, "-q").seconds
        states.append(written(output))
    return tuple(states), seconds


def newest_files(output: Path) -> list[Path]:
    """Return the files of the newest snapshot."""
    snapshot = newest(output)
    return [] if snapshot is None else list(snapshot.folder.iterdir())


def without_store(output: Path) -> None:
    """Take the store away, so that a build writes all of it again from the shelf."""
    for folder in ("store", "published"):
        shutil.rmtree(output / folder, ignore_errors=True)
    with closing(Shelf.open(output, writable=True)) as shelf:
        shelf.forget_all_stated()


def first_builds(warm: Warm, work: Path, kills: int = 160, full: int = 40) -> Row:
    """R1: a build of a new store, and one that reads and annotates as well, are killed."""
    row = Row("R1", "first build killed: lost, torn, or not the same in the end")
    folder, output = prepared(work)
    without_store(output)
    states, seconds = timed(warm, output, (folder,))
    builds = Builds(warm, output, ((folder,),), states, seconds)
    cut_off(row, builds, kills, begin=lambda _: without_store(output))
    short = texts(work / "short", SHORT)
    fresh = work / "fresh"
    states, seconds = timed(warm, fresh, (short,))
    builds = Builds(warm, fresh, ((short,),), states, seconds)
    cut_off(
        row,
        builds,
        full,
        begin=lambda _: shutil.rmtree(fresh, ignore_errors=True),
        seed=2,
    )
    row.measured = f"{kills + full} kills, {full} of them while texts are read too"
    return row


def rebuilds(warm: Warm, work: Path, kills: int = 160, full: int = 40) -> Row:
    """R2: builds that change every document are killed."""
    row = Row("R2", "rebuild killed: a document neither old nor new, or a mixture seen")
    folder, output = prepared(work)
    by_turns = ((folder, *SURE), (folder, *UNSURE))
    states, seconds = timed(warm, output, *by_turns)
    if states[0] == states[1]:
        raise RuntimeError("the two states do not differ")
    builds = Builds(warm, output, by_turns, states, seconds)
    cut_off(row, builds, kills, begin=lambda _: None)
    warm.kg("build", folder, "-o", output, "-q")
    kept = {file.name for file in newest_files(output)}
    orphans = [f for f in (output / FOLDER).glob("*.sst") if f.name not in kept]
    lost = sum(file.stat().st_size for file in orphans)
    row.expect(lost <= size(output / FOLDER) / 10, f"{lost} bytes belong to nothing")
    short = texts(work / "short", SHORT)
    fresh = work / "fresh"
    states, _ = timed(warm, fresh, (short,))
    texts(short, CHANGED)
    changed, seconds = timed(warm, fresh, (short,))

    def begin(turn: int) -> None:
        texts(short, CHANGED if turn else SHORT)

    builds = Builds(warm, fresh, ((short,), (short,)), (*states, *changed), seconds)
    cut_off(row, builds, full, begin=begin, seed=2)
    row.measured = (
        f"{kills + full} kills, {full} of them while texts are read too; then {lost} "
        f"of {size(output / FOLDER):,} bytes belong to nothing"
    )
    return row


def signals(warm: Warm, work: Path, each: int = 50) -> Row:
    """R3: a build is interrupted, or told to end, and leaves no process behind."""
    row = Row("R3", "SIGINT and SIGTERM: not ended in 2 s, a process left, harm done")
    short = texts(work / "short", SHORT)
    # Enough for processes that annotate, and one that parses for them.
    page = f"<!-- {'-' * FEW} -->" + "<p>Ada Stone leads Acme.</p>" * 20
    (short / "page.html").write_text(page, "utf-8")
    output = work / "out"
    states, seconds = timed(warm, output, (short,))
    moments = random.Random(3)  # noqa: S311 - to be the same each time
    for sent in (signal.SIGINT, signal.SIGTERM):
        codes = (0, 130) if sent == signal.SIGINT else (0, -sent)
        for number in range(each):
            shutil.rmtree(output, ignore_errors=True)
            process = warm.start("build", short, "-o", output, "-q")
            time.sleep(moments.uniform(0.05, 0.95) * seconds)
            started = list(_below(process))
            with suppress(ProcessLookupError):
                os.kill(process, sent)
            began = time.monotonic()
            done = warm.outcome()
            late = time.monotonic() - began
            row.expect(late < 2, f"{sent.name} {number}: ended after {late:.1f} s")
            row.expect(done.code in codes and plain(done), f"{sent.name}: {done}")
            left = [child for child in started if not _ends(child)]
            row.expect(not left, f"{sent.name} {number}: left {left}")
            wrong = harm(output, states) if output.exists() else ""
            row.expect(not wrong, f"{sent.name} {number}: {wrong}")
    row.measured = f"{2 * each} signals"
    return row


def _ends(process: int, seconds: float = 2) -> bool:
    """Tell whether a process that is not ours ends soon."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{process}/stat")
        if not state.exists() or ") Z" in state.read_text():
            return True
        time.sleep(0.02)
    return False


def readers_killed(_: Warm, work: Path, kills: int = 50) -> Row:
    """R3: the process that parses is killed amid a file, which costs that file."""
    row = Row("R3b", "parser killed: costs more than its file, or is not told")
    folder = work / "texts"
    folder.mkdir(parents=True)
    for number in range(2 * kills):
        slow = number % 2
        # Seconds of work for the parser of HTML, and little for what comes after.
        many = "<div hidden><p><b>x</b></p></div>" * (5_000 if slow else 0)
        text = f"<html><body><p>Ada Stone leads Acme.</p>{many}</body></html>"
        (folder / f"{number:03}.html").write_text(text, "utf-8")
    report = work / "report.jsonl"
    process = subprocess.Popen(
        command("build", folder, "-o", work / "out", "-q", "--report", report),
        env=environment(),
        stderr=subprocess.PIPE,
    )
    killed = 0
    for child in _parsers(process):
        if killed < kills:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
                killed += 1
    _, said = process.communicate()
    lines = report.read_text("utf-8").splitlines()
    failed = [line for line in lines if "broke the parser (SIGKILL)" in line]
    row.tried = killed
    if len(lines) != 2 * kills or len(failed) > killed or not failed:
        row.broken.append(f"{killed} kills, {len(failed)} of {len(lines)} files failed")
    if b"Traceback" in said or process.returncode != 1:
        row.broken.append(f"code {process.returncode}: {said[-300:]!r}")
    row.measured = f"{killed} kills, {len(failed)} of {len(lines)} files failed"
    return row


def _parsers(process: subprocess.Popen[bytes]) -> Iterator[int]:
    """Yield each process that parses for a build, once it is at work."""
    known: set[int] = set()
    while process.poll() is None:
        for child in set(_below(process.pid)) - known:
            known.add(child)
            if "kg.reading.child" in _command(child):
                time.sleep(0.4)  # the time it takes to start
                yield child
        time.sleep(0.02)


def _below(process: int) -> Iterator[int]:
    """Yield the processes that a process has started, and those that they have."""
    for child in children(process):
        yield child
        yield from _below(child)


def _command(process: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_text()
    return ""
