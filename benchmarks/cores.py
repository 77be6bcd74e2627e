"""How much faster a build is with all cores than with one.

    python -m benchmarks.cores [--documents 1000] [--rounds 3]

Each build is ``kg build`` in a process of its own, start, storing and drawing included;
builds that may use one core and such as may use all take turns.  What counts is the ratio.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.texts import documents, write
from kg.side_by_side import cores


def on_cores(command: list[str], allowed: set[int]) -> float:
    """Return the seconds that a command takes which may use certain cores."""
    began = time.perf_counter()
    code = (
        "import os, runpy, sys; os.sched_setaffinity(0, map(int, sys.argv[1].split(',')));"
        "sys.argv = sys.argv[1:]; runpy.run_module('kg', run_name='__main__')"
    )
    numbers = ",".join(map(str, sorted(allowed)))
    subprocess.run([sys.executable, "-c", code, numbers, *command], check=True)
    return time.perf_counter() - began


def main() -> None:
    """Parse the arguments, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    if not hasattr(os, "sched_setaffinity") or cores() == 1:
        print("this machine has one core, or cannot tell a process which to use")
        return
    every = os.sched_getaffinity(0)
    words = sum(annotation.words for _, annotation in documents(args.documents))
    taken: dict[int, list[float]] = {1: [], len(every): []}
    with tempfile.TemporaryDirectory() as folder:
        texts, output = Path(folder) / "texts", Path(folder) / "out"
        write(args.documents, texts)
        for _ in range(args.rounds):
            for allowed in ({min(every)}, every):
                shutil.rmtree(output, ignore_errors=True)
                command = ["build", str(texts), "-q", "-o", str(output)]
                taken[len(allowed)].append(on_cores(command, allowed))
    print(f"{args.documents:,} texts, {words:,} words, median of {args.rounds}\n")
    print("| cores | s | words/s |\n| --- | --- | --- |")
    for number, times in taken.items():
        print(f"| {number} | {median(times):.1f} | {words / median(times):,.0f} |")
    one, all_ = taken[1], taken[len(every)]
    ratio = median(a / b for a, b in zip(one, all_, strict=True))
    print(f"\n{len(every)} cores are {ratio:.2f} times as fast as one.")


if __name__ == "__main__":
    main()
