"""Many runs of ``kg``, each a process of its own that need not import everything again.

A process that has imported the program and opened nothing forks for each run.  What runs
is the command line, as from a shell.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from pathlib import Path

from .tried import Outcome, environment

_SERVE = "from tests.faults.warm import serve; serve()"


class Warm:
    """Starts runs one after the other; each must end before the next begins."""

    def __init__(self, more: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(more),
        )
        self._said = Path(tempfile.mkstemp(prefix="kg-said-")[1])
        self._began = 0.0

    def start(
        self, *arguments: str | Path, more: Mapping[str, str] | None = None
    ) -> int:
        """Begin a run; return its process."""
        assert self._process.stdin is not None
        request = {
            "arguments": list(map(str, arguments)),
            "more": dict(more or {}),
            "said": str(self._said),
        }
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        process = int(self._line())
        self._began = time.monotonic()
        return process

    def ends(self, seconds: float) -> bool:
        """Tell whether the run ends within so many seconds."""
        assert self._process.stdout is not None
        return bool(select.select([self._process.stdout], [], [], seconds)[0])

    def outcome(self) -> Outcome:
        """Wait for the end of the run."""
        code, memory = map(int, self._line().split())
        seconds = time.monotonic() - self._began
        said = self._said.read_text("utf-8", "replace")
        return Outcome(code, "", said, seconds, memory)

    def kg(
        self, *arguments: str | Path, more: Mapping[str, str] | None = None
    ) -> Outcome:
        """Run ``kg`` and wait for it."""
        self.start(*arguments, more=more)
        return self.outcome()

    def close(self) -> None:
        """End the process that forks."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.kill()
        self._process.wait()
        self._said.unlink()

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def serve() -> None:
    """Fork for each request, and tell the process and how it ended."""

    for line in sys.stdin.buffer:
        request = json.loads(line)
        process = os.fork()
        if process == 0:
            os.environ.update(request["more"])
            for number, path in enumerate((os.devnull, os.devnull, request["said"])):
                opened = os.open(path, os.O_RDWR | (os.O_TRUNC if number == 2 else 0))
                os.dup2(opened, number)
                os.close(opened)
            _run(request["arguments"])
        print(process, flush=True)
        _, status, used = os.wait4(process, 0)
        print(os.waitstatus_to_exitcode(status), used.ru_maxrss >> 10, flush=True)


def _run(arguments: list[str]) -> None:
    """Run the command line in a process that was forked, and end it.

    Libraries that had threads before the fork would wait for them at a usual end.
    """
    from kg.cli import main

    code: object = 1
    try:
        main(arguments, prog_name="kg")
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:  # noqa: BLE001 - what it is stands in what was said
        traceback.print_exc()
    sys.stderr.flush()
    if "FAULT_COUNT" in os.environ:
        ctypes.CDLL(None).fault_tell()
    os._exit(code if isinstance(code, int) else 1)
