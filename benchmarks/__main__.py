"""All benchmarks, one after the other, as the tables of one page.

    python -m benchmarks [--quick] [PART…]

Ratios count, for they are of one run on one machine; each part is also a command of its
own (``python -m benchmarks.growth --help``).  Not part of this: ``benchmarks.serving``,
which needs a graph, and ``benchmarks.w3c``, which needs the tests of the W3C.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

from kg.side_by_side import cores

# Each part: what it takes in all, and when it is to be quick.
PARTS: dict[str, tuple[list[str], list[str]]] = {
    "startup": ([], ["--rounds", "3"]),
    "pipeline": ([], ["--rounds", "2"]),
    "cores": ([], ["--documents", "100", "--rounds", "1"]),
    "rivals": ([], ["--rounds", "1"]),
    "rebuild": (["--documents", "10000"], ["--documents", "100"]),
    "resolution": ([], ["--up-to", "10000"]),
    "growth": (["--documents", "1000", "10000", "100000"], ["--documents", "300", "1000"]),
    "page": ([], ["--nodes", "1000"]),
    "queries": ([], ["--quads", "100000"]),
}  # fmt: skip
PACKAGES = ("kg-policy", "spacy", "onnxruntime", "numpy", "pyoxigraph", "rdflib")


def machine() -> str:
    """Return what this runs on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package}, not installed")
    return (
        f"{platform.machine()}, {cores()} cores, {memory:.0f} GiB, load "
        f"{os.getloadavg()[0]:.1f}, Python {platform.python_version()}, {', '.join(found)}"
    )


def main() -> None:
    """Parse the arguments, and run the parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="small sizes: minutes")
    args = parser.parse_args()
    unknown = set(args.parts) - PARTS.keys()
    if unknown:
        parser.error(f"no part {min(unknown)}; there are: {', '.join(PARTS)}")
    print(machine(), flush=True)
    failed = 0
    for part in args.parts or PARTS:
        print(f"\n## {part}\n", flush=True)
        options = PARTS[part][args.quick]
        command = [sys.executable, "-m", f"benchmarks.{part}", *options]
        failed += subprocess.run(command, check=False).returncode != 0
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
