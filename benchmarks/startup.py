"""How long each command takes to begin, over bare Python.

    python -m benchmarks.startup [--rounds 7]

A graph of one short text is built first.  The commands take turns, so that all meet the
same machine; times are medians in seconds from the start of the process to its end.  All
byte code is there, as it is after an installation, whatever this Python is told about
writing it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

TEXT = "Mistral AI raised €105 million from Lightspeed. Macron leads France.\n"
QUERY = "SELECT ?c { ?c a kg:Company }"
READY = "from kg.pipeline import load_pipeline; nlp = load_pipeline()"
FIRST = f"{READY}; nlp('Macron leads France.')"


def commands(output: str) -> dict[str, list[str]]:
    """Return what is measured: a name, and what follows ``python``."""
    asked = {
        "kg --help": ["--help"],
        "kg query": ["query", QUERY, "-o", output],
        "kg search": ["search", "million", "-o", output],
        "kg show": ["show", "France", "-o", output],
        "kg list": ["list", "-o", output],
        "kg stats": ["stats", "-o", output],
        "kg export": ["export", "--format", "json", "-o", output],
        "kg build, nothing to do": [
            "build",
            f"{output}/../text.txt",
            "-q",
            "-o",
            output,
        ],
    }
    return {
        "bare Python": ["-c", "pass"],
        **{name: ["-m", "kg", *rest] for name, rest in asked.items()},
        "spaCy's import alone": ["-c", "import spacy"],
        "model ready": ["-c", READY],
        "model ready, one sentence": ["-c", FIRST],
    }


def environment(code: str) -> dict[str, str]:
    """Return an environment in which byte code is kept in a folder."""
    mine = {**os.environ, "PYTHONPYCACHEPREFIX": code}
    mine.pop("PYTHONDONTWRITEBYTECODE", None)
    return mine


def seconds(command: list[str], code: str) -> float:
    """Return how long a command takes whose byte code lies in a folder."""
    command, mine = [sys.executable, *command], environment(code)
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=mine)
    return time.perf_counter() - began


def main() -> None:
    """Parse the arguments, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "text.txt").write_text(TEXT, "utf-8")
        output, code = f"{folder}/out", f"{folder}/code"
        build = ["-m", "kg", "build", f"{folder}/text.txt", "-q", "-o", output]
        seconds(build, code)
        asked = commands(output)
        for command in asked.values():
            seconds(command, code)
        taken: dict[str, list[float]] = {name: [] for name in asked}
        for _ in range(args.rounds):
            for name, command in asked.items():
                taken[name].append(seconds(command, code))
    bare = median(taken["bare Python"])
    print("| command | s | over bare Python, s |\n| --- | --- | --- |")
    for name, times in taken.items():
        print(f"| {name} | {median(times):.3f} | {median(times) - bare:.3f} |")


if __name__ == "__main__":
    main()
