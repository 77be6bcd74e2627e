"""Try the rows of the table and print it: ``python -m tests.faults [ROW…]``."""

from __future__ import annotations

import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from . import hostile, inputs, kills, writes
from .tried import Row
from .warm import Warm

ROWS: dict[str, Callable[[Warm, Path], Row]] = {
    "R1": kills.first_builds,
    "R2": kills.rebuilds,
    "R3": kills.signals,
    "R3b": kills.readers_killed,
    "R4": writes.full_disk,
    "R5": writes.failing_writes,
    "R6": writes.strange_folders,
    "R7": writes.races,
    "R8": writes.read_meanwhile,
    "R9": writes.damaged,
    "inputs": inputs.inputs,
    "S1": hostile.reaching,
    "S2": hostile.changing,
    "S3": hostile.hostile,
    "L1": hostile.load,
    "L2": hostile.soak,
    "L3": hostile.many_files,
}


def main(names: Sequence[str]) -> int:
    """Try rows, all if none is named; return 1 if something did not hold."""
    unknown = set(names) - set(ROWS)
    if unknown:
        print(f"no rows {', '.join(sorted(unknown))}; there are: {', '.join(ROWS)}")
        return 2
    print(f"{platform.platform()}, Python {platform.python_version()}\n")
    print("| | what must not happen | tried | happened | measured | seconds |")
    print("| --- | --- | ---: | ---: | --- | ---: |", flush=True)
    broken: list[str] = []
    warm = Warm()
    for name in names or ROWS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="kg-faults-") as work:
            row = ROWS[name](warm, Path(work))
        seconds = time.monotonic() - began
        print(
            f"| {row.name} | {row.what} | {row.tried} | {len(row.broken)} "
            f"| {row.measured} | {seconds:.0f} |",
            flush=True,
        )
        broken += [f"{row.name}: {said}" for said in row.broken]
    warm.close()
    print("\n" + "\n".join(broken) if broken else "\nAll of it holds.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
