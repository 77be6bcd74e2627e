"""Disks that are full, writes that fail, folders that are not what they should be."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from kg.building import build
from kg.errors import KgError
from kg.ontology import load_ontology
from kg.query.guard import checked
from kg.query.worker import Rows, Worker
from kg.store import FOLDER

from .kills import SURE, UNSURE, Graphs, prepared, seen, timed, written
from .tried import Outcome, Row, command, environment, kg, plain, size
from .warm import Warm

COUNTED = "SELECT ?d (COUNT(?f) AS ?n) { ?f a kg:Fact ; kg:document ?d } GROUP BY ?d"
_DEEP = (
    "import sys, pathlib; from kg.deep import damage;"
    "found = list(damage(pathlib.Path(sys.argv[1])));"
    "print(*(f'{w}: {m}' for w, m in found), sep='\\n'); sys.exit(bool(found))"
)


def rebuilt(warm: Warm, work: Path) -> tuple[Path, Path, tuple[Graphs, ...]]:
    """Return texts, the folder of a graph in its first state, and both its states."""
    folder, output = prepared(work)
    states, _ = timed(warm, output, (folder, *UNSURE), (folder, *SURE))
    return folder, output, (states[1], states[0])


def copied(output: Path, to: Path) -> Path:
    """Copy a folder, with what shares its files."""
    shutil.rmtree(to, ignore_errors=True)
    subprocess.run(["cp", "-a", str(output), str(to)], check=True)
    return to


def recovers(
    row: Row, done: Outcome, folder: Path, output: Path, states: tuple[Graphs, ...]
) -> None:
    """Count a build that met a fault: what it said, what readers see, what comes next."""
    case = row.tried
    told = done.code == 3 and done.said.startswith("kg: ") and plain(done)
    row.expect(
        done.code == 0 or told, f"{case}: code {done.code}: {done.said[-300:]!r}"
    )
    try:
        shown = seen(output)
        row.expect(shown in states, f"{case}: readers see something else")
        build([str(folder)], output, min_confidence=float(UNSURE[1]))
        row.expect(seen(output) == states[1], f"{case}: not the same in the end")
    except KgError as error:
        row.expect(False, f"{case}: afterwards {error}")


def failing_writes(warm: Warm, work: Path, most: int = 150) -> Row:
    """R5: the Nth write fails, for every N or for evenly spread ones."""
    row = Row("R5", "Nth write fails: not told, old graph unreadable, next build wrong")
    library = work / "failing.so"
    compiler = shutil.which("cc")
    if compiler is None:
        row.measured = "not tried: no C compiler"
        return row
    source = Path(__file__).with_name("failing.c")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True
    )
    folder, output, states = rebuilt(warm, work)
    faulty = Warm({"LD_PRELOAD": str(library), "FAULT_ROOT": str(work / "trial")})
    trial = work / "trial"

    def tried(at: int, number: int, stays: int) -> Outcome:
        copied(output, trial)
        fault = {"FAULT_AT": at, "FAULT_ERRNO": number, "FAULT_STAYS": stays}
        more = {name: str(value) for name, value in fault.items()}
        more["FAULT_COUNT"] = str(work / "count")
        return faulty.kg("build", folder, *UNSURE, "-o", trial, "-q", more=more)

    tried(0, 0, 0)
    count = int((work / "count").read_text())
    hit = 0
    step = max(1, count // most)
    for at in range(1, count + 1, step):
        kind, stays = ((errno.ENOSPC, 1), (errno.EIO, 0), (errno.EMFILE, 0))[at % 3]
        done = tried(at, kind, stays)
        hit += done.code != 0
        recovers(row, done, folder, trial, states)
    faulty.close()
    trials = len(range(1, count + 1, step))
    row.measured = (
        f"{trials} of {count} writes failed in turn; {hit} builds ended by it"
    )
    return row


@contextmanager
def mounted(at: Path, options: str) -> Iterator[bool]:
    """Mount a file system in memory; yield whether that is allowed."""
    at.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(at)]
    allowed = subprocess.run(mount, capture_output=True).returncode == 0
    try:
        yield allowed
    finally:
        if allowed:
            subprocess.run(["umount", "-l", str(at)], check=True)


def full_disk(warm: Warm, work: Path, sizes: int = 8) -> Row:
    """R4: a disk gets full, at so many sizes; then there is room again."""
    row = Row("R4", "disk full: not told, old graph unreadable, next build wrong")
    folder, output, states = rebuilt(warm, work)
    disk = work / "disk"
    held = size(output)
    for number in range(sizes):
        room = held + (number + 1) * held // sizes // 2
        with mounted(disk, f"size={room >> 10}k") as allowed:
            if not allowed:
                row.measured = "not tried: file systems may not be mounted"
                return row
            trial = copied(output, disk / "out")
            done = warm.kg("build", folder, *UNSURE, "-o", trial, "-q")
            subprocess.run(
                ["mount", "-o", f"remount,size={4 * held >> 10}k", str(disk)],
                check=True,
            )
            recovers(row, done, folder, trial, states)
    row.measured = f"{sizes} sizes, from {held >> 20} MiB"
    return row


def strange_folders(warm: Warm, work: Path) -> Row:
    """R6: the output folder cannot be written, or is none."""
    row = Row("R6", "strange output folder: a traceback, or the wrong code")
    _, output, _ = rebuilt(warm, work)
    (work / "file").write_text("no folder")
    cases = {
        "a file": (work / "file", 2),
        "below a file": (work / "file" / "out", 3),
        "a parent that is missing": (work / "new" / "out", 0),
    }
    for name in ("documents.db", "graph.html", "build.lock"):
        strange = copied(output, work / f"with-{name}")
        (strange / name).unlink()
        (strange / name).mkdir()
        cases[f"{name} is a folder"] = (strange, 3)
    one = work / "one.txt"
    one.write_text(
        "Ada Stone leads Acme Harbour, a company in Norway."
    )  # not built yet
    for name, (where, code) in cases.items():
        done = kg("build", one, "-o", where, "-q")
        row.expect(done.code == code and plain(done), f"{name}: {done}")
    with mounted(work / "disk", "size=200m") as allowed:
        if allowed:
            trial = copied(output, work / "disk" / "out")
            subprocess.run(
                ["mount", "-o", "remount,ro", str(work / "disk")], check=True
            )
            for *asked, code in (
                ("build", one, 3),
                ("query", COUNTED, 0),
                ("search", "act", 0),
                ("list", 0),
                ("export", 0),
            ):
                done = kg(*asked, "-o", trial)
                row.expect(done.code == code and plain(done), f"read-only: {done}")
            row.measured = "6 folders, and a file system that is read only"
        else:
            row.measured = "6 folders; file systems may not be mounted"
    return row


def races(warm: Warm, work: Path, count: int = 50) -> Row:
    """R7: two builds of one folder begin at the same time."""
    row = Row("R7", "two builds at once: both write, or the other is not told why")
    folder, output, states = rebuilt(warm, work)
    after = 0
    second = Warm()
    for number in range(count):
        sure = (UNSURE, SURE)[number % 2]
        for one in (warm, second):
            one.start("build", folder, *sure, "-o", output, "-q")
        ends = [(done.said, done.code) for done in (warm.outcome(), second.outcome())]
        codes = sorted(code for _, code in ends)
        said = "".join(said for said, _ in ends)
        after += codes == [0, 0]  # the second began when the first was done
        row.expect(
            codes == [0, 0] or (codes == [0, 3] and "in use" in said),
            f"{number}: {ends}",
        )
        row.expect(
            seen(output) == written(output) == states[1 - number % 2],
            f"{number}: another graph",
        )
    second.close()
    row.measured = f"{count} double starts; in {after} the second began after the first"
    return row


def read_meanwhile(warm: Warm, work: Path, queries: int = 500) -> Row:
    """R8: queries are asked while builds change every document."""
    row = Row("R8", "query during a build: an error, or an answer of no whole state")
    folder, output, states = rebuilt(warm, work)
    asked = checked(COUNTED, load_ontology())

    def answer(worker: Worker) -> list[list[object]]:
        found = worker.ask(asked)
        return sorted(map(list, found.rows), key=str) if isinstance(found, Rows) else []

    answers = []
    for sure in (SURE, UNSURE):
        warm.kg("build", folder, *sure, "-o", output, "-q")
        with closing(Worker(output)) as worker:
            answers.append(answer(worker))
    stop = threading.Event()
    builds: list[int] = []

    def write() -> None:
        while not stop.is_set():
            sure = (SURE, UNSURE)[len(builds) % 2]
            builds.append(warm.kg("build", folder, *sure, "-o", output, "-q").code)

    writer = threading.Thread(target=write)
    writer.start()
    kept = Worker(output)
    first = answer(kept)
    try:
        for number in range(queries):
            try:
                if number % 5 == 4:
                    row.expect(seen(output) in states, f"{number}: a mixture")
                    continue
                if number % 5 == 3:
                    row.expect(answer(kept) == first, f"{number}: an old reader")
                    continue
                with closing(Worker(output)) as worker:
                    row.expect(answer(worker) in answers, f"{number}: a mixture")
            except KgError as error:
                row.expect(False, f"{number}: {error}")
    finally:
        kept.close()
        stop.set()
        writer.join()
    row.expect(set(builds) == {0}, f"builds ended with {builds}")
    row.measured = f"{queries} queries during {len(builds)} builds"
    return row


def damaged(warm: Warm, work: Path, cases: int = 40) -> Row:
    """R9: files of the graph are damaged; nothing wrong passes `kg validate --deep`."""
    row = Row(
        "R9", "damage: an answer is wrong and `validate --deep` content; no mending"
    )
    folder, output, states = rebuilt(warm, work)
    chosen = random.Random(9)  # noqa: S311 - to be the same each time
    trial = work / "trial"
    noticed = harmless = 0
    for number in range(cases):
        copied(output, trial)
        what = _damage(trial, chosen, number)
        shown = subprocess.run(
            [*command("export", "--format", "nq"), "-o", str(trial)],
            env=environment(),
            capture_output=True,
        )
        deep = subprocess.run(
            [sys.executable, "-c", _DEEP, str(trial)],
            env=environment(),
            capture_output=True,
            text=True,
        )
        try:
            same = seen(trial) == states[0]
        except Exception:  # noqa: BLE001 - then it is not the same
            same = False
        noticed += deep.returncode == 1
        harmless += deep.returncode == 0
        row.expect(
            deep.returncode == 1 or (deep.returncode == 0 and same),
            f"{number}, {what}: deep {deep.returncode} {deep.stderr[-200:]!r}",
        )
        row.expect(
            shown.returncode in {0, 1, 3} and b"Traceback" not in shown.stderr,
            f"{number}, {what}: export {shown.returncode} {shown.stderr[-200:]!r}",
        )
        if deep.returncode == 1:
            shutil.rmtree(trial / FOLDER, ignore_errors=True)
            if "documents.db" in deep.stdout:
                row.expect("`kg build` on all texts" in deep.stdout, deep.stdout)
                continue  # a build of all texts is what R1 tries
            try:
                build([str(folder)], trial, min_confidence=float(SURE[1]))
                row.expect(seen(trial) == states[0], f"{number}, {what}: not mended")
            except KgError as error:
                row.expect(False, f"{number}, {what}: {error}")
    row.measured = f"{cases} cases: {noticed} noticed, {harmless} without effect"
    return row


def _damage(output: Path, chosen: random.Random, number: int) -> str:
    """Damage a file of a graph; return what was done."""
    kinds = ("*.sst", "*.sst", "MANIFEST*", "CURRENT", "*.sst")
    if number % 8 == 7:
        path = output / "documents.db"
    else:
        path = chosen.choice(sorted((output / FOLDER).glob(kinds[number % len(kinds)])))
    length = path.stat().st_size
    how = ("flip", "cut", "flip", "delete", "zero", "flip")[number % 6]
    at = chosen.randrange(max(length - 16, 1))
    if how == "delete":
        # A snapshot has the file under another name.
        for other in (path, *output.glob(f"published/*/{path.name}")):
            other.unlink(missing_ok=True)
    elif how == "cut":
        os.truncate(path, length // 2)
    else:
        with path.open("r+b") as file:
            file.seek(at)
            old = file.read(16)
            file.seek(at)
            file.write(bytes(16) if how == "zero" else bytes(b ^ 0x55 for b in old))
    return f"{how} {path.relative_to(output)} at {at} of {length}"
