"""Read a file in a process of its own, which may take so long and so much, and no more.

Parsers of PDF, Word and HTML are large, partly native, and files come from anywhere: one
may never end, fill the memory, or bring down the process that it runs in.  So they run
apart (``kg.reading.child``), in a process that each thread keeps for the files to come;
when it dies, that costs the file it was reading.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import weakref
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from kg.reading.content import Content

SECONDS = 60
"""How long one file may take to parse; a report of 2,000 pages takes ten."""

MEMORY = 1 << 30
"""Bytes that the process may use in all."""

# -P: what lies in the working folder is no module of ours.
_START = ("-P", "-c")
_CHILD = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from kg.reading.child import main; main(int(sys.argv[2]), int(sys.argv[3]))"
)
_kept = threading.local()


def read_apart(suffix: str, data: bytes) -> Content:
    """Return what the reader for a suffix finds in the bytes of a file.

    Raises:
        ValueError: The file cannot be read, with the reason; or reading it took too long,
            too much memory, or ended the process.
    """
    reader: _Process | None = getattr(_kept, "reader", None)
    if reader is None or reader.has_ended:
        reader = _kept.reader = _Process()
    found = reader.answer(suffix, data)
    if "error" in found:
        raise ValueError(found["error"])
    return Content(**{**found, "notes": tuple(found["notes"])})


class _Process:
    """A process that reads one file after the other, until a limit ends it."""

    def __init__(self) -> None:
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, *_START, _CHILD, str(root), str(MEMORY), str(SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        # Its thread may end before the program does.
        self._end = weakref.finalize(self, _end, self._process)

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def answer(self, suffix: str, data: bytes) -> dict[str, Any]:
        to, back = _pipes(self._process)
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(SECONDS, stop)
        timer.daemon = True
        timer.start()
        try:
            # If it has ended already, its exit code says why.
            with suppress(BrokenPipeError):
                to.write(json.dumps({"suffix": suffix, "size": len(data)}).encode())
                to.write(b"\n")
                to.write(data)
                to.flush()
            line = back.readline()
        finally:
            timer.cancel()
        if line.endswith(b"\n"):
            found: dict[str, Any] = json.loads(line)
            return found
        self._end()
        if late.is_set():
            return {"error": f"reading it takes longer than {SECONDS} s"}
        return {"error": _reason(self._process.returncode)}


def _reason(code: int) -> str:
    """Return why a process ended amid a file: native code can only give up."""
    if code == -signal.SIGABRT:
        return f"reading it takes more memory than {MEMORY >> 30} GiB"
    if code < 0:
        return f"reading it broke the parser ({signal.Signals(-code).name})"
    return f"reading it broke the parser (code {code})"


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the reader was started without pipes")
    return process.stdin, process.stdout


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in _pipes(process):
        with suppress(BrokenPipeError):  # what it was still to be told
            pipe.close()
