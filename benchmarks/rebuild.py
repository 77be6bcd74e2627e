"""What a build costs that has little to do: ``kg build`` of texts, again and again.

    python -m benchmarks.rebuild [--documents 1000]

Each build is a process of its own: of all texts, of the same with nothing changed, and of
the same with one text changed.  From the last the time is taken that the model needs to
be loaded.  Times are seconds; of the later two the median of three.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.startup import FIRST, environment, seconds
from benchmarks.texts import document, write


def peak(command: list[str], byte_code: str) -> tuple[float, float]:
    """Return the seconds that a command takes, and the peak of its memory in MB."""
    code = (
        "import resource, subprocess, sys, time; began = time.perf_counter();"
        "subprocess.run([sys.executable, *sys.argv[1:]], check=True);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024;"
        "print(time.perf_counter() - began, used)"
    )
    run = [sys.executable, "-c", code, *command]
    done = subprocess.run(
        run, check=True, capture_output=True, text=True, env=environment(byte_code)
    )
    clock, used = done.stdout.split()
    return float(clock), float(used)


def main() -> None:
    """Parse the arguments, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder) / "texts"
        write(args.documents, texts)
        build = ["-m", "kg", "build", str(texts), "-q", "-o", f"{folder}/out"]
        code = f"{folder}/code"
        first, memory = peak(build, code)
        same = median(seconds(build, code) for _ in range(3))
        changed = []
        for number in range(3):
            made, _ = document(number, 1)
            (texts / made.path).write_text(made.text, "utf-8")
            changed.append(seconds(build, code))
        loading = median(seconds(["-c", FIRST], code) for _ in range(3))
    one = median(changed)
    print(f"| build of {args.documents:,} documents | s | |\n| --- | --- | --- |")
    print(f"| first | {first:.1f} | {memory:.0f} MB at most |")
    print(f"| nothing changed | {same:.2f} | {first / same:.0f} times faster |")
    print(f"| one changed | {one:.2f} | {one - loading:.2f} beyond loading the model |")


if __name__ == "__main__":
    main()
