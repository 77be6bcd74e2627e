"""How a build grows with the corpus: time and memory of all that follows the reading.

    python -m benchmarks.growth [--documents 1000 10000 100000] [--keep FOLDER]

For each size in a process of its own: annotated documents of the generator are put on a
shelf, who is meant is worked out, and the graph is stated and stored, as ``kg build`` does
after the pipeline.  Then nothing is changed, and then one document.  The pipeline itself
takes the same for each document whatever else there is; :mod:`benchmarks.pipeline` tells
how long.  What counts is seconds a document and the peak of memory, which should stay flat.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.texts import document, documents
from kg.building import restate
from kg.shelf import Shelf

MEBI = 1024  # kibibytes


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that work takes by the clock, and of the processors."""
    began, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - busy


def put(count: int, output: Path) -> None:
    """Put annotated documents on the shelf."""
    shelf = Shelf.open(output, writable=True)
    for made, annotation in documents(count):
        shelf.put(f"/texts/{made.path}", "mark", "pipeline", made, annotation)
    shelf.close()


def change(number: int, version: int, output: Path) -> None:
    """Put another version of one document on the shelf."""
    shelf = Shelf.open(output, writable=True)
    made, annotation = document(number, version)
    shelf.put(f"/texts/{made.path}", "mark", "pipeline", made, annotation)
    shelf.close()


def measure(count: int, output: Path) -> dict[str, float]:
    """Return what one size takes."""
    put(count, output)
    clock, busy = timed(lambda: restate(output))
    same = min(timed(lambda: restate(output))[0] for _ in range(3))
    changed = []
    for number in range(3):
        change(number * 7 + 1, 1, output)
        changed.append(timed(lambda: restate(output))[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEBI
    # What readers see are links to the files of the store.
    found = (f.stat() for f in output.rglob("*") if f.is_file())
    files = {f.st_ino: f.st_size for f in found}
    return {
        "documents": count,
        "seconds": clock,
        "processor": busy,
        "same": same,
        "changed": sorted(changed)[1],
        "memory": peak,
        "disk": sum(files.values()) / 2**20,
    }


def rows(sizes: list[int], keep: Path | None = None) -> list[dict[str, float]]:
    """Return what each size takes, measured in processes of their own."""
    found = []
    for count in sizes:
        output = (keep or Path(tempfile.mkdtemp())) / f"growth-{count}"
        shutil.rmtree(output, ignore_errors=True)
        command = [sys.executable, "-m", "benchmarks.growth", "--one", str(count)]
        command += ["--output", str(output)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout))
        if keep is None:
            shutil.rmtree(output)
    return found


def table(found: list[dict[str, float]]) -> list[str]:
    """Return the lines of a table."""
    lines = [
        "| documents | ms a document | of the processor | nothing changed, s "
        "| one changed, s | peak MB | on disk, kB a document |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in found:
        each = 1000 / row["documents"]
        lines.append(
            f"| {row['documents']:,.0f} | {row['seconds'] * each:.1f} "
            f"| {row['processor'] * each:.1f} | {row['same']:.2f} | {row['changed']:.2f} "
            f"| {row['memory']:.0f} | {row['disk'] * each * 1.024:.0f} |"
        )
    return lines


def main() -> None:
    """Parse the arguments, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", nargs="*", type=int, default=[1000, 10_000])
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(args.one, args.output)))
    else:
        print("\n".join(table(rows(args.documents, args.keep))))


if __name__ == "__main__":
    main()
