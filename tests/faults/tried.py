"""Commands run as users run them, with what they took, and what a row of the table says."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: its exit code, what it said, seconds and MiB of memory."""

    code: int
    out: str
    said: str
    seconds: float
    memory: int


@dataclass(slots=True)
class Row:
    """A row of the table: how often something was tried, and each time it went wrong."""

    name: str
    what: str
    tried: int = 0
    broken: list[str] = field(default_factory=list)
    measured: str = ""

    def expect(self, holds: bool, otherwise: str) -> None:
        """Count a trial; keep what went wrong with it."""
        self.tried += 1
        if not holds:
            self.broken.append(otherwise)


def command(*arguments: str | Path) -> list[str]:
    """Return the command line of ``kg``."""
    return [sys.executable, "-m", "kg", *map(str, arguments)]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which ``kg`` is this one, wherever it is started."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **(more or {})}


def kg(
    *arguments: str | Path,
    stdin: bytes = b"",
    more: Mapping[str, str] | None = None,
    limits: Mapping[int, int] | None = None,
    patience: float = 120,
) -> Outcome:
    """Run ``kg`` and wait for it; one that takes longer than patience is killed."""

    def limited() -> None:
        for kind, most in (limits or {}).items():
            resource.setrlimit(kind, (most, most))

    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as said,
    ):
        given.write(stdin)
        given.seek(0)
        began = time.monotonic()
        process = subprocess.Popen(
            command(*arguments),
            stdin=given,
            stdout=out,
            stderr=said,
            env=environment(more),
            preexec_fn=limited,
        )
        timer = threading.Timer(patience, process.kill)
        timer.start()
        _, status, used = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
        texts = []
        for file in (out, said):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    return Outcome(process.returncode, *texts, seconds, used.ru_maxrss >> 10)


def plain(outcome: Outcome) -> bool:
    """Tell whether what went wrong is told in lines of ours, without a traceback."""
    return "Traceback" not in outcome.said and all(
        len(line) <= 410 for line in outcome.said.splitlines()
    )


def texts(folder: Path, files: Mapping[str, str]) -> Path:
    """Write texts to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def size(folder: Path) -> int:
    """Return how many bytes the files of a folder take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def children(of: int) -> Sequence[int]:
    """Return the processes that a process has started (Linux)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == of:
            found.append(int(stat.parent.name))
    return found
